//! A trained policy on images.

use std::path::Path;

use burn::tensor::Device;
use pusht_data::{ActionNorm, Episode, FrameNorm, FrameRef};
use pusht_env::{Action, Frame, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError};
use serde::{Deserialize, Serialize};
use training::{ModelFile, init_seeded};

use super::config::ImageConfig;
use super::frames::{Pixels, SIDE, check_size};
use super::network::ImageNet;
use crate::error::{BcError, failed, network_error, wrong_observation};
use crate::family::{PolicyKind, TrainedPolicy};
use crate::queues::Queues;
use crate::sections::PolicySection;

/// Batch size of a forward pass when acting. Batches are padded with black frames, so that the bits of an action do not
/// depend on the number of environments in the call.
const BLOCK: usize = 16;

/// Contents of the policy's file besides the weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    pub frames: FrameNorm,
    pub actions: ActionNorm,
    /// Number of actions predicted at once; 1 in files without the field.
    #[serde(default = "one")]
    pub chunk: usize,
    /// Side of the center crop, px; `None`: the whole frame.
    #[serde(default)]
    pub crop: Option<usize>,
}

fn one() -> usize {
    1
}

impl Saved {
    pub(super) fn side(&self) -> usize {
        self.crop.unwrap_or(SIDE)
    }

    pub(super) fn network<N: ImageNet>(&self, device: &Device) -> N {
        N::build(self.side(), 2 * self.chunk, device)
    }
}

/// A policy on images: maps a 96×96 frame to the next target positions. `N` is its network, [`crate::Cnn`] or
/// [`crate::ResNet18`].
#[derive(Clone, Debug)]
pub struct ImagePolicy<N> {
    saved: Saved,
    pixels: Pixels,
    network: N,
    device: Device,
    /// Remaining actions of each environment's chunk.
    queues: Queues,
}

impl<N: ImageNet> ImagePolicy<N> {
    pub(super) fn new(saved: Saved, network: N, device: &Device) -> Self {
        Self {
            saved,
            pixels: Pixels::new(&saved.frames, saved.side()),
            network,
            device: device.clone(),
            queues: Queues::default(),
        }
    }

    /// Predicts the next target position for each frame, px.
    ///
    /// # Errors
    /// Frames that are not 96×96, or a network that fails.
    pub fn predict(&self, frames: &[&Frame]) -> Result<Vec<Action>, BcError> {
        Ok(self.chunks(frames)?.into_iter().map(|chunk| chunk[0]).collect())
    }

    /// Predicts the next target positions for each frame, px; the number is [`crate::ImageConfig::chunk`] of the
    /// training.
    ///
    /// # Errors
    /// Frames that are not 96×96, or a network that fails.
    pub fn chunks(&self, frames: &[&Frame]) -> Result<Vec<Vec<Action>>, BcError> {
        let mut chunks = Vec::with_capacity(frames.len());
        for block in frames.chunks(BLOCK) {
            let mut bytes = Vec::with_capacity(BLOCK * SIDE * SIDE * 3);
            for frame in block {
                check_size(frame.dimensions())?;
                bytes.extend_from_slice(frame.as_raw());
            }
            bytes.resize(BLOCK * SIDE * SIDE * 3, 0);
            let x = self.pixels.center_crop(&bytes, &self.device);
            let y: Vec<f32> = self.network.run(x).try_into_vec_as().map_err(network_error)?;
            let action = |y: &[f32]| self.saved.actions.denormalize([y[0], y[1]]);
            let rows = y.chunks_exact(2 * self.saved.chunk).take(block.len());
            chunks.extend(rows.map(|row| row.chunks_exact(2).map(action).collect::<Vec<_>>()));
        }
        Ok(chunks)
    }

    pub(super) fn load(file: &ModelFile, device: &Device) -> Result<Self, BcError> {
        let saved: Saved = file.config(file.kind())?;
        let Saved { chunk, crop, .. } = saved;
        let settings = ImageConfig {
            chunk,
            crop,
            init: None,
        };
        settings.check()?;
        let built = init_seeded(0, device, |device| saved.network::<N>(device));
        Ok(Self::new(saved, file.load_into(&built)?, device))
    }
}

impl<N: ImageNet> Policy for ImagePolicy<N> {
    fn name(&self) -> String {
        N::NAME.into()
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: Modality::Pixels,
            history: 1,
        }
    }

    fn reset(&mut self, envs: &[usize]) {
        self.queues.reset(envs);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let pending = self.queues.pending(obs);
        let mut frames = Vec::with_capacity(pending.len());
        for ask in &pending {
            match obs.observations[ask.at].last() {
                Some(Observation::Pixels(frame)) => frames.push(frame),
                Some(other) => return Err(wrong_observation(Modality::Pixels, other)),
                None => return Err(failed(N::NAME, "an empty history")),
            }
        }
        let chunks = self.chunks(&frames).map_err(|error| failed(N::NAME, error))?;
        self.queues.serve(N::NAME, obs, &pending, chunks, out)
    }
}

impl<N: ImageNet> TrainedPolicy for ImagePolicy<N> {
    fn kind(&self) -> PolicyKind {
        N::KIND
    }

    fn parameters(&self) -> usize {
        self.network.num_params()
    }

    fn save(&self, path: &Path) -> Result<(), BcError> {
        Ok(training::save_model(
            path,
            &self.network,
            &N::KIND.file_kind(),
            &self.saved,
        )?)
    }

    /// Predicts the next target position in each row of `refs`.
    fn predict_rows(&self, episodes: &[&Episode], refs: &[FrameRef]) -> Result<Vec<Action>, BcError> {
        let frame = |r: &FrameRef| {
            let (episode, row) = (r.episode, r.row);
            let found = episodes.get(episode).filter(|e| row < e.len());
            Ok(&found.ok_or(BcError::NoSuchRow { episode, row })?.frames[row])
        };
        self.predict(&refs.iter().map(frame).collect::<Result<Vec<_>, BcError>>()?)
    }

    fn boxed(&self) -> Box<dyn TrainedPolicy> {
        Box::new(self.clone())
    }
}
