//! The network: a diffusion transformer over runs of frames.

use std::f64::consts::TAU;

use burn::config::Config;
use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};
use nn_kit::{DitBlock, DitBlockConfig, FinalLayer, FinalLayerConfig, TimeEmbedding, TimeEmbeddingConfig};

use crate::condition::{CONDITIONS, HAS_END, UNIT};
use crate::error::VideoGenError;
use crate::geometry::LEVER;
use crate::head::assemble;
use crate::latent::{CHANNELS, DISTANCE, Latent};
use crate::outline::perimeter;

/// Number of input features per frame; see [`ObjectLatent::forward`].
const FEATURES: usize = 3 * CHANNELS + 2 * WAVES + 1 + 3;
/// Number of sines and cosines that encode the position along the outline.
const WAVES: usize = 4;
/// Length scale of the feature for nearness to the T, px.
const NEAR: f64 = 8.0;

/// Lower bound of the divisor t in the velocity (noisy − clean) / t, so that it stays finite.
const EARLIEST: f64 = 0.02;

/// Configuration of [`ObjectLatent`].
#[derive(Config, Debug, PartialEq)]
pub struct ObjectLatentConfig {
    /// Width of a token.
    #[config(default = 128)]
    pub width: usize,
    /// Number of blocks.
    #[config(default = 4)]
    pub depth: usize,
    /// Number of attention heads.
    #[config(default = 4)]
    pub heads: usize,
    /// Frames per token.
    #[config(default = 4)]
    pub patch: usize,
    /// Maximum clip length, frames.
    #[config(default = 48)]
    pub max_frames: usize,
    /// Number of Euler steps of the sampler.
    #[config(default = 32)]
    pub sampling_steps: usize,
    /// Standard deviation of the initial noise relative to training: 0 gives the same clip for every seed, 1 clips with
    /// the variety of the learned distribution.
    #[config(default = 0.3)]
    pub temperature: f64,
}

impl ObjectLatentConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), VideoGenError> {
        let range = |setting, found: usize, least: usize, most: usize, expected| {
            if (least..=most).contains(&found) {
                return Ok(());
            }
            Err(VideoGenError::Config {
                setting,
                found: found.to_string(),
                expected,
            })
        };
        range("width", self.width, 1, 4096, "1 to 4096")?;
        range("depth", self.depth, 1, 64, "1 to 64")?;
        range("heads", self.heads, 1, self.width, "1 to the width")?;
        range(
            "width modulo heads",
            self.width % self.heads,
            0,
            0,
            "0: the heads must divide the width",
        )?;
        range("patch", self.patch, 1, 64, "1 to 64")?;
        range("max_frames", self.max_frames, 2, 1024, "2 to 1024")?;
        range("sampling_steps", self.sampling_steps, 1, 10_000, "1 to 10000")?;
        if !(0.0..=1.0).contains(&self.temperature) {
            return Err(VideoGenError::Config {
                setting: "temperature",
                found: self.temperature.to_string(),
                expected: "0 to 1",
            });
        }
        Ok(())
    }

    /// Creates the network with random weights; its velocity is zero until it is trained.
    pub fn init(&self, device: &Device) -> ObjectLatent {
        let width = self.width;
        let tokens = self.max_frames.div_ceil(self.patch);
        ObjectLatent {
            embed: LinearConfig::new(self.patch * FEATURES, width).init(device),
            position: Initializer::Normal { mean: 0.0, std: 0.02 }.init([tokens, width], device),
            time: TimeEmbeddingConfig::new(width).init(device),
            condition_in: LinearConfig::new(CONDITIONS, width).init(device),
            condition_out: LinearConfig::new(width, width).init(device),
            blocks: (0..self.depth)
                .map(|_| DitBlockConfig::new(width, self.heads).init(device))
                .collect(),
            head: FinalLayerConfig::new(width, self.patch * CHANNELS).init(device),
            patch: self.patch,
            max_frames: self.max_frames,
        }
    }
}

/// Network for the velocity of the flow, on batches of clips of equal length.
///
/// A diffusion transformer (Peebles & Xie 2023): runs of `patch` frames become tokens with learned positions, time and
/// condition modulate the blocks (adaLN-Zero), the last layer gives the velocity of every frame of a token.
#[derive(Module, Debug)]
pub struct ObjectLatent {
    embed: Linear,
    position: Param<Tensor<2>>,
    time: TimeEmbedding,
    condition_in: Linear,
    condition_out: Linear,
    blocks: Vec<DitBlock>,
    head: FinalLayer,
    patch: usize,
    max_frames: usize,
}

/// A batch of noisy paths, the input of the network; N frames each.
#[derive(Clone, Debug)]
pub struct NoisyClips {
    /// Difference from the line, px divided by the training spread, `[batch, N, 6]`.
    pub path: Tensor<3>,
    /// The line, px, `[batch, N, 6]`.
    pub line: Tensor<3>,
    /// Times of the flow, `[batch]`.
    pub time: Tensor<1>,
    /// Conditions, `[batch, 23]`.
    pub condition: Tensor<2>,
}

/// Scales of paths and steps, `[1, 1, 6]` each, px.
#[derive(Clone, Debug)]
pub struct Scales {
    /// Training spread.
    pub spread: Tensor<3>,
    /// Root mean square of a step.
    pub step: Tensor<3>,
}

