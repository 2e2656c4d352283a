//! The learned model's network.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::Device;
use burn::tensor::activation::{relu, softmax};
use cpu_kernels::conv2d;

use crate::reduction::{CHUNK, CHUNK_OFFSET, WINDOW};

/// Channels of the encoder.
const CHANNELS: usize = 16;

/// Factor on the map before the softmax. Initial convolutions give small values, for which the softmax is nearly
/// uniform: every position would be the center, with almost no gradient.
const SHARPNESS: f32 = 10.0;

/// Half boards per unit of the head's output: 32 px, about the step of a fast agent.
const STEP: f32 = 0.125;

/// Number of features of a window: the agent's position in each frame relative to the middle frame, and its spread.
const FEATURES: usize = WINDOW * 3;

/// Output of the network for runs of frames. Lengths are in half boards, positions relative to the center of the board.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Position of the agent in every frame, `[runs, length, 2]`.
    pub places: Tensor<3>,
    /// Actions of every window, `[runs, length − 15, 8, 2]`.
    pub actions: Tensor<4>,
    /// Logarithm of the standard deviation of their errors, per axis, `[runs, length − 15, 8]`.
    pub log_deviations: Tensor<3>,
}

/// Network that locates the agent in each frame and predicts the actions from its positions.
///
/// Two convolutions (16 channels; 5 × 5 of stride 2, then 3 × 3) give features h and, by a third of 1 × 1, a map m.
/// With weights w = softmax(10 m) the agent's position is Σ w x (spatial softmax: Levine, Finn, Darrell, Abbeel 2016,
/// section 5.1) plus a linear map of Σ w h, which refines it between the cells of the map. A window's positions,
/// relative to that of its middle frame, and the spread √Σ w (x − x̄)² of each pass through the sum of a linear map and
/// a network with one hidden layer, which gives each action as an offset from the agent's position in the action's own
/// frame: actions shift with the agent.
///
/// Input `[runs × length, 3, 96, 96]`; windows of one run share the encoding of their frames.
#[derive(Module, Debug)]
pub struct WindowNet {
    conv1: Conv2d,
    conv2: Conv2d,
    map: Conv2d,
    refine: Linear,
    linear: Linear,
    hidden: Linear,
    out: Linear,
}

impl WindowNet {
    /// Creates the network with random weights and a hidden layer of `width`.
    pub fn new(width: usize, device: &Device) -> Self {
        let conv = |channels: [usize; 2], kernel: usize, stride: usize| {
            let edge = kernel / 2;
            Conv2dConfig::new(channels, [kernel, kernel])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(edge, edge, edge, edge))
                .init(device)
        };
        let outputs = CHUNK * 3;
        Self {
            conv1: conv([3, CHANNELS], 5, 2),
            conv2: conv([CHANNELS, CHANNELS], 3, 1),
            map: conv([CHANNELS, 1], 1, 1),
            refine: LinearConfig::new(CHANNELS, 2).init(device),
            linear: LinearConfig::new(FEATURES, outputs).init(device),
            hidden: LinearConfig::new(FEATURES, width).init(device),
            out: LinearConfig::new(width, outputs).init(device),
        }
    }

    /// Runs the network; shapes as given at the type, `length` at least 16.
    pub fn forward(&self, frames: Tensor<4>, length: usize) -> Seen {
        let h = relu(conv2d(&self.conv2, relu(conv2d(&self.conv1, frames))));
        let [count, channels, height, width] = h.dims();
        let device = h.device();
        let map = conv2d(&self.map, h.clone()).reshape([count, 1, height * width]);
        let weights = softmax(map * SHARPNESS, 2);
        // Column and row of every cell, in [−1, 1], and their squared distance from the center.
        let place = |i: usize, side: usize| (2.0 * i as f32 + 1.0) / side as f32 - 1.0;
        let grid: Vec<f32> = (0..height * width)
            .flat_map(|i| {
                let [x, y] = [place(i % width, width), place(i / width, height)];
                [x, y, x * x + y * y]
            })
            .collect();
        let grid = Tensor::<1>::from_floats(grid.as_slice(), &device).reshape([1, height * width, 3]);
        let moments = weights.clone().matmul(grid).reshape([count, 3]);
        let mean = moments.clone().narrow(1, 0, 2);
        let variance = moments.narrow(1, 2, 1) - mean.clone().square().sum_dim(1);
        let spread = (variance.clamp_min(0.0) + 1e-6).sqrt();
        let attended = weights
            .matmul(h.reshape([count, channels, height * width]).swap_dims(1, 2))
            .reshape([count, channels]);
        // A cell of the map is 2 / width of the board's half side.
        let places = mean + self.refine.forward(attended) * (2.0 / width as f32);
        let runs = count / length;
        let places = places.reshape([runs, length, 2]);
        let spread = spread.reshape([runs, length, 1]);
        let windows: Vec<(Tensor<3>, Tensor<4>)> = (0..length + 1 - WINDOW)
            .map(|start| window(&places, &spread, runs, start))
            .collect();
        let (features, own): (Vec<_>, Vec<_>) = windows.into_iter().unzip();
        let x = Tensor::cat(features, 1);
        let own = Tensor::cat(own, 1);
        let y = self.linear.forward(x.clone()) + self.out.forward(relu(self.hidden.forward(x)));
        let windows = length + 1 - WINDOW;
        let offsets = y.clone().narrow(2, 0, CHUNK * 2).reshape([runs, windows, CHUNK, 2]);
        Seen {
            places,
            actions: own + offsets * STEP,
            // Starts at about 8 px, and stays between 0.02 and 400 px.
            log_deviations: (y.narrow(2, CHUNK * 2, CHUNK) - 3.5).clamp(-9.5, 0.5),
        }
    }
}

/// Features of the window that starts at frame `start`, `[runs, 1, FEATURES]`, and the agent's positions in the frames
/// of its eight actions, `[runs, 1, CHUNK, 2]`.
fn window(places: &Tensor<3>, spread: &Tensor<3>, runs: usize, start: usize) -> (Tensor<3>, Tensor<4>) {
    let here = places.clone().narrow(1, start, WINDOW);
    let middle = here.clone().narrow(1, WINDOW / 2, 1);
    let relative = (here.clone() - middle) / STEP;
    let sure = spread.clone().narrow(1, start, WINDOW) / STEP;
    let features = Tensor::cat(vec![relative, sure], 2).reshape([runs, 1, FEATURES]);
    (
        features,
        here.narrow(1, CHUNK_OFFSET, CHUNK).reshape([runs, 1, CHUNK, 2]),
    )
}
