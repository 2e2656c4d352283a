//! Diffusion Policy on the observations of the reference environment: the agent's position with an image or with the
//! corners of the T. Networks, inputs and normalization are those of LeRobot.

mod config;
mod lerobot;
mod policy;
mod resize;
mod saved;
mod seen;
mod train;

use std::path::Path;

use burn::tensor::Device;
use pusht_training::{TrainData, TrainOutput};
use training::{FitOptions, ModelFile, TrainConfig};

use super::config::DiffusionConfig;
use crate::error::BcError;
use crate::family::{PolicyFamily, PolicyKind, TrainedPolicy, boxed};
use crate::sections::Sections;

pub use config::EncoderConfig;
pub use policy::DiffusionPolicy;

/// Name of the kind.
const NAME: &str = "diffusion";

impl PolicyKind {
    /// `diffusion`: Diffusion Policy on images and the agent's position ([`DiffusionPolicy`]).
    pub const DIFFUSION: Self = Self(&Observed);
}

struct Observed;

impl PolicyFamily for Observed {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sections(&self) -> Sections {
        Sections::default()
            .with(DiffusionConfig::for_pictures())
            .with(EncoderConfig::default())
    }

    fn training(&self) -> TrainConfig {
        TrainConfig {
            epochs: 100,
            batch_size: 64,
            learning_rate: 1e-4,
            final_learning_rate_fraction: 0.0,
            warmup_steps: 500,
            weight_decay: 1e-6,
            ema_decay: Some(0.999),
            log_every: 50,
            ..TrainConfig::default()
        }
    }

    fn augmentation(&self, sections: &Sections) -> String {
        let crop = sections.read::<EncoderConfig>().crop;
        format!("a random place of {crop:?} px in every frame")
    }

    fn train(
        &self,
        sections: &Sections,
        config: &TrainConfig,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<Box<dyn TrainedPolicy>>, BcError> {
        Ok(train::train((&sections.read(), sections.read()), config, data, device, options)?.map(boxed))
    }

    fn load(&self, file: &ModelFile, device: &Device) -> Result<Box<dyn TrainedPolicy>, BcError> {
        DiffusionPolicy::load(file, device).map(boxed)
    }

    fn load_folder(&self, path: &Path, device: &Device) -> Option<Result<Box<dyn TrainedPolicy>, BcError>> {
        Some(lerobot::load(path, device).map(boxed))
    }
}
