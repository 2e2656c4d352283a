//! Result of a training run.

use pusht_jobs::counted;

use crate::{Curve, Objective};

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
    pub(crate) fn summary(&self, objective: &impl Objective<M>, epoch_steps: usize, planned: usize) -> String {
        let epochs = self.epochs;
        let mut text = counted(epochs * epoch_steps, "update");
        if epochs < planned {
            text += &format!(", out of patience after {epochs} of {planned} epochs");
        }
        let valid = |value: Option<f64>| value.map(|value| objective.describe_validation(value));
        let last = self.curve.rows.iter().rev();
        let (loss, now) = (
            last.clone().find_map(|row| row.train_loss),
            valid(last.clone().find_map(|row| row.valid_loss)),
        );
        if let Some(loss) = loss {
            text += &format!(", training loss {loss:.5}");
        }
        match (valid(self.best_valid), now) {
            (Some(best), _) if objective.keeps_best() => {
                text + &format!("; kept: epoch {} of {epochs}, with the lowest {best}", self.best_epoch)
            }
            (Some(best), Some(now)) if self.best_epoch < epochs => {
                text + &format!(
                    "; kept: epoch {epochs}, the last, with {now} (lowest: {best}, epoch {})",
                    self.best_epoch
                )
            }
            (Some(best), _) => text + &format!("; kept: epoch {epochs}, the last, with the lowest {best}"),
            (None, _) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::Tensor;

    use super::*;
    use crate::{CurveRow, ObjectiveError, Step};

    /// Names its validation; `true` keeps the best model.
    struct Named(bool);

    impl Objective<()> for Named {
        fn items(&self) -> usize {
            0
        }
        fn loss(&self, (): &(), _: &[usize], _: Step) -> Result<Tensor<1>, ObjectiveError> {
            Err("not asked for".into())
        }
        fn validate(&self, (): &()) -> Result<Option<f64>, ObjectiveError> {
            Ok(None)
        }
        fn describe_validation(&self, value: f64) -> String {
            format!("validation MSE {value:.1} px²")
        }
        fn keeps_best(&self) -> bool {
            self.0
        }
    }

    fn row(step: usize, train_loss: Option<f64>, valid_loss: Option<f64>) -> CurveRow {
        CurveRow {
            step,
            epoch: step as f64 / 10.0,
            train_loss,
            learning_rate: None,
            valid_loss,
        }
    }

    #[test]
    fn the_summary_names_what_was_measured_and_what_is_kept() {
        let mut fitted = FitOutput {
            last: (),
            best: (),
            best_epoch: 1,
            best_valid: Some(140.0),
            epochs: 2,
            curve: Curve {
                rows: vec![
                    row(10, None, Some(140.0)),
                    row(20, Some(0.5), None),
                    row(20, None, Some(150.0)),
                ],
            },
        };
        let summary = |fitted: &FitOutput<()>, best| fitted.summary(&Named(best), 10, 2);
        assert_eq!(
            summary(&fitted, false),
            "20 updates, training loss 0.50000; kept: epoch 2, the last, with validation MSE 150.0 px² (lowest: validation \
             MSE 140.0 px², epoch 1)"
        );
        assert_eq!(
            summary(&fitted, true),
            "20 updates, training loss 0.50000; kept: epoch 1 of 2, with the lowest validation MSE 140.0 px²"
        );
        fitted.best_epoch = 2;
        assert!(summary(&fitted, false).ends_with("kept: epoch 2, the last, with the lowest validation MSE 140.0 px²"));
        fitted.best_valid = None;
        assert_eq!(summary(&fitted, false), "20 updates, training loss 0.50000");
    }
}
