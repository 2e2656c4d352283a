//! A trained policy on pictures.

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

/// Frames of one forward pass when acting. Always as many, the rest black, so that the bits of an action do not depend
/// on how many environments ask at once.
const BLOCK: usize = 16;

/// Everything besides the weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    pub frames: FrameNorm,
    pub actions: ActionNorm,
    /// Actions said at once; files written before chunks were possible have one.
    #[serde(default = "one")]
    pub chunk: usize,
    /// Side of the middle square that is looked at, where that is not the whole frame, px.
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

/// A policy on pictures: a 96×96 frame in, the next target positions out. `N` is its network, [`crate::Cnn`] or
/// [`crate::ResNet18`].
#[derive(Clone, Debug)]
pub struct ImagePolicy<N> {
    saved: Saved,
    pixels: Pixels,
    network: N,
    device: Device,
    /// What is left of each environment's chunk.
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

    /// The next target position for each frame, px.
    ///
    /// # Errors
    /// Frames that are not 96×96, or a network that does not run.
    pub fn predict(&self, frames: &[&Frame]) -> Result<Vec<Action>, BcError> {
        Ok(self.chunks(frames)?.into_iter().map(|chunk| chunk[0]).collect())
    }

    /// The next target positions for each frame, px; as many as the policy was trained to say.
    ///
    /// # Errors
    /// Frames that are not 96×96, or a network that does not run.
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

    /// The next target position in each row of `refs`.
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
