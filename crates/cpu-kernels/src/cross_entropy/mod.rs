//! Weighted cross-entropy over classes at every position, where one class of each position has a learned bonus, in one
//! pass on the CPU backend and without one-hot tensors. On other devices it is composed of Burn's operations.

mod kernel;

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::activation::log_softmax;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::flex::{dims, slice, tensor};
use kernel::Found;

/// Classes and weights of the positions of a batch, `[batch, positions]` each.
#[derive(Clone, Debug)]
pub struct Classes {
    batch: usize,
    favored: Vec<u8>,
    target: Vec<u8>,
    weight: Vec<f32>,
}

impl Classes {
    /// Returns `None` if there is no position, or the lengths are not equal multiples of `batch`.
    pub fn new(batch: usize, favored: Vec<u8>, target: Vec<u8>, weight: Vec<f32>) -> Option<Self> {
        let count = target.len();
        let fits = favored.len() == count && weight.len() == count && count > 0 && batch > 0;
        (fits && count.is_multiple_of(batch)).then_some(Self {
            batch,
            favored,
            target,
            weight,
        })
    }

    /// The largest class.
    fn largest(&self) -> usize {
        let largest = self.favored.iter().chain(&self.target).max();
        usize::from(largest.copied().unwrap_or(0))
    }
}

/// The mean over all positions of weight · cross-entropy of the target class, `[1]`, for scores
/// `[batch, classes, positions]` to which `bonus` (`[1]`) is added at the favored class. The mean is not divided by the
/// weights.
///
/// # Panics
/// If the classes are for another batch or another number of positions, or a class has no score.
pub fn cross_entropy_with_bonus(scores: Tensor<3>, bonus: Tensor<1>, classes: Classes) -> Tensor<1> {
    let [batch, count, positions] = scores.dims();
    assert_eq!((batch, batch * positions), (classes.batch, classes.target.len()));
    assert!(classes.largest() < count, "class {} of {count}", classes.largest());
    if scores.dtype() != DType::F32 || scores.device().inner() != Device::flex() {
        return plain(scores, bonus, &classes);
    }
    let (scores, bonus) = (scores.into_dispatch(), bonus.into_dispatch());
    Tensor::from_dispatch(<Dispatch as CrossEntropyOps>::cross_entropy_with_bonus(
        scores,
        bonus,
        Arc::new(classes),
    ))
}

/// The loss in Burn's operations.
fn plain(scores: Tensor<3>, bonus: Tensor<1>, classes: &Classes) -> Tensor<1> {
    let ([batch, count, positions], device) = (scores.dims(), scores.device());
    let shape = [batch, 1, positions];
    let indices = |classes: &[u8]| {
        let values: Vec<i32> = classes.iter().copied().map(i32::from).collect();
        Tensor::<3, Int>::from_data(TensorData::new(values, shape), &device)
    };
    let each = Tensor::<1, Int>::arange(0..count as i64, &device).reshape([1, count, 1]);
    let favored = indices(&classes.favored).equal(each).float();
    let scores = scores + favored * bonus.reshape([1, 1, 1]);
    let weight = Tensor::<3>::from_data(TensorData::new(classes.weight.clone(), shape), &device);
    let chosen = log_softmax(scores, 1).gather(1, indices(&classes.target));
    (chosen * weight).mean().neg()
}

/// Custom operation: [`cross_entropy_with_bonus`].
#[backend_extension(Flex, Autodiff)]
trait CrossEntropyOps: Backend {
    fn cross_entropy_with_bonus(
        scores: FloatTensor<Self>,
        bonus: FloatTensor<Self>,
        classes: Arc<Classes>,
    ) -> FloatTensor<Self>;
}

fn run(scores: &FlexTensor, bonus: &FlexTensor, classes: &Classes, with_gradients: bool) -> Found {
    let count = dims::<3>(scores)[1];
    let (scores, bonus) = (scores.to_contiguous(), bonus.to_contiguous());
    kernel::run(slice(&scores), count, slice(&bonus)[0], classes, with_gradients)
}

