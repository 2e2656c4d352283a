//! The published video models as models for PushT: frames in and out, prompts, requests. Their names are listed in
//! `kinds/list.rs`.

mod cosmos;
mod ltx;
mod record;

pub use cosmos::CosmosVideo;
pub use ltx::{LtxSettings, LtxVideo};
pub use record::AdapterRecord;
