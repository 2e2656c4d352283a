//! Activations as an operation of Burn's CPU backend, with and without differentiation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, backend_extension};
use burn::tensor::TensorData;

use super::curves::Curve;

/// Backend operation that applies an activation to every value of a tensor of any shape.
#[backend_extension(Flex, Autodiff)]
pub trait PointwiseOps: Backend {
    fn curve(x: FloatTensor<Self>, curve: Curve) -> FloatTensor<Self>;
}

/// Calls `f` with the values in order.
fn with<R>(x: &FlexTensor, f: impl FnOnce(&[f32]) -> R) -> R {
    let slice = |x: &FlexTensor| f(x.as_slice().expect("a contiguous tensor of f32 is a slice"));
    match x.as_slice::<f32>().is_some() {
        true => slice(x),
        false => slice(&x.to_contiguous()),
    }
}

impl PointwiseOps for Flex {
    fn curve(x: FlexTensor, curve: Curve) -> FlexTensor {
        let y = with(&x, |x| curve.of(x));
        FlexTensor::from_data(TensorData::new(y, x.layout().shape().clone()))
    }
}

type Diff<C> = Autodiff<Flex, C>;

#[derive(Debug)]
struct Bend;

impl Backward<Flex, 1> for Bend {
    type State = (FlexTensor, Curve);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let (input, curve) = ops.state;
        let [x] = ops.parents;
        if let Some(x) = x {
            let dx = with(&input, |x| with(&grad, |grad| curve.backward(x, grad)));
            let dx = TensorData::new(dx, input.layout().shape().clone());
            grads.register::<Flex>(x.id, FlexTensor::from_data(dx));
        }
    }
}

impl<C: CheckpointStrategy> PointwiseOps for Diff<C> {
    fn curve(x: FloatTensor<Self>, curve: Curve) -> FloatTensor<Self> {
        let prepared = Bend.prepare::<C>([x.node()]).compute_bound().stateful();
        let x = x.into_primitive();
        let y = <Flex as PointwiseOps>::curve(x.clone(), curve);
        match prepared {
            OpsKind::Tracked(prep) => prep.finish((x, curve), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}
