//! Similarity of two sets of clips without learned weights: a Fréchet distance of trajectories. Definitions:
//! `docs/distribution.md`.

mod error;
mod features;
mod frechet;
mod gaussian;
mod job;
mod report;
mod symmetric;

pub use error::DistributionError;
pub use features::{FEATURE_SCALES, FEATURES, TOUCH, WINDOW_FRAMES, WINDOW_STRIDE, gap};
pub use frechet::{NullDistances, TrajectorySet, frechet, frechet_interval, split_clips};
pub use gaussian::frechet_of_features;
pub use job::{DistributionJob, DistributionJobError};
pub use report::{DistributionReport, DistributionRow, SkippedVideo};
