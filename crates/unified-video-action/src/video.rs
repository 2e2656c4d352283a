//! Video by the video mode.
//!
//! The model makes every fourth frame. The frames between repeat the last one that it made: nothing is blended, so no
//! frame shows what the model did not draw.

use burn::Tensor;
use image::RgbImage;
use nn_kit::mix_seed;

use crate::error::Error;
use crate::model::Model;
use crate::task::{Masked, Task};

impl Model {
    /// A clip of `count` frames that begins with `start`, seen as standing still before it.
    ///
    /// # Errors
    /// A start of another size than the configuration's, or weights that give no finite numbers.
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
            // Further on, what was drawn is what was seen.
            history = latents;
            round += 1;
        }
        clip.truncate(count);
        Ok(clip)
    }
}
