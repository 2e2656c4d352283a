//! Video generation with the video mode.
//!
//! The model generates every fourth frame. The frames between repeat the previous generated frame; frames are never
//! blended.

use burn::Tensor;
use image::RgbImage;
use nn_kit::mix_seed;

use crate::error::Error;
use crate::model::Model;
use crate::task::{Masked, Task};

impl Model {
    /// Generates a clip of `count` frames that begins with `start`, assuming that nothing moved before it.
    ///
    /// # Errors
    /// A start of another size than configured, or results that are not finite.
    pub fn clip(&self, start: &RgbImage, count: usize, seed: u64) -> Result<Vec<RgbImage>, Error> {
        let (frames, stride, side) = (self.config.frames, self.config.stride(), self.config.side);
        let shape = [1, frames, self.config.channels(), side, side];
        let seen: Vec<(u64, &RgbImage)> = (0..frames as u64).map(|i| (mix_seed(seed, i), start)).collect();
        let mut history = self.latents(&seen)?.reshape::<5, _>(shape);
        let mut clip = vec![start.clone()];
        let mut round = frames as u64;
        while clip.len() < count {
            let task = Task::Video {
                history,
                future: Masked::all(&self.config, 1, &self.device),
            };
            let output = self.run(&task, &[mix_seed(seed, round)])?;
            let Some(latents) = output.latents else { break };
            let drawn: Tensor<4> = latents.clone().squeeze_dim(0);
            for frame in self.frames(drawn)? {
                let held = clip.last().cloned().unwrap_or_else(|| start.clone());
                clip.extend(std::iter::repeat_n(held, stride - 1));
                clip.push(frame);
            }
            // Generated latents become the history of the next window.
            history = latents;
            round += 1;
        }
        clip.truncate(count);
        Ok(clip)
    }
}
