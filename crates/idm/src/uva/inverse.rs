//! Labelling of video by the inverse mode.
//!
//! Of 16 consecutive frames that begin at s the model sees the last of each group of four, s + 3, s + 7, s + 11 and
//! s + 15, and gives the 16 actions that led into the frames: action k is the one taken at frame s − 1 + k.

use std::collections::BTreeMap;

use burn::Tensor;
use nn_kit::mix_seed;
use pusht_data::{IdmError, InverseDynamics, Labels};
use pusht_env::{Action, Frame};

use super::error::UvaError;
use super::model::Uva;
use super::task::UvaTask;
use crate::reduction::CHUNK;

/// Windows that the transformer reads at once.
const BLOCK: usize = 4;

impl Uva {
    /// The actions of windows that begin at these frames (rising, each window inside of the video), px; action k of the
    /// window at s is the one taken at frame s − 1 + k.
    ///
    /// # Errors
    /// Frames that are not 96 × 96, or weights that give no finite numbers.
    pub fn windows(&self, video: &[Frame], starts: &[usize]) -> Result<Vec<Vec<Action>>, UvaError> {
        let (frames, stride, side) = (self.config.frames, self.config.stride(), self.config.side);
        let mut known: BTreeMap<usize, Tensor<4>> = BTreeMap::new();
        let mut all = Vec::with_capacity(starts.len());
        for block in starts.chunks(BLOCK) {
            let seen = |start: usize| (0..frames).map(move |frame| start + (frame + 1) * stride - 1);
            // Windows overlap: a frame is encoded once, and forgotten when no later window begins before it.
            known.retain(|frame, _| block.first().is_some_and(|first| frame >= first));
            for frame in block.iter().flat_map(|start| seen(*start)) {
                if let std::collections::btree_map::Entry::Vacant(place) = known.entry(frame) {
                    let one = [(mix_seed(self.seed, frame as u64), &video[frame])];
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
            let seeds: Vec<u64> = block.iter().map(|start| mix_seed(self.seed, *start as u64)).collect();
            let output = self.run(&UvaTask::Inverse { future }, &seeds)?;
            all.extend(output.actions.unwrap_or_default());
        }
        Ok(all)
    }
}

impl UvaError {
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

impl InverseDynamics for Uva {
    fn name(&self) -> String {
        match self.reduction {
            Some(reduction) => format!("uva, {reduction}"),
            None => "uva, none".to_string(),
        }
    }

    /// Frame t has the action that a reduction makes of the first eight of the window at t + 1; without a reduction
    /// windows follow one another, and the last one ends with the video. Labels begin at frame 0.
    fn label(&self, video: &[Frame]) -> Result<Labels, IdmError> {
        let window = self.config.actions;
        let needed = window + 1;
        if video.len() < needed {
            return Err(IdmError::TooShort {
                idm: self.name(),
                found: video.len(),
                needed,
            });
        }
        let last = video.len() - window;
        let starts: Vec<usize> = match self.reduction {
            Some(_) => (1..=last).collect(),
            None => {
                let mut starts: Vec<usize> = (1..=last).step_by(window).collect();
                if starts.last() != Some(&last) {
                    starts.push(last);
                }
                starts
            }
        };
        let windows = self.windows(video, &starts).map_err(|error| match error {
            UvaError::Frame { frame, .. } => IdmError::Frame {
                frame,
                reason: error.to_string(),
            },
            error => IdmError::Failed {
                idm: self.name(),
                reason: error.to_string(),
            },
        })?;
        let mut actions: Vec<Action> = Vec::with_capacity(video.len());
        for (start, window) in starts.iter().zip(&windows) {
            match self.reduction {
                Some(reduction) => {
                    let chunk: [Action; CHUNK] = std::array::from_fn(|k| window[k]);
                    actions.push(reduction.reduce(&chunk));
                }
                // The last window may overlap the one before it, whose actions stay.
                None => actions.extend(&window[actions.len() + 1 - start..]),
            }
        }
        Ok(Labels::new(0, actions))
    }
}
