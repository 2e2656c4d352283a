//! The learned model's network.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::Device;
use burn::tensor::activation::{relu, softmax};

use crate::reduction::{CHUNK, WINDOW};

/// Places per frame that the encoder can point at.
const POINTS: usize = 16;

/// What the maps are multiplied by before the softmax. Fresh convolutions give small numbers, of which the softmax is
/// nearly flat: every place would be the middle, and no gradient would move it.
const SHARPNESS: f32 = 10.0;

/// Each frame is encoded alone: two convolutions and a spatial softmax (Levine, Finn, Darrell, Abbeel 2016, section
/// 5.1), whose expected coordinates place an object between pixels. The coordinates of all frames go through a linear
/// map (the closed form is one) plus a hidden layer.
///
/// Input `[batch × length, 3, 48, 48]`, output `[batch, length − 15, 8 × 2]`: for every window of 16 frames the
/// normalised actions, x and y in turn. Windows of one run share the encoding of their frames.
#[derive(Module, Debug)]
pub struct WindowNet {
    conv1: Conv2d,
    conv2: Conv2d,
    linear: Linear,
    hidden: Linear,
    out: Linear,
}

impl WindowNet {
    /// With random weights.
    pub fn new(width: usize, device: &Device) -> Self {
        let conv = |channels: [usize; 2], kernel: usize, stride: usize| {
            let edge = kernel / 2;
            Conv2dConfig::new(channels, [kernel, kernel])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(edge, edge, edge, edge))
                .init(device)
        };
        let features = WINDOW * POINTS * 2;
        Self {
            conv1: conv([3, 16], 5, 2),
            conv2: conv([16, POINTS], 3, 1),
            linear: LinearConfig::new(features, CHUNK * 2).init(device),
            hidden: LinearConfig::new(features, width).init(device),
            out: LinearConfig::new(width, CHUNK * 2).init(device),
        }
    }

    /// See the type's shapes; `length` is at least 16.
    pub fn forward(&self, frames: Tensor<4>, length: usize) -> Tensor<3> {
        let x = self.conv2.forward(relu(self.conv1.forward(frames)));
        let [count, points, height, width] = x.dims();
        let device = x.device();
        let weights = softmax(x.reshape([count * points, height * width]) * SHARPNESS, 1);
        // Expected column and row of every map, in [−1, 1].
        let place = |i: usize, side: usize| (2.0 * i as f32 + 1.0) / side as f32 - 1.0;
        let grid: Vec<f32> = (0..height * width)
            .flat_map(|i| [place(i % width, width), place(i / width, height)])
            .collect();
        let grid = Tensor::<1>::from_floats(grid.as_slice(), &device).reshape([height * width, 2]);
        let runs = count / length;
        let features = weights.matmul(grid).reshape([runs, length, points * 2]);
        let windows = length + 1 - WINDOW;
        let window = |start: usize| {
            features
                .clone()
                .slice([0..runs, start..start + WINDOW])
                .reshape([runs, 1, WINDOW * points * 2])
        };
        let x = Tensor::cat((0..windows).map(window).collect(), 1);
        self.linear.forward(x.clone()) + self.out.forward(relu(self.hidden.forward(x)))
    }
}
