//! Training of a policy from its configuration.

use burn::tensor::Device;
use pusht_training::{TrainData, TrainModel, TrainOutput};
use serde::Serialize;
use training::{FitOptions, TrainConfig};

use crate::{BcError, BcPolicy, PolicyConfig};

/// Trains a policy. The policies on states learn from the states of the episodes or, without them, from states tracked
/// in the frames. If the policy is to act on frames, call [`crate::track_episodes`] first: it replaces recorded states,
/// so that training and acting have the same inputs. The policies on images return the epoch with the lowest validation
/// loss, the others the last one. [`TrainOutput::best_valid`] is the mean squared error of one action,
/// averaged over both coordinates, in px².
impl TrainModel for PolicyConfig {
    type Model = BcPolicy;
    type Error = BcError;

    fn label(&self) -> String {
        self.kind().name().to_owned()
    }

    fn train_config(&mut self) -> &mut TrainConfig {
        &mut self.train
    }

    fn model_settings(&self) -> impl Serialize {
        self.without_training()
    }

    fn train(
        &self,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<BcPolicy>, BcError> {
        self.check()?;
        for episode in data.episodes() {
            episode.check()?;
        }
        let trained = self
            .kind()
            .0
            .train(self.sections(), &self.train, data, device, options)?;
        Ok(trained.map(BcPolicy::from))
    }
}
