//! The layer as an operation of Burn's CPU backend, with and without differentiation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, backend_extension};
use burn::tensor::TensorData;

use super::kernel::{self, NormMishGrads};
use crate::flex::{dims, slice, tensor, with};

/// Backend operations behind [`norm_mish`](super::norm_mish), with the same shapes.
#[backend_extension(Flex, Autodiff)]
pub trait NormMishOps: Backend {
    /// [`norm_mish`](super::norm_mish) without FiLM.
    fn norm_mish(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self>;

    /// [`norm_mish`](super::norm_mish) with FiLM.
    fn norm_mish_film(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        film: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method itself is not general enough"
)]
fn norm_mish(inputs: &[FlexTensor], groups: usize, epsilon: f64) -> FlexTensor {
    let y = normed(inputs, groups, epsilon, |norm| norm.forward());
    tensor(y, dims::<3>(&inputs[0]))
}

/// Calls `f` with x, bias, γ, β and, if there is a fifth tensor, FiLM.
fn normed<R>(inputs: &[FlexTensor], groups: usize, epsilon: f64, f: impl FnOnce(&kernel::NormMish<'_>) -> R) -> R {
    let inputs: Vec<FlexTensor> = inputs.iter().map(FlexTensor::to_contiguous).collect();
    let slices: Vec<&[f32]> = inputs.iter().map(slice).collect();
    f(&kernel::NormMish {
        x: slices[0],
        bias: slices[1],
        gamma: slices[2],
        beta: slices[3],
        film: slices.get(4).copied(),
        length: dims::<2>(&inputs[0])[1],
        groups,
        epsilon: epsilon as f32,
    })
}

impl NormMishOps for Flex {
    fn norm_mish(
        x: FlexTensor,
        bias: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        groups: usize,
        epsilon: f64,
    ) -> FlexTensor {
        norm_mish(&[x, bias, gamma, beta], groups, epsilon)
    }

    fn norm_mish_film(
        x: FlexTensor,
        bias: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        film: FlexTensor,
        groups: usize,
        epsilon: f64,
    ) -> FlexTensor {
        norm_mish(&[x, bias, gamma, beta, film], groups, epsilon)
    }
}

type Diff<C> = Autodiff<Flex, C>;

/// Backward operation with `N` inputs: four, or five with FiLM.
#[derive(Debug)]
struct NormMish<const N: usize>;

impl<const N: usize> Backward<Flex, N> for NormMish<N> {
    /// Inputs, groups and ε.
    type State = ([FlexTensor; N], usize, f64);

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let (inputs, groups, epsilon) = ops.state;
        let NormMishGrads {
            x,
            bias,
            gamma,
            beta,
            film,
        } = normed(&inputs, groups, epsilon, |norm| with(&grad, |grad| norm.backward(grad)));
        let values = [x, bias, gamma, beta, film];
        for ((parent, values), input) in ops.parents.into_iter().zip(values).zip(&inputs) {
            if let Some(parent) = parent {
                let values = TensorData::new(values, input.layout().shape().clone());
                grads.register::<Flex>(parent.id, FlexTensor::from_data(values));
            }
        }
    }
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "Burn does not export the name of the type"
)]
fn norm_mish_diff<const N: usize, C: CheckpointStrategy>(
    inputs: [FloatTensor<Diff<C>>; N],
    groups: usize,
    epsilon: f64,
) -> FloatTensor<Diff<C>> {
    let nodes = inputs.each_ref().map(|input| input.node());
    let inputs = inputs.map(|input| input.into_primitive());
    let y = norm_mish(&inputs, groups, epsilon);
    match NormMish::<N>.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish((inputs, groups, epsilon), y),
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

impl<C: CheckpointStrategy> NormMishOps for Diff<C> {
    fn norm_mish(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        norm_mish_diff::<4, C>([x, bias, gamma, beta], groups, epsilon)
    }

    fn norm_mish_film(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        film: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        norm_mish_diff::<5, C>([x, bias, gamma, beta, film], groups, epsilon)
    }
}
