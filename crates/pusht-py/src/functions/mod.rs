//! Functions on arrays, thin over the crates that compute.

pub mod audit;
pub mod episodes;
pub mod frames;
pub mod label;
pub mod metrics;
pub mod pictures;
pub mod replay;
pub mod vision;
