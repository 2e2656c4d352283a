#![doc = include_str!("../README.md")]

mod clip;
mod cut;
mod error;
mod job;
mod pass;
mod policies;
mod real;
mod verdicts;

pub use clip::{ClipVerdict, Execution, ShownStrip};
pub use cut::{Fvd, middle};
pub use error::VerdictsError;
pub use job::Job;
pub use policies::{ArmScore, Policies};
pub use real::RealSet;
pub use verdicts::{Labels, People, Scores, Totals, Verdicts};
