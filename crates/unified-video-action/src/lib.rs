//! Unified Video Action (Li et al., RSS 2025), native: one masked transformer over latents of past and future frames,
//! with a diffusion head for video and one for actions.
//!
//! [`UvaNet`] is the transformer with its heads, [`UvaTask`] one of its five modes, [`Uva`] the whole model with its
//! autoencoder and normalisation, read from a published checkpoint. `docs/idm.md` has formulas, sizes and what was
//! checked.
#![recursion_limit = "256"]

mod config;
mod error;
mod heads;
mod inverse;
mod load;
mod model;
mod net;
#[cfg(feature = "parity")]
pub mod parity;
mod pictures;
mod sample;
mod task;
mod video;

pub use config::{HeadConfig, TransformerConfig, UvaConfig};
pub use error::UvaError;
pub use heads::{ActionHead, VideoHead};
pub use load::{UvaShapes, uva_shapes};
pub use model::{Action, ActionScale, Uva, UvaOutput};
pub use net::UvaNet;
pub use task::{Masked, UvaTask};
