//! From a folder of videos to a verdict: what is wrong with each clip, whether its extracted actions reproduce it in the
//! simulator, how far the clips' trajectories are from real ones, what people and policies make of them, as one JSON file
//! and one self-contained page.
//!
//! [`Job::run`] looks at every video ([`ClipVerdict`]) and goes on where it was stopped; [`Verdicts`] is what came out,
//! [`Verdicts::write`] draws it. Parts: crates `clip-audit` and `labelling`.
//! `docs/verdicts.md` says what stands in the files.

mod clip;
mod cut;
mod error;
mod job;
mod page;
mod policies;
mod real;
mod verdicts;

pub use clip::{ClipVerdict, Execution, ShownStrip};
pub use cut::{Fvd, middle};
pub use error::VerdictsError;
pub use job::Job;
pub use policies::{ArmScore, Policies};
pub use real::RealSet;
pub use verdicts::{People, Scores, Totals, Verdicts};
