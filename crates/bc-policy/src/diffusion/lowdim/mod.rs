//! Diffusion Policy on states: what agent and T did in the last two observations, to a sequence of actions.
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
use crate::family::{PolicyFamily, PolicyKind};
use crate::sections::Sections;

pub use policy::DiffusionLowdim;

/// Its name.
const NAME: &str = "diffusion-lowdim";

impl PolicyKind {
    /// `diffusion-lowdim`: Diffusion Policy on states ([`DiffusionLowdim`]).
    pub const DIFFUSION_LOWDIM: Self = Self(&Lowdim);
}

struct Lowdim;

impl PolicyFamily for Lowdim {
    const NAME: &'static str = NAME;
    const ITEMS_PER_ROW: usize = 2;
    type Trained = DiffusionLowdim;

    fn sections() -> Sections {
        Sections::default().with(DiffusionConfig::default())
    }

    fn training() -> TrainConfig {
        TrainConfig {
            epochs: 16,
            steps_per_epoch: Some(500),
            batch_size: 256,
            learning_rate: 1e-3,
            final_learning_rate: 0.0,
            warmup_steps: 500,
            weight_decay: 1e-6,
            ema_decay: Some(0.999),
            log_every: 50,
            ..TrainConfig::default()
        }
    }

    fn augmentation(_: &Sections) -> String {
        crate::features::MIRRORED.to_owned()
    }

    fn train(
        sections: &Sections,
        config: &TrainConfig,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<DiffusionLowdim>, BcError> {
        train::train(&sections.read(), config, data, device, options)
    }

    fn load(file: &ModelFile, device: &Device) -> Result<DiffusionLowdim, BcError> {
        DiffusionLowdim::load(file, device)
    }
}
