#![doc = include_str!("../README.md")]

mod calibration;
mod closed_form;
mod compare;
mod coverage;
mod error;
mod evaluation;
mod evaluation_table;
mod label;
mod learned;
mod net;
mod reduction;
mod score;
mod spec;
mod uva;
mod windows;

pub use closed_form::ClosedForm;
pub use compare::{ExtractionError, HeldOutError, extraction_error, held_out_error};
pub use coverage::{IntervalCoverage, Z_90, interval_coverage};
pub use error::LearnedError;
pub use evaluation::{IdmEvaluation, IdmEvaluationError, IdmScores};
pub use evaluation_table::PaperExtraction;
pub use label::label;
pub use learned::{LearnedConfig, LearnedIdm};
pub use net::{Seen, WindowNet};
pub use pusht_jobs::JobContext;
pub use reduction::{CHUNK, CHUNK_OFFSET, Reduction, WINDOW};
pub use score::ExtractionScore;
pub use spec::{IdmLoadError, IdmSpec, UnknownIdm};
pub use uva::Uva;
