//! Result of a training run.

use training::Curve;

/// A trained model and its loss curve.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrainOutput<M> {
    /// The model, ready for use and for saving. It is that of the last epoch or that of the lowest validation loss,
    /// depending on the settings' type, which documents it.
    pub model: M,
    /// Losses by step.
    pub curve: Curve,
    /// Epoch of the lowest validation loss, from 1; the last epoch if there was no validation data.
    pub best_epoch: usize,
    /// The lowest validation loss, in the unit that the settings document.
    pub best_valid: Option<f64>,
}

impl<M> TrainOutput<M> {
    /// The output of training without validation.
    pub fn new(model: M, curve: Curve) -> Self {
        Self {
            model,
            best_epoch: curve.rows.last().map_or(0, |row| row.epoch.ceil() as usize),
            curve,
            best_valid: None,
        }
    }

    /// Sets the epoch of the lowest validation loss, and that loss.
    #[must_use]
    pub fn with_best(self, epoch: usize, valid: Option<f64>) -> Self {
        Self {
            best_epoch: epoch,
            best_valid: valid,
            ..self
        }
    }

    /// Replaces the model, for example by a wrapper around it.
    pub fn map<N>(self, wrap: impl FnOnce(M) -> N) -> TrainOutput<N> {
        TrainOutput {
            model: wrap(self.model),
            curve: self.curve,
            best_epoch: self.best_epoch,
            best_valid: self.best_valid,
        }
    }
}
