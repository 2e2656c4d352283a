//! The complete model: autoencoder, transformer, heads and the normalization of actions.

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use diffusion_schedulers::LearnedVarianceSchedule;
use image::RgbImage;
use nn_kit::KlAutoencoder;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::error::Error;
use crate::net::Net;
use crate::pictures::{enlarge, reduce};
use crate::sample::{Noise, Schedules, actions, video};
use crate::task::Task;

/// Number of frames that the autoencoder processes at once, which bounds the memory of its feature maps.
const BLOCK: usize = 2;

/// Kinds of random numbers drawn for an item.
const LATENTS: u64 = 1;
const ACTIONS: u64 = 2;
const VIDEO: u64 = 3;

/// Action of the published model: two numbers in the units of its training data.
pub type Action = [f32; 2];

/// Normalization of actions: normalized = action · scale + offset, per component.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionScale {
    /// Factors.
    pub scale: [f32; 2],
    /// Offsets.
    pub offset: [f32; 2],
}

impl ActionScale {
    /// Checks that the normalization can be inverted.
    ///
    /// # Errors
    /// Scales that are 0, or numbers that are not finite.
    pub fn check(&self) -> Result<(), Error> {
        let finite = self.scale.iter().chain(&self.offset).all(|v| v.is_finite());
        if finite && self.scale.iter().all(|v| v.abs() > f32::EPSILON) {
            return Ok(());
        }
        let found = self.scale.iter().chain(&self.offset).copied().collect();
        Err(Error::Normalization { found })
    }

    /// Normalizes an action to [−1, 1].
    pub fn normalize(&self, action: Action) -> [f32; 2] {
        [0, 1].map(|k| action[k] * self.scale[k] + self.offset[k])
    }

    /// Converts a normalized action back to its units.
    pub fn denormalize(&self, normalized: [f32; 2]) -> Action {
        [0, 1].map(|k| (normalized[k] - self.offset[k]) / self.scale[k])
    }
}

/// Output of a task.
#[derive(Clone, Debug)]
pub struct Output {
    /// Latents of the future, `[batch, frames, channels, side, side]`, for modes with video.
    pub latents: Option<Tensor<5>>,
    /// Actions of the future, one list per item, for modes with actions.
    pub actions: Option<Vec<Vec<Action>>>,
}

/// The complete model. [`Self::run`] computes any of its modes, [`Self::windows`] reads actions from a video,
/// [`Self::clip`] generates a video. All random numbers follow from the seeds passed to these methods.
pub struct Model {
    pub(crate) config: Config,
    pub(crate) net: Net,
    pub(crate) autoencoder: KlAutoencoder,
    pub(crate) scale: ActionScale,
    pub(crate) device: Device,
    schedules: Schedules,
}

impl Model {
    /// Creates a model from its parts.
    ///
    /// # Errors
    /// An invalid configuration, actions that are not pairs of numbers, or a scale that cannot be inverted.
    pub fn new(
        config: Config,
        net: Net,
        autoencoder: KlAutoencoder,
        scale: ActionScale,
        device: &Device,
    ) -> Result<Self, Error> {
        config.check()?;
        scale.check()?;
        if config.action_numbers != 2 {
            return Err(Error::Config {
                setting: "action_numbers",
                found: config.action_numbers.to_string(),
                expected: "2: the published model's actions are pairs".into(),
            });
        }
        let schedule = |steps| LearnedVarianceSchedule::cosine(config.training_steps, steps);
        Ok(Self {
            schedules: Schedules {
                video: schedule(config.video_head.steps)?,
                actions: schedule(config.action_head.steps)?,
            },
            config,
            net,
            autoencoder,
            scale,
            device: device.clone(),
        })
    }

    /// Configuration of the model.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Transformer with its heads.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// Normalization of actions.
    pub fn scale(&self) -> &ActionScale {
        &self.scale
    }

