//! The PushT-sized pixel model: a closed-form causal codec and a diffusion transformer of the LTX family.
//!
//! Its formulas, limits and measured quality are in `docs/video-models.md`.

mod caption;
mod clips;
mod codec;
mod conditioning;
mod config;
mod error;
mod lost;
mod model;
mod net;
mod pictures;
mod train;

pub use caption::Caption;
pub use codec::{PatchCodec, PatchCodecConfig};
pub use config::PixelConfig;
pub use error::PixelError;
pub use lost::{CodecLoss, TrackingShift};
pub use model::{PixelModel, PixelRequest};
pub use train::PixelTrainSettings;
