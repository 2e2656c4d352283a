//! Convolutions that train fast on the CPU backend.
//!
//! Burn 0.22's CPU backend (flex) has no kernel for the gradient of a convolution's weights; it runs the generic
//! "convolution with swapped axes", several times slower than the equivalent matrix product. [`conv2d`] runs a layer as
//! a custom operation there, through Burn's backend extension: forward and both gradients are products with the
//! unfolded input ([`kernel`]). On every other device, and for layers with groups, dilation or asymmetric padding, it
//! calls the layer's own `forward`.

mod direct;
mod geometry;
mod kernel;
mod planes;
mod tile;
mod unfolded;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device, Tensor, module};

use geometry::Geometry;

/// Applies a layer to `[batch, channels in, height, width]`.
pub fn conv2d(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let padding = match layer.padding {
        PaddingConfig2d::Valid => Some([0, 0]),
        PaddingConfig2d::Explicit(top, left, bottom, right) if (top, left) == (bottom, right) => Some([top, left]),
        PaddingConfig2d::Explicit(..) | PaddingConfig2d::Same => None,
    };
    let plain = layer.groups == 1 && layer.dilation == [1, 1] && ours(&x);
    let weight = layer.weight.val();
    let geometry = padding.filter(|_| plain);
    match geometry.and_then(|padding| Geometry::new(x.dims(), weight.dims(), layer.stride, padding)) {
        Some(geometry) => convolve(x, weight, layer.bias.as_ref().map(Param::val), geometry),
        None => layer.forward(x),
    }
}

/// Convolution of `[batch, channels in, height, width]` with weights
/// `[channels out, channels in, kernel height, kernel width]` and a bias `[channels out]`, without groups or dilation;
/// `padding` zeros are added on both sides.
pub fn conv2d_with(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> Tensor<4> {
    let geometry = ours(&x).then(|| Geometry::new(x.dims(), weight.dims(), stride, padding));
    match geometry.flatten() {
        Some(geometry) => convolve(x, weight, bias, geometry),
        None => module::conv2d(x, weight, bias, ConvOptions::new(stride, padding, [1, 1], 1)),
    }
}

/// Returns true if the custom operation supports the tensor: f32 on the CPU backend.
fn ours<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && x.device().inner() == Device::flex()
}

fn convolve(x: Tensor<4>, weight: Tensor<4>, bias: Option<Tensor<1>>, geometry: Geometry) -> Tensor<4> {
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        Some(bias) => <Dispatch as ConvOps>::convolve_biased(x, weight, bias.into_dispatch(), geometry),
        None => <Dispatch as ConvOps>::convolve(x, weight, geometry),
    })
}

/// Custom operations: a convolution without groups or dilation, with zero padding.
#[backend_extension(Flex, Autodiff)]
trait ConvOps: Backend {
    fn convolve(x: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;

    fn convolve_biased(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;
}

impl ConvOps for Flex {
    fn convolve(x: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        kernel::forward(&x, &weight, None, geometry)
    }

    fn convolve_biased(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        kernel::forward(&x, &weight, Some(&bias), geometry)
    }
}

#[derive(Debug)]
struct ConvBackward;

/// Without bias `N` is 2, with it 3.
impl<const N: usize> Backward<Flex, N> for ConvBackward {
    /// Input and weight as nodes of the graph.
    type State = (NodeId, NodeId, Geometry);

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let (x, weight, geometry) = ops.state;
        let x = checkpointer.retrieve_node_output::<FloatTensor<Flex>>(x);
        let weight = checkpointer.retrieve_node_output::<FloatTensor<Flex>>(weight);
        for (index, node) in ops.parents.into_iter().enumerate() {
            if let Some(node) = node {
                let found = match index {
                    0 => kernel::input_gradient(&weight, &grad, geometry),
                    1 => kernel::weight_gradient(&x, &grad, geometry),
                    _ => kernel::bias_gradient(&grad, geometry),
                };
                grads.register::<Flex>(node.id, found);
            }
        }
    }
}

impl<C: CheckpointStrategy> ConvOps for Autodiff<Flex, C> {
    fn convolve(x: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        let prepared = ConvBackward.prepare::<C>([x.node(), weight.node()]).compute_bound();
        match prepared.stateful() {
            OpsKind::Tracked(mut prepared) => {
                let kept = (prepared.checkpoint(&x), prepared.checkpoint(&weight), geometry);
                let y = Flex::convolve(x.into_primitive(), weight.into_primitive(), geometry);
                prepared.finish(kept, y)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(Flex::convolve(x.into_primitive(), weight.into_primitive(), geometry))
            }
        }
    }

    fn convolve_biased(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        let prepared = ConvBackward.prepare::<C>([x.node(), weight.node(), bias.node()]);
        let y = kernel::forward(x.primitive(), weight.primitive(), Some(bias.primitive()), geometry);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let kept = (prepared.checkpoint(&x), prepared.checkpoint(&weight), geometry);
                prepared.finish(kept, y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}
