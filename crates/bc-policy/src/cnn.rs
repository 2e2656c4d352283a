//! The small convolutional policy of the paper: two convolutions with ReLU and a fully connected head. The paper gives
//! no sizes; these are ours.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::Device;
use burn::tensor::activation::relu;
use cpu_kernels::conv2d;

/// 5×5 convolutions of stride 2 with 32 and 64 channels, a hidden layer of 128.
///
/// Input `[batch, 3, side, side]`, output `[batch, outputs]`.
#[derive(Module, Debug)]
pub struct Cnn {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
}

impl Cnn {
    /// Creates the network with random weights, for images of `side` px.
    pub fn new(side: usize, outputs: usize, device: &Device) -> Self {
        let conv = |channels: [usize; 2]| {
            Conv2dConfig::new(channels, [5, 5])
                .with_stride([2, 2])
                .with_padding(PaddingConfig2d::Explicit(2, 2, 2, 2))
                .init(device)
        };
        let left = side.div_ceil(2).div_ceil(2);
        Self {
            conv1: conv([3, 32]),
            conv2: conv([32, 64]),
            fc1: LinearConfig::new(64 * left * left, 128).init(device),
            fc2: LinearConfig::new(128, outputs).init(device),
        }
    }

    /// Runs the network; shapes as given at the type.
    pub fn forward(&self, frames: Tensor<4>) -> Tensor<2> {
        let x = relu(conv2d(&self.conv1, frames));
        let x = relu(conv2d(&self.conv2, x));
        let x = relu(self.fc1.forward(x.flatten(1, 3)));
        self.fc2.forward(x)
    }
}
