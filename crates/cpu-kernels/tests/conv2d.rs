//! `conv2d` compared with Burn's convolution, forward and backward, over shapes that take every code path. (The
//! comparison with PyTorch is in `bc-policy`, whose ResNet-18 uses these layers.)

#![allow(clippy::unwrap_used)]

use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Distribution, Tensor};
use cpu_kernels::conv2d;

/// Output, and gradients of input, weight and bias of a loss that weights every output differently.
fn all(layer: &Conv2d, x: Tensor<4>, run: impl Fn(&Conv2d, Tensor<4>) -> Tensor<4>) -> Vec<Vec<f32>> {
    let x = x.require_grad();
    let y = run(layer, x.clone());
    let shape = y.dims();
    let count = shape.iter().product::<usize>() as i64;
    let weights = Tensor::<1, burn::tensor::Int>::arange(0..count, &x.device()).float();
    let grads = (y.clone() * weights.mul_scalar(0.37).sin().reshape(shape))
        .sum()
        .backward();
    let read = |t: Tensor<1>| t.try_into_vec_as::<f32>().unwrap();
    let mut out = vec![
        read(y.without_autodiff().flatten(0, 3)),
        read(x.grad(&grads).unwrap().flatten(0, 3)),
        read(layer.weight.val().grad(&grads).unwrap().flatten(0, 3)),
    ];
    if let Some(bias) = &layer.bias {
        out.push(read(bias.val().grad(&grads).unwrap()));
    }
    out
}

#[test]
fn forward_and_gradients_are_burns() {
    let device = Device::flex().autodiff();
    device.seed(1);
    // Channels, kernel, stride, padding (vertical, horizontal), size, batch.
    let cases = [
        // One image at a time, the plane moved.
        ([3, 5], [3, 3], [1, 1], [1, 1], [26, 22], 3),
        // All images together, and a last group of another size.
        ([4, 6], [3, 3], [1, 1], [1, 1], [3, 3], 7),
        ([4, 6], [3, 3], [1, 1], [1, 1], [16, 16], 5),
        // Strides, an even kernel, no padding, more padding than kernel reaches, a kernel of one.
        ([3, 4], [7, 7], [2, 2], [3, 3], [20, 17], 2),
        ([2, 3], [4, 2], [2, 1], [0, 1], [9, 8], 2),
        ([2, 3], [1, 1], [2, 2], [0, 0], [8, 7], 4),
        ([5, 2], [1, 1], [1, 1], [0, 0], [6, 6], 2),
        ([2, 2], [3, 3], [1, 1], [2, 2], [5, 4], 2),
        ([2, 2], [5, 5], [1, 1], [2, 2], [2, 2], 3),
        ([2, 4], [1, 5], [1, 1], [0, 2], [1, 16], 9),
        ([1, 1], [5, 5], [3, 3], [4, 4], [4, 3], 1),
    ];
    for (channels, kernel, stride, [v, h], [height, width], batch) in cases {
        for bias in [true, false] {
            let layer = Conv2dConfig::new(channels, kernel)
                .with_stride(stride)
                .with_padding(PaddingConfig2d::Explicit(v, h, v, h))
                .with_bias(bias)
                .init(&device);
            let shape = [batch, channels[0], height, width];
            let x = Tensor::random(shape, Distribution::Normal(0.0, 1.0), &device);
            let ours = all(&layer, x.clone(), conv2d);
            let burns = all(&layer, x, Conv2d::forward);
            for (what, (ours, burns)) in ["output", "∂input", "∂weight", "∂bias"]
                .iter()
                .zip(ours.iter().zip(&burns))
            {
                assert_eq!(ours.len(), burns.len());
                let largest = burns.iter().fold(1.0_f32, |largest, x| largest.max(x.abs()));
                let error = ours.iter().zip(burns).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest;
                assert!(
                    error < 1e-5,
                    "{what} of {channels:?} {kernel:?} {stride:?}: {error} off"
                );
            }
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let layer = Conv2dConfig::new([16, 24], [3, 3])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .with_bias(false)
        .init(&Device::flex().autodiff());
    let x = Tensor::random([12, 16, 20, 20], Distribution::Default, &Device::flex().autodiff());
    let bits = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let all = pool.install(|| all(&layer, x.clone(), conv2d));
        all.concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    let one = bits(1);
    assert!(bits(2) == one && bits(5) == one);
}

#[test]
fn what_the_kernels_do_not_know_is_left_to_burn() {
    let device = Device::flex();
    let x = Tensor::random([2, 4, 9, 9], Distribution::Default, &device);
    let padding = PaddingConfig2d::Explicit(0, 1, 2, 0);
    for layer in [
        Conv2dConfig::new([4, 4], [3, 3]).with_groups(2).init(&device),
        Conv2dConfig::new([4, 4], [3, 3]).with_dilation([2, 2]).init(&device),
        Conv2dConfig::new([4, 4], [3, 3]).with_padding(padding).init(&device),
        Conv2dConfig::new([4, 4], [3, 3])
            .with_padding(PaddingConfig2d::Same)
            .init(&device),
    ] {
        let ours = conv2d(&layer, x.clone()).into_data();
        assert_eq!(ours, layer.forward(x.clone()).into_data());
    }
}
