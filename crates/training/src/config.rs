//! Settings of a training run.

use serde::{Deserialize, Serialize};

use crate::{Precision, TrainingError};

/// Settings of a training run: AdamW with a linear warm-up and a cosine decay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Number of epochs; after each one the model is validated and a checkpoint written. The learning rate schedule
    /// spans all of them.
    pub epochs: usize,
    /// Stops after this many consecutive epochs without a lower validation loss.
    pub patience: Option<usize>,
    /// Updates per epoch. `None` for as many as one pass over the data has batches. A number makes the updates
    /// independent of the amount of data, so that all arms of an experiment get the same number of them.
    pub steps_per_epoch: Option<usize>,
    /// Items per batch, one batch per update.
    pub batch_size: usize,
    /// Number of parts of a batch that are computed one after the other, with their gradients added: the memory of a
    /// small batch, the update of a large one (batch norm sees the parts, though).
    pub accumulate: usize,
    /// Peak learning rate, reached at the end of the warm-up.
    pub learning_rate: f64,
    /// Learning rate at the end of the cosine, as a fraction of `learning_rate`, in [0, 1]: with a peak of 10⁻³, 0.01
    /// ends at 10⁻⁵. 1 keeps the rate constant after the warm-up, 0 ends at 0.
    #[serde(alias = "final_learning_rate")]
    pub final_learning_rate_fraction: f64,
    /// Steps of linear warm-up.
    pub warmup_steps: usize,
    /// Decoupled weight decay (AdamW).
    pub weight_decay: f32,
    /// Largest L2 norm of all gradients together; larger gradients are scaled down to it.
    pub clip_norm: Option<f32>,
    /// Decay of the exponential moving average of the weights; if set, the average is validated and returned.
    pub ema_decay: Option<f64>,
    /// Precision in which the model computes; its weights and their update are always in f32.
    pub precision: Precision,
    /// Seed of the data order and the noise.
    pub seed: u64,
    /// Number of steps between records of loss and rate (and checks of the loss for NaN).
    pub log_every: usize,
    /// Updates between checkpoints within an epoch. `None` for one every ten minutes. The choice never changes the
    /// result.
    pub checkpoint_every: Option<usize>,
    /// Number of newest checkpoints that are kept, in addition to the best.
    pub keep_last: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 10,
            patience: None,
            steps_per_epoch: None,
            batch_size: 64,
            accumulate: 1,
            learning_rate: 1e-3,
            final_learning_rate_fraction: 0.01,
            warmup_steps: 0,
            weight_decay: 0.0,
            clip_norm: None,
            ema_decay: None,
            precision: Precision::F32,
            seed: 0,
            log_every: 10,
            checkpoint_every: None,
            keep_last: 1,
        }
    }
}

impl TrainConfig {
    /// Updates per epoch over `items` training items.
    pub fn epoch_steps(&self, items: usize) -> usize {
        self.steps_per_epoch.unwrap_or_else(|| items.div_ceil(self.batch_size))
    }

    /// Keys that earlier versions wrote under another name: that name, and the current one.
    pub const FORMER_KEYS: [(&str, &str); 1] = [("final_learning_rate", "final_learning_rate_fraction")];

    /// JSON of settings that contain these, with the keys of earlier versions, as hashes of earlier versions cover them.
    pub fn with_former_keys(json: &str) -> String {
        let rename = |text: String, (before, now): &(&str, &str)| {
            text.replace(&format!("\"{now}\":"), &format!("\"{before}\":"))
        };
        Self::FORMER_KEYS.iter().fold(json.to_owned(), rename)
    }

    /// The settings on which the result depends, as JSON, with the keys of earlier versions.
    pub(crate) fn of_the_result(&self) -> String {
        let default = Self::default();
        let settings = Self {
            checkpoint_every: default.checkpoint_every,
            keep_last: default.keep_last,
            ..self.clone()
        };
        Self::with_former_keys(&serde_json::to_string(&settings).expect("settings are JSON"))
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), TrainingError> {
        let at_least_one = |setting, value: usize| {
            if value == 0 {
                return Err(refuse(setting, &value, "at least 1"));
            }
            Ok(())
        };
        at_least_one("epochs", self.epochs)?;
        at_least_one("steps_per_epoch", self.steps_per_epoch.unwrap_or(1))?;
        at_least_one("patience", self.patience.unwrap_or(1))?;
        at_least_one("batch_size", self.batch_size)?;
        at_least_one("accumulate", self.accumulate)?;
        at_least_one("checkpoint_every", self.checkpoint_every.unwrap_or(1))?;
        at_least_one("keep_last", self.keep_last)?;
        if self.accumulate > self.batch_size {
            return Err(refuse("accumulate", &self.accumulate, "at most batch_size"));
        }
        at_least_one("log_every", self.log_every)?;
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(refuse("learning_rate", &self.learning_rate, "a number above 0"));
        }
        if !(0.0..=1.0).contains(&self.final_learning_rate_fraction) {
            return Err(refuse(
                "final_learning_rate_fraction",
                &self.final_learning_rate_fraction,
                "0 to 1",
            ));
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return Err(refuse("weight_decay", &self.weight_decay, "0 or more"));
        }
        if let Some(norm) = self.clip_norm.filter(|norm| norm.is_nan() || *norm <= 0.0) {
            return Err(refuse("clip_norm", &norm, "a number above 0, or none"));
        }
        if let Some(decay) = self.ema_decay.filter(|decay| !(0.0..1.0).contains(decay)) {
            return Err(refuse("ema_decay", &decay, "0 or more and below 1, or none"));
        }
        Ok(())
    }
}

fn refuse(setting: &'static str, found: &impl ToString, expected: &'static str) -> TrainingError {
    TrainingError::Config {
        setting,
        found: found.to_string(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_earlier_versions_are_read_and_hashed() {
        let config = TrainConfig {
            final_learning_rate_fraction: 0.25,
            ..TrainConfig::default()
        };
        let text = serde_json::to_string(&config).unwrap();
        assert!(text.contains("\"final_learning_rate_fraction\":0.25"), "{text}");
        let before = TrainConfig::with_former_keys(&text);
        assert!(before.contains("\"final_learning_rate\":0.25"), "{before}");
        assert_eq!(serde_json::from_str::<TrainConfig>(&before).unwrap(), config);
        assert_eq!(config.of_the_result(), before);
    }

    #[test]
    fn bad_settings_are_named() {
        let config = TrainConfig {
            learning_rate: f64::NAN,
            ..TrainConfig::default()
        };
        let text = config.check().unwrap_err().to_string();
        assert_eq!(text, "learning_rate is NaN; expected a number above 0");
        let config = TrainConfig {
            ema_decay: Some(1.0),
            ..TrainConfig::default()
        };
        assert!(config.check().unwrap_err().to_string().contains("ema_decay"));
    }
}
