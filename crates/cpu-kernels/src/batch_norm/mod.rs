//! Batch normalization of feature maps, with optional residual and ReLU, in one pass on the CPU backend.
//!
//! On this backend Burn computes it as a dozen operations over the whole map, each with its own output map; in
//! ResNet-18 they take half as long as the convolutions. [`batch_norm`] uses kernels with hand-written gradients
//! ([`kernel`]) through Burn's backend extension; on other devices it calls Burn's operations. On every device the
//! running variance is updated with the unbiased variance of the batch, as in PyTorch (Burn uses the biased one).

mod kernel;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::nn::BatchNorm;
use burn::tensor::activation::relu;
use burn::tensor::module::batch_norm_train;
use burn::tensor::{DType, Device, Tensor};

use kernel::After;

/// Computes ReLU(norm(x) + residual), where `x` and the residual are `[batch, channels, height, width]`. Like the layer
/// itself, it uses and records the statistics of the batch on an autodiff device, and uses the running statistics on
/// any other.
pub fn batch_norm_relu(layer: &BatchNorm, x: Tensor<4>, residual: Option<Tensor<4>>) -> Tensor<4> {
    normalize(layer, x, residual, true)
}

/// Batch normalization without residual and ReLU; see [`batch_norm_relu`].
pub fn batch_norm(layer: &BatchNorm, x: Tensor<4>) -> Tensor<4> {
    normalize(layer, x, None, false)
}

fn normalize(layer: &BatchNorm, x: Tensor<4>, residual: Option<Tensor<4>>, positive: bool) -> Tensor<4> {
    let device = x.device();
    let training = device.is_autodiff() && layer.training.is_enabled();
    let native = x.dtype() == DType::F32 && device.clone().inner() == Device::flex();
    // On an autodiff device a frozen layer is computed by Burn, since its statistics are constants there.
    if !native || device.is_autodiff() != training {
        let y = if training { train(layer, x) } else { layer.forward(x) };
        let y = match residual {
            Some(residual) => y + residual,
            None => y,
        };
        return if positive { relu(y) } else { y };
    }
    let moments = if training {
        let x = x.clone().without_autodiff();
        let each = x.shape().num_elements() / x.dims()[1];
        let moments = Tensor::<2>::from_dispatch(<Dispatch as NormOps>::moments(x.into_dispatch()));
        let row = |index| moments.clone().narrow(0, index, 1).flatten(0, 1).to_device(&device);
        take_in(layer, row(0), row(1), each);
        moments
    } else {
        Tensor::stack(vec![layer.running_mean.value(), layer.running_var.value()], 0)
    };
    let after = After {
        epsilon: layer.epsilon as f32,
        positive,
    };
    let (gamma, beta) = (layer.gamma.val().into_dispatch(), layer.beta.val().into_dispatch());
    let (x, moments) = (x.into_dispatch(), moments.into_dispatch());
    Tensor::from_dispatch(match residual {
        Some(residual) => {
            <Dispatch as NormOps>::normalize_onto(x, gamma, beta, residual.into_dispatch(), moments, after)
        }
        None => <Dispatch as NormOps>::normalize(x, gamma, beta, moments, after),
    })
}

/// Training-mode normalization on devices without these kernels.
fn train(layer: &BatchNorm, x: Tensor<4>) -> Tensor<4> {
    let each = x.shape().num_elements() / x.dims()[1];
    let result = batch_norm_train(x, layer.gamma.val(), layer.beta.val(), layer.epsilon);
    take_in(layer, result.mean, result.variance, each);
    result.output
}

/// Updates the running statistics from a batch with `each` values per channel and biased variance.
fn take_in(layer: &BatchNorm, mean: Tensor<1>, variance: Tensor<1>, each: usize) {
    let keep = 1.0 - layer.momentum;
    let unbiased = layer.momentum * each as f64 / each.saturating_sub(1).max(1) as f64;
    let running = layer.running_mean.value_sync().to_device(&mean.device());
    let mean = running.mul_scalar(keep) + mean.mul_scalar(layer.momentum);
    layer.running_mean.update(mean.detach());
    let running = layer.running_var.value_sync().to_device(&variance.device());
    let variance = running.mul_scalar(keep) + variance.mul_scalar(unbiased);
    layer.running_var.update(variance.detach());
}

