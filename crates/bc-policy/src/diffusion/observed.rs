//! Diffusion Policy on what the reference environment shows: the agent's position with a picture or with the corners of
//! the T. The same networks, inputs and normalisation as LeRobot's.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use nn_kit::mix_seed;
use pusht_data::{Episode, FrameRef};
use pusht_env::{Action, Frame, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError};
use serde::{Deserialize, Serialize};
use training::{ModelFile, init_seeded};

use super::acting::{ACTION, BLOCK, Denoiser};
use super::encoder::RgbEncoder;
use super::{DiffusionConfig, Unet};
use crate::queues::Queues;
use crate::tracked::network_error;
use crate::{BcError, Sequence};

/// The kind in the model file.
pub(crate) const KIND: &str = "pusht.policy.diffusion.1";

/// Its name.
pub(super) const NAME: &str = "diffusion";

/// Side of the pictures, px.
pub(super) const SIDE: usize = 96;
/// Numbers of the agent's position.
pub(super) const STATE: usize = 2;
/// Numbers of the T's corners.
pub(super) const KEYPOINTS: usize = 16;

/// Added to deviations before dividing, and in the place of an empty range.
const EPSILON: f32 = 1e-8;

/// How the numbers of one feature are normalised, each by its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Norm {
    Identity,
    MeanStd {
        mean: Vec<f32>,
        std: Vec<f32>,
    },
    /// To [−1, 1].
    MinMax {
        min: Vec<f32>,
        max: Vec<f32>,
    },
}

impl Norm {
    /// Whether it is for features of this width, and finite.
    fn is_sound(&self, width: usize) -> bool {
        let (a, b) = match self {
            Self::Identity => return true,
            Self::MeanStd { mean, std } => (mean, std),
            Self::MinMax { min, max } => (min, max),
        };
        [a, b]
            .iter()
            .all(|x| x.len() == width && x.iter().all(|x| x.is_finite()))
    }

    fn normalise(&self, i: usize, x: f32) -> f32 {
        match self {
            Self::Identity => x,
            Self::MeanStd { mean, std } => (x - mean[i]) / (std[i] + EPSILON),
            Self::MinMax { min, max } => 2.0 * (x - min[i]) / range(min[i], max[i]) - 1.0,
        }
    }

    fn denormalise(&self, i: usize, x: f32) -> f32 {
        match self {
            Self::Identity => x,
            Self::MeanStd { mean, std } => x * std[i] + mean[i],
            Self::MinMax { min, max } => (x + 1.0) / 2.0 * range(min[i], max[i]) + min[i],
        }
    }

    pub(super) fn row<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        row.iter().enumerate().map(|(i, x)| self.normalise(i, *x))
    }
}

fn range(min: f32, max: f32) -> f32 {
    if max == min { EPSILON } else { max - min }
}

/// What the policy makes of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// Height and width of the part that is seen: the middle when acting, somewhere when training.
    pub crop: [usize; 2],
    /// Features whose places are found; see [`crate::DiffusionPolicy`].
    pub keypoints: usize,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            crop: [84, 84],
            keypoints: 32,
        }
    }
}

impl EncoderConfig {
    /// Refuses settings that cannot work.
    ///
    /// # Errors
    /// The first such setting.
    pub fn check(&self) -> Result<(), BcError> {
        let refuse = |setting, found: String, expected| {
            Err(BcError::Config {
                setting,
                found,
                expected,
            })
        };
        if self.crop.iter().any(|side| !(1..=SIDE).contains(side)) {
            return refuse("encoder.crop", format!("{:?}", self.crop), "1 to 96 each");
        }
        if !(1..=4096).contains(&self.keypoints) {
            return refuse("encoder.keypoints", self.keypoints.to_string(), "1 to 4096");
        }
        Ok(())
    }

    /// The corner of the part that is seen when acting.
    pub(super) fn middle(&self) -> [usize; 2] {
        // Halves are rounded to the even number, as torchvision does.
        self.crop
            .map(|side| ((SIDE - side) as f64 / 2.0).round_ties_even() as usize)
    }
}

/// Everything besides the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    pub diffusion: DiffusionConfig,
    /// The policy sees pictures; without, the corners of the T.
    pub image: Option<EncoderConfig>,
    pub state: Norm,
    pub pixels: Norm,
    pub environment: Norm,
    pub action: Norm,
}

/// The encoder of pictures, where there is one, and the U-Net.
#[derive(Module, Debug)]
pub(super) struct Network {
    rgb_encoder: Option<RgbEncoder>,
    pub unet: Unet,
}

