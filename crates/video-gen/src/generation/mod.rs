//! Folders of clips: where clips begin and end, a folder that fills and can be filled on, its record.

mod endpoint;
mod endpoints;
mod error;
mod job;
mod overview;
mod record;
mod references;

pub use endpoint::{Endpoint, EndpointSource, SplitName, SplitNameError};
pub use endpoints::ClipEndpoints;
pub(crate) use endpoints::plain;
pub use error::GenerationError;
pub use job::{GenerationJob, GenerationJobBuilder};
pub use record::{ClipRecord, GENERATION_SCHEMA, Generation, Plan};
pub use references::{ClipReferences, ReferencedClip};
