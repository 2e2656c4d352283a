//! A model and its optimizer on one device: loss, gradients, update.

use burn::Tensor;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{DType, FloatDType};

use crate::clip::clip_global_norm;
use crate::{Gradients, Objective, ObjectiveError, Precision, Step};

/// A model and its optimizer on one device.
pub(crate) struct Replica<M> {
    /// The model, always in f32.
    pub(crate) model: M,
    pub(crate) optimizer: ModuleOptimizer,
    pub(crate) clip_norm: Option<f32>,
    pub(crate) precision: Precision,
    /// Whether Burn exchanges gradients with other replicas.
    distributed: bool,
    gradients: GradientsAccumulator<M>,
}

/// Items that one device computes at a time.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) items: Vec<usize>,
    pub(crate) step: Step,
    /// Weight of the mean over these items in the batch.
    pub(crate) weight: f64,
}

/// A loss, with its gradients if the objective has computed them.
pub(crate) struct Loss<M> {
    value: Tensor<1>,
    gradients: Option<GradientsParams>,
    weight: f64,
    /// The model copy in another precision that computed it.
    copy: Option<M>,
}

impl<M: Module> Replica<M> {
    pub(crate) fn new(model: M, optimizer: ModuleOptimizer, clip_norm: Option<f32>, precision: Precision) -> Self {
        Self {
            model,
            optimizer,
            clip_norm,
            precision,
            distributed: false,
            gradients: GradientsAccumulator::new(),
        }
    }

    /// Averages gradients over all distributed replicas from now on.
    pub(crate) fn distribute(&mut self) {
        self.distributed = true;
        self.model = self.model.clone().map(&mut Distribute);
    }

    pub(crate) fn loss(&self, objective: &impl Objective<M>, part: &Part) -> Result<Loss<M>, ObjectiveError> {
        let copy = match self.precision {
            Precision::F32 => None,
            Precision::Bf16 => {
                // Without autodiff and back, so that the cast is not part of the graph and the copy has leaves.
                let copy = self.model.valid().map(&mut Cast(FloatDType::BF16)).train();
                Some(if self.distributed {
                    copy.map(&mut Distribute)
                } else {
                    copy
                })
            }
        };
        let model = copy.as_ref().unwrap_or(&self.model);
        let (value, gradients) = match objective.gradients(model, &part.items, part.step)? {
            Some(Gradients { loss, gradients }) => (loss, Some(gradients)),
            None => (objective.loss(model, &part.items, part.step)?, None),
        };
        let weight = part.weight;
        let value = if weight == 1.0 { value } else { value.mul_scalar(weight) };
        Ok(Loss {
            value,
            gradients,
            weight,
            copy,
        })
    }

    /// Adds the gradients of a loss, and returns its value.
    pub(crate) fn backward(&mut self, loss: Loss<M>) -> Tensor<1> {
        let model = loss.copy.as_ref().unwrap_or(&self.model);
        let (found, weight) = match loss.gradients {
            // The value includes the weight already.
            None => (GradientsParams::from_grads(loss.value.backward(), model), 1.0),
            Some(gradients) => (gradients, loss.weight),
        };
        let gradients = if loss.copy.is_none() && weight == 1.0 {
            found
        } else {
            let mut widen = Widen {
                narrow: found,
                wide: GradientsParams::new(),
                weight,
            };
            model.visit(&mut widen);
            widen.wide
        };
        self.gradients.accumulate(&self.model, gradients);
        loss.value.without_autodiff()
    }

    /// Updates the model with all gradients since the last update.
    pub(crate) fn step(&mut self, rate: f64) {
        let mut gradients = self.gradients.grads();
        if let Some(max_norm) = self.clip_norm {
            gradients = clip_global_norm(&self.model, gradients, max_norm);
        }
        self.model = self.optimizer.step(rate, self.model.clone(), gradients);
    }
}

/// Converts `tensor` to the precision in which `model` computes.
pub fn to_compute_dtype<M: Module, const D: usize>(model: &M, tensor: Tensor<D>) -> Tensor<D> {
    let mut found = Found(None);
    model.visit(&mut found);
    match found.0 {
        Some(DType::BF16) => tensor.cast(FloatDType::BF16),
        _ => tensor,
    }
}

/// Data type of the first parameter.
struct Found(Option<DType>);

impl ModuleVisitor for Found {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.get_or_insert_with(|| param.val().dtype());
    }
}

/// Casts all parameters.
pub(crate) struct Cast(pub(crate) FloatDType);

impl ModuleMapper for Cast {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(self.0))
    }
}

/// Gradients in f32, times a weight.
struct Widen {
    narrow: GradientsParams,
    wide: GradientsParams,
    weight: f64,
}

impl ModuleVisitor for Widen {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.narrow.remove::<D>(param.id) {
            let wide = gradient.cast(FloatDType::F32);
            let wide = if self.weight == 1.0 {
                wide
            } else {
                wide.mul_scalar(self.weight)
            };
            self.wide.register(param.id, wide);
        }
    }
}

/// Marks parameters, so that Burn exchanges their gradients.
struct Distribute;

impl ModuleMapper for Distribute {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        Param::from_mapped_value(id, tensor.set_distributed(id), mapper)
    }
}
