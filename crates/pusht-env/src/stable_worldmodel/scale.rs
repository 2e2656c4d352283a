//! Sizes.

use serde::{Deserialize, Serialize};

/// A size, in the precision in which the package computes with it: a drawn one is a float32, a default or a given one a
/// Python number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// float32: products are rounded to it.
    Single(f32),
    /// float64.
    Double(f64),
}

impl Scale {
    /// px.
    pub fn value(self) -> f64 {
        self.times(1.0)
    }

    /// A multiple, px.
    pub(super) fn times(self, factor: f64) -> f64 {
        match self {
            Self::Single(scale) => f64::from(factor as f32 * scale),
            Self::Double(scale) => factor * scale,
        }
    }
}
