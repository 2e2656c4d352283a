//! Gradients of a chain of blocks without storing the activations inside the blocks ("gradient checkpointing").
//!
//! A first pass computes the chain without a graph and keeps only the input of each block. Then each block, from the
//! last to the first, is recomputed with a graph and differentiated, so only one block is held at a time.
//! Source: Chen et al., *Training Deep Nets with Sublinear Memory Cost*, 2016, section 4.

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Gradients, Tensor};

/// Input of a recomputed block, and the gradient accumulated for it.
#[derive(Debug)]
pub struct CheckpointedInput<const D: usize> {
    value: Tensor<D>,
    gradient: Option<Tensor<D>>,
    wanted: bool,
}

impl<const D: usize> CheckpointedInput<D> {
    /// Wraps a value, detached from its graph. `wanted` states whether its gradient is accumulated.
    pub fn new(value: &Tensor<D>, wanted: bool) -> Self {
        Self {
            value: value.clone().without_autodiff(),
            gradient: None,
            wanted,
        }
    }

    /// Returns the value without a graph.
    pub fn plain(&self) -> Tensor<D> {
        self.value.clone()
    }

    /// Returns the value as the start of a new graph.
    pub fn begin(&self) -> Tensor<D> {
        let value = self.value.clone().autodiff();
        if self.wanted { value.require_grad() } else { value }
    }

    /// Accumulates the gradient of `begun`, a tensor returned by [`Self::begin`].
    pub fn take(&mut self, begun: &Tensor<D>, gradients: &mut Gradients) {
        if !self.wanted {
            return;
        }
        let found = begun.grad_remove(gradients);
        self.gradient = match (self.gradient.take(), found) {
            (Some(sum), Some(more)) => Some(sum + more),
            (sum, more) => sum.or(more),
        };
    }

    /// Returns the accumulated gradient.
    pub fn gradient(self) -> Option<Tensor<D>> {
        self.gradient
    }
}

/// Vector-Jacobian product: gradients of the inputs of `output`, given the gradient of `output`.
pub fn vjp<const D: usize>(output: Tensor<D>, gradient: Tensor<D>) -> Gradients {
    // Only the gradient matters: d(sum)/d(output) is `gradient`.
    (output * gradient).sum().backward()
}

/// Accumulator for the gradients of a model's parameters over several backward passes.
pub struct GradAccumulator<'a, M: Module> {
    model: &'a M,
    sum: GradientsAccumulator<M>,
}

impl<'a, M: Module> GradAccumulator<'a, M> {
    /// Creates an empty accumulator.
    pub fn new(model: &'a M) -> Self {
        Self {
            model,
            sum: GradientsAccumulator::new(),
        }
    }

    /// Adds the gradients of `part`, a module of the model.
    pub fn add<P: Module>(&mut self, part: &P, gradients: &mut Gradients) {
        let found = GradientsParams::from_module(gradients, part);
        if !found.is_empty() {
            self.sum.accumulate(self.model, found);
        }
    }

    /// Returns the accumulated gradients.
    pub fn finish(mut self) -> GradientsParams {
        self.sum.grads()
    }
}
