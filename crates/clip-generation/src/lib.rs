#![doc = include_str!("../README.md")]

mod arrivals;
mod endpoint;
mod endpoints;
mod error;
mod job;
mod motion;
mod new_starts;
mod overview;
mod record;
mod references;
mod samples;

pub use arrivals::ArrivalSummary;
pub use endpoint::{Endpoint, EndpointSource, SplitName, SplitNameError};
pub use endpoints::ClipEndpoints;
pub use error::GenerationError;
pub use job::{GenerationJob, GenerationJobBuilder};
pub use motion::{MotionReport, MotionRow};
pub use new_starts::reset_frame;
pub use pusht_jobs::JobContext;
pub use record::{ClipRecord, GENERATION_SCHEMA, Generation, GenerationPlan};
pub use references::{ClipReferences, ReferencedClip};
pub use samples::{SampleOptions, SamplesError, write_samples};
