//! A denoising network for single vectors: a residual MLP, modulated by the diffusion step and a condition.
//!
//! Source: Li, Tian, Li, Deng & He, *Autoregressive Image Generation without Vector Quantization*, NeurIPS 2024,
//! section 3.2 and appendix B ("denoising MLP").

use burn::config::Config;
use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};

use crate::block::{FinalLayer, FinalLayerConfig, zero_linear};
use crate::embedding::{TimeEmbedding, TimeEmbeddingConfig};
use crate::load_weights::KeyMap;

/// Added to the variance in the layer norms.
const EPSILON: f64 = 1e-6;
/// Width of the sinusoidal embedding of a diffusion step.
const SINUSOIDS: usize = 256;

/// Key map from [`AdaLnMlp`] to the names in the paper's code.
pub const ADALN_MLP_NAMES: &KeyMap = &[
    (".inner.", ".mlp.0."),
    (".outer.", ".mlp.2."),
    (".modulation.", ".adaLN_modulation.1."),
    ("final_layer.out.", "final_layer.linear."),
];

/// Configuration of [`AdaLnMlp`].
#[derive(Config, Debug)]
pub struct AdaLnMlpConfig {
    /// Length of an input vector.
    pub inputs: usize,
    /// Length of an output vector.
    pub outputs: usize,
    /// Width of the condition.
    pub condition: usize,
    /// Width of the hidden layers.
    pub width: usize,
    /// Residual blocks.
    pub depth: usize,
}

impl AdaLnMlpConfig {
    /// Creates a network with random weights whose output is zero until it is trained.
    pub fn init(&self, device: &Device) -> AdaLnMlp {
        let linear = |inputs| LinearConfig::new(inputs, self.width).init(device);
        let block = |_| ResidualBlock {
            in_ln: LayerNormConfig::new(self.width).with_epsilon(EPSILON).init(device),
            inner: linear(self.width),
            outer: linear(self.width),
            modulation: zero_linear(self.width, 3 * self.width, device),
        };
        AdaLnMlp {
            time_embed: TimeEmbeddingConfig::new(self.width)
                .with_sinusoids(SINUSOIDS)
                .init(device),
            cond_embed: linear(self.condition),
            input_proj: linear(self.inputs),
            res_blocks: (0..self.depth).map(block).collect(),
            final_layer: FinalLayerConfig::new(self.width, self.outputs).init(device),
        }
    }
}

/// Denoising network of a residual MLP with adaptive layer norm (adaLN).
///
/// With y = time(t) + Linear(c) and (shift, scale, gate) = Linear(SiLU(y)) in each block:
///
/// x ← Linear(x); x ← x + gate · MLP(LN(x) · (1 + scale) + shift) for each block; out = final layer (x, y)
///
/// MLP is linear, SiLU, linear.
#[derive(Module, Debug)]
pub struct AdaLnMlp {
    time_embed: TimeEmbedding,
    cond_embed: Linear,
    input_proj: Linear,
    res_blocks: Vec<ResidualBlock>,
    final_layer: FinalLayer,
}

#[derive(Module, Debug)]
struct ResidualBlock {
    in_ln: LayerNorm,
    inner: Linear,
    outer: Linear,
    modulation: Linear,
}

impl ResidualBlock {
    fn forward(&self, x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
        let mut m = self.modulation.forward(silu(y)).chunk(3, 1).into_iter();
        let mut next = || m.next().expect("three chunks were cut");
        let (shift, scale, gate) = (next(), next(), next());
        let h = self.in_ln.forward(x.clone()) * scale.add_scalar(1.0) + shift;
        x + gate * self.outer.forward(silu(self.inner.forward(h)))
    }
}

impl AdaLnMlp {
    /// Applies the network to vectors `[n, inputs]`, their diffusion steps `[n]` (0, 1, 2 …) and conditions
    /// `[n, condition]`; returns `[n, outputs]`.
    pub fn forward(&self, x: Tensor<2>, t: Tensor<1>, c: Tensor<2>) -> Tensor<2> {
        let c = self.condition(c);
        self.denoise(x, t, c)
    }

    /// Projects the condition for [`Self::denoise`]: the part of [`Self::forward`] that is the same at every diffusion
    /// step.
    pub fn condition(&self, c: Tensor<2>) -> Tensor<2> {
        self.cond_embed.forward(c)
    }

    /// [`Self::forward`] with a condition projected by [`Self::condition`]. Steps of shape `[1]` apply to all vectors.
    pub fn denoise(&self, x: Tensor<2>, t: Tensor<1>, condition: Tensor<2>) -> Tensor<2> {
        let y = self.time_embed.forward_steps(t) + condition;
        let mut x = self.input_proj.forward(x);
        for block in &self.res_blocks {
            x = block.forward(x, y.clone());
        }
        self.final_layer.forward(x.unsqueeze_dim(1), y).squeeze_dim(1)
    }
}
