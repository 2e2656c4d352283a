//! Objectives: the data and the loss of a training run, without the loop.

use burn::Tensor;
use burn::optim::GradientsParams;

use crate::Precision;

/// What an objective knows of the update that it computes a loss for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// Seed of everything random about the loss; every update has its own.
    pub seed: u64,
    /// Fraction of the planned updates that are done, in [0, 1).
    pub progress: f64,
}

/// Error of an objective; `?` converts any error into it.
pub type ObjectiveError = Box<dyn std::error::Error + Send + Sync>;

/// A loss over numbered training items.
pub trait Objective<M> {
    /// Number of training items; the loop draws from `0..items()`.
    fn items(&self) -> usize;

    /// The loss of a batch: one number, the mean over its items, on the device of this model (`model.devices()`; on
    /// several GPUs every replica has its own). Everything random about it (noise, augmentation) must follow from
    /// the step's seed.
    ///
    /// # Errors
    /// Any error of the objective; the loop adds the step.
    fn loss(&self, model: &M, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError>;

    /// Loss and gradients, if the objective computes them itself, for example in blocks so that not all of the forward
    /// pass is held in memory; with `None` the loop differentiates [`Self::loss`]. Not on several GPUs.
    ///
    /// # Errors
    /// Those of [`Self::loss`].
    fn gradients(&self, _model: &M, _items: &[usize], _step: Step) -> Result<Option<Gradients>, ObjectiveError> {
        Ok(None)
    }

    /// Whether the frozen parameters are a base model that the caller has in a separate file: checkpoints then contain
    /// the trained parameters only, and the run's identity must name that file.
    fn has_frozen_base(&self) -> bool {
        false
    }

    /// Precisions in which `loss` can be computed. For those other than f32 it converts its inputs to the precision of
    /// the model ([`crate::to_compute_dtype`]) and the model's outputs back to f32.
    fn precisions(&self) -> &'static [Precision] {
        &[Precision::F32]
    }

    /// The validation loss after an epoch, on a model without autodiff (the moving average if there is one); `None`
    /// without validation data, in which case the last epoch counts as the best.
    ///
    /// # Errors
    /// Any error of the objective; the loop adds the epoch.
    fn validate(&self, model: &M) -> Result<Option<f64>, ObjectiveError>;

    /// A value of [`Self::validate`] as text with its name and unit, for the line that sums up a run: it may be another
    /// quantity than the loss.
    fn describe_validation(&self, value: f64) -> String {
        format!("validation loss {value:.5}")
    }

    /// Whether the caller keeps [`crate::FitOutput::best`], for the same line; otherwise it keeps the last model.
    fn keeps_best(&self) -> bool {
        false
    }

    /// Further measures after an epoch, by their names in TensorBoard; `model` as in [`Self::validate`], `step` the
    /// number of updates done.
    ///
    /// # Errors
    /// Any error of the objective; the loop adds the epoch.
    fn measure(&self, _model: &M, _step: usize) -> Result<Vec<(String, f64)>, ObjectiveError> {
        Ok(Vec::new())
    }
}

/// A loss, one number without autodiff, and its gradients.
pub struct Gradients {
    /// The loss.
    pub loss: Tensor<1>,
    /// Gradients of the trained parameters.
    pub gradients: GradientsParams,
}
