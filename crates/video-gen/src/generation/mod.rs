//! Clips by the number: a model by its name, where clips begin and end, a folder that fills and can be filled on.

mod ends;
mod error;
mod job;
mod model_spec;
mod overview;
mod record;
mod sampling;

pub use ends::{ClipEnds, EndsOf, Part};
pub use error::GenerationError;
pub use job::GenerationJob;
pub use model_spec::{ModelChoice, OpenedModel};
pub use record::{ClipRecord, GENERATION_SCHEMA, Generation, Plan};
pub use sampling::{Sampling, WeightFormat};
