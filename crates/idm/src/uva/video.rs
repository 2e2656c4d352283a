//! Video by the video mode.
//!
//! The model makes every fourth frame. The frames between repeat the last one that it made: nothing is blended, so no
//! frame shows what the model did not draw.

use burn::Tensor;
use nn_kit::mix_seed;
use pusht_data::{VideoError, VideoModel, VideoRequest};
use pusht_env::Frame;

use super::error::UvaError;
use super::model::Uva;
use super::task::{Masked, UvaTask};

impl Uva {
    /// A clip of `count` frames that begins with `start`, seen as standing still before it.
    fn clip(&self, start: &Frame, count: usize, seed: u64) -> Result<Vec<Frame>, UvaError> {
        let (frames, stride, side) = (self.config.frames, self.config.stride(), self.config.side);
        let shape = [1, frames, self.config.channels(), side, side];
        let seen: Vec<(u64, &Frame)> = (0..frames as u64).map(|i| (mix_seed(seed, i), start)).collect();
        let mut history = self.latents(&seen)?.reshape::<5, _>(shape);
        let mut clip = vec![start.clone()];
        let mut round = frames as u64;
        while clip.len() < count {
            let task = UvaTask::Video {
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

impl VideoModel for Uva {
    fn name(&self) -> String {
        "uva (a frame in four, held between)".to_string()
    }

    /// The prompt is ignored; a prescribed end is refused, since no mode of the model takes one. Start frames are 96 × 96.
    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoError> {
        let one = |(index, request): (usize, &VideoRequest)| {
            let refused = |reason: String| VideoError::Request { request: index, reason };
            if request.end.is_some() {
                return Err(refused("it prescribes the last frame; expected a start alone".into()));
            }
            if request.frames == 0 {
                return Err(refused("it asks for 0 frames; expected at least 1".into()));
            }
            self.clip(&request.start, request.frames, request.seed)
                .map_err(|error| match error {
                    UvaError::Frame { .. } => refused(error.to_string()),
                    error => VideoError::Failed {
                        model: self.name(),
                        reason: error.to_string(),
                    },
                })
        };
        requests.iter().enumerate().map(one).collect()
    }
}
