//! The published video models as models for PushT: frames in and out, prompts, requests.

mod cosmos;
mod ltx;

pub use cosmos::CosmosVideo;
pub use ltx::{LtxSettings, LtxVideo};
