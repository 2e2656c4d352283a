//! Gradients of a chain of blocks without holding what happens inside of them ("gradient checkpointing").
//!
//! The chain is computed once without a graph, keeping only what each block is given. Then, from the last block to the
//! first, one block is computed again, with a graph, and differentiated: of all blocks only one is held at a time.
//! Source: Chen et al., *Training Deep Nets with Sublinear Memory Cost*, 2016, section 4.

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Gradients, Tensor};

/// A tensor that a graph begins with, and the gradients that reached it.
#[derive(Debug)]
pub struct CheckpointedInput<const D: usize> {
    value: Tensor<D>,
    gradient: Option<Tensor<D>>,
    wanted: bool,
}

impl<const D: usize> CheckpointedInput<D> {
    /// Of a value, whatever it was computed from; `wanted`: whether its gradient is asked for.
    pub fn new(value: &Tensor<D>, wanted: bool) -> Self {
        Self {
            value: value.clone().without_autodiff(),
            gradient: None,
            wanted,
        }
    }

    /// The value, without a graph.
    pub fn plain(&self) -> Tensor<D> {
        self.value.clone()
    }

    /// The value as the beginning of a graph.
    pub fn begin(&self) -> Tensor<D> {
        let value = self.value.clone().autodiff();
        if self.wanted { value.require_grad() } else { value }
    }

    /// Adds the gradient that reached what [`Self::begin`] gave.
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

    /// All that reached it.
    pub fn gradient(self) -> Option<Tensor<D>> {
        self.gradient
    }
}

/// Vector-Jacobian product: the gradients of what `output` was computed from, where `gradient` is that of `output`.
pub fn vjp<const D: usize>(output: Tensor<D>, gradient: Tensor<D>) -> Gradients {
    // The sum's value is of no use; its gradient by `output` is `gradient`.
    (output * gradient).sum().backward()
}

/// Gradients of a model's parameters from several backward passes.
pub struct GradAccumulator<'a, M: Module> {
    model: &'a M,
    sum: GradientsAccumulator<M>,
}

impl<'a, M: Module> GradAccumulator<'a, M> {
    /// None yet.
    pub fn new(model: &'a M) -> Self {
        Self {
            model,
            sum: GradientsAccumulator::new(),
        }
    }

    /// Takes in those of `part`, a module of the model.
    pub fn add<P: Module>(&mut self, part: &P, gradients: &mut Gradients) {
        let found = GradientsParams::from_module(gradients, part);
        if !found.is_empty() {
            self.sum.accumulate(self.model, found);
        }
    }

    /// All of them.
    pub fn finish(mut self) -> GradientsParams {
        self.sum.grads()
    }
}
