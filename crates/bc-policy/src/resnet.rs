//! ResNet-18 (He et al. 2016), with torchvision's architecture and parameter names, so that its weights load.
//!
//! With [`NormKind::Group`] in place of batch normalization and without a head it is the image encoder of Diffusion
//! Policy (Chi et al. 2023).

use burn::Tensor;
use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, GroupNorm, GroupNormConfig, Initializer, Linear, LinearConfig, PaddingConfig2d,
};
use burn::tensor::Device;
use burn::tensor::activation::relu;
use cpu_kernels::{batch_norm, batch_norm_relu, conv2d};

/// Normalization after each convolution.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub enum NormKind {
    /// Batch normalization: batch statistics in training, running ones otherwise.
    Batch,
    /// Group normalization; `channels` must divide the network's width. It has no running statistics, so that an
    /// average of the weights (EMA) is a complete average of the model.
    Group {
        /// Channels per group; 16 in Diffusion Policy.
        channels: usize,
    },
}

/// A normalization layer of either kind; weight and bias are named as in PyTorch.
#[derive(Module, Debug)]
pub enum Norm {
    /// See [`NormKind::Batch`].
    Batch(BatchNorm),
    /// See [`NormKind::Group`].
    Group(GroupNorm),
}

impl Norm {
    fn new(kind: NormKind, features: usize, device: &Device) -> Self {
        match kind {
            NormKind::Batch => Self::Batch(BatchNormConfig::new(features).init(device)),
            NormKind::Group { channels } => {
                Self::Group(GroupNormConfig::new((features / channels).max(1), features).init(device))
            }
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Batch(norm) => batch_norm(norm, x),
            Self::Group(norm) => norm.forward(x),
        }
    }

    /// ReLU(norm(x) + residual).
    fn relu(&self, x: Tensor<4>, residual: Option<Tensor<4>>) -> Tensor<4> {
        match (self, residual) {
            (Self::Batch(norm), residual) => batch_norm_relu(norm, x, residual),
            (Self::Group(norm), Some(residual)) => relu(norm.forward(x) + residual),
            (Self::Group(norm), None) => relu(norm.forward(x)),
        }
    }
}

/// Two 3×3 convolutions with normalization, and a shortcut around them.
#[derive(Module, Debug)]
pub struct BasicBlock {
    conv1: Conv2d,
    bn1: Norm,
    conv2: Conv2d,
    bn2: Norm,
    /// `downsample.0` and `downsample.1`, where the shape changes.
    downsample: Option<(Conv2d, Norm)>,
}

impl BasicBlock {
    fn new(channels: [usize; 2], stride: usize, norm: NormKind, device: &Device) -> Self {
        let [_, out] = channels;
        let shape_changes = stride != 1 || channels[0] != out;
        Self {
            conv1: conv(channels, 3, stride, device),
            bn1: Norm::new(norm, out, device),
            conv2: conv([out, out], 3, 1, device),
            bn2: Norm::new(norm, out, device),
            downsample: shape_changes.then(|| {
                let shortcut = conv(channels, 1, stride, device);
                (shortcut, Norm::new(norm, out, device))
            }),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let shortcut = match &self.downsample {
            Some((conv, bn)) => bn.forward(conv2d(conv, x.clone())),
            None => x.clone(),
        };
        let x = self.bn1.relu(conv2d(&self.conv1, x), None);
        self.bn2.relu(conv2d(&self.conv2, x), Some(shortcut))
    }
}

/// Configuration of [`ResNet18`].
#[derive(Config, Debug, PartialEq, Eq)]
pub struct ResNet18Config {
    /// Outputs of the head; `None` leaves it out.
    pub outputs: Option<usize>,
    /// Channels of the first layer; the layers after it have 1, 2, 4 and 8 times as many.
    #[config(default = 64)]
    pub width: usize,
    /// Normalization after each convolution.
    #[config(default = "NormKind::Batch")]
    pub norm: NormKind,
}

impl ResNet18Config {
    /// Creates the network with random weights (He normal initialization for convolutions, as in torchvision).
    pub fn init(&self, device: &Device) -> ResNet18 {
        let (width, norm) = (self.width, self.norm);
        let layer = |channels: [usize; 2], stride| {
            let out = channels[1];
            vec![
                BasicBlock::new(channels, stride, norm, device),
                BasicBlock::new([out, out], 1, norm, device),
            ]
        };
        ResNet18 {
            conv1: conv([3, width], 7, 2, device),
            bn1: Norm::new(norm, width, device),
            maxpool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            layer1: layer([width, width], 1),
            layer2: layer([width, 2 * width], 2),
            layer3: layer([2 * width, 4 * width], 2),
            layer4: layer([4 * width, 8 * width], 2),
            avgpool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
            fc: self
                .outputs
                .map(|outputs| LinearConfig::new(8 * width, outputs).init(device)),
        }
    }
}

/// ResNet-18.
///
/// Input `[batch, 3, height, width]`, output `[batch, outputs]`.
#[derive(Module, Debug)]
pub struct ResNet18 {
    conv1: Conv2d,
    bn1: Norm,
    maxpool: MaxPool2d,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
    avgpool: AdaptiveAvgPool2d,
    fc: Option<Linear>,
}

impl ResNet18 {
    /// Computes the last layer's feature maps, `[batch, 8 · width, ⌈height / 32⌉, ⌈width / 32⌉]`.
    pub fn features(&self, frames: Tensor<4>) -> Tensor<4> {
        let mut x = self.maxpool.forward(self.bn1.relu(conv2d(&self.conv1, frames), None));
        for block in [&self.layer1, &self.layer2, &self.layer3, &self.layer4]
            .into_iter()
            .flatten()
        {
            x = block.forward(x);
        }
        x
    }

    /// Runs the network; shapes as given at the type. Without a head, returns the mean of each feature map,
    /// `[batch, 8 · width]`.
    pub fn forward(&self, frames: Tensor<4>) -> Tensor<2> {
        let pooled = self.avgpool.forward(self.features(frames)).flatten(1, 3);
        match &self.fc {
            Some(head) => head.forward(pooled),
            None => pooled,
        }
    }
}

/// A convolution with an odd kernel, without bias, padded so that the size is divided by the stride.
fn conv(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Conv2d {
    let [_, out] = channels;
    let half = kernel / 2;
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(half, half, half, half))
        .with_bias(false)
        // Variance 2 / (kernel² · channels out).
        .with_initializer(Initializer::Normal {
            mean: 0.0,
            std: (2.0 / (kernel * kernel * out) as f64).sqrt(),
        })
        .init(device)
}
