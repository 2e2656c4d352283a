//! Functions on arrays, thin over the crates that compute.

pub mod episodes;
mod frames;
pub mod metrics;
pub mod pictures;
pub mod vision;