impl CrossEntropyOps for Flex {
    fn cross_entropy_with_bonus(
        scores: FloatTensor<Self>,
        bonus: FloatTensor<Self>,
        classes: Arc<Classes>,
    ) -> FloatTensor<Self> {
        tensor(vec![run(&scores, &bonus, &classes, false).loss], [1])
    }
}

#[derive(Debug)]
struct CrossEntropyBackward;

impl Backward<Flex, 2> for CrossEntropyBackward {
    /// The gradients of the loss, found in the forward pass.
    type State = [FlexTensor; 2];

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let factor = slice(&grads.consume::<Flex>(&ops.node).to_contiguous())[0];
        for (node, mut found) in ops.parents.into_iter().zip(ops.state) {
            if let Some(node) = node {
                if factor != 1.0 {
                    found.storage_mut::<f32>().iter_mut().for_each(|x| *x *= factor);
                }
                grads.register::<Flex>(node.id, found);
            }
        }
    }
}

impl<C: CheckpointStrategy> CrossEntropyOps for Autodiff<Flex, C> {
    fn cross_entropy_with_bonus(
        scores: FloatTensor<Self>,
        bonus: FloatTensor<Self>,
        classes: Arc<Classes>,
    ) -> FloatTensor<Self> {
        let prepared = CrossEntropyBackward.prepare::<C>([scores.node(), bonus.node()]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (scores, bonus) = (scores.into_primitive(), bonus.into_primitive());
                let found = run(&scores, &bonus, &classes, true);
                let state = [
                    tensor(found.scores, dims::<3>(&scores)),
                    tensor(vec![found.bonus], dims::<1>(&bonus)),
                ];
                prepared.finish(state, tensor(vec![found.loss], [1]))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(Flex::cross_entropy_with_bonus(
                scores.into_primitive(),
                bonus.into_primitive(),
                classes,
            )),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_the_composition_of_burns_operations() {
        let device = Device::flex().autodiff();
        // More positions than are gone through together, and rests.
        for (batch, count, positions) in [(3, 5, 300), (1, 24, 128), (2, 2, 7)] {
            let filled =
                |count: usize, seed: f32| -> Vec<f32> { (0..count).map(|i| (0.7 * i as f32 + seed).sin()).collect() };
            let scores = TensorData::new(filled(batch * count * positions, 1.0), [batch, count, positions]);
            let class = |step: usize| (0..batch * positions).map(|i| (i * step / 3 % count) as u8).collect();
            let weight = filled(batch * positions, 2.0).iter().map(|x| 1.0 + x).collect();
            let classes = Classes::new(batch, class(5), class(7), weight).unwrap();
            let run = |loss: &dyn Fn(Tensor<3>, Tensor<1>) -> Tensor<1>| {
                let scores = Tensor::<3>::from_data(scores.clone(), &device)
                    .mul_scalar(6.0)
                    .detach()
                    .require_grad();
                let bonus = Tensor::<1>::from_data([1.3], &device).require_grad();
                let loss = loss(scores.clone(), bonus.clone()).mul_scalar(2.5);
                let grads = loss.backward();
                let mut found: Vec<f32> = scores.grad(&grads).unwrap().into_data().try_to_vec().unwrap();
                found.push(bonus.grad(&grads).unwrap().into_scalar());
                found.push(loss.into_scalar());
                found
            };
            let ours = run(&|scores, bonus| cross_entropy_with_bonus(scores, bonus, classes.clone()));
            let plain = run(&|scores, bonus| plain(scores, bonus, &classes));
            for (ours, plain) in ours.iter().zip(&plain) {
                assert!((ours - plain).abs() < 2e-6 * plain.abs().max(0.1), "{ours} {plain}");
            }
        }
    }

    #[test]
    fn lengths_must_fit() {
        assert!(Classes::new(2, vec![0; 4], vec![1; 4], vec![1.0; 4]).is_some());
        assert!(Classes::new(3, vec![0; 4], vec![1; 4], vec![1.0; 4]).is_none());
        assert!(Classes::new(2, vec![0; 4], vec![1; 2], vec![1.0; 4]).is_none());
        assert!(Classes::new(0, vec![], vec![], vec![]).is_none());
    }
}