impl Saved {
    /// Numbers of one observation in the condition.
    fn width(&self) -> usize {
        STATE + self.image.map_or(KEYPOINTS, |image| 2 * image.keypoints)
    }

    pub(super) fn network(&self, device: &Device) -> Network {
        let cond = self.diffusion.n_obs_steps * self.width();
        Network {
            rgb_encoder: self.image.map(|image| RgbEncoder::new(image.keypoints, device)),
            unet: Unet::new(&self.diffusion.unet, ACTION, cond, device),
        }
    }

    pub(super) fn check(&self) -> Result<(), BcError> {
        self.diffusion.check()?;
        self.image.map_or(Ok(()), |image| image.check())?;
        let sound = self.state.is_sound(STATE)
            && self.pixels.is_sound(3)
            && self.environment.is_sound(KEYPOINTS)
            && self.action.is_sound(ACTION);
        if sound {
            return Ok(());
        }
        Err(BcError::Config {
            setting: "normalisation in the policy file",
            found: "numbers that are not finite, or too few".into(),
            expected: "a finite number for each of the features",
        })
    }

    /// Parts of pictures as the encoder takes them, `[pictures, 3, crop]`.
    pub(super) fn pictures<'a>(
        &self,
        image: EncoderConfig,
        pictures: impl Iterator<Item = (&'a Frame, [usize; 2])>,
        count: usize,
        device: &Device,
    ) -> Result<Tensor<4>, BcError> {
        let [height, width] = image.crop;
        let mut table = [[0.0_f32; 256]; 3];
        for (channel, table) in table.iter_mut().enumerate() {
            for (value, normalised) in table.iter_mut().enumerate() {
                *normalised = self.pixels.normalise(channel, value as f32 / 255.0);
            }
        }
        let mut values = Vec::with_capacity(count * 3 * height * width);
        for (frame, [top, left]) in pictures {
            let (found_width, found_height) = frame.dimensions();
            if (found_width as usize, found_height as usize) != (SIDE, SIDE) {
                return Err(BcError::FrameSize {
                    width: found_width,
                    height: found_height,
                });
            }
            for (channel, table) in table.iter().enumerate() {
                for y in top..top + height {
                    let row = &frame.as_raw()[3 * (y * SIDE + left)..3 * (y * SIDE + left + width)];
                    values.extend(row[channel..].iter().step_by(3).map(|value| table[usize::from(*value)]));
                }
            }
        }
        values.resize(count * 3 * height * width, 0.0);
        Ok(Tensor::from_data(
            TensorData::new(values, [count, 3, height, width]),
            device,
        ))
    }

    /// Actions from normalised numbers.
    fn actions(&self, sample: &[f32]) -> Vec<Action> {
        let action = |pair: &[f32]| [self.action.denormalise(0, pair[0]), self.action.denormalise(1, pair[1])];
        sample.chunks_exact(ACTION).map(action).collect()
    }
}

impl Network {
    /// Features of pictures, if it looks at them.
    pub(super) fn encode(&self, pictures: Tensor<4>) -> Option<Tensor<2>> {
        self.rgb_encoder.as_ref().map(|encoder| encoder.forward(pictures))
    }
}

/// One observation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'a> {
    Picture(&'a Frame, [f32; STATE]),
    Corners([f32; KEYPOINTS], [f32; STATE]),
}

/// See the module; made by training on pictures, or from a folder of LeRobot's.
#[derive(Clone, Debug)]
pub struct DiffusionPolicy {
    saved: Saved,
    network: Network,
    denoiser: Denoiser,
    device: Device,
    queues: Queues,
}

impl DiffusionPolicy {
    pub(super) fn new(saved: Saved, network: Network, device: &Device) -> Result<Self, BcError> {
        saved.check()?;
        Ok(Self {
            denoiser: Denoiser::new(&saved.diffusion, saved.diffusion.schedule.clip)?,
            saved,
            network,
            device: device.clone(),
            queues: Queues::default(),
        })
    }

    pub(crate) fn parameters(&self) -> usize {
        self.network.num_params()
    }

    /// Its settings.
    pub fn config(&self) -> &DiffusionConfig {
        &self.saved.diffusion
    }

    /// What it makes of pictures, if it sees them; otherwise it sees the corners of the T.
    pub fn image(&self) -> Option<EncoderConfig> {
        self.saved.image
    }

    /// Draws actions by these settings from now on: sampler, its steps, and actions taken before looking again. The
    /// others are the network's and stay.
    ///
    /// # Errors
    /// Settings that cannot work.
    pub fn acting_by(mut self, config: &DiffusionConfig) -> Result<Self, BcError> {
        self.saved.diffusion = self.saved.diffusion.with_acting(config)?;
        self.denoiser = Denoiser::new(&self.saved.diffusion, self.saved.diffusion.schedule.clip)?;
        Ok(self)
    }

