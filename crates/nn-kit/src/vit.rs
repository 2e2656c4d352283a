//! Block of the vision transformer: pre-norm, without conditioning.
//!
//! Source: Dosovitskiy et al., *An Image is Worth 16x16 Words*, ICLR 2021, section 3.1, eqs. 2 and 3.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::gelu;
use burn::tensor::{Device, Tensor};

use crate::attention::{SelfAttention, SelfAttentionConfig};
use crate::load_weights::KeyMap;

/// Added to the variance in the layer norms.
const EPSILON: f64 = 1e-6;

/// Key map from [`VitBlock`] to the names in timm.
pub const VIT_BLOCK_NAMES: &KeyMap = &[
    (".attention.out.", ".attn.proj."),
    (".attention.qkv.", ".attn.qkv."),
    (".up.", ".mlp.fc1."),
    (".down.", ".mlp.fc2."),
];

/// Configuration of [`VitBlock`].
#[derive(Config, Debug)]
pub struct VitBlockConfig {
    /// Width of a token.
    pub width: usize,
    /// Number of heads; divides the width.
    pub heads: usize,
    /// Width of the hidden layer of the feed-forward part.
    pub hidden: usize,
}

impl VitBlockConfig {
    /// Creates a block with random weights.
    pub fn init(&self, device: &Device) -> VitBlock {
        let norm = || LayerNormConfig::new(self.width).with_epsilon(EPSILON).init(device);
        VitBlock {
            norm1: norm(),
            attention: SelfAttentionConfig::new(self.width, self.heads).init(device),
            norm2: norm(),
            up: LinearConfig::new(self.width, self.hidden).init(device),
            down: LinearConfig::new(self.hidden, self.width).init(device),
        }
    }
}

/// Pre-norm transformer block: x ← x + Attention(LN(x)), x ← x + MLP(LN(x)); MLP is linear, GELU (exact form), linear.
#[derive(Module, Debug)]
pub struct VitBlock {
    norm1: LayerNorm,
    attention: SelfAttention,
    norm2: LayerNorm,
    up: Linear,
    down: Linear,
}

impl VitBlock {
    /// Applies the block to `[batch, tokens, width]`; the shape is kept.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = x.clone() + self.attention.forward(self.norm1.forward(x));
        let hidden = gelu(self.up.forward(self.norm2.forward(x.clone())));
        x + self.down.forward(hidden)
    }
}
