//! The network: a U-Net over cells of 4 × 4 pixels.

use burn::module::{Initializer, Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{GroupNorm, GroupNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use cpu_kernels::{conv2d, doubled_with, group_norm_silu};
use serde::{Deserialize, Serialize};

use crate::error::PixelWorldError;
use crate::input::{CELL_PIXELS, CHANNELS};

/// Groups of the group norms.
const GROUPS: usize = 8;
/// Initial bias toward the color of the last frame.
const KEEP: f64 = 4.0;
/// Initial weights of the last layer, relative to the others.
const LAST: f64 = 0.1;

/// Settings of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetConfig {
    /// Channels at the finest of the three levels, a multiple of 8; the coarser two have twice as many.
    pub channels: usize,
    /// Colors of the palette.
    pub colors: usize,
}

impl Default for NetConfig {
    /// About 1.2 million weights.
    fn default() -> Self {
        Self {
            channels: 48,
            colors: 24,
        }
    }
}

impl NetConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), PixelWorldError> {
        if !(GROUPS..=1024).contains(&self.channels) || !self.channels.is_multiple_of(GROUPS) {
            return Err(PixelWorldError::config(
                "channels",
                self.channels,
                "a multiple of 8, 8 to 1024",
            ));
        }
        if !(2..=255).contains(&self.colors) {
            return Err(PixelWorldError::config("colors", self.colors, "2 to 255"));
        }
        Ok(())
    }

    /// Creates the network with random weights; it predicts the last frame until it is trained.
    pub fn init(&self, device: &Device) -> Net {
        let (fine, coarse) = (self.channels, 2 * self.channels);
        let scores = CELL_PIXELS * self.colors;
        let mut last = conv(fine, scores, 1, device);
        let small = Initializer::KaimingUniform {
            gain: LAST / 3.0_f64.sqrt(),
            fan_out_only: false,
        };
        last.weight = small.init_with([scores, fine, 3, 3], Some(9 * fine), None, device);
        last.bias = Some(Initializer::Zeros.init([scores], device));
        Net {
            first: conv(CHANNELS, fine, 1, device),
            down1: Residual::new(fine, fine, device),
            half1: conv(fine, coarse, 2, device),
            down2: Residual::new(coarse, coarse, device),
            half2: conv(coarse, coarse, 2, device),
            middle1: Residual::new(coarse, coarse, device),
            middle2: Residual::new(coarse, coarse, device),
            up2: Residual::new(2 * coarse, coarse, device),
            up1: Residual::new(coarse + fine, fine, device),
            last,
            keep: Initializer::Constant { value: KEEP }.init([1], device),
        }
    }
}

fn conv(inputs: usize, outputs: usize, stride: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([inputs, outputs], [3, 3])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init(device)
}

/// Two convolutions, each after group norm and SiLU, added to the input; at first the sum is the input.
#[derive(Module, Debug)]
struct Residual {
    norm1: GroupNorm,
    conv1: Conv2d,
    norm2: GroupNorm,
    conv2: Conv2d,
    skip: Option<Conv2d>,
}

impl Residual {
    fn new(inputs: usize, outputs: usize, device: &Device) -> Self {
        let mut conv2 = conv(outputs, outputs, 1, device);
        let zero = Initializer::Zeros;
        conv2.weight = zero.init([outputs, outputs, 3, 3], device);
        conv2.bias = Some(zero.init([outputs], device));
        let skip = (inputs != outputs).then(|| Conv2dConfig::new([inputs, outputs], [1, 1]).init(device));
        Self {
            norm1: GroupNormConfig::new(GROUPS, inputs).init(device),
            conv1: conv(inputs, outputs, 1, device),
            norm2: GroupNormConfig::new(GROUPS, outputs).init(device),
            conv2,
            skip,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let h = conv2d(&self.conv1, group_norm_silu(&self.norm1, x.clone()));
        let h = conv2d(&self.conv2, group_norm_silu(&self.norm2, h));
        let skip = match &self.skip {
            Some(skip) => conv2d(skip, x),
            None => x,
        };
        skip + h
    }
}

/// The network.
#[derive(Module, Debug)]
pub struct Net {
    first: Conv2d,
    down1: Residual,
    half1: Conv2d,
    down2: Residual,
    half2: Conv2d,
    middle1: Residual,
    middle2: Residual,
    up2: Residual,
    up1: Residual,
    last: Conv2d,
    /// Bias toward the color of the last frame.
    keep: Param<Tensor<1>>,
}

impl Net {
    /// Scores of the colors of every pixel's next state, `[steps, colors · CELL_PIXELS, GRID, GRID]`, color by color,
    /// without [`Self::keep`]; x: what a step looks like, `[steps, 180, GRID, GRID]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let fine = self.down1.forward(conv2d(&self.first, x));
        let coarse = self.down2.forward(conv2d(&self.half1, fine.clone()));
        let h = conv2d(&self.half2, coarse.clone());
        let h = self.middle2.forward(self.middle1.forward(h));
        let h = self.up2.forward(doubled_with(h, coarse));
        let h = self.up1.forward(doubled_with(h, fine));
        conv2d(&self.last, h)
    }

    /// What is added to the score of the color that a pixel has in the last frame, `[1]`.
    pub fn keep(&self) -> Tensor<1> {
        self.keep.val()
    }
}
