//! The policy on tracked states: a small network that maps the state to the next sixteen actions.
//!
//! Chunks of actions and open-loop execution of their first part are those of Zhao et al. 2023 (ACT) and Chi et al.
//! 2023 (Diffusion Policy); the loss is the mean squared error. The input is described in [`crate::features`].

mod config;
mod policy;
mod train;

use burn::tensor::Device;
use pusht_training::{TrainData, TrainOutput};
use training::{FitOptions, ModelFile, TrainConfig};

use crate::error::BcError;
use crate::family::{PolicyFamily, PolicyKind, TrainedPolicy, boxed};
use crate::sections::Sections;

pub use config::TrackedConfig;
pub use policy::TrackedPolicy;

impl PolicyKind {
    /// `tracked`: a small network on tracked states ([`TrackedPolicy`]).
    pub const TRACKED: Self = Self(&Tracked);
}

struct Tracked;

impl PolicyFamily for Tracked {
    fn name(&self) -> &'static str {
        policy::NAME
    }

    fn items_per_row(&self) -> usize {
        2
    }

    fn one_core(&self) -> bool {
        true
    }

    fn learns_from_frames(&self) -> bool {
        true
    }

    fn sections(&self) -> Sections {
        Sections::default().with(TrackedConfig::default())
    }

    fn training(&self) -> TrainConfig {
        TrainConfig {
            epochs: 6,
            steps_per_epoch: Some(500),
            batch_size: 128,
            learning_rate: 1e-3,
            final_learning_rate_fraction: 0.0,
            warmup_steps: 200,
            weight_decay: 0.01,
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
        TrackedPolicy::load(file, device).map(boxed)
    }
}
