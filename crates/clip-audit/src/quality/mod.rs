//! How good the clips of a video model are, beside a cross-fade between their own first and last frame.
//!
//! [`ClipEvaluator`] measures a clip ([`ClipQuality`]), [`QualityReport`] puts the clips of a model, of cross-fades and of the
//! demonstrations they are cut from into one table, with intervals of the differences that belong together.
//! `docs/evaluation.md` defines the measures.

mod clip;
mod comparison;
mod report;

pub use clip::{ClipEvaluator, ClipQuality, QualityError};
pub use comparison::{ClipComparison, compare_clips};
pub use report::{QualityGroup, QualityReport, QualityRow};
