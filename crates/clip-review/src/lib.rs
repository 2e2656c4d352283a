#![doc = include_str!("../README.md")]

mod clip;
mod counts;
mod cut;
mod distance;
mod error;
mod fvd;
mod job;
mod pass;
mod policies;
mod real;
mod tally;
mod verdicts;

pub use clip::{ClipVerdict, Execution, ShownStrip};
pub use counts::{ActionCounts, BlockPaths, ExecutionCounts, FinalCoverage, MotionCounts};
pub use cut::center_frames;
pub use distance::FVD_FRAMES;
pub use error::VerdictsError;
pub use fvd::Fvd;
pub use job::ReviewJob;
pub use policies::{ArmScore, Policies};
pub use real::RealSet;
pub use verdicts::{Judged, LabelSummary, People, ScaleValues, Totals, Verdicts};