    /// Encodes frames of the configured size as scaled latents, `[frames, channels, side, side]`. As in the published
    /// model, they are sampled from the encoder's distribution, each frame with its own seed.
    ///
    /// # Errors
    /// A frame of another size, or latents that are not finite.
    pub fn latents(&self, frames: &[(u64, &RgbImage)]) -> Result<Tensor<4>, Error> {
        let (side, picture, channels) = (self.config.side, self.config.picture(), self.config.channels());
        let mut parts = Vec::with_capacity(frames.len().div_ceil(BLOCK));
        for (block, frames) in frames.chunks(BLOCK).enumerate() {
            let mut planes = Vec::with_capacity(frames.len() * 3 * picture * picture);
            for (i, (_, frame)) in frames.iter().enumerate() {
                enlarge(block * BLOCK + i, frame, self.config.frame, picture, &mut planes)?;
            }
            let shape = [frames.len(), 3, picture, picture];
            let pictures = Tensor::from_data(TensorData::new(planes, shape), &self.device);
            let seeds: Vec<u64> = frames.iter().map(|(seed, _)| *seed).collect();
            let noise = Noise::new(&seeds, LATENTS, &self.device).draw(1, channels * side * side);
            let noise = noise.reshape([frames.len(), channels, side, side]);
            let latents = self.autoencoder.encode(pictures, noise);
            parts.push(latents.mul_scalar(self.config.latent_scale));
        }
        let latents = Tensor::cat(parts, 0);
        finite(&latents, "latents")?;
        Ok(latents)
    }

    /// Decodes latents `[frames, channels, side, side]` to frames.
    ///
    /// # Errors
    /// Images that are not finite.
    pub fn frames(&self, latents: Tensor<4>) -> Result<Vec<RgbImage>, Error> {
        let picture = self.config.picture();
        let mut frames = Vec::with_capacity(latents.dims()[0]);
        for block in latents.div_scalar(self.config.latent_scale).split(BLOCK, 0) {
            let pictures = self.autoencoder.decode(block);
            finite(&pictures, "pictures")?;
            let values: Vec<f32> = pictures.into_data().iter::<f32>().collect();
            let each = 3 * picture * picture;
            frames.extend(
                values
                    .chunks_exact(each)
                    .map(|planes| reduce(planes, picture, self.config.frame)),
            );
        }
        Ok(frames)
    }

    /// Normalizes actions for a task, `[batch, actions, 2]`.
    ///
    /// # Errors
    /// Lists whose length is not that of the configuration.
    pub fn actions(&self, actions: &[Vec<Action>]) -> Result<Tensor<3>, Error> {
        let count = self.config.actions;
        if let Some(list) = actions.iter().find(|list| list.len() != count) {
            return Err(Error::Shape {
                what: "a list of actions",
                found: vec![list.len()],
                expected: vec![count],
            });
        }
        let values: Vec<f32> = actions
            .iter()
            .flatten()
            .flat_map(|action| self.scale.normalize(*action))
            .collect();
        let shape = [actions.len(), count, 2];
        Ok(Tensor::from_data(TensorData::new(values, shape), &self.device))
    }

    /// Computes a task with one seed per item. The random numbers of an item do not depend on the other items.
    ///
    /// # Errors
    /// Input of other shapes, a number of seeds that differs from the number of items, or results that are not finite.
    pub fn run(&self, task: &Task, seeds: &[u64]) -> Result<Output, Error> {
        task.check(&self.config)?;
        if seeds.len() != task.batch() {
            return Err(Error::Shape {
                what: "the list of seeds",
                found: vec![seeds.len()],
                expected: vec![task.batch()],
            });
        }
        let mut noise = Noise::new(seeds, VIDEO, &self.device);
        let drawn = video(&self.net, &self.config, &self.schedules.video, task, seeds, &mut noise);
        let (latents, z) = match drawn {
            Some(drawn) => (Some(drawn.latents), drawn.z),
            None => (None, self.net.forward(task)),
        };
        if let Some(latents) = &latents {
            finite(latents, "latents")?;
        }
        let actions = if task.gives_actions() {
            Some(self.drawn_actions(z, seeds)?)
        } else {
            None
        };
        Ok(Output { latents, actions })
    }

    fn drawn_actions(&self, z: Tensor<3>, seeds: &[u64]) -> Result<Vec<Vec<Action>>, Error> {
        let mut noise = Noise::new(seeds, ACTIONS, &self.device);
        let drawn = actions(&self.net, &self.config, &self.schedules.actions, z, &mut noise);
        finite(&drawn, "actions")?;
        let values: Vec<f32> = drawn.into_data().iter::<f32>().collect();
        let (actions, _) = values.as_chunks::<2>();
        let px: Vec<Action> = actions.iter().map(|action| self.scale.denormalize(*action)).collect();
        Ok(px.chunks_exact(self.config.actions).map(<[Action]>::to_vec).collect())
    }
}

fn finite<const D: usize>(tensor: &Tensor<D>, what: &'static str) -> Result<(), Error> {
    let sum: f32 = tensor.clone().abs().sum().into_scalar();
    if sum.is_finite() {
        return Ok(());
    }
    Err(Error::NotFinite { what })
}
