//! Layers of published models and their weights: transformer blocks, time embeddings, the autoencoder of latent
//! diffusion, LoRA, weight files and key maps.
//!
//! The crate works on tensors and is independent of PushT. Formulas and sources: `docs/video-models.md`.
//!
#![doc = include_str!("../README.md")]

mod adaln_mlp;
mod adapter_alpha;
mod adapter_file;
mod adapter_names;
mod attention;
mod block;
mod checkpoint;
mod checkpoint_error;
mod embedding;
mod export;
mod hub_file;
mod kl_autoencoder;
mod load_weights;
mod lora;
pub mod memory;
mod open;
mod pickle_file;
mod random;
mod rms;
mod root;
mod safetensors_file;
mod segments;
pub mod settings;
mod shards;
mod vit;
mod weights_file;

pub use adaln_mlp::{ADALN_MLP_NAMES, AdaLnMlp, AdaLnMlpConfig};
pub use adapter_file::{AdapterFile, adapter_shapes, save_adapters};
pub use attention::{SelfAttention, SelfAttentionConfig, scaled_dot_product};
pub use block::{DitBlock, DitBlockConfig, FinalLayer, FinalLayerConfig};
pub use checkpoint::Checkpoint;
pub use checkpoint_error::CheckpointError;
pub use embedding::{TimeEmbedding, TimeEmbeddingConfig, sinusoidal, sinusoidal_steps};
pub use export::{published_gradients, published_part, published_values, save_safetensors};
pub use hub_file::{HubFile, RESNET18_IMAGENET};
pub use kl_autoencoder::{KL_AUTOENCODER_NAMES, KlAutoencoder, KlAutoencoderConfig, KlDecoder, KlEncoder};
pub use load_weights::{KeyMap, published_shapes};
pub use lora::{ADAPTED_LAYERS, AdaptedLinear, AdapterScale, LORA_NAMES, is_adapter};
pub use random::{mix_seed, normal, permutation};
pub use rms::{in_dtype, in_f32, rms_norm};
pub use segments::{CheckpointedInput, GradAccumulator, vjp};
pub use vit::{VIT_BLOCK_NAMES, VitBlock, VitBlockConfig};
