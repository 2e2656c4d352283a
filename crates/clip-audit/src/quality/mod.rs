//! Quality of the clips of a video model, compared with a cross-fade between their own first and last frame.
//!
//! [`ClipEvaluator`] measures a clip ([`ClipQuality`]), [`QualityReport`] compares the clips of a model with
//! cross-fades and demonstrations in one table, with intervals of the paired differences. `docs/evaluation.md` defines
//! the measures.

mod clip;
mod comparison;
mod report;

pub use clip::{ClipEvaluator, ClipQuality, QualityError, deformation};
pub use comparison::{ClipComparison, compare_clips};
pub use report::{QualityGroup, QualityReport, QualityRow};
