//! The policies on pictures: a 96×96 frame in, the next target position out.

use std::path::Path;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use pusht_data::{ActionNorm, Episode, FrameNorm, FrameRef, Loader, Split, Transform};
use pusht_env::{Action, Frame, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError};
use serde::{Deserialize, Serialize};
use training::{FitOptions, ModelFile, Objective, ObjectiveError, init_seeded};

use crate::tracked::network_error;
use crate::train::Trained;
use crate::{Augmentation, BcError, BcPolicy, Cnn, PolicyConfig, PolicyKind, ResNet18};

/// Side of the pictures, px.
const SIDE: usize = 96;

/// Frames of one forward pass when acting. Always as many, the rest black, so that the bits of an action do not depend
/// on how many environments ask at once.
const BLOCK: usize = 16;

/// Frames of one forward pass when validating.
const VALIDATION: usize = 64;

/// Everything besides the weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Saved {
    frames: FrameNorm,
    actions: ActionNorm,
}

impl Saved {
    /// Height × width × 3 bytes a frame → `[batch, 3, 96, 96]`, normalised per channel.
    fn tensor(&self, frames: &[u8], device: &Device) -> Tensor<4> {
        let mut table = [[0.0_f32; 256]; 3];
        for value in 0..=255_u8 {
            let normalised = self.frames.normalise([value; 3]);
            for (channel, normalised) in normalised.into_iter().enumerate() {
                table[channel][usize::from(value)] = normalised;
            }
        }
        let pixels = SIDE * SIDE;
        let mut planes = Vec::with_capacity(frames.len());
        for frame in frames.chunks_exact(3 * pixels) {
            for (channel, table) in table.iter().enumerate() {
                planes.extend(
                    frame[channel..]
                        .iter()
                        .step_by(3)
                        .map(|&value| table[usize::from(value)]),
                );
            }
        }
        let batch = frames.len() / (3 * pixels);
        Tensor::from_data(TensorData::new(planes, [batch, 3, SIDE, SIDE]), device)
    }
}

/// A network from frames `[batch, 3, 96, 96]` to normalised actions `[batch, 2]`.
pub(crate) trait ImageNet: Module {
    fn build(device: &Device) -> Self;
    fn run(&self, frames: Tensor<4>) -> Tensor<2>;
}

impl ImageNet for Cnn {
    fn build(device: &Device) -> Self {
        Self::new(device)
    }
    fn run(&self, frames: Tensor<4>) -> Tensor<2> {
        self.forward(frames)
    }
}

impl ImageNet for ResNet18 {
    fn build(device: &Device) -> Self {
        Self::new(2, device)
    }
    fn run(&self, frames: Tensor<4>) -> Tensor<2> {
        self.forward(frames)
    }
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a program holds few policies")]
enum Network {
    Cnn(Cnn),
    // Boxed, as it is much larger.
    ResNet18(Box<ResNet18>),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct ImagePolicy {
    saved: Saved,
    network: Network,
    device: Device,
}

impl ImagePolicy {
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

    /// The target position for each frame, px.
    ///
    /// # Errors
    /// Frames that are not 96×96, or a network that does not run.
    pub fn predict(&self, frames: &[&Frame]) -> Result<Vec<Action>, BcError> {
        let mut actions = Vec::with_capacity(frames.len());
        for block in frames.chunks(BLOCK) {
            let mut bytes = Vec::with_capacity(BLOCK * SIDE * SIDE * 3);
            for frame in block {
                check_size(frame.dimensions())?;
                bytes.extend_from_slice(frame.as_raw());
            }
            bytes.resize(BLOCK * SIDE * SIDE * 3, 0);
            let x = self.saved.tensor(&bytes, &self.device);
            let y = match &self.network {
                Network::Cnn(network) => network.run(x),
                Network::ResNet18(network) => network.run(x),
            };
            let y: Vec<f32> = y.try_into_vec_as().map_err(network_error)?;
            let y = y.chunks_exact(2).take(block.len());
            actions.extend(y.map(|y| self.saved.actions.denormalise([y[0], y[1]])));
        }
        Ok(actions)
    }

