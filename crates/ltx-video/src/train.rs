//! One step of training: noisy latents, the target, the loss; and adapters as files.
//!
//! Source: the published trainer of LTX-Video; Esser et al. 2024, section 3.1 (times).

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use diffusion_schedulers::{noised, velocity};
use nn_kit::{AdapterFile, adapter_shapes, load_adapters, published_values, save_adapters, save_safetensors};

use crate::error::Error;
use crate::lora::Lora;
use crate::names::transformer_names;
use crate::rotary::Rotary;
use crate::transformer::{Input, Timesteps, Transformer};

/// Timesteps of a time.
const TIMESTEPS: f64 = 1000.0;

/// A time from a standard normal draw: t = 1 / (1 + e^−(z + shift)), the shift growing with the number of tokens
/// ([`diffusion_schedulers::FlowScheduler::mu`]).
pub fn training_time(normal: f64, shift: f64) -> f64 {
    1.0 / (1.0 + (-(normal + shift)).exp())
}

/// Clips to train on.
#[derive(Clone, Debug)]
pub struct Clips {
    /// Clean latents `[clips, tokens, channels]`.
    pub latents: Tensor<3>,
    /// Standard normal noise of the same shape.
    pub noise: Tensor<3>,
    /// A time for each clip.
    pub times: Vec<f64>,
    /// Tokens that are given, clip after clip: they stay clean, their time is 0 and they are left out of the loss.
    pub given: Vec<bool>,
    /// States of the text encoder `[clips, tokens, width]`.
    pub text: Tensor<3>,
    /// 1 a token of the text, 0 padding.
    pub text_mask: Option<Tensor<2>>,
    /// Where the latents are.
    pub rotary: Rotary,
}

/// What a step of training compares.
#[derive(Clone, Debug)]
pub struct Example {
    /// For the transformer.
    pub input: Input,
    /// noise − data.
    pub target: Tensor<3>,
    /// 1 where a token counts, `[clips, tokens, 1]`.
    pub counted: Tensor<3>,
}

impl Clips {
    /// x_t = (1 − t) · x₀ + t · ε at the clips' times, the given tokens clean; times in whole timesteps.
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

/// The mean over tokens that count of the squared error: mean(m · (v − target)² / mean(m)).
pub fn loss(velocity: Tensor<3>, target: Tensor<3>, counted: Tensor<3>) -> Tensor<1> {
    let share = counted.clone().mean();
    let error = (velocity - target).square() * counted;
    error.mean() / share
}

impl Transformer {
    /// Writes the adapters under the names of published trainers, `transformer.<layer>.lora_A.weight`.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save_adapters(&self, path: &Path) -> std::io::Result<()> {
        save_adapters(path, self, &transformer_names())
    }

    /// Fills the adapters of an [adapted](Self::adapted) transformer from such a file.
    ///
    /// # Errors
    /// A file that is missing or damaged, and adapters that are missing, left over, of another shape or not finite, each by
    /// its name.
    pub fn load_adapters(self, path: &Path, dtype: FloatDType) -> Result<Self, Error> {
        Ok(load_adapters(path, self, &transformer_names(), dtype)?)
    }

    /// With the adapters of such a file, whose rank and layers follow from it, in f32; alpha is taken to be the rank.
    ///
    /// # Errors
    /// As [`Self::load_adapters`], adapters of several ranks or on layers that can carry none.
    pub fn with_adapters(self, path: &Path, device: &Device) -> Result<Self, Error> {
        let found = AdapterFile::open(path)?;
        let lora = Lora {
            rank: found.rank,
            alpha: found.rank as f64,
            targets: found.layers.into_iter().map(String::from).collect(),
        };
        self.adapted(&lora, device)?.load_adapters(path, FloatDType::F32)
    }

    /// Names and shapes of the adapters.
    pub fn adapter_shapes(&self) -> BTreeMap<String, Vec<usize>> {
        adapter_shapes(self, &transformer_names())
    }

    /// Writes all weights under the names of the folders of diffusers.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        save_safetensors(path, &published_values(self, &transformer_names()))
    }
}

/// Standard normal noise like a tensor, from numbers in its order.
pub(crate) fn like<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}
