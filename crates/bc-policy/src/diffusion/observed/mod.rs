//! Diffusion Policy on what the reference environment shows: the agent's position with a picture or with the corners of
//! the T. The same networks, inputs and normalisation as LeRobot's.

mod config;
mod lerobot;
mod policy;
mod saved;
mod seen;
mod train;

use std::path::Path;

use burn::tensor::Device;
use pusht_training::{TrainData, TrainOutput};
use training::{FitOptions, ModelFile, TrainConfig};

use super::config::DiffusionConfig;
use crate::error::BcError;
use crate::family::{PolicyFamily, PolicyKind};
use crate::sections::Sections;

pub use config::EncoderConfig;
pub use policy::DiffusionPolicy;

/// Its name.
const NAME: &str = "diffusion";

impl PolicyKind {
    /// `diffusion`: Diffusion Policy on pictures and the agent's position ([`DiffusionPolicy`]).
    pub const DIFFUSION: Self = Self(&Observed);
}

struct Observed;

impl PolicyFamily for Observed {
    const NAME: &'static str = NAME;
    type Trained = DiffusionPolicy;

    fn sections() -> Sections {
        Sections::default()
            .with(DiffusionConfig::for_pictures())
            .with(EncoderConfig::default())
    }

    fn training() -> TrainConfig {
        TrainConfig {
            epochs: 100,
            batch_size: 64,
            learning_rate: 1e-4,
            final_learning_rate: 0.0,
            warmup_steps: 500,
            weight_decay: 1e-6,
            ema_decay: Some(0.999),
            log_every: 50,
            ..TrainConfig::default()
        }
    }

    fn augmentation(sections: &Sections) -> String {
        let crop = sections.read::<EncoderConfig>().crop;
        format!("a random place of {crop:?} px in every frame")
    }

    fn train(
        sections: &Sections,
        config: &TrainConfig,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<DiffusionPolicy>, BcError> {
        train::train((&sections.read(), sections.read()), config, data, device, options)
    }

    fn load(file: &ModelFile, device: &Device) -> Result<DiffusionPolicy, BcError> {
        DiffusionPolicy::load(file, device)
    }

    fn load_folder(path: &Path, device: &Device) -> Option<Result<DiffusionPolicy, BcError>> {
        Some(lerobot::load(path, device))
    }
}
