//! The result of a training.

use training::Curve;

/// A trained model and its loss curve.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrainOutput<M> {
    /// Ready to use and to be saved.
    pub model: M,
    /// Losses by step.
    pub curve: Curve,
    /// Epoch of the lowest validation loss, from 1; the last one where there was nothing to validate on.
    pub best_epoch: usize,
    /// The lowest validation loss, in the unit that the settings name.
    pub best_valid: Option<f64>,
}

impl<M> TrainOutput<M> {
    /// A model that was not validated.
    pub fn new(model: M, curve: Curve) -> Self {
        Self {
            model,
            best_epoch: curve.rows.last().map_or(0, |row| row.epoch.ceil() as usize),
            curve,
            best_valid: None,
        }
    }

    /// With the epoch of the lowest validation loss, and that loss.
    #[must_use]
    pub fn with_best(self, epoch: usize, valid: Option<f64>) -> Self {
        Self {
            best_epoch: epoch,
            best_valid: valid,
            ..self
        }
    }

    /// The same of another model: one that is wrapped, say.
    pub fn map<N>(self, wrap: impl FnOnce(M) -> N) -> TrainOutput<N> {
        TrainOutput {
            model: wrap(self.model),
            curve: self.curve,
            best_epoch: self.best_epoch,
            best_valid: self.best_valid,
        }
    }
}