#[backend_extension(Flex, Autodiff)]
trait NormOps: Backend {
    /// Mean and biased variance of each channel, `[2, channels]`; a constant for autodiff.
    fn moments(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Normalizes with the given statistics, which are differentiated as statistics of `x`.
    fn normalize(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        after: After,
    ) -> FloatTensor<Self>;

    /// `normalize` with a residual added.
    fn normalize_onto(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        after: After,
    ) -> FloatTensor<Self>;
}

impl NormOps for Flex {
    fn moments(x: FloatTensor<Self>) -> FloatTensor<Self> {
        kernel::moments(&x)
    }

    fn normalize(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        after: After,
    ) -> FloatTensor<Self> {
        kernel::normalize(&x, &gamma, &beta, &moments, None, after)
    }

    fn normalize_onto(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        after: After,
    ) -> FloatTensor<Self> {
        kernel::normalize(&x, &gamma, &beta, &moments, Some(&residual), after)
    }
}

#[derive(Debug)]
struct NormBackward;

/// State for the gradients: input, weight and bias as nodes of the graph, and the statistics.
type Kept = (NodeId, NodeId, NodeId, FloatTensor<Flex>, After);

impl Backward<Flex, 3> for NormBackward {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let [x_node, gamma_node, beta_node] = ops.parents;
        let (x, gamma, beta, moments, after) = ops.state;
        let mut kept = |id| checkpointer.retrieve_node_output::<FloatTensor<Flex>>(id);
        let (x, gamma, beta) = (kept(x), kept(gamma), kept(beta));
        let found = kernel::gradients(&x, &gamma, &beta, &moments, None, &grad, after);
        for (node, grad) in [(x_node, found.x), (gamma_node, found.gamma), (beta_node, found.beta)] {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, grad);
            }
        }
    }
}

impl Backward<Flex, 4> for NormBackward {
    /// State with the output, whose sign tells where ReLU passes the gradient.
    type State = (Kept, FloatTensor<Flex>);

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let [x_node, gamma_node, beta_node, residual_node] = ops.parents;
        let ((x, gamma, beta, moments, after), y) = ops.state;
        let mut kept = |id| checkpointer.retrieve_node_output::<FloatTensor<Flex>>(id);
        let (x, gamma, beta) = (kept(x), kept(gamma), kept(beta));
        let found = kernel::gradients(&x, &gamma, &beta, &moments, Some(&y), &grad, after);
        let residual = found.y;
        for (node, grad) in [
            (x_node, Some(found.x)),
            (gamma_node, Some(found.gamma)),
            (beta_node, Some(found.beta)),
            (residual_node, residual),
        ] {
            if let (Some(node), Some(grad)) = (node, grad) {
                grads.register::<Flex>(node.id, grad);
            }
        }
    }
}

impl<C: CheckpointStrategy> NormOps for Autodiff<Flex, C> {
    fn moments(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(kernel::moments(x.primitive()))
    }

    fn normalize(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        after: After,
    ) -> FloatTensor<Self> {
        let prepared = NormBackward.prepare::<C>([x.node(), gamma.node(), beta.node()]);
        let y = kernel::normalize(
            x.primitive(),
            gamma.primitive(),
            beta.primitive(),
            moments.primitive(),
            None,
            after,
        );
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let mut keep = |tensor| prepared.checkpoint(tensor);
                let kept = (keep(&x), keep(&gamma), keep(&beta), moments.into_primitive(), after);
                prepared.finish(kept, y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }

    fn normalize_onto(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        after: After,
    ) -> FloatTensor<Self> {
        let prepared = NormBackward.prepare::<C>([x.node(), gamma.node(), beta.node(), residual.node()]);
        let y = kernel::normalize(
            x.primitive(),
            gamma.primitive(),
            beta.primitive(),
            moments.primitive(),
            Some(residual.primitive()),
            after,
        );
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let mut keep = |tensor| prepared.checkpoint(tensor);
                let kept = (keep(&x), keep(&gamma), keep(&beta), moments.into_primitive(), after);
                prepared.finish((kept, y.clone()), y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}
