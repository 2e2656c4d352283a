//! Result of a training run.

use crate::Curve;

/// Result of a training run. Models are without autodiff; with [`crate::TrainConfig::ema_decay`] they are the averages.
#[derive(Clone, Debug)]
pub struct FitOutput<M> {
    /// The model after the last epoch.
    pub last: M,
    /// The model after the epoch of the lowest validation loss (the last epoch without validation data).
    pub best: M,
    /// Number of that epoch, from 1.
    pub best_epoch: usize,
    /// Validation loss of that epoch.
    pub best_valid: Option<f64>,
    /// Epochs trained; fewer than planned if [`crate::TrainConfig::patience`] stopped the run.
    pub epochs: usize,
    /// Loss curve.
    pub curve: Curve,
}

impl<M> FitOutput<M> {
    /// Summarizes the run in one line, for progress displays; `planned` epochs of `epoch_steps` updates.
    pub(crate) fn summary(&self, epoch_steps: usize, planned: usize) -> String {
        let mut text = format!("{} steps", self.epochs * epoch_steps);
        if self.epochs < planned {
            text += &format!(", out of patience after {} of {planned} epochs", self.epochs);
        }
        let last_loss = self.curve.rows.iter().rev().find_map(|row| row.train_loss);
        match (self.best_valid, last_loss) {
            (Some(valid), _) => text + &format!(", best validation loss {valid:.5} (epoch {})", self.best_epoch),
            (None, Some(loss)) => text + &format!(", training loss {loss:.5}"),
            (None, None) => text,
        }
    }
}
