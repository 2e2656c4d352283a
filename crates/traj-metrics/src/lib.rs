//! Smoothness, directness, action distance, summary statistics and bootstrap intervals of planar trajectories.
//!
//! A trajectory is a plain slice of points, `&[[f64; 2]]`, one point per time step (10 Hz in PushT, though nothing here
//! depends on it); the points of an action sequence are target positions in px. A set of trajectories is a slice of
//! anything that implements `AsRef` for such a slice: `&[Vec<[f64; 2]>]`, `&[&[[f64; 2]]]`. Every standard deviation is
//! the population's (divided by n). The formulas are in `docs/metrics.md`.
//!
//! [`ActionMeasures::of`] computes every measure of a set together with its floors; the parts can be used alone.
//!
#![doc = include_str!("../README.md")]

mod autocorrelation;
mod bootstrap;
mod cells;
mod correlation;
mod directness;
mod distance;
mod error;
mod floors;
mod interval;
mod measures;
mod proportion;
mod smoothness;
mod summary;
mod table;

pub use autocorrelation::velocity_autocorrelation;
pub use bootstrap::Bootstrap;
pub use correlation::{pearson, spearman};
pub use directness::{Directness, MIN_DISPLACEMENT, directness, set_directness, window_directness};
pub use distance::{label_variance, mse, paired_l2, r2};
pub use error::MetricError;
pub use floors::{constant_floor, next_position_floor, white_noise_floor};
pub use interval::{Bounds, Estimate, Interval};
pub use measures::{ActionMeasures, Floor, SequenceMeasures};
pub use proportion::wilson;
pub use smoothness::{Order, Smoothness, difference_norms, smoothness};
pub use summary::{MeanSd, Summary, quartiles};
pub use table::{ActionTable, ActionTableRow, PaperFigures};

/// One point of a trajectory: x and y in px.
pub type Point = [f64; 2];

/// Converts points from single precision, in which actions are stored, to double precision.
pub fn to_points(actions: &[[f32; 2]]) -> Vec<Point> {
    actions.iter().map(|a| [f64::from(a[0]), f64::from(a[1])]).collect()
}

/// Euclidean norm of a 2-vector.
fn norm([x, y]: Point) -> f64 {
    x.hypot(y)
}

/// `a − b`.
fn sub(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}
