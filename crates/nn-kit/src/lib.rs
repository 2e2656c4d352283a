//! Building blocks that several models share: the diffusion-transformer block, time embedding, flow matching, fast
//! convolutions and batch normalisation, checkpoints of published models.
//!
//! Everything here speaks of tensors only and knows nothing of PushT. Formulas and sources: `docs/video-models.md`.

mod attention;
mod block;
mod checkpoint;
mod conv;
mod embedding;
mod flow;
mod noise;
mod norm;
mod published;
mod temporal;

pub use attention::{SelfAttention, SelfAttentionConfig};
pub use block::{DitBlock, DitBlockConfig, FinalLayer, FinalLayerConfig};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use conv::conv2d;
pub use embedding::{TimeEmbedding, TimeEmbeddingConfig, sinusoidal};
pub use flow::{FlowError, FlowSchedule, euler_step, noised, velocity};
pub use noise::{BetaSchedule, NoiseError, NoiseSchedule, Prediction, ScheduleConfig};
pub use norm::{batch_norm, batch_norm_relu};
pub use published::{Published, RESNET18_IMAGENET};
pub use temporal::{NormMish, conv_transpose1d_last, conv1d_last, mish, norm_mish};
