//! Diffusion Policy on states: maps the states in the last two observations to a sequence of actions.
//!
//! Input and output are those of the policy on tracked states ([`crate::features`]): numbers in the frame of the goal,
//! actions as offsets from the agent, every demonstration also mirrored.

mod policy;
mod rows;
mod train;

use burn::tensor::Device;
use pusht_training::{TrainData, TrainOutput};
use training::{FitOptions, ModelFile, TrainConfig};

use super::config::DiffusionConfig;
use crate::error::BcError;
use crate::family::{PolicyFamily, PolicyKind, TrainedPolicy, boxed};
use crate::sections::Sections;

pub use policy::DiffusionLowdim;

/// Name of the kind.
const NAME: &str = "diffusion-lowdim";

impl PolicyKind {
    /// `diffusion-lowdim`: Diffusion Policy on states ([`DiffusionLowdim`]).
    pub const DIFFUSION_LOWDIM: Self = Self(&Lowdim);
}

struct Lowdim;

impl PolicyFamily for Lowdim {
    fn name(&self) -> &'static str {
        NAME
    }

    fn items_per_row(&self) -> usize {
        2
    }

    fn sections(&self) -> Sections {
        Sections::default().with(DiffusionConfig::default())
    }

    fn training(&self) -> TrainConfig {
        TrainConfig {
            epochs: 16,
            steps_per_epoch: Some(500),
            batch_size: 256,
            learning_rate: 1e-3,
            final_learning_rate_fraction: 0.0,
            warmup_steps: 500,
            weight_decay: 1e-6,
            ema_decay: Some(0.999),
            log_every: 50,
            ..TrainConfig::default()
        }
    }

    fn augmentation(&self, _: &Sections) -> String {
        crate::features::MIRRORED.to_owned()
    }

    fn train(
        &self,
        sections: &Sections,
        config: &TrainConfig,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<Box<dyn TrainedPolicy>>, BcError> {
        Ok(train::train(&sections.read(), config, data, device, options)?.map(boxed))
    }

    fn load(&self, file: &ModelFile, device: &Device) -> Result<Box<dyn TrainedPolicy>, BcError> {
        DiffusionLowdim::load(file, device).map(boxed)
    }
}
