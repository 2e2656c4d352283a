//! Settings of the diffusion policies.

use diffusion_schedulers::{BetaSchedule, Prediction, ScheduleConfig};
use pusht_env::Action;
use serde::{Deserialize, Serialize};

use crate::error::{BcError, refused, within};
use crate::sections::PolicySection;

/// Sizes of the U-Net, with LeRobot's names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnetConfig {
    /// Channels of each stage; the sequence is halved between two stages.
    pub down_dims: Vec<usize>,
    /// Kernel size of the convolutions, odd.
    pub kernel_size: usize,
    /// Groups of the normalization; divides all of `down_dims`.
    pub n_groups: usize,
    /// Size of the embedding of the diffusion step, even.
    pub step_embed_dim: usize,
    /// Whether the condition scales and shifts the channels, or only shifts them.
    pub film_scale: bool,
}

impl Default for UnetConfig {
    fn default() -> Self {
        Self {
            down_dims: vec![64, 128, 256],
            kernel_size: 5,
            n_groups: 8,
            step_embed_dim: 128,
            film_scale: true,
        }
    }
}

/// Which sampler turns noise into actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampler {
    /// Ho et al. 2020: adds noise at every step.
    Ddpm,
    /// Song et al. 2021: deterministic after the initial noise.
    Ddim,
}

/// Settings that the diffusion policies share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiffusionConfig {
    /// The network.
    pub unet: UnetConfig,
    /// Number of observations in the condition: the latest and those before it.
    pub n_obs_steps: usize,
    /// Number of actions predicted at once, from the oldest of these observations on.
    pub horizon: usize,
    /// Number of these actions that are taken, from the latest observation on, before the next observation.
    pub n_action_steps: usize,
    /// Number of rows at the end of an episode that are not used as the latest observation of a training sequence, as
    /// most of the sequence would repeat the last action.
    pub drop_n_last_frames: usize,
    /// Noise schedule of the training.
    pub schedule: ScheduleConfig,
    /// The sampler.
    pub sampler: Sampler,
    /// Number of sampling steps.
    pub sampler_steps: usize,
}

impl Default for DiffusionConfig {
    fn default() -> Self {
        Self {
            unet: UnetConfig::default(),
            n_obs_steps: 2,
            horizon: 16,
            n_action_steps: 8,
            drop_n_last_frames: 7,
            schedule: ScheduleConfig {
                steps: 100,
                betas: BetaSchedule::SquaredCosCapV2,
                prediction: Prediction::Epsilon,
                clip: Some(1.0),
            },
            sampler: Sampler::Ddim,
            sampler_steps: 16,
        }
    }
}

impl DiffusionConfig {
    /// Published sizes for images, halved (Chi et al. 2023, table 5), with the published sampler.
    pub fn for_pictures() -> Self {
        Self {
            unet: UnetConfig {
                down_dims: vec![256, 512, 1024],
                ..UnetConfig::default()
            },
            ..Self::default()
        }
    }

    /// These settings with the sampler, its steps and the number of actions per observation of `acting`.
    pub(super) fn with_acting(&self, acting: &Self) -> Result<Self, BcError> {
        let config = Self {
            sampler: acting.sampler,
            sampler_steps: acting.sampler_steps,
            n_action_steps: acting.n_action_steps,
            ..self.clone()
        };
        config.check()?;
        Ok(config)
    }

    /// The actions of a sequence that are taken.
    pub(super) fn taken(&self, sequence: Vec<Action>) -> impl Iterator<Item = Action> + use<> {
        sequence
            .into_iter()
            .skip(self.n_obs_steps - 1)
            .take(self.n_action_steps)
    }
}

impl PolicySection for DiffusionConfig {
    const KEY: &'static str = "diffusion";

    fn check(&self) -> Result<(), BcError> {
        self.unet.check()?;
        within("n_obs_steps", self.n_obs_steps, 1, 16, "1 to 16")?;
        within("horizon", self.horizon, 1, 1024, "1 to 1024")?;
        if !self.horizon.is_multiple_of(1 << (self.unet.down_dims.len() - 1)) {
            let expected = "a multiple of 2 for every stage of down_dims but the last";
            return Err(refused("horizon", &self.horizon, expected));
        }
        let most = (self.horizon + 1).saturating_sub(self.n_obs_steps);
        let expected = "1 to horizon - n_obs_steps + 1";
        within("n_action_steps", self.n_action_steps, 1, most, expected)?;
        let schedule = self.schedule.check();
        schedule.map_err(|error| refused("schedule", &error, "a schedule of noise"))?;
        let expected = "1 to the schedule's steps";
        within("sampler_steps", self.sampler_steps, 1, self.schedule.steps, expected)
    }
}

impl UnetConfig {
    fn check(&self) -> Result<(), BcError> {
        let dims = &self.down_dims;
        within("down_dims", dims.len(), 1, 8, "1 to 8 stages")?;
        for &channels in dims {
            within("down_dims", channels, 1, 16_384, "1 to 16384 channels")?;
        }
        within("n_groups", self.n_groups, 1, 16_384, "at least 1")?;
        if dims.iter().any(|dim| !dim.is_multiple_of(self.n_groups)) || !dims[0].is_multiple_of(8) {
            let found = format!("{dims:?}, n_groups {}", self.n_groups);
            return Err(refused(
                "down_dims",
                &found,
                "multiples of n_groups, the first also of 8",
            ));
        }
        within("kernel_size", self.kernel_size, 1, 31, "1 to 31, odd")?;
        if self.kernel_size.is_multiple_of(2) {
            return Err(refused("kernel_size", &self.kernel_size, "1 to 31, odd"));
        }
        within("step_embed_dim", self.step_embed_dim, 4, 4096, "4 to 4096, even")?;
        if !self.step_embed_dim.is_multiple_of(2) {
            return Err(refused("step_embed_dim", &self.step_embed_dim, "4 to 4096, even"));
        }
        Ok(())
    }
}
