//! The outcome of a training run.

use crate::Curve;

/// The outcome of a run. Models are without autodiff; with [`crate::TrainConfig::ema_decay`] they are the averages.
#[derive(Clone, Debug)]
pub struct FitOutput<M> {
    /// After the last epoch.
    pub last: M,
    /// After the epoch of the lowest validation loss (without validation data: the last).
    pub best: M,
    /// That epoch, from 1.
    pub best_epoch: usize,
    /// Its validation loss.
    pub best_valid: Option<f64>,
    /// Epochs trained; fewer than asked for where [`crate::TrainConfig::patience`] ended.
    pub epochs: usize,
    /// Everything recorded.
    pub curve: Curve,
}

impl<M> FitOutput<M> {
    /// One line about the run, for progress displays: of `planned` epochs of `epoch_steps` updates.
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
