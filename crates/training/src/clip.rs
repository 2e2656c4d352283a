//! Gradient clipping by the global norm; Burn's own clips each tensor separately.

use burn::Tensor;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;

/// Scales all gradients by `max_norm` / norm if the norm is larger.
pub fn clip_global_norm<M: Module>(model: &M, grads: GradientsParams, max_norm: f32) -> GradientsParams {
    let mut squares = Squares {
        grads: &grads,
        sum: None,
    };
    model.visit(&mut squares);
    let Some(sum) = squares.sum else {
        return grads;
    };
    // Stays on the device: factor = min(1, max / norm).
    let factor = (sum.sqrt() + 1e-6).recip().mul_scalar(max_norm).clamp_max(1.0);
    let mut scale = Scale {
        grads,
        scaled: GradientsParams::new(),
        factor,
    };
    model.visit(&mut scale);
    scale.scaled
}

struct Squares<'a> {
    grads: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.get::<D>(param.id) {
            let square = grad.square().sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + square,
                None => square,
            });
        }
    }
}

struct Scale {
    grads: GradientsParams,
    scaled: GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scale {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.remove::<D>(param.id) {
            self.scaled
                .register(param.id, grad * self.factor.clone().reshape([1; D]));
        }
    }
}