    pub(crate) fn predict_rows(&self, episodes: &[Episode], refs: &[FrameRef]) -> Result<Vec<Action>, BcError> {
        let mut frames = Vec::with_capacity(refs.len());
        for r in refs {
            let (episode, row) = (r.episode as usize, r.row as usize);
            let found = episodes.get(episode).filter(|e| row < e.len());
            frames.push(&found.ok_or(BcError::NoSuchRow { episode, row })?.frames[row]);
        }
        self.predict(&frames)
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
        let network = match kind {
            PolicyKind::ResNet18 => {
                Network::ResNet18(Box::new(file.load_into(&init_seeded(0, device, ResNet18::build))?))
            }
            _ => Network::Cnn(file.load_into(&init_seeded(0, device, Cnn::build))?),
        };
        Ok(Some(Self {
            saved,
            network,
            device: device.clone(),
        }))
    }
}

fn file_kind(kind: PolicyKind) -> String {
    format!("pusht.policy.{}.1", kind.name())
}

fn check_size((width, height): (u32, u32)) -> Result<(), BcError> {
    if (width as usize, height as usize) == (SIDE, SIDE) {
        return Ok(());
    }
    Err(BcError::FrameSize { width, height })
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

    fn reset(&mut self, _envs: &[usize]) {}

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let failed = |reason| PolicyError::Failed {
            policy: self.kind().name().into(),
            reason,
        };
        let mut frames = Vec::with_capacity(obs.envs.len());
        for history in obs.observations {
            match history.last() {
                Some(Observation::Pixels(frame)) => frames.push(frame),
                Some(other) => return Err(crate::policy::wrong_observation(Modality::Pixels, other)),
                None => return Err(failed("an empty history".into())),
            }
        }
        let actions = self.predict(&frames).map_err(|error| failed(error.to_string()))?;
        out.copy_from_slice(&actions);
        Ok(())
    }
}

/// Trains the network of `config.kind`; the policy of the epoch with the lowest validation error is returned.
pub(crate) fn train_image(
    config: &PolicyConfig,
    episodes: &[Episode],
    split: &Split,
    device: &Device,
    options: FitOptions<'_>,
) -> Result<Trained, BcError> {
    match config.kind {
        PolicyKind::ResNet18 => train_network(config, episodes, split, device, options, |network| {
            Network::ResNet18(Box::new(network))
        }),
        _ => train_network(config, episodes, split, device, options, Network::Cnn),
    }
}

fn train_network<N: ImageNet>(
    config: &PolicyConfig,
    episodes: &[Episode],
    split: &Split,
    device: &Device,
    options: FitOptions<'_>,
    wrap: impl FnOnce(N) -> Network,
) -> Result<Trained, BcError> {
    let transforms = match config.augmentation {
        Augmentation::None => vec![Transform::IDENTITY],
        Augmentation::Dihedral => Transform::dihedral(),
        Augmentation::Fourteen => Transform::fourteen(),
    };
    let loader = Loader::new(episodes, &transforms)?;
    check_size(episodes[0].frames[0].dimensions())?;
    let train = split.augmented_train(transforms.len());
    let mut seen = Vec::new();
    let mut actions = Vec::new();
    for r in &split.train {
        let (episode, row) = (r.episode as usize, r.row as usize);
        let found = episodes.get(episode).filter(|e| row < e.len());
        seen.push(&found.ok_or(BcError::NoSuchRow { episode, row })?.frames[row]);
    }
    for r in &train {
        let action = episodes[r.episode as usize].actions[r.row as usize];
        actions.push(transforms[r.copy as usize].action(action));
    }
    let saved = Saved {
        frames: FrameNorm::fit(seen).ok_or(training::TrainingError::NoItems)?,
        actions: ActionNorm::moments(&actions).ok_or(training::TrainingError::NoItems)?,
    };
    let objective = Regression {
        loader,
        train,
        valid: &split.validation,
        saved,
        device: device.clone(),
    };
    let network: N = init_seeded(config.train.seed, device, N::build);
    let fitted = training::fit(network, &objective, &config.train, options)?;
    Ok(Trained {
        policy: BcPolicy::Image(ImagePolicy {
            saved,
            network: wrap(fitted.best),
            device: device.clone(),
        }),
        curve: fitted.curve,
        best_epoch: fitted.best_epoch,
        best_valid: fitted.best_valid,
    })
}

/// Mean squared error of normalised actions; validated in px².
struct Regression<'a> {
    loader: Loader<'a>,
    train: Vec<FrameRef>,
    valid: &'a [FrameRef],
    saved: Saved,
    device: Device,
}

impl Regression<'_> {
    fn batch(&self, refs: &[FrameRef]) -> Result<(Tensor<4>, Tensor<2>), ObjectiveError> {
        let batch = self.loader.batch(refs)?;
        let x = self.saved.tensor(&batch.frames, &self.device);
        let normalised = batch.actions.chunks_exact(2);
        let y: Vec<f32> = normalised
            .flat_map(|action| self.saved.actions.normalise([action[0], action[1]]))
            .collect();
        let y = Tensor::from_data(TensorData::new(y, [refs.len(), 2]), &self.device);
        Ok((x, y))
    }
}

impl<N: ImageNet> Objective<N> for Regression<'_> {
    fn items(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, model: &N, items: &[usize], _seed: u64) -> Result<Tensor<1>, ObjectiveError> {
        let refs: Vec<FrameRef> = items.iter().map(|&item| self.train[item]).collect();
        let (x, y) = self.batch(&refs)?;
        Ok((model.run(x) - y).square().mean())
    }

    fn validate(&self, model: &N) -> Result<Option<f64>, ObjectiveError> {
        let mut sum = 0.0;
        for refs in self.valid.chunks(VALIDATION) {
            let (x, y) = self.batch(refs)?;
            let errors: Vec<f32> = (model.run(x) - y).try_into_vec_as()?;
            for (index, error) in errors.into_iter().enumerate() {
                sum += f64::from(error * self.saved.actions.scale[index % 2]).powi(2);
            }
        }
        Ok((!self.valid.is_empty()).then(|| sum / (2 * self.valid.len()) as f64))
    }
}
