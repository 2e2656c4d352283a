//! Sampling pipeline: guided sampling along EDM noise levels, from a prompt (and frames for video2world models) to a
//! clip.
//!
//! At each noise level σ the network runs twice, with the prompt and with the negative prompt. The two estimates of the
//! clean latents are combined as x̂ = x̂₊ + g · (x̂₊ − x̂₋) ("classifier-free guidance", Ho & Salimans 2022, in the
//! form of Cosmos), and one Euler step leads to the next level. Given latent frames replace the sampled ones in the
//! network's input, with a little noise (σ_a = 0.001) and scaled as if their level were σ_a, and replace the estimates
//! unchanged.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use diffusion_schedulers::{EdmConfig, Scheduler};
use nn_kit::in_f32;

use crate::autoencoder::Autoencoder;
use crate::condition::Condition;
use crate::error::Error;
use crate::transformer::{Input, Time, Transformer};

/// Embeddings of a prompt by the T5 encoder, `[1, words, width]`, zero after the last word.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Prompt: what the clip should show.
    pub text: Tensor<3>,
    /// Negative prompt: what it should not show. Needed for guidance.
    pub negative: Option<Tensor<3>>,
}

/// Settings of the sampler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Number of sampling steps.
    pub steps: usize,
    /// Guidance scale g; the negative prompt is only used if g is above 1.
    pub guidance: f64,
    /// Frame rate passed to the network.
    pub fps: f64,
    /// σ_a, the noise level of given frames.
    pub augment_sigma: f32,
    /// Whether the network with the negative prompt is conditioned on no frame, so that guidance also strengthens
    /// the given frames.
    pub input_frames_guidance: bool,
}

impl Default for Sampling {
    /// Settings of the published pipelines.
    fn default() -> Self {
        Self {
            steps: 36,
            guidance: 7.0,
            fps: 30.0,
            augment_sigma: 0.001,
            input_frames_guidance: false,
        }
    }
}

impl Sampling {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |setting, found: f64, expected: &str| {
            Err(Error::Config {
                setting,
                found: found.to_string(),
                expected: expected.to_string(),
            })
        };
        if !self.guidance.is_finite() {
            return wrong("guidance", self.guidance, "a finite number (7 is usual)");
        }
        if !(self.fps.is_finite() && self.fps > 0.0) {
            return wrong("fps", self.fps, "a finite number above 0");
        }
        if !(self.augment_sigma.is_finite() && self.augment_sigma >= 0.0) {
            return wrong("augment_sigma", f64::from(self.augment_sigma), "a finite number from 0");
        }
        Ok(())
    }
}

/// Report of one sampling step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Index of the step, from 0.
    pub step: usize,
    /// Input of the network with the prompt.
    pub input: Input,
    /// Output of the network.
    pub output: Tensor<5>,
    /// Latents after the step.
    pub latents: Tensor<5>,
}

/// Sampling pipeline of a transformer, an autoencoder and EDM settings.
#[derive(Debug)]
pub struct Pipeline {
    transformer: Transformer,
    autoencoder: Autoencoder,
    levels: EdmConfig,
    device: Device,
}

impl Pipeline {
    /// Creates a pipeline; `device` must be that of the weights.
    ///
    /// # Errors
    /// An autoencoder whose latents do not fit the transformer, or invalid EDM settings.
    pub fn new(
        transformer: Transformer,
        autoencoder: Autoencoder,
        levels: EdmConfig,
        device: &Device,
    ) -> Result<Self, Error> {
        levels.check()?;
        let (found, expected) = (autoencoder.config().latent_channels, transformer.config().out_channels);
        if found != expected {
            return Err(Error::Config {
                setting: "latent_channels of the autoencoder",
                found: found.to_string(),
                expected: format!("{expected}, the transformer's out_channels"),
            });
        }
        Ok(Self {
            transformer,
            autoencoder,
            levels,
            device: device.clone(),
        })
    }

    /// Adds the adapters of a file ([`Transformer::with_adapters`]).
    ///
    /// # Errors
    /// As [`Transformer::with_adapters`].
    pub fn with_adapters(mut self, path: &Path) -> Result<Self, Error> {
        self.transformer = self.transformer.with_adapters(path, &self.device)?;
        Ok(self)
    }

    /// The transformer.
    pub fn transformer(&self) -> &Transformer {
        &self.transformer
    }

    /// The autoencoder.
    pub fn autoencoder(&self) -> &Autoencoder {
        &self.autoencoder
    }

    /// EDM settings.
    pub fn levels(&self) -> &EdmConfig {
        &self.levels
    }

