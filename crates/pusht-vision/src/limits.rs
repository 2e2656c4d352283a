//! From what value on a frame's T is no T, a clip's picture is bad, and what is seen can be trusted. `docs/audit.md` has the
//! reasons; the limits of findings that only an audit makes are in `clip-audit`.

/// Overlap of the agent from which its position is trusted.
pub const AGENT_TRUSTED: f64 = 0.3;
/// Overlap of the T from which its pose is trusted.
pub const BLOCK_TRUSTED: f64 = 0.5;
/// Below this overlap there is no T.
pub const NO_BLOCK: f64 = 0.3;

/// Translucent area of a T that melts, over that of a T; in a blurred picture more by what its blur exceeds [`SHARP`].
pub const TRANSLUCENT: f64 = 0.15;
/// Blur up to which a picture is sharp.
pub const SHARP: f64 = 0.4;
/// Translucent area below which a frame tells how good the picture is.
pub const SOLID: f64 = 0.05;
/// Gray that is missing or too much, over the area of a T.
pub const MISFIT: f64 = 0.15;
/// By how much more a T may melt where a codec has been at work.
pub const CODEC_ALLOWANCE: f64 = 0.1;
/// Marks of a codec, over what makes them a finding, from which its blocks tear what is small or has edges.
pub const COARSE: f64 = 1.25;
/// In such a picture the T melts only beyond so many times the limits.
pub const COARSE_MORPH: f64 = 3.5;
/// Area of the board that should be goal and is not or the other way round, over that of the goal.
pub const GOAL_MISMATCH: f64 = 0.15;

/// Path of a T that nothing touches, px.
pub const MOTION_WITHOUT_CONTACT: f64 = 8.0;
/// What a push does not explain of a touched T's path in a step, px.
pub const EXCESS: f64 = 10.0;

/// Noise of a noisy picture, levels; medians over the clip, as those below.
pub const NOISE: f64 = 5.0;
/// Blur of a blurred picture.
pub const BLUR: f64 = 0.45;
/// How much more color is blurred than brightness after a codec.
pub const COMPRESSION: f64 = 0.55;
/// The same in a blurred picture, where brightness has lost what color had lost before; blur alone leaves 0.02.
pub const COMPRESSION_IN_BLUR: f64 = 0.3;
/// What blur does not explain of the goal's border, levels.
pub const RINGING: f64 = 9.0;

/// From this noise on, levels, a picture cannot be read, and nothing is said about the world it shows.
pub const ILLEGIBLE_NOISE: f64 = 28.0;
/// The same for the blur of brightness.
pub const ILLEGIBLE_BLUR: f64 = 1.2;
/// The same for the blur of color.
pub const ILLEGIBLE_COLOR: f64 = 1.28;
