//! SiLU after group normalization of feature maps, in one pass on the CPU backend.
//!
//! Burn computes them there as a dozen operations over the whole map, each with its own output map. On other devices
//! [`group_norm_silu`] calls Burn's operations.

mod kernel;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::nn::GroupNorm;
use burn::tensor::activation::silu;
use burn::tensor::{DType, Device, Tensor};

use crate::flex::{dims, slice, tensor};
use kernel::{Grads, Layer};

/// SiLU of the group normalization of `[batch, channels, height, width]`.
pub fn group_norm_silu(layer: &GroupNorm, x: Tensor<4>) -> Tensor<4> {
    let native = x.dtype() == DType::F32 && x.device().inner() == Device::flex() && x.shape().num_elements() > 0;
    let (true, Some(gamma), Some(beta)) = (native, &layer.gamma, &layer.beta) else {
        return silu(layer.forward(x));
    };
    Tensor::from_dispatch(<Dispatch as NormSiluOps>::norm_silu(
        x.into_dispatch(),
        gamma.val().into_dispatch(),
        beta.val().into_dispatch(),
        layer.num_groups,
        layer.epsilon,
    ))
}

/// Custom operation: [`group_norm_silu`] with γ, β, the number of groups and ε.
#[backend_extension(Flex, Autodiff)]
trait NormSiluOps: Backend {
    fn norm_silu(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

/// Calls `f` with the layer and the values of x.
fn layer<R>(
    [x, gamma, beta]: [&FlexTensor; 3],
    groups: usize,
    epsilon: f64,
    f: impl FnOnce(Layer<'_>, &[f32]) -> R,
) -> R {
    let [_, _, height, width] = dims::<4>(x);
    let [x, gamma, beta] = [x, gamma, beta].map(FlexTensor::to_contiguous);
    let layer = Layer {
        gamma: slice(&gamma),
        beta: slice(&beta),
        groups,
        epsilon: epsilon as f32,
        plane: height * width,
    };
    f(layer, slice(&x))
}

impl NormSiluOps for Flex {
    fn norm_silu(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let y = layer([&x, &gamma, &beta], groups, epsilon, |layer, x| layer.forward(x));
        tensor(y, dims::<4>(&x))
    }
}

#[derive(Debug)]
struct NormSiluBackward;

impl Backward<Flex, 3> for NormSiluBackward {
    /// Input, γ and β as nodes of the graph, groups and ε.
    type State = ([NodeId; 3], usize, f64);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (nodes, groups, epsilon) = ops.state;
        let [x, gamma, beta] = nodes.map(|id| checkpointer.retrieve_node_output::<FloatTensor<Flex>>(id));
        let found = layer([&x, &gamma, &beta], groups, epsilon, |layer, x| {
            layer.backward(x, slice(&dy))
        });
        let Grads {
            x: dx,
            gamma: dgamma,
            beta: dbeta,
        } = found;
        let channels = dims::<1>(&gamma);
        let found = [
            tensor(dx, dims::<4>(&x)),
            tensor(dgamma, channels),
            tensor(dbeta, channels),
        ];
        for (node, found) in ops.parents.into_iter().zip(found) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, found);
            }
        }
    }
}

impl<C: CheckpointStrategy> NormSiluOps for Autodiff<Flex, C> {
    fn norm_silu(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let prepared = NormSiluBackward.prepare::<C>([x.node(), gamma.node(), beta.node()]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let nodes = [&x, &gamma, &beta].map(|tensor| prepared.checkpoint(tensor));
                let y = Flex::norm_silu(
                    x.into_primitive(),
                    gamma.into_primitive(),
                    beta.into_primitive(),
                    groups,
                    epsilon,
                );
                prepared.finish((nodes, groups, epsilon), y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(Flex::norm_silu(
                x.into_primitive(),
                gamma.into_primitive(),
                beta.into_primitive(),
                groups,
                epsilon,
            )),
        }
    }
}
