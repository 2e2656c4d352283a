//! The policy on tracked states: a small network that maps where agent and T are to the next sixteen actions.
//!
//! Chunks of actions and open-loop execution of their first part are those of Zhao et al. 2023 (ACT) and Chi et al. 2023
//! (Diffusion Policy); the loss is the mean squared error. [`crate::features`] has the input.

mod config;
mod policy;
mod train;

use burn::tensor::Device;
use pusht_training::{TrainData, TrainOutput};
use training::{FitOptions, ModelFile, TrainConfig};

use crate::error::BcError;
use crate::family::{PolicyFamily, PolicyKind};
use crate::sections::Sections;

pub use config::TrackedConfig;
pub use policy::TrackedPolicy;

impl PolicyKind {
    /// `tracked`: a small network on tracked states ([`TrackedPolicy`]).
    pub const TRACKED: Self = Self(&Tracked);
}

struct Tracked;

impl PolicyFamily for Tracked {
    const NAME: &'static str = policy::NAME;
    const ITEMS_PER_ROW: usize = 2;
    const ONE_CORE: bool = true;
    const LEARNS_FROM_FRAMES: bool = true;
    type Trained = TrackedPolicy;

    fn sections() -> Sections {
        Sections::default().with(TrackedConfig::default())
    }

    fn training() -> TrainConfig {
        TrainConfig {
            epochs: 6,
            steps_per_epoch: Some(500),
            batch_size: 128,
            learning_rate: 1e-3,
            final_learning_rate: 0.0,
            warmup_steps: 200,
            weight_decay: 0.01,
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
    ) -> Result<TrainOutput<TrackedPolicy>, BcError> {
        train::train(&sections.read(), config, data, device, options)
    }

    fn load(file: &ModelFile, device: &Device) -> Result<TrackedPolicy, BcError> {
        TrackedPolicy::load(file, device)
    }
}
