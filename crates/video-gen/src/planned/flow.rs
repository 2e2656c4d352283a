//! The trained path network.

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use diffusion_schedulers::euler_step;
use nn_kit::normal;
use pusht_data::{Demonstrations, Simulation};
use pusht_env::ExpertConfig;
use pusht_jobs::hash_bytes;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use training::{ModelFile, save_model, save_model_in_bf16};

use super::condition::{CONDITIONS, End, Situation, condition, from_axes};
use super::net::{PATH, PathNet, PathNetConfig};
use super::whitening::{AHEAD, Whitening};
use object_latent::{TrainedOn, VideoGenError};

/// The kind in a model file.
const KIND: &str = "video-gen/paths/1";
/// The base paths; `docs/video-models.md` has the command that trains them.
static BASE: &[u8] = include_bytes!("../../weights/paths.safetensors");
/// Euler steps of the flow.
const EULER_STEPS: usize = 10;

/// Contents of a model file besides the weights.
#[derive(Serialize, Deserialize)]
struct Card {
    model: PathNetConfig,
    whitening: Whitening,
    trained_on: TrainedOn,
}

/// Proposes where the agent goes next, as the demonstrations suggest it for an end; and estimates the steps left.
#[derive(Clone, Debug)]
pub struct PathFlow {
    config: PathNetConfig,
    net: PathNet,
    whitening: Whitening,
    trained_on: TrainedOn,
    device: Device,
}

impl PathFlow {
    pub(super) fn new(
        config: PathNetConfig,
        net: PathNet,
        whitening: Whitening,
        trained_on: TrainedOn,
        device: &Device,
    ) -> Self {
        Self {
            config,
            net,
            whitening,
            trained_on,
            device: device.clone(),
        }
    }

    /// The base paths that come with this crate: trained on [`Self::base_demonstrations`], on no demonstration by people.
    ///
    /// # Errors
    /// Does not fail.
    pub fn base(device: &Device) -> Result<Self, VideoGenError> {
        let name = "the base paths of video-gen";
        let file = ModelFile::from_bytes(name, BASE.to_vec())?;
        Self::from_file(&file, Path::new(name), device)
    }

    /// SHA-256 of the base paths' file.
    pub fn base_sha256() -> String {
        hash_bytes(BASE)
    }

    /// What the base paths are trained on: as many episodes of the expert in the simulator as the public human
    /// demonstrations have for training, from starts that nothing else in the workspace uses.
    pub fn base_demonstrations() -> Demonstrations {
        Demonstrations {
            episodes: 185,
            first_seed: 3_000_000,
            max_steps: 300,
            simulation: Simulation::GYM_PUSHT,
            expert: ExpertConfig::default(),
            threads: 0,
        }
    }

    /// Settings of the network.
    pub fn config(&self) -> &PathNetConfig {
        &self.config
    }

    /// Number of weights.
    pub fn parameters(&self) -> usize {
        self.net.num_params()
    }

    /// What the network was trained on.
    pub fn trained_on(&self) -> &TrainedOn {
        &self.trained_on
    }

    /// Draws one path for each situation: [`AHEAD`] positions of the agent, board px. `spread` is the standard deviation
    /// of the noise relative to training.
    pub(super) fn propose(&self, cases: &[(Situation, End)], spread: f64, rng: &mut Pcg64) -> Vec<[[f64; 2]; AHEAD]> {
        let size = cases.len();
        let conditions = self.conditions(cases);
        let noise: Vec<f32> = normal(size * PATH, rng)
            .into_iter()
            .map(|x| x * spread as f32)
            .collect();
        let mut x = Tensor::<1>::from_floats(noise.as_slice(), &self.device).reshape([size, PATH]);
        for step in 0..EULER_STEPS {
            let time = |i: usize| 1.0 - i as f64 / EULER_STEPS as f64;
            let (t, next) = (time(step), time(step + 1));
            let times = Tensor::<1>::from_floats(vec![t as f32; size].as_slice(), &self.device);
            let velocity = self.net.velocity(x.clone(), times, conditions.clone());
            x = euler_step(x, velocity, t, next);
        }
        let numbers: Vec<f64> = x.into_data().iter::<f32>().map(f64::from).collect();
        let paths = cases.iter().zip(numbers.chunks_exact(PATH)).map(|((now, _), z)| {
            let axis = |k: usize| self.whitening.path(&std::array::from_fn(|i| z[k * AHEAD + i]));
            let (along, across) = (axis(0), axis(1));
            std::array::from_fn(|i| {
                let step = from_axes(now.block.angle, [along[i], across[i]]);
                [now.agent[0] + step[0], now.agent[1] + step[1]]
            })
        });
        paths.collect()
    }

    /// Estimated steps until the T is at its end, whatever the time and the agent's place prescribed there.
    pub(super) fn steps_left(&self, cases: &[(Situation, End)]) -> Vec<f64> {
        let free: Vec<_> = cases.iter().map(|&(now, end)| (now, end.untimed())).collect();
        let found = self.net.steps_left(self.conditions(&free));
        found.into_data().iter::<f32>().map(|x| f64::from(x).exp_m1()).collect()
    }

    fn conditions(&self, cases: &[(Situation, End)]) -> Tensor<2> {
        let numbers: Vec<f32> = cases.iter().flat_map(|(now, end)| condition(now, end)).collect();
        Tensor::<1>::from_floats(numbers.as_slice(), &self.device).reshape([cases.len(), CONDITIONS])
    }

    /// Writes weights, settings and provenance to one file, atomically.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), VideoGenError> {
        Ok(save_model(path, &self.net, KIND, &self.card())?)
    }

    /// Writes the same file with weights rounded to bf16, half as large.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save_in_bf16(&self, path: &Path) -> Result<(), VideoGenError> {
        Ok(save_model_in_bf16(path, &self.net, KIND, &self.card())?)
    }

    fn card(&self) -> Card {
        Card {
            model: self.config.clone(),
            whitening: self.whitening.clone(),
            trained_on: self.trained_on.clone(),
        }
    }

    /// Loads a file from [`PathFlow::save`].
    ///
    /// # Errors
    /// A file that is missing, damaged, inconsistent or of another kind.
    pub fn load(path: &Path, device: &Device) -> Result<Self, VideoGenError> {
        Self::from_file(&ModelFile::open(path)?, path, device)
    }

    fn from_file(file: &ModelFile, path: &Path, device: &Device) -> Result<Self, VideoGenError> {
        let card: Card = file.config(KIND)?;
        card.model.check()?;
        card.whitening.check().map_err(|reason| VideoGenError::Statistics {
            path: path.to_path_buf(),
            reason,
        })?;
        let net = file.load_into(&card.model.init(device))?;
        Ok(Self::new(card.model, net, card.whitening, card.trained_on, device))
    }
}
