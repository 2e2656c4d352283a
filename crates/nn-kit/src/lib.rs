//! Building blocks that several models share: transformer blocks, time embedding, flow matching and diffusion, the
//! autoencoder of latent diffusion, fast convolutions and batch normalisation, checkpoints of published models, and their
//! comparison with recorded tensors ([`parity`]).
//!
//! Everything here speaks of tensors only and knows nothing of PushT. Formulas and sources: `docs/video-models.md`.

mod adaln_mlp;
mod adapter_file;
mod attention;
mod block;
mod checkpoint;
mod conv;
mod edm;
mod embedding;
mod export;
mod fill;
mod flow;
mod flow_parity;
mod flow_scheduler;
mod kl_autoencoder;
mod learned_range;
mod lora;
mod noise;
mod norm;
pub mod parity;
mod pointwise;
mod published;
mod rms;
mod safetensors_file;
mod segments;
mod shards;
mod temporal;
mod vit;

pub use adaln_mlp::{ADALN_MLP_NAMES, AdaLnMlp, AdaLnMlpConfig};
pub use adapter_file::{AdapterFile, adapter_shapes, load_adapters, save_adapters};
pub use attention::{SelfAttention, SelfAttentionConfig, scaled_dot_product};
pub use block::{DitBlock, DitBlockConfig, FinalLayer, FinalLayerConfig};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use conv::{conv2d, conv2d_with};
pub use edm::{EdmConfig, EdmError, EdmFactors, EdmPrediction, EdmSchedule, LastSigma, SigmaSpacing};
pub use embedding::{TimeEmbedding, TimeEmbeddingConfig, sinusoidal, sinusoidal_steps};
pub use export::{published_gradients, published_part, published_values, save_safetensors};
pub use fill::{Renames, published_shapes};
pub use flow::{FlowError, FlowSchedule, euler_step, noised, velocity};
pub use flow_parity::FLOW_MODELS;
pub use flow_scheduler::{FlowScheduler, FlowStart, TimeShift};
pub use kl_autoencoder::{KL_AUTOENCODER_NAMES, KlAutoencoder, KlAutoencoderConfig, KlDecoder, KlEncoder};
pub use learned_range::{LearnedRange, Sampling};
pub use lora::{ADAPTED_LAYERS, AdaptedLinear, LORA_NAMES, is_adapter};
pub use noise::{BetaSchedule, NoiseError, NoiseSchedule, Prediction, ScheduleConfig};
pub use norm::{batch_norm, batch_norm_relu};
pub use pointwise::{gelu_tanh, mish};
pub use published::{Published, RESNET18_IMAGENET};
pub use rms::{in_dtype, in_f32, rms_norm};
pub use segments::{Collected, Leaf, pull_back};
pub use temporal::{NormMish, conv_transpose1d_last, conv1d_last, norm_mish};
pub use vit::{VIT_BLOCK_NAMES, VitBlock, VitBlockConfig};
