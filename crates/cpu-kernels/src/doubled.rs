//! A map doubled in height and width, with the channels of a finer map after its own: what a U-Net does on its way up, in
//! one pass on the CPU backend. On other devices it is composed of Burn's operations.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{DType, Device, Tensor};
use rayon::prelude::*;

use crate::flex::{dims, slice, tensor};

/// `[batch, channels + others, 2 height, 2 width]`: every value of x, `[batch, channels, height, width]`, twice in each
/// direction (nearest neighbors), then the channels of `finer`, `[batch, others, 2 height, 2 width]`.
///
/// # Panics
/// If the shapes do not fit together.
pub fn doubled_with(x: Tensor<4>, finer: Tensor<4>) -> Tensor<4> {
    let ([batch, channels, height, width], [finer_batch, _, tall, wide]) = (x.dims(), finer.dims());
    assert_eq!([finer_batch, tall, wide], [batch, 2 * height, 2 * width]);
    let native = |x: &Tensor<4>| x.dtype() == DType::F32 && x.device().inner() == Device::flex();
    if !native(&x) || !native(&finer) || x.shape().num_elements() == 0 || finer.shape().num_elements() == 0 {
        let x = x
            .reshape([batch, channels, height, 1, width, 1])
            .repeat(&[1, 1, 1, 2, 1, 2])
            .reshape([batch, channels, tall, wide]);
        return Tensor::cat(vec![x, finer], 1);
    }
    let (x, finer) = (x.into_dispatch(), finer.into_dispatch());
    Tensor::from_dispatch(<Dispatch as DoubledOps>::doubled_with(x, finer))
}

/// Custom operation: [`doubled_with`].
#[backend_extension(Flex, Autodiff)]
trait DoubledOps: Backend {
    fn doubled_with(x: FloatTensor<Self>, finer: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The values of an image; x is `width` wide.
fn join(x: &[f32], finer: &[f32], width: usize, y: &mut [f32]) {
    let (doubled, copy) = y.split_at_mut(4 * x.len());
    for (x, y) in x.chunks_exact(width).zip(doubled.chunks_exact_mut(4 * width)) {
        let (above, below) = y.split_at_mut(2 * width);
        for (x, [left, right]) in x.iter().zip(above.as_chunks_mut::<2>().0) {
            (*left, *right) = (*x, *x);
        }
        below.copy_from_slice(above);
    }
    copy.copy_from_slice(finer);
}

/// The gradients of an image's values.
fn part(dy: &[f32], width: usize, dx: &mut [f32], finer: &mut [f32]) {
    let (doubled, copy) = dy.split_at(4 * dx.len());
    for (dx, dy) in dx.chunks_exact_mut(width).zip(doubled.chunks_exact(4 * width)) {
        let (above, below) = dy.split_at(2 * width);
        let pairs = above.as_chunks::<2>().0.iter().zip(below.as_chunks::<2>().0);
        for (dx, ([a, b], [c, d])) in dx.iter_mut().zip(pairs) {
            *dx = (a + b) + (c + d);
        }
    }
    finer.copy_from_slice(copy);
}

impl DoubledOps for Flex {
    fn doubled_with(x: FloatTensor<Self>, finer: FloatTensor<Self>) -> FloatTensor<Self> {
        let [batch, channels, height, width] = dims::<4>(&x);
        let [_, others, tall, wide] = dims::<4>(&finer);
        let (x, finer) = (x.to_contiguous(), finer.to_contiguous());
        let mut y = vec![0.0; batch * (channels + others) * tall * wide];
        y.par_chunks_exact_mut((channels + others) * tall * wide)
            .zip(slice(&x).par_chunks_exact(channels * height * width))
            .zip(slice(&finer).par_chunks_exact(others * tall * wide))
            .for_each(|((y, x), finer)| join(x, finer, width, y));
        tensor(y, [batch, channels + others, tall, wide])
    }
}

#[derive(Debug)]
struct DoubledBackward;

impl Backward<Flex, 2> for DoubledBackward {
    /// Shapes of x and of the finer map.
    type State = [[usize; 4]; 2];

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = grads.consume::<Flex>(&ops.node).to_contiguous();
        let [x_shape, finer_shape] = ops.state;
        let [batch, channels, height, width] = x_shape;
        let [image, finer_image] = [x_shape, finer_shape].map(|[_, channels, height, width]| channels * height * width);
        let mut dx = vec![0.0; batch * channels * height * width];
        let mut finer = vec![0.0; batch * finer_image];
        dx.par_chunks_exact_mut(image)
            .zip(finer.par_chunks_exact_mut(finer_image))
            .zip(slice(&dy).par_chunks_exact(4 * image + finer_image))
            .for_each(|((dx, finer), dy)| part(dy, width, dx, finer));
        let found = [tensor(dx, x_shape), tensor(finer, finer_shape)];
        for (node, found) in ops.parents.into_iter().zip(found) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, found);
            }
        }
    }
}

impl<C: CheckpointStrategy> DoubledOps for Autodiff<Flex, C> {
    fn doubled_with(x: FloatTensor<Self>, finer: FloatTensor<Self>) -> FloatTensor<Self> {
        let prepared = DoubledBackward.prepare::<C>([x.node(), finer.node()]);
        let (x, finer) = (x.into_primitive(), finer.into_primitive());
        let shapes = [dims::<4>(&x), dims::<4>(&finer)];
        let y = Flex::doubled_with(x, finer);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(shapes, y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}
