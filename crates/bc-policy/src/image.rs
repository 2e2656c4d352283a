//! The policies on pictures: a 96×96 frame in, the next target positions out.

use std::path::Path;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;
use pusht_data::{ActionNorm, Episode, FrameNorm, FrameRef};
use pusht_env::{Action, Frame, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError};
use serde::{Deserialize, Serialize};
use training::{ModelFile, init_seeded};

use crate::frames::{Pixels, SIDE, check_size};
use crate::queues::Queues;
use crate::tracked::network_error;
use crate::{BcError, Cnn, ImageConfig, PolicyKind, ResNet18, ResNet18Config};

/// Frames of one forward pass when acting. Always as many, the rest black, so that the bits of an action do not depend
/// on how many environments ask at once.
const BLOCK: usize = 16;

/// Everything besides the weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Saved {
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
    pub(crate) fn side(&self) -> usize {
        self.crop.unwrap_or(SIDE)
    }
}

/// A network from frames `[batch, 3, side, side]` to normalised actions `[batch, 2 · chunk]`.
pub(crate) trait ImageNet: Module {
    fn build(saved: &Saved, device: &Device) -> Self;
    fn run(&self, frames: Tensor<4>) -> Tensor<2>;
}

impl ImageNet for Cnn {
    fn build(saved: &Saved, device: &Device) -> Self {
        Self::new(saved.side(), 2 * saved.chunk, device)
    }
    fn run(&self, frames: Tensor<4>) -> Tensor<2> {
        self.forward(frames)
    }
}

impl ImageNet for ResNet18 {
    fn build(saved: &Saved, device: &Device) -> Self {
        ResNet18Config::new().with_outputs(Some(2 * saved.chunk)).init(device)
    }
    fn run(&self, frames: Tensor<4>) -> Tensor<2> {
        self.forward(frames)
    }
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a program holds few policies")]
pub(crate) enum Network {
    Cnn(Cnn),
    // Boxed, as it is much larger.
    ResNet18(Box<ResNet18>),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct ImagePolicy {
    saved: Saved,
    pixels: Pixels,
    network: Network,
    device: Device,
    /// What is left of each environment's chunk.
    queues: Queues,
}

impl ImagePolicy {
    pub(crate) fn new(saved: Saved, network: Network, device: &Device) -> Self {
        Self {
            saved,
            pixels: Pixels::new(&saved.frames, saved.side()),
            network,
            device: device.clone(),
            queues: Queues::default(),
        }
    }

    /// Which network it has.
    pub fn kind(&self) -> PolicyKind {
        match self.network {
            Network::Cnn(_) => PolicyKind::Cnn,
            Network::ResNet18(_) => PolicyKind::ResNet18,
        }
    }

    pub(crate) fn parameters(&self) -> usize {
        match &self.network {
            Network::Cnn(network) => network.num_params(),
            Network::ResNet18(network) => network.num_params(),
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
            let x = self.pixels.middle(&bytes, &self.device);
            let y = match &self.network {
                Network::Cnn(network) => network.run(x),
                Network::ResNet18(network) => network.run(x),
            };
            let y: Vec<f32> = y.try_into_vec_as().map_err(network_error)?;
            let action = |y: &[f32]| self.saved.actions.denormalise([y[0], y[1]]);
            let rows = y.chunks_exact(2 * self.saved.chunk).take(block.len());
            chunks.extend(rows.map(|row| row.chunks_exact(2).map(action).collect::<Vec<_>>()));
        }
        Ok(chunks)
    }

    /// The next target position in each row of `refs`.
    pub(crate) fn predict_rows(&self, episodes: &[Episode], refs: &[FrameRef]) -> Result<Vec<Action>, BcError> {
        let frame = |r: &FrameRef| {
            let (episode, row) = (r.episode, r.row);
            let found = episodes.get(episode).filter(|e| row < e.len());
            Ok(&found.ok_or(BcError::NoSuchRow { episode, row })?.frames[row])
        };
        self.predict(&refs.iter().map(frame).collect::<Result<Vec<_>, BcError>>()?)
    }

    pub(crate) fn save(&self, path: &Path) -> Result<(), BcError> {
        let kind = file_kind(self.kind());
        match &self.network {
            Network::Cnn(network) => training::save_model(path, network, &kind, &self.saved)?,
            Network::ResNet18(network) => training::save_model(path, network.as_ref(), &kind, &self.saved)?,
        }
        Ok(())
    }

    /// `None` for a file of another kind.
    pub(crate) fn load(file: &ModelFile, device: &Device) -> Result<Option<Self>, BcError> {
        let kinds = [PolicyKind::Cnn, PolicyKind::ResNet18];
        let Some(kind) = kinds.into_iter().find(|kind| file_kind(*kind) == file.kind()) else {
            return Ok(None);
        };
        let saved: Saved = file.config(&file_kind(kind))?;
        let (chunk, crop) = (saved.chunk, saved.crop);
        let settings = ImageConfig {
            chunk,
            crop,
            init: None,
        };
        settings.check(kind)?;
        let network = if kind == PolicyKind::ResNet18 {
            let built = init_seeded(0, device, |device| ResNet18::build(&saved, device));
            Network::ResNet18(Box::new(file.load_into(&built)?))
        } else {
            let built = init_seeded(0, device, |device| Cnn::build(&saved, device));
            Network::Cnn(file.load_into(&built)?)
        };
        Ok(Some(Self::new(saved, network, device)))
    }
}

fn file_kind(kind: PolicyKind) -> String {
    format!("pusht.policy.{}.1", kind.name())
}

impl Policy for ImagePolicy {
    fn name(&self) -> String {
        self.kind().name().into()
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
        let name = self.kind().name();
        let failed = |reason: String| PolicyError::Failed {
            policy: name.into(),
            reason,
        };
        let asking = self.queues.asking(obs);
        let mut frames = Vec::with_capacity(asking.len());
        for ask in &asking {
            match obs.observations[ask.at].last() {
                Some(Observation::Pixels(frame)) => frames.push(frame),
                Some(other) => return Err(crate::policy::wrong_observation(Modality::Pixels, other)),
                None => return Err(failed("an empty history".into())),
            }
        }
        let chunks = self.chunks(&frames).map_err(|error| failed(error.to_string()))?;
        self.queues.serve(name, obs, &asking, chunks, out)
    }
}
