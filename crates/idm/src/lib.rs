//! Inverse dynamics for PushT: from the frames of a video to the actions that made them.
//!
//! [`ClosedForm`] tracks the agent and inverts its law of motion; [`LearnedIdm`] is a small network over windows of 16
//! frames that emits 8 actions, which a [`Reduction`] makes one of; [`Uva`] is the published Unified Video Action model.
//! All implement [`pusht_data::InverseDynamics`]; [`label`] turns a video into an episode. `docs/idm.md` has conventions
//! and limits.
#![recursion_limit = "256"]

mod calibration;
mod closed_form;
mod compare;
mod coverage;
mod error;
mod label;
mod learned;
mod net;
mod reduction;
mod score;
mod uva;
mod windows;

pub use closed_form::ClosedForm;
pub use compare::{ExtractionError, extraction_error};
pub use coverage::{Coverage, NINETY, coverage};
pub use error::LearnedError;
pub use label::label;
pub use learned::{LearnedConfig, LearnedIdm, TrainedIdm};
pub use net::{Seen, WindowNet};
pub use reduction::{CHUNK, LEAD, Reduction, WINDOW};
pub use score::Score;
pub use uva::Uva;
