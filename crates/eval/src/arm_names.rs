//! Names of the arms that a verdict is about, and the margin of its differences.

/// Differences within ± this value, in reward per step, are of no practical importance.
pub const MARGIN: f64 = 0.02;

/// Control: demonstrations alone.
pub(crate) const DEMO: &str = "demo";
/// Demonstrations and generated clips.
pub(crate) const MIXED: &str = "mixed";
/// Positive control: demonstrations and as many frames of real clips. Names of arms with other numbers of them begin
/// with this one.
pub const POSITIVE_CONTROL: &str = "mixed-real";
/// Demonstrations and other real clips, whose exchange rate must be 1.
pub const CALIBRATION: &str = "mixed-real-again";
/// Negative control: demonstrations and cross-fades.
pub const NEGATIVE_CONTROL: &str = "mixed-crossfade";
