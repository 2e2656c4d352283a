//! Exponential moving average of a model's weights (Polyak and Juditsky 1992, in the form of Diffusion Policy).

use burn::Tensor;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;

/// The averaged model. The decay of update `n` is min(decay, (1 + n) / (10 + n)), so that the average forgets the
/// random start quickly.
#[derive(Clone, Debug)]
pub struct Ema<M> {
    model: M,
    decay: f64,
    updates: usize,
}

impl<M: Module> Ema<M> {
    /// An average that starts at the model's weights.
    pub fn new(model: &M, decay: f64) -> Self {
        Self::resume(model.valid(), decay, 0)
    }

    /// Resumes from a saved average.
    pub fn resume(model: M, decay: f64, updates: usize) -> Self {
        Self { model, decay, updates }
    }

    /// Adds the weights after an update.
    pub fn update(&mut self, model: &M) {
        let n = self.updates as f64;
        self.updates += 1;
        let mut collect = Collect(GradientsParams::new());
        // `valid` also updates running statistics (batch norm).
        model.valid().visit(&mut collect);
        let mut mix = Mix {
            current: collect.0,
            decay: self.decay.min((1.0 + n) / (10.0 + n)),
        };
        self.model = self.model.clone().map(&mut mix);
    }

    /// The average, without autodiff. A separate copy: running statistics are shared between clones, and a clone would
    /// change with the next update.
    pub fn model(&self) -> M {
        self.model.valid()
    }

    /// Number of updates averaged.
    pub fn updates(&self) -> usize {
        self.updates
    }
}

/// Burn's container of tensors by parameter id, used for weights.
struct Collect(GradientsParams);

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.register(param.id, param.val().without_autodiff());
    }
}

struct Mix {
    current: GradientsParams,
    decay: f64,
}

impl ModuleMapper for Mix {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(current) = self.current.remove::<D>(param.id) else {
            return param;
        };
        let decay = self.decay;
        param.map(|average| average.mul_scalar(decay) + current.mul_scalar(1.0 - decay))
    }
}
