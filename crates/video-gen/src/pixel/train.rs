//! Training on demonstrations: the base world is fine-tuned, the path network learned.

use burn::tensor::Device;
use pixel_world::{FineTuneSettings, PixelWorld};
use pusht_training::{TrainData, TrainModel, TrainOutput};
use serde::{Deserialize, Serialize};
use training::{FitOptions, TrainConfig};

use super::video::{PixelVideo, PixelVideoError};
use crate::planned::{PathTrainSettings, PlanSettings};

/// Settings of a pixel video model and its training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PixelVideoSettings {
    /// Fine-tuning of the base world.
    pub world: WorldTraining,
    /// The path network and its training.
    pub paths: PathTrainSettings,
    /// The search for paths.
    pub plan: PlanSettings,
}

/// Settings of the fine-tuning of the base world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldTraining {
    /// The training loop; 0 epochs keep the base as it is.
    pub fit: TrainConfig,
}

impl Default for WorldTraining {
    fn default() -> Self {
        Self {
            fit: FineTuneSettings::training(),
        }
    }
}

impl PixelVideoSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), PixelVideoError> {
        if self.world.fit.epochs > 0 {
            self.world.fit.check()?;
        }
        self.plan.check()?;
        Ok(self.paths.check()?)
    }

    /// SHA-256 of the base weights that the training begins with.
    pub fn base_sha256() -> String {
        PixelWorld::base_sha256()
    }

    /// Settings for tests: few updates of a small path network, and no fine-tuning.
    pub fn smoke() -> Self {
        let mut settings = Self {
            paths: PathTrainSettings::smoke(),
            ..Self::default()
        };
        settings.world.fit.epochs = 0;
        settings
    }
}

/// Trains on the training part; the validation part may be empty. Episodes without states are tracked.
impl TrainModel for PixelVideoSettings {
    type Model = PixelVideo;
    type Error = PixelVideoError;

    fn label(&self) -> String {
        "pixel video model".to_owned()
    }

    fn train_config(&mut self) -> &mut TrainConfig {
        &mut self.world.fit
    }

    fn model_settings(&self) -> impl Serialize {
        (&self.paths, &self.plan, Self::base_sha256())
    }

    fn train(
        &self,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<PixelVideo>, PixelVideoError> {
        self.check()?;
        let FitOptions {
            label,
            identity,
            inputs,
            out,
            ctx,
            replicas,
        } = options;
        let folder = |name: &str| out.map(|out| out.join(name));
        let base = PixelWorld::base(device)?;
        let world = if self.world.fit.epochs == 0 {
            None
        } else {
            let mut settings = FineTuneSettings::new(base.clone());
            settings.settings.fit = self.world.fit.clone();
            let out = folder("world");
            let options = FitOptions {
                label: &format!("{label}: world"),
                identity,
                inputs,
                out: out.as_deref(),
                ctx: &mut *ctx,
                replicas,
            };
            Some(settings.train(data, device, options)?)
        };
        let mut settings = self.paths.clone();
        settings.fit.seed = self.world.fit.seed;
        let out = folder("paths");
        let options = FitOptions {
            label: &format!("{label}: paths"),
            identity,
            inputs,
            out: out.as_deref(),
            ctx,
            replicas,
        };
        let paths = settings.train(data, device, options)?;
        let (world, curve) = match world {
            Some(world) => (world.model, world.curve),
            None => (base, paths.curve),
        };
        Ok(TrainOutput::new(
            PixelVideo::new(world, paths.model, self.plan.clone())?,
            curve,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_base_weights_are_another_training() {
        let settings = serde_json::to_string(&PixelVideoSettings::default().model_settings()).unwrap();
        assert!(settings.contains(&PixelWorld::base_sha256()), "{settings}");
    }
}
