//! The training step: EDM's weighted squared error of the denoised latents, without the given frames.
//!
//! With x = x₀ + σ · ε and c_in, c_skip, c_out, c_noise of [`diffusion_schedulers::EdmConfig`]: the network's input is
//! c_in · x, and x₀ / σ_data in given frames; D = c_skip · x + c_out · F, and x₀ in given frames;
//!
//! loss = mean of (σ² + σ_d²) / (σ · σ_d)² · (D − x₀)².
//!
//! Sources: Karras et al. 2022, eq. 2, 7 and 8; NVIDIA 2025 (arXiv 2501.03575), section 5.1.

use burn::tensor::{Device, Tensor};
use diffusion_schedulers::EdmConfig;
use nn_kit::in_f32;

use crate::condition::indicator;
use crate::error::Error;
use crate::transformer::{Input, Time, Transformer};

/// Distribution of the noise levels in training: ln σ is normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SigmaDraws {
    /// Mean of ln σ.
    pub mean: f64,
    /// Standard deviation of ln σ.
    pub deviation: f64,
}

impl Default for SigmaDraws {
    /// Distribution of the published training configurations.
    fn default() -> Self {
        Self {
            mean: 0.0,
            deviation: 1.0,
        }
    }
}

impl SigmaDraws {
    /// Converts standard normal numbers to noise levels.
    pub fn sigmas(&self, normal: &[f32]) -> Vec<f32> {
        let sigma = |z: &f32| (self.mean + self.deviation * f64::from(*z)).exp() as f32;
        normal.iter().map(sigma).collect()
    }
}

/// A training batch.
#[derive(Clone, Debug)]
pub struct Batch {
    /// x₀, scaled latents `[batch, channels, frames, height, width]`.
    pub latents: Tensor<5>,
    /// ε, of the same shape.
    pub noise: Tensor<5>,
    /// σ of each clip.
    pub sigma: Vec<f32>,
    /// Prompts, `[batch, words, width]`.
    pub text: Tensor<3>,
    /// Whether each latent frame of each clip is given; `None` for text2world models.
    pub given: Option<Vec<Vec<bool>>>,
    /// Frame rate.
    pub fps: Option<f64>,
}

/// Result of a training step's forward pass.
#[derive(Clone, Debug)]
pub struct Loss {
    /// Loss, one number.
    pub loss: Tensor<1>,
    /// Input of the network.
    pub input: Tensor<5>,
    /// Output of the network.
    pub output: Tensor<5>,
    /// Denoised latents D.
    pub denoised: Tensor<5>,
}

/// A batch prepared for the network.
pub(crate) struct Prepared {
    /// Input of the network.
    pub(crate) input: Input,
    noisy: Tensor<5>,
    latents: Tensor<5>,
    given: Option<Tensor<5>>,
    c_skip: Tensor<5>,
    c_out: Tensor<5>,
    weight: Tensor<5>,
}

impl Prepared {
    /// # Errors
    /// A batch whose parts do not fit together.
    pub(crate) fn new(batch: Batch, levels: &EdmConfig) -> Result<Self, Error> {
        levels.check()?;
        let Batch { latents, noise, .. } = batch;
        let [count, _, frames, height, width] = latents.dims();
        let device = latents.device();
        Error::unless_shape("noise", &noise.dims(), &latents.dims())?;
        Error::unless_shape("sigma", &[batch.sigma.len()], &[count])?;
        let given = batch
            .given
            .as_deref()
            .map(|given| mask(given, [count, frames], &device));
        let given = given.transpose()?;
        let column = |f: &dyn Fn(f32) -> f32| {
            let values: Vec<f32> = batch.sigma.iter().map(|sigma| f(*sigma)).collect();
            Tensor::<1>::from_floats(values.as_slice(), &device).reshape([count, 1, 1, 1, 1])
        };
        let noisy = latents.clone() + noise * column(&|sigma| sigma);
        let seen = noisy.clone() * column(&|sigma| levels.at(sigma).c_in);
        let seen = known(&given, seen, latents.clone().div_scalar(levels.sigma_data));
        let times: Vec<f32> = batch.sigma.iter().map(|sigma| levels.at(*sigma).c_noise).collect();
        let input = Input {
            latents: seen,
            time: Time::Clip(Tensor::from_floats(times.as_slice(), &device)),
            text: batch.text,
            text_bias: None,
            condition: given
                .clone()
                .map(|given| given.expand([count, 1, frames, height, width])),
            padding: None,
            fps: batch.fps,
        };
        Ok(Self {
            input,
            noisy,
            given,
            c_skip: column(&|sigma| levels.at(sigma).c_skip),
            c_out: column(&|sigma| levels.at(sigma).c_out),
            weight: column(&|sigma| levels.at(sigma).weight),
            latents,
        })
    }

    /// Returns the loss of the network's output, in f32, and D.
    pub(crate) fn loss(&self, output: Tensor<5>) -> (Tensor<1>, Tensor<5>) {
        let denoised = self.noisy.clone() * self.c_skip.clone() + output * self.c_out.clone();
        let denoised = known(&self.given, denoised, self.latents.clone());
        let error = (denoised.clone() - self.latents.clone()).square() * self.weight.clone();
        (error.mean(), denoised)
    }
}

/// Returns `known` in the given frames and `x` in the others.
fn known(given: &Option<Tensor<5>>, x: Tensor<5>, known: Tensor<5>) -> Tensor<5> {
    match given {
        Some(given) => x.clone() + (known - x) * given.clone(),
        None => x,
    }
}

impl Transformer {
    /// Computes the loss of a batch.
    ///
    /// # Errors
    /// A batch that does not fit the model, or whose parts do not fit together.
    pub fn loss(&self, batch: Batch, levels: &EdmConfig) -> Result<Loss, Error> {
        let prepared = Prepared::new(batch, levels)?;
        let output = in_f32(self.forward(prepared.input.clone())?);
        let (loss, denoised) = prepared.loss(output.clone());
        Ok(Loss {
            loss,
            input: prepared.input.latents,
            output,
            denoised,
        })
    }
}

/// Mask `[batch, 1, frames, 1, 1]` with 1 for given frames.
fn mask(given: &[Vec<bool>], [count, frames]: [usize; 2], device: &Device) -> Result<Tensor<5>, Error> {
    Error::unless_shape("given", &[given.len()], &[count])?;
    for row in given {
        Error::unless_shape("given frames of a clip", &[row.len()], &[frames])?;
    }
    Ok(Tensor::cat(given.iter().map(|row| indicator(row, device)).collect(), 0))
}
