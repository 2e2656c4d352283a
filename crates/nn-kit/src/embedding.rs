//! Sinusoidal embeddings of the flow time and of diffusion steps.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};

/// Factor on the time, so that t in [0, 1] covers the range that the frequencies were chosen for (timesteps up to 1000
/// in Ho et al. 2020).
const TIME_SCALE: f64 = 1000.0;
/// Ratio of the slowest to the fastest frequency (Vaswani et al. 2017, section 3.5).
const MAX_PERIOD: f64 = 10_000.0;

/// Sinusoidal embedding of times, `[batch]` to `[batch, width]` (width even), cosines first:
/// `[cos(1000 t ω_i) …, sin(1000 t ω_i) …]` with `ω_i = 10000^(−i / (width/2))`.
///
/// Source: Vaswani et al. 2017, section 3.5, in the form that Peebles & Xie 2023 use for diffusion times.
pub fn sinusoidal(t: Tensor<1>, width: usize) -> Tensor<2> {
    let half = width / 2;
    let frequencies: Vec<f32> = (0..half)
        .map(|i| (TIME_SCALE * MAX_PERIOD.powf(-(i as f64) / half as f64)) as f32)
        .collect();
    let frequencies = Tensor::<1>::from_floats(frequencies.as_slice(), &t.device());
    let angles = t.unsqueeze_dim::<2>(1).matmul(frequencies.unsqueeze_dim::<2>(0));
    Tensor::cat(vec![angles.clone().cos(), angles.sin()], 1)
}

/// Sinusoidal embedding of diffusion steps 0, 1, 2 …, `[batch]` to `[batch, width]` (width even), cosines first:
/// `[cos(t ω_i) …, sin(t ω_i) …]` with `ω_i = 10000^(−i / (width/2))`.
///
/// The frequencies are computed in f32 as an exponential, like those of the published models: angles go up to 1000,
/// where the last bit of a frequency matters.
pub fn sinusoidal_steps(t: Tensor<1>, width: usize) -> Tensor<2> {
    let half = width / 2;
    let slowest = -MAX_PERIOD.ln() as f32;
    let frequencies: Vec<f32> = (0..half).map(|i| (slowest * i as f32 / half as f32).exp()).collect();
    let frequencies = Tensor::<1>::from_floats(frequencies.as_slice(), &t.device());
    let angles = t.unsqueeze_dim::<2>(1) * frequencies.unsqueeze_dim::<2>(0);
    Tensor::cat(vec![angles.clone().cos(), angles.sin()], 1)
}

/// Configuration of [`TimeEmbedding`].
#[derive(Config, Debug)]
pub struct TimeEmbeddingConfig {
    /// Width of the output.
    pub width: usize,
    /// Width of the sinusoidal embedding; even.
    #[config(default = 128)]
    pub sinusoids: usize,
}

impl TimeEmbeddingConfig {
    /// Creates a layer with random weights.
    pub fn init(&self, device: &Device) -> TimeEmbedding {
        TimeEmbedding {
            inner: LinearConfig::new(self.sinusoids, self.width).init(device),
            outer: LinearConfig::new(self.width, self.width).init(device),
            sinusoids: self.sinusoids,
        }
    }
}

/// Embedding of a time: [`sinusoidal`], then linear, SiLU, linear (Peebles & Xie 2023, section 3.2).
#[derive(Module, Debug)]
pub struct TimeEmbedding {
    inner: Linear,
    outer: Linear,
    sinusoids: usize,
}

impl TimeEmbedding {
    /// Embeds times `[batch]` in [0, 1] as `[batch, width]`.
    pub fn forward(&self, t: Tensor<1>) -> Tensor<2> {
        self.embed(sinusoidal(t, self.sinusoids))
    }

    /// Embeds diffusion steps `[batch]` (0, 1, 2 …) as `[batch, width]`.
    pub fn forward_steps(&self, t: Tensor<1>) -> Tensor<2> {
        self.embed(sinusoidal_steps(t, self.sinusoids))
    }

    fn embed(&self, sinusoids: Tensor<2>) -> Tensor<2> {
        self.outer.forward(silu(self.inner.forward(sinusoids)))
    }
}
