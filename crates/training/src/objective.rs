//! What a model is trained on: the data and the loss, without the loop.

use burn::Tensor;
use burn::optim::GradientsParams;

use crate::Precision;

/// Whatever an objective may fail with; `?` converts any error into it.
pub type ObjectiveError = Box<dyn std::error::Error + Send + Sync>;

/// A loss over numbered training items.
pub trait Objective<M> {
    /// Number of training items; the loop draws from `0..items()`.
    fn items(&self) -> usize;

    /// The loss of a batch, one number, a mean over its items, on the device of this model (`model.devices()`; on several
    /// GPUs every replica has its own). Everything random about it (noise,
    /// augmentation) must follow from `seed`, which differs for every step.
    ///
    /// # Errors
    /// Whatever the objective meets; the loop adds the step.
    fn loss(&self, model: &M, items: &[usize], seed: u64) -> Result<Tensor<1>, ObjectiveError>;

    /// Loss and gradients where the objective computes them itself, in blocks say, so that not all of the forward pass is
    /// held; `None`: the loop differentiates [`Self::loss`]. Not on several GPUs.
    ///
    /// # Errors
    /// As [`Self::loss`].
    fn gradients(&self, _model: &M, _items: &[usize], _seed: u64) -> Result<Option<Gradients>, ObjectiveError> {
        Ok(None)
    }

    /// Whether what is not trained is a base that the caller has in a file of its own: checkpoints then hold the trained
    /// parameters only, and the run's identity must name that file.
    fn has_frozen_base(&self) -> bool {
        false
    }

    /// What `loss` can be computed in. For others than f32 it brings its inputs to the precision of the model
    /// ([`crate::to_compute_dtype`]) and the model's outputs back to f32.
    fn precisions(&self) -> &'static [Precision] {
        &[Precision::F32]
    }

    /// The validation loss after an epoch, on a model without autodiff (its moving average where there is one); `None`
    /// without validation data, and then the last epoch counts as the best.
    ///
    /// # Errors
    /// Whatever the objective meets; the loop adds the epoch.
    fn validate(&self, model: &M) -> Result<Option<f64>, ObjectiveError>;

    /// Further numbers after an epoch, by their names in TensorBoard; `model` as in [`Self::validate`], `step` the updates
    /// done.
    ///
    /// # Errors
    /// Whatever the objective meets; the loop adds the epoch.
    fn measure(&self, _model: &M, _step: usize) -> Result<Vec<(String, f64)>, ObjectiveError> {
        Ok(Vec::new())
    }
}

/// A loss, one number without autodiff, and the gradients of it.
pub struct Gradients {
    /// The loss.
    pub loss: Tensor<1>,
    /// Of the parameters that are trained.
    pub gradients: GradientsParams,
}
