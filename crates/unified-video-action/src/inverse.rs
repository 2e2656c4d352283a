//! Actions from a video, with the inverse mode.
//!
//! Of 16 consecutive frames from frame s on, the model takes the last of each group of four, s + 3, s + 7, s + 11 and s
//! + 15, and returns the 16 actions that led to the frames: action k is the one taken at frame s − 1 + k.

use std::collections::BTreeMap;

use burn::Tensor;
use image::RgbImage;
use nn_kit::mix_seed;

use crate::error::Error;
use crate::model::{Action, Model};
use crate::task::Task;

/// Number of windows that the transformer processes at once.
const BLOCK: usize = 4;

impl Model {
    /// Returns the actions of windows that begin at the frames `starts`, in increasing order. Action k of the window at
    /// s is the one taken at frame s − 1 + k.
    ///
    /// # Errors
    /// Windows that extend beyond the video, frames of another size than configured, or results that are not finite.
    pub fn windows(&self, video: &[RgbImage], starts: &[usize], seed: u64) -> Result<Vec<Vec<Action>>, Error> {
        let (frames, stride, side) = (self.config.frames, self.config.stride(), self.config.side);
        let needed = self.config.actions;
        if let Some(&start) = starts.iter().find(|start| video.len().saturating_sub(**start) < needed) {
            return Err(Error::Window {
                start,
                frames: video.len(),
                needed,
            });
        }
        let mut known: BTreeMap<usize, Tensor<4>> = BTreeMap::new();
        let mut all = Vec::with_capacity(starts.len());
        for block in starts.chunks(BLOCK) {
            let seen = |start: usize| (0..frames).map(move |frame| start + (frame + 1) * stride - 1);
            // Windows overlap: a frame is encoded once, and dropped when no later window needs it.
            known.retain(|frame, _| block.first().is_some_and(|first| frame >= first));
            for frame in block.iter().flat_map(|start| seen(*start)) {
                if let std::collections::btree_map::Entry::Vacant(place) = known.entry(frame) {
                    let one = [(mix_seed(seed, frame as u64), &video[frame])];
                    let latents = self.latents(&one).map_err(|error| error.at_frame(frame))?;
                    place.insert(latents);
                }
            }
            let latents = block
                .iter()
                .flat_map(|start| seen(*start))
                .map(|frame| known[&frame].clone());
            let channels = self.config.channels();
            let future = Tensor::cat(latents.collect(), 0).reshape([block.len(), frames, channels, side, side]);
            let seeds: Vec<u64> = block.iter().map(|start| mix_seed(seed, *start as u64)).collect();
            let output = self.run(&Task::Inverse { future }, &seeds)?;
            all.extend(output.actions.unwrap_or_default());
        }
        Ok(all)
    }
}

impl Error {
    fn at_frame(self, frame: usize) -> Self {
        match self {
            Self::Frame {
                width,
                height,
                expected,
                ..
            } => Self::Frame {
                frame,
                width,
                height,
                expected,
            },
            other => other,
        }
    }
}
