//! ResNet-18 (He et al. 2016), with torchvision's architecture and parameter names, so that its weights load.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::Device;
use burn::tensor::activation::relu;

/// Two 3×3 convolutions with batch normalisation beside a shortcut.
#[derive(Module, Debug)]
pub struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    /// `downsample.0` and `downsample.1`, where the shape changes.
    downsample: Option<(Conv2d, BatchNorm)>,
}

impl BasicBlock {
    fn new(channels: [usize; 2], stride: usize, device: &Device) -> Self {
        let [_, out] = channels;
        let shape_changes = stride != 1 || channels[0] != out;
        Self {
            conv1: conv(channels, 3, stride, device),
            bn1: BatchNormConfig::new(out).init(device),
            conv2: conv([out, out], 3, 1, device),
            bn2: BatchNormConfig::new(out).init(device),
            downsample: shape_changes.then(|| {
                let shortcut = conv(channels, 1, stride, device);
                (shortcut, BatchNormConfig::new(out).init(device))
            }),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let shortcut = match &self.downsample {
            Some((conv, bn)) => bn.forward(conv.forward(x.clone())),
            None => x.clone(),
        };
        let x = relu(self.bn1.forward(self.conv1.forward(x)));
        relu(self.bn2.forward(self.conv2.forward(x)) + shortcut)
    }
}

/// ResNet-18 with a head of `outputs`.
///
/// Input `[batch, 3, height, width]`, output `[batch, outputs]`.
#[derive(Module, Debug)]
pub struct ResNet18 {
    conv1: Conv2d,
    bn1: BatchNorm,
    maxpool: MaxPool2d,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
    avgpool: AdaptiveAvgPool2d,
    fc: Linear,
}

impl ResNet18 {
    /// With random weights (He's normal initialisation for convolutions, as torchvision).
    pub fn new(outputs: usize, device: &Device) -> Self {
        let layer = |channels: [usize; 2], stride| {
            let out = channels[1];
            vec![
                BasicBlock::new(channels, stride, device),
                BasicBlock::new([out, out], 1, device),
            ]
        };
        Self {
            conv1: conv([3, 64], 7, 2, device),
            bn1: BatchNormConfig::new(64).init(device),
            maxpool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            layer1: layer([64, 64], 1),
            layer2: layer([64, 128], 2),
            layer3: layer([128, 256], 2),
            layer4: layer([256, 512], 2),
            avgpool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
            fc: LinearConfig::new(512, outputs).init(device),
        }
    }

    /// See the type's shapes.
    pub fn forward(&self, frames: Tensor<4>) -> Tensor<2> {
        let mut x = self.maxpool.forward(relu(self.bn1.forward(self.conv1.forward(frames))));
        for block in [&self.layer1, &self.layer2, &self.layer3, &self.layer4]
            .into_iter()
            .flatten()
        {
            x = block.forward(x);
        }
        self.fc.forward(self.avgpool.forward(x).flatten(1, 3))
    }
}

/// A convolution of an odd kernel without bias that keeps the size divided by the stride.
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
