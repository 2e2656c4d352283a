//! The published video models as `VideoModel`s for PushT.

mod cosmos;
mod ltx;
mod record;

pub use cosmos::CosmosVideo;
pub use ltx::{LtxSettings, LtxVideo};
pub use record::AdapterRecord;
