//! The training step: noisy latents, target and loss, and adapter files.
//!
//! Source: the published trainer of LTX-Video; Esser et al. 2024, section 3.1 (times).

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use diffusion_schedulers::{noised, velocity};
use nn_kit::{AdapterFile, adapter_shapes, published_values, save_adapters, save_safetensors};

use crate::error::Error;
use crate::names::transformer_names;
use crate::rotary::Rotary;
use crate::transformer::{Input, Timesteps, Transformer};

/// Timesteps per unit of time.
const TIMESTEPS: f64 = 1000.0;

/// Returns a training time from a standard normal draw: t = 1 / (1 + e^−(z + shift)), where the shift grows with the
/// number of tokens ([`diffusion_schedulers::FlowScheduler::mu`]).
pub fn training_time(normal: f64, shift: f64) -> f64 {
    1.0 / (1.0 + (-(normal + shift)).exp())
}

/// A batch of clips to train on.
#[derive(Clone, Debug)]
pub struct Clips {
    /// Clean latents `[clips, tokens, channels]`.
    pub latents: Tensor<3>,
    /// Standard normal noise of the same shape.
    pub noise: Tensor<3>,
    /// One time per clip.
    pub times: Vec<f64>,
    /// Conditioning tokens, clip by clip: they stay clean, have time 0 and do not count in the loss.
    pub given: Vec<bool>,
    /// States of the text encoder `[clips, tokens, width]`.
    pub text: Tensor<3>,
    /// 1 for tokens of the text, 0 for padding.
    pub text_mask: Option<Tensor<2>>,
    /// Positions of the latents.
    pub rotary: Rotary,
}

/// Input and target of a training step.
#[derive(Clone, Debug)]
pub struct Example {
    /// Input of the transformer.
    pub input: Input,
    /// Target velocity, noise − data.
    pub target: Tensor<3>,
    /// 1 for tokens that count in the loss, `[clips, tokens, 1]`.
    pub counted: Tensor<3>,
}

impl Clips {
    /// Adds noise to the clips at their times: x_t = (1 − t) · x₀ + t · ε. Conditioning tokens stay clean; times are
    /// rounded to whole timesteps.
    pub fn example(self) -> Example {
        let [clips, tokens, _] = self.latents.dims();
        let device = self.latents.device();
        let counted: Vec<f32> = self.given.iter().map(|given| f32::from(u8::from(!given))).collect();
        let counted = Tensor::<3>::from_data(TensorData::new(counted, [clips, tokens, 1]), &device);
        let times: Vec<f32> = self.times.iter().map(|t| *t as f32).collect();
        let times = Tensor::<1>::from_data(times.as_slice(), &device);
        let target = velocity(self.latents.clone(), self.noise.clone());
        let noisy = noised(self.latents.clone(), self.noise, times);
        let latents = self.latents.clone() + (noisy - self.latents) * counted.clone();
        let of_token = |(i, given): (usize, &bool)| match given {
            true => 0.0,
            false => (self.times[i / tokens] * TIMESTEPS).round(),
        };
        let timesteps = Timesteps::Token(self.given.iter().enumerate().map(of_token).collect());
        let input = Input {
            latents,
            timesteps,
            text: self.text,
            text_mask: self.text_mask,
            rotary: self.rotary,
        };
        Example { input, target, counted }
    }
}

/// Returns the mean squared error over the tokens that count: mean(m · (v − target)² / mean(m)).
pub fn loss(velocity: Tensor<3>, target: Tensor<3>, counted: Tensor<3>) -> Tensor<1> {
    let share = counted.clone().mean();
    let error = (velocity - target).square() * counted;
    error.mean() / share
}

impl Transformer {
    /// Writes the adapters under the names of diffusers, `transformer.<layer>.lora_A.weight`; alpha stands in the header
    /// if it is not the rank.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save_adapters(&self, path: &Path) -> std::io::Result<()> {
        save_adapters(path, self, &transformer_names(), &self.adapters())
    }

    /// Loads the weights of the adapters of an [adapted](Self::adapted) transformer from a file of
    /// [`Self::save_adapters`] or of a published trainer. Rank and scale stay those of the transformer.
    ///
    /// # Errors
    /// A file that is missing or damaged, and adapters that are missing, left over, of another shape or not finite;
    /// each is named.
    pub fn load_adapters(self, path: &Path, dtype: FloatDType) -> Result<Self, Error> {
        Ok(AdapterFile::open(path)?.load(self, &transformer_names(), dtype)?)
    }

    /// Adds the adapters of a file, in f32. Layers, ranks and scales are those of the file ([`AdapterFile::open`]).
    ///
    /// # Errors
    /// As [`AdapterFile::open`] and [`Self::load_adapters`].
    pub fn with_adapters(self, path: &Path, device: &Device) -> Result<Self, Error> {
        let file = AdapterFile::open(path)?;
        let model = self.adapted_by(&|layer| file.layers().get(layer).copied(), device);
        Ok(file.load(model, &transformer_names(), FloatDType::F32)?)
    }

    /// Returns the published names and shapes of the adapters.
    pub fn adapter_shapes(&self) -> BTreeMap<String, Vec<usize>> {
        adapter_shapes(self, &transformer_names())
    }

    /// Writes all weights under the names of diffusers folders.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        save_safetensors(path, &published_values(self, &transformer_names()))
    }
}

/// Tensor of the given numbers in memory order.
pub(crate) fn like<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}
