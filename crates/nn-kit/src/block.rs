//! Block and final layer of the diffusion transformer: pre-norm, modulated by a conditioning vector ("adaLN-Zero").
//!
//! Source: Peebles & Xie, *Scalable Diffusion Models with Transformers*, ICCV 2023, section 3.2 and figure 3.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::activation::{gelu_approximate, silu};
use burn::tensor::module::layer_norm;
use burn::tensor::{Device, Tensor};

use crate::attention::{SelfAttention, SelfAttentionConfig};

/// Added to the variance in the layer norms, as in the paper's code.
const EPSILON: f64 = 1e-6;

/// Configuration of [`DitBlock`].
#[derive(Config, Debug)]
pub struct DitBlockConfig {
    /// Width of a token and of the conditioning vector.
    pub width: usize,
    /// Number of heads; divides the width.
    pub heads: usize,
    /// Hidden width of the feed-forward part as a multiple of the token width.
    #[config(default = 4)]
    pub expansion: usize,
}

impl DitBlockConfig {
    /// Creates a block with random weights that is the identity until it is trained (its gates start at zero).
    pub fn init(&self, device: &Device) -> DitBlock {
        let width = self.width;
        DitBlock {
            attention: SelfAttentionConfig::new(width, self.heads).init(device),
            up: LinearConfig::new(width, self.expansion * width).init(device),
            down: LinearConfig::new(self.expansion * width, width).init(device),
            modulation: zero_linear(width, 6 * width, device),
        }
    }
}

/// Transformer block with adaptive layer norm (adaLN-Zero).
///
/// With (shift₁, scale₁, gate₁, shift₂, scale₂, gate₂) = Linear(SiLU(c)):
///
/// x ← x + gate₁ · Attention(LN(x) · (1 + scale₁) + shift₁)
/// x ← x + gate₂ · MLP(LN(x) · (1 + scale₂) + shift₂)
///
/// LN has no weights of its own; MLP is linear, GELU (tanh form), linear; the modulation starts at zero.
#[derive(Module, Debug)]
pub struct DitBlock {
    attention: SelfAttention,
    up: Linear,
    down: Linear,
    modulation: Linear,
}

impl DitBlock {
    /// Applies the block to tokens `[batch, tokens, width]` and conditioning `[batch, width]`; returns tokens of the
    /// same shape.
    pub fn forward(&self, x: Tensor<3>, c: Tensor<2>) -> Tensor<3> {
        let mut m = self.modulation.forward(silu(c)).chunk(6, 1).into_iter();
        let mut next = || m.next().expect("six chunks were cut").unsqueeze_dim::<3>(1);
        let (shift, scale, gate) = (next(), next(), next());
        let x = x.clone() + gate * self.attention.forward(modulated(x, shift, scale));
        let (shift, scale, gate) = (next(), next(), next());
        let hidden = gelu_approximate(self.up.forward(modulated(x.clone(), shift, scale)));
        x + gate * self.down.forward(hidden)
    }
}

/// Configuration of [`FinalLayer`].
#[derive(Config, Debug)]
pub struct FinalLayerConfig {
    /// Width of a token and of the conditioning vector.
    pub width: usize,
    /// Number of outputs per token.
    pub outputs: usize,
}

impl FinalLayerConfig {
    /// Creates a layer that returns zeros until it is trained.
    pub fn init(&self, device: &Device) -> FinalLayer {
        FinalLayer {
            modulation: zero_linear(self.width, 2 * self.width, device),
            out: zero_linear(self.width, self.outputs, device),
        }
    }
}

/// Output layer of a diffusion transformer: LN(x) · (1 + scale) + shift with (shift, scale) = Linear(SiLU(c)), then
/// linear.
#[derive(Module, Debug)]
pub struct FinalLayer {
    modulation: Linear,
    out: Linear,
}

impl FinalLayer {
    /// Applies the layer to tokens `[batch, tokens, width]` and conditioning `[batch, width]`; returns
    /// `[batch, tokens, outputs]`.
    pub fn forward(&self, x: Tensor<3>, c: Tensor<2>) -> Tensor<3> {
        let width = x.dims()[2];
        let m = self.modulation.forward(silu(c)).unsqueeze_dim::<3>(1);
        let (shift, scale) = (m.clone().narrow(2, 0, width), m.narrow(2, width, width));
        self.out.forward(modulated(x, shift, scale))
    }
}

pub(crate) fn zero_linear(inputs: usize, outputs: usize, device: &Device) -> Linear {
    LinearConfig::new(inputs, outputs)
        .with_initializer(Initializer::Zeros)
        .init(device)
}

/// LN(x) · (1 + scale) + shift, where shift and scale are `[batch, 1, width]`.
fn modulated(x: Tensor<3>, shift: Tensor<3>, scale: Tensor<3>) -> Tensor<3> {
    let gamma = Tensor::ones([x.dims()[2]], &x.device());
    layer_norm(x, gamma, None, EPSILON) * scale.add_scalar(1.0) + shift
}