impl Scales {
    /// Creates the tensors on a device.
    pub fn new(spread: Latent, step: Latent, device: &Device) -> Self {
        let tensor = |x: Latent| Tensor::<1>::from_floats(x.map(|v| v as f32), device).reshape([1, 1, CHANNELS]);
        Self {
            spread: tensor(spread),
            step: tensor(step),
        }
    }
}

impl ObjectLatent {
    /// Computes the velocity of every frame, px divided by the training spread, `[batch, N, 6]`; 2 ≤ N ≤ `max_frames`.
    ///
    /// The features of a frame are its difference from the line, its step from the previous frame divided by the root
    /// mean square of training steps, its six numbers, sines and cosines of the agent's position along the outline,
    /// nearness to the T, its distances from the first and last frame, and a one (zero in the padding of the last
    /// token). No agent is inside the T.
    pub fn forward(&self, clips: NoisyClips, scales: &Scales) -> Tensor<3> {
        let t = clips.time.clone().clamp_min(EARLIEST).reshape([-1, 1, 1]);
        let path = clips.path.clone();
        let line = clips.line.clone();
        let clean = line.clone() + self.clean(clips, scales) * scales.spread.clone();
        let outside = clean.clone().narrow(2, DISTANCE, 1).clamp_min(0.0);
        let clean = Tensor::cat(
            vec![
                clean.clone().narrow(2, 0, DISTANCE),
                outside,
                clean.narrow(2, DISTANCE + 1, CHANNELS - DISTANCE - 1),
            ],
            2,
        );
        (path - (clean - line) / scales.spread.clone()) / t
    }

    /// Estimates the clean clip: difference from the line, px divided by the training spread, `[batch, N, 6]`.
    pub fn clean(&self, clips: NoisyClips, scales: &Scales) -> Tensor<3> {
        let [batch, frames, _] = clips.path.dims();
        let device = clips.path.device();
        let z = clips.line.clone() + clips.path.clone() * scales.spread.clone();
        let steps = z.clone().narrow(1, 1, frames - 1) - z.clone().narrow(1, 0, frames - 1);
        let steps = steps.div(scales.step.clone()).pad([(1, 0), (0, 0)], 0.0);
        let seen = seen(&z);
        let tokens = frames.div_ceil(self.patch);
        let features = vec![clips.path, steps, seen, units(z), self.clock(batch, frames, &device)];
        let features = Tensor::cat(features, 2)
            .pad([(0, tokens * self.patch - frames), (0, 0)], 0.0)
            .reshape([batch, tokens, self.patch * FEATURES]);
        let position = self.position.val().narrow(0, 0, tokens).unsqueeze_dim::<3>(0);
        let mut x = self.embed.forward(features) + position;
        let c = self.time.forward(clips.time.clone())
            + self
                .condition_out
                .forward(silu(self.condition_in.forward(clips.condition.clone())));
        for block in &self.blocks {
            x = block.forward(x, c.clone());
        }
        let raw = self.head.forward(x, c).reshape([batch, tokens * self.patch, CHANNELS]);
        let clean = assemble(
            raw.narrow(1, 0, frames) * scales.step.clone(),
            clips.line.clone().narrow(1, 0, 1),
            clips.line.clone().narrow(1, frames - 1, 1),
            clips.condition.narrow(1, HAS_END, 1).unsqueeze_dim::<3>(2),
            clips.time.reshape([-1, 1, 1]),
        );
        (clean - clips.line) / scales.spread.clone()
    }

    /// Distances from the first and the last frame divided by the maximum length, and a one: `[batch, frames, 3]`.
    fn clock(&self, batch: usize, frames: usize, device: &Device) -> Tensor<3> {
        let span = self.max_frames as f32;
        let rows: Vec<f32> = (0..frames)
            .flat_map(|i| [i as f32 / span, (frames - 1 - i) as f32 / span, 1.0])
            .collect();
        Tensor::<1>::from_floats(rows.as_slice(), device)
            .reshape([1, frames, 3])
            .repeat_dim(0, batch)
    }
}

/// Features of the agent's position relative to the T: [`WAVES`] sines and cosines of its position along the outline,
/// and exp(−distance / [`NEAR`]).
fn seen(z: &Tensor<3>) -> Tensor<3> {
    let angle = z.clone().narrow(2, 0, 1).mul_scalar(TAU / perimeter());
    let mut seen: Vec<Tensor<3>> = (1..=WAVES)
        .map(|k| angle.clone().mul_scalar(k as f64))
        .flat_map(|a| [a.clone().sin(), a.cos()])
        .collect();
    seen.push(z.clone().narrow(2, DISTANCE, 1).clamp_min(0.0).div_scalar(-NEAR).exp());
    Tensor::cat(seen, 2)
}

/// Divides positions by [`UNIT`], cosine and sine by [`LEVER`].
fn units(z: Tensor<3>) -> Tensor<3> {
    let scale: Vec<f32> = [UNIT, UNIT, UNIT, UNIT, LEVER, LEVER]
        .iter()
        .map(|x| *x as f32)
        .collect();
    let scale = Tensor::<1>::from_floats(scale.as_slice(), &z.device()).reshape([1, 1, CHANNELS]);
    z.div(scale)
}
