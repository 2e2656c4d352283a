//! Statistics with intervals.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Lower and upper bound of an interval, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Bounds {
    /// Distance between the bounds.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// Whether `value` lies between the bounds, or on one.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// A mean with its interval, in the unit of the values.
///
/// In files: `mean`, `low`, `high`; without an interval both bounds are the mean and `estimable` is false.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "IntervalFile", into = "IntervalFile")]
pub struct Interval {
    /// Mean of the values themselves (not of the resamples).
    pub mean: f64,
    /// The interval; `None` if it cannot be estimated, as from a single value.
    pub bounds: Option<Bounds>,
}

/// A statistic with its interval, in its own unit.
///
/// In files: `value`, `low`, `high`; without an interval both bounds are the value and `estimable` is false.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "EstimateFile", into = "EstimateFile")]
pub struct Estimate {
    /// Statistic of the values themselves (not of the resamples).
    pub value: f64,
    /// The interval; `None` if it cannot be estimated, as from a single value.
    pub bounds: Option<Bounds>,
}

impl Interval {
    /// A mean with two bounds.
    pub const fn new(mean: f64, low: f64, high: f64) -> Self {
        Self {
            mean,
            bounds: Some(Bounds { low, high }),
        }
    }

    /// Converts to another unit: multiplies everything by `factor`, which must be positive.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            mean: self.mean * factor,
            bounds: self.bounds.map(|bounds| bounds.scaled(factor)),
        }
    }
}

impl Estimate {
    /// Converts to another unit: multiplies everything by `factor`, which must be positive.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            value: self.value * factor,
            bounds: self.bounds.map(|bounds| bounds.scaled(factor)),
        }
    }
}

impl Bounds {
    fn scaled(self, factor: f64) -> Self {
        Self {
            low: self.low * factor,
            high: self.high * factor,
        }
    }
}

/// Formats as `0.300 [0.250, 0.350]`, or `0.300 [no interval]`, with the decimals and the sign of the format (default
/// 3, none).
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.mean, self.bounds)
    }
}

/// Formats like [`Interval`].
impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.value, self.bounds)
    }
}

fn write(f: &mut fmt::Formatter<'_>, value: f64, bounds: Option<Bounds>) -> fmt::Result {
    let (digits, signed) = (f.precision().unwrap_or(3), f.sign_plus());
    let number = |x: f64| {
        if signed {
            format!("{x:+.digits$}")
        } else {
            format!("{x:.digits$}")
        }
    };
    match bounds {
        Some(Bounds { low, high }) => write!(f, "{} [{}, {}]", number(value), number(low), number(high)),
        None => write!(f, "{} [no interval]", number(value)),
    }
}

const fn estimable() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_true(estimable: &bool) -> bool {
    *estimable
}

#[derive(Serialize, Deserialize)]
struct IntervalFile {
    mean: f64,
    low: f64,
    high: f64,
    #[serde(default = "estimable", skip_serializing_if = "is_true")]
    estimable: bool,
}

#[derive(Serialize, Deserialize)]
struct EstimateFile {
    value: f64,
    low: f64,
    high: f64,
    #[serde(default = "estimable", skip_serializing_if = "is_true")]
    estimable: bool,
}

/// Bounds as written to files.
fn to_file(value: f64, bounds: Option<Bounds>) -> Bounds {
    bounds.unwrap_or(Bounds {
        low: value,
        high: value,
    })
}

impl From<Interval> for IntervalFile {
    fn from(Interval { mean, bounds }: Interval) -> Self {
        let Bounds { low, high } = to_file(mean, bounds);
        Self {
            mean,
            low,
            high,
            estimable: bounds.is_some(),
        }
    }
}

impl From<IntervalFile> for Interval {
    fn from(file: IntervalFile) -> Self {
        let IntervalFile {
            mean,
            low,
            high,
            estimable,
        } = file;
        Self {
            mean,
            bounds: estimable.then_some(Bounds { low, high }),
        }
    }
}

impl From<Estimate> for EstimateFile {
    fn from(Estimate { value, bounds }: Estimate) -> Self {
        let Bounds { low, high } = to_file(value, bounds);
        Self {
            value,
            low,
            high,
            estimable: bounds.is_some(),
        }
    }
}

impl From<EstimateFile> for Estimate {
    fn from(file: EstimateFile) -> Self {
        let EstimateFile {
            value,
            low,
            high,
            estimable,
        } = file;
        Self {
            value,
            bounds: estimable.then_some(Bounds { low, high }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_fields_and_say_what_cannot_be_estimated() {
        let old = r#"{"mean":0.3,"low":0.25,"high":0.35}"#;
        let interval: Interval = serde_json::from_str(old).unwrap();
        assert_eq!(interval, Interval::new(0.3, 0.25, 0.35));
        assert_eq!(serde_json::to_string(&interval).unwrap(), old);
        let one = Interval {
            mean: 0.3,
            bounds: None,
        };
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(text, r#"{"mean":0.3,"low":0.3,"high":0.3,"estimable":false}"#);
        assert_eq!(serde_json::from_str::<Interval>(&text).unwrap(), one);
        let estimate: Estimate = serde_json::from_str(r#"{"value":2.0,"low":1.0,"high":3.0}"#).unwrap();
        assert_eq!(estimate.bounds, Some(Bounds { low: 1.0, high: 3.0 }));
        let one = Estimate {
            value: 2.0,
            bounds: None,
        };
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Estimate>(&text).unwrap(), one);
    }

    #[test]
    fn text_has_decimals_and_signs_as_asked() {
        let interval = Interval::new(0.3, -0.25, 0.35);
        assert_eq!(interval.to_string(), "0.300 [-0.250, 0.350]");
        assert_eq!(format!("{:+.1}", interval.scaled(10.0)), "+3.0 [-2.5, +3.5]");
        let one = Estimate {
            value: 2.0,
            bounds: None,
        };
        assert_eq!(format!("{:.1}", one.scaled(2.0)), "4.0 [no interval]");
    }
}