    /// All noise follows from this seed (0 unless it is set) and the environments' numbers.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.queues.seed = seed;
        self
    }

    /// What the policy observes, out of an observation.
    fn see<'a>(&self, observation: &'a Observation) -> Result<Seen<'a>, PolicyError> {
        let floats = |x: &[f64; 2]| x.map(|x| x as f32);
        match (observation, self.saved.image) {
            (Observation::PixelsAgentPos { pixels, agent_pos }, Some(_)) => {
                Ok(Seen::Picture(pixels, floats(agent_pos)))
            }
            (
                Observation::Keypoints {
                    environment_state,
                    agent_pos,
                },
                None,
            ) => Ok(Seen::Corners(environment_state.map(|x| x as f32), floats(agent_pos))),
            (other, _) => Err(crate::policy::wrong_observation(self.modality(), other)),
        }
    }

    fn modality(&self) -> Modality {
        match self.saved.image {
            Some(_) => Modality::PixelsAgentPos,
            None => Modality::Keypoints,
        }
    }

    /// The condition of each history: for every observation, oldest first, the agent, then the picture's features or the
    /// corners.
    fn conditions(&self, histories: &[Vec<Seen<'_>>]) -> Result<Vec<Vec<f32>>, BcError> {
        let n = self.saved.diffusion.n_obs_steps;
        let mut conditions = Vec::with_capacity(histories.len());
        for block in histories.chunks(BLOCK) {
            let features = self.features(block)?;
            let mut features = features.chunks_exact((self.saved.width() - STATE).max(1));
            for history in block {
                let mut condition = Vec::with_capacity(n * self.saved.width());
                for seen in history {
                    match seen {
                        Seen::Picture(_, agent) => {
                            condition.extend(self.saved.state.row(agent));
                            condition.extend(features.next().into_iter().flatten());
                        }
                        Seen::Corners(corners, agent) => {
                            condition.extend(self.saved.state.row(agent));
                            condition.extend(self.saved.environment.row(corners));
                        }
                    }
                }
                conditions.push(condition);
            }
        }
        Ok(conditions)
    }

    /// Features of all pictures of at most [`BLOCK`] histories, encoded at once.
    fn features(&self, block: &[Vec<Seen<'_>>]) -> Result<Vec<f32>, BcError> {
        let Some(image) = self.saved.image else {
            return Ok(Vec::new());
        };
        let pictures = block.iter().flatten().filter_map(|seen| match seen {
            Seen::Picture(frame, _) => Some((*frame, image.middle())),
            Seen::Corners(..) => None,
        });
        let count = BLOCK * self.saved.diffusion.n_obs_steps;
        let pictures = self.saved.pictures(image, pictures, count, &self.device)?;
        match self.network.encode(pictures) {
            Some(features) => features.try_into_vec_as().map_err(network_error),
            None => Ok(Vec::new()),
        }
    }

    /// A sequence of `horizon` actions for each history, from its oldest observation on.
    pub(super) fn sequences(&self, histories: &[Vec<Seen<'_>>], seeds: &[u64]) -> Result<Vec<Vec<Action>>, BcError> {
        let conditions = self.conditions(histories)?;
        let samples = self
            .denoiser
            .sample(&self.network.unet, &conditions, seeds, &self.device)?;
        Ok(samples.iter().map(|sample| self.saved.actions(sample)).collect())
    }

    /// The sequence of `horizon` actions for one history of `n_obs_steps` observations, from the oldest of them on, with
    /// noise that is given: `horizon` × 2 numbers to begin with, and as many again whenever the sampler draws.
    ///
    /// # Errors
    /// Observations of another kind or number, or a network that does not run.
    pub fn sequence_from(
        &self,
        history: &[Observation],
        mut noise: impl FnMut() -> Vec<f32>,
    ) -> Result<Vec<Action>, PolicyError> {
        let seen: Vec<Seen<'_>> = history.iter().map(|o| self.see(o)).collect::<Result<_, _>>()?;
        if seen.len() != self.saved.diffusion.n_obs_steps {
            return Err(self.failed(format!("{} observations; expected its n_obs_steps", seen.len())));
        }
        let numbers = self.saved.diffusion.horizon * ACTION;
        let mut next = || {
            let mut values = noise();
            values.resize(numbers, 0.0);
            let shape = [1, self.saved.diffusion.horizon, ACTION];
            Tensor::<3>::from_data(TensorData::new(values, shape), &self.device)
        };
        let run = || -> Result<Vec<Action>, BcError> {
            let mut conditions = self.conditions(&[seen])?;
            let condition = conditions.pop().unwrap_or_default();
            let width = condition.len();
            let condition = Tensor::from_data(TensorData::new(condition, [1, width]), &self.device);
            let first = next();
            let sample = self.denoiser.denoise(&self.network.unet, condition, first, next)?;
            Ok(self
                .saved
                .actions(&sample.try_into_vec_as::<f32>().map_err(network_error)?))
        };
        run().map_err(|error| self.failed(error))
    }

    /// The first action it would take at each of these rows.
    pub(crate) fn predict_rows(&self, episodes: &[Episode], refs: &[FrameRef]) -> Result<Vec<Action>, BcError> {
        self.predict_rows_of(episodes, &crate::sequences(episodes)?, refs)
    }

    /// The same, with the states of the episodes.
    pub(super) fn predict_rows_of(
        &self,
        episodes: &[Episode],
        sequences: &[Sequence],
        refs: &[FrameRef],
    ) -> Result<Vec<Action>, BcError> {
        let n = self.saved.diffusion.n_obs_steps;
        let mut first = Vec::with_capacity(refs.len());
        for (block, refs) in refs.chunks(BLOCK).enumerate() {
            let mut histories = Vec::with_capacity(BLOCK);
            for r in refs {
                let (episode, row) = (r.episode, r.row);
                let missing = BcError::NoSuchRow { episode, row };
                let Some(found) = episodes.get(episode).filter(|e| row < e.len()) else {
                    return Err(missing);
                };
                let see = |k: usize| {
                    let row = (row + 1 + k).saturating_sub(n);
                    let state = sequences[episode].states[row];
                    let agent = state.agent.map(|x| x as f32);
                    match self.saved.image {
                        Some(_) => Seen::Picture(&found.frames[row], agent),
                        None => Seen::Corners(corners(&state), agent),
                    }
                };
                histories.push((0..n).map(see).collect());
            }
            let seed = |i| mix_seed(self.queues.seed, (BLOCK * block + i) as u64);
            let seeds: Vec<u64> = (0..refs.len()).map(seed).collect();
            let sequences = self.sequences(&histories, &seeds)?;
            first.extend(sequences.iter().map(|actions| actions[n - 1]));
        }
        Ok(first)
    }

    pub(crate) fn save(&self, path: &std::path::Path) -> Result<(), BcError> {
        Ok(training::save_model(path, &self.network, KIND, &self.saved)?)
    }

    pub(crate) fn load(file: &ModelFile, device: &Device) -> Result<Self, BcError> {
        let saved: Saved = file.config(KIND)?;
        saved.check()?;
        let network = file.load_into(&init_seeded(0, device, |device| saved.network(device)))?;
        Self::new(saved, network, device)
    }

    fn failed(&self, error: impl std::fmt::Display) -> PolicyError {
        PolicyError::Failed {
            policy: self.name(),
            reason: error.to_string(),
        }
    }
}

/// The corners of the T as the environment's observation has them: x and y alternating, bar before stem.
fn corners(state: &pusht_env::State) -> [f32; KEYPOINTS] {
    let vertices = [
        pusht_env::bar_vertices(state.block),
        pusht_env::stem_vertices(state.block),
    ];
    let numbers = vertices.as_flattened().as_flattened();
    std::array::from_fn(|i| numbers[i] as f32)
}

impl Policy for DiffusionPolicy {
    fn name(&self) -> String {
        NAME.into()
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: self.modality(),
            history: self.saved.diffusion.n_obs_steps,
        }
    }

    fn reset(&mut self, envs: &[usize]) {
        self.queues.reset(envs);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let asking = self.queues.asking(obs);
        let mut histories = Vec::with_capacity(asking.len());
        for ask in &asking {
            let seen = obs.observations[ask.at].iter().map(|o| self.see(o));
            let seen: Vec<Seen<'_>> = seen.collect::<Result<_, _>>()?;
            if seen.len() != self.saved.diffusion.n_obs_steps {
                return Err(self.failed(format!("{} observations; expected its n_obs_steps", seen.len())));
            }
            histories.push(seen);
        }
        let seeds: Vec<u64> = asking.iter().map(|ask| ask.seed).collect();
        let sequences = self.sequences(&histories, &seeds).map_err(|error| self.failed(error))?;
        let diffusion = &self.saved.diffusion;
        self.queues.serve(
            NAME,
            obs,
            &asking,
            sequences.into_iter().map(|s| diffusion.taken(s)),
            out,
        )
    }
}