    /// Device of the computation.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Samples latents of `size` latent frames, rows and columns. `draw` returns standard normal numbers of a shape:
    /// first the initial latents, then, if frames are given, in each step the noise on given frames for the prompt and
    /// for the negative prompt. `seen` is called with each step.
    ///
    /// # Errors
    /// Settings or input that do not fit the model or each other, or results that are not finite.
    pub fn sample(
        &self,
        size: [usize; 3],
        prompt: &Prompt,
        condition: Option<&Condition>,
        sampling: &Sampling,
        draw: &mut dyn FnMut([usize; 5]) -> Tensor<5>,
        seen: &mut dyn FnMut(Step),
    ) -> Result<Tensor<5>, Error> {
        sampling.check()?;
        let guided = sampling.guidance > 1.0;
        let negative = match (&prompt.negative, guided) {
            (Some(negative), true) => Some(negative),
            (None, true) => {
                return Err(Error::Variant {
                    found: "guidance above 1 was asked for without a negative prompt",
                    expected: "give one (it may be empty), or a guidance of 1",
                });
            }
            (_, false) => None,
        };
        let schedule = self.levels.schedule(sampling.steps)?;
        let [frames, height, width] = size;
        let shape = [1, self.transformer.config().out_channels, frames, height, width];
        if let Some(condition) = condition {
            Error::unless_shape("the condition's latents", &condition.latents.dims(), &shape)?;
            Error::unless_shape("the condition's given frames", &[condition.given.len()], &[frames])?;
        }
        let given = condition.map(|condition| (condition, condition.indicator(&self.device)));
        let mut latents = draw(shape).mul_scalar(self.levels.sigma_max as f32);
        for (step, &sigma) in schedule.timesteps().iter().enumerate() {
            // Given frames are only inserted while they are less noisy than the sampled ones.
            let replaced = sampling.augment_sigma < sigma;
            let mut ask = |text: &Tensor<3>, told: bool| {
                let scaled = match given.as_ref().filter(|_| replaced) {
                    Some((condition, indicator)) => {
                        let own = self.levels.at(sampling.augment_sigma).c_in / schedule.at(step).c_in;
                        let noise = draw(shape).mul_scalar(sampling.augment_sigma);
                        let known = (condition.latents.clone() + noise).mul_scalar(own);
                        schedule.scaled(mixed(indicator, known, latents.clone()), step)
                    }
                    None => {
                        // The noise is drawn in any case, so that later draws do not shift.
                        if given.is_some() {
                            draw(shape);
                        }
                        schedule.scaled(latents.clone(), step)
                    }
                };
                let mask = given.as_ref().map(|(_, indicator)| {
                    let mask = if told {
                        indicator.clone()
                    } else {
                        indicator.zeros_like()
                    };
                    mask.expand([1, 1, frames, height, width])
                });
                let input = Input {
                    latents: scaled,
                    time: Time::Clip(Tensor::from_floats([schedule.at(step).c_noise], &self.device)),
                    text: text.clone(),
                    text_bias: None,
                    condition: mask,
                    padding: None,
                    fps: Some(sampling.fps),
                };
                let output = in_f32(self.transformer.forward(input.clone())?);
                let denoised = schedule.denoised(latents.clone(), output.clone(), step);
                let denoised = match given.as_ref().filter(|_| replaced) {
                    Some((condition, indicator)) => mixed(indicator, condition.latents.clone(), denoised),
                    None => denoised,
                };
                Ok::<_, Error>((input, output, denoised))
            };
            let (input, output, mut denoised) = ask(&prompt.text, true)?;
            if let Some(negative) = negative {
                let (_, _, other) = ask(negative, !sampling.input_frames_guidance)?;
                denoised = denoised.clone() + (denoised - other).mul_scalar(sampling.guidance);
            }
            latents = schedule.step(latents, denoised, step, Tensor::zeros_like);
            seen(Step {
                step,
                input,
                output,
                latents: latents.clone(),
            });
        }
        finite(latents, "latents")
    }

    /// Decodes latents to a clip `[1, 3, frames, height, width]`, mostly in [−1, 1].
    ///
    /// # Errors
    /// Latents that do not fit the autoencoder, or results that are not finite.
    pub fn decode(&self, latents: Tensor<5>) -> Result<Tensor<5>, Error> {
        let latents = self.autoencoder.unscaled(latents, self.levels.sigma_data)?;
        finite(in_f32(self.autoencoder.decode(latents)?), "frames")
    }
}

/// Returns `known` in the given frames and `other` in the rest.
fn mixed(indicator: &Tensor<5>, known: Tensor<5>, other: Tensor<5>) -> Tensor<5> {
    indicator.clone() * known + (indicator.ones_like() - indicator.clone()) * other
}

fn finite(x: Tensor<5>, what: &'static str) -> Result<Tensor<5>, Error> {
    // A sum is finite only if all of its numbers are.
    let sum = x.clone().abs().mean().into_scalar::<f32>();
    if sum.is_finite() {
        return Ok(x);
    }
    Err(Error::NotFinite { what })
}
