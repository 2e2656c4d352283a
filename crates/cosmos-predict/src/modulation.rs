//! Conditioning on the noise level: its embedding, and layer norms that it modulates with shift, scale and gate.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig, RmsNorm, RmsNormConfig};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};
use nn_kit::{in_dtype, in_f32, sinusoidal_steps};

/// Epsilon in layer norms and RMS norms.
const EPSILON: f64 = 1e-6;

/// A linear layer without bias, like all in this model.
pub(crate) fn linear(from: usize, to: usize, device: &Device) -> Linear {
    LinearConfig::new(from, to).with_bias(false).init(device)
}

/// Linear, SiLU, linear, with three vectors of the token width as output.
#[derive(Module, Debug)]
struct Embedder {
    linear_1: Linear,
    linear_2: Linear,
}

/// Sinusoidal embedding of c_noise with two outputs: its RMS norm, from which each layer computes its modulation, and
/// three vectors that are added to every modulation.
#[derive(Module, Debug)]
pub(crate) struct NoiseEmbedding {
    t_embedder: Embedder,
    norm: RmsNorm,
}

/// Outputs of [`NoiseEmbedding`], `[batch, times, …]`, with one time per sample or one per latent frame.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    /// `[batch, times, width]`.
    pub embedded: Tensor<3>,
    /// `[batch, times, 3 · width]`.
    pub shared: Tensor<3>,
}

impl NoiseEmbedding {
    pub(crate) fn new(width: usize, device: &Device) -> Self {
        Self {
            t_embedder: Embedder {
                linear_1: linear(width, width, device),
                linear_2: linear(width, 3 * width, device),
            },
            norm: RmsNormConfig::new(width).with_epsilon(EPSILON).init(device),
        }
    }

    /// Embeds c_noise, `[batch, times]`.
    pub(crate) fn forward(&self, time: Tensor<2>) -> Noise {
        let [batch, times] = time.dims();
        let layers = &self.t_embedder;
        let dtype = layers.linear_1.weight.val().dtype();
        let width = self.norm.gamma.lazy_shape()[0];
        let waves = sinusoidal_steps(time.flatten(0, 1), width).reshape([batch, times, width]);
        let waves = in_dtype(waves, dtype);
        Noise {
            embedded: self.norm.forward(waves.clone()),
            shared: layers.linear_2.forward(silu(layers.linear_1.forward(waves))),
        }
    }
}

/// Layer norm without weights.
pub(crate) fn normalized(x: Tensor<4>) -> Tensor<4> {
    let dtype = x.dtype();
    let x = in_f32(x);
    let x = x.clone() - x.mean_dim(3);
    let variance = x.clone().square().mean_dim(3).add_scalar(EPSILON);
    in_dtype(x / variance.sqrt(), dtype)
}

/// Low-rank modulation linear₂(linear₁(SiLU(embedded))) + shared, with 2 or 3 vectors of the token width.
#[derive(Module, Debug)]
pub(crate) struct Modulation {
    linear_1: Linear,
    linear_2: Linear,
}

impl Modulation {
    /// Creates a modulation with `parts` vectors.
    pub(crate) fn new(width: usize, rank: usize, parts: usize, device: &Device) -> Self {
        Self {
            linear_1: linear(width, rank, device),
            linear_2: linear(rank, parts * width, device),
        }
    }

    /// Returns the vectors, each `[batch, times, 1, width]`: shift, scale and, if there are three, gate.
    fn vectors(&self, noise: &Noise) -> Vec<Tensor<4>> {
        let x = self
            .linear_2
            .forward(self.linear_1.forward(silu(noise.embedded.clone())));
        let [batch, times, all] = x.dims();
        let width = noise.embedded.dims()[2];
        let x = x + noise.shared.clone().narrow(2, 0, all);
        let part = |i| x.clone().narrow(2, i * width, width).reshape([batch, times, 1, width]);
        (0..all / width).map(part).collect()
    }

    /// Returns norm(x) · (1 + scale) + shift for tokens `[batch, frames, tokens, width]`, and the gate, if any.
    pub(crate) fn forward(&self, x: Tensor<4>, noise: &Noise) -> (Tensor<4>, Option<Tensor<4>>) {
        let mut vectors = self.vectors(noise);
        let gate = (vectors.len() > 2).then(|| vectors.pop()).flatten();
        let [shift, scale] = [vectors[0].clone(), vectors[1].clone()];
        (normalized(x) * scale.add_scalar(1.0) + shift, gate)
    }
}
