//! The image encoder of Diffusion Policy (Chi et al. 2023, section 3.2): ResNet-18 with group normalisation in place of
//! batch normalisation, and spatial softmax in place of the pooling.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{GroupNorm, GroupNormConfig, Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Device, TensorData};

/// Channels of one group of the normalisation.
const GROUP: usize = 16;

/// Two 3×3 convolutions with group normalisation beside a shortcut.
#[derive(Module, Debug)]
struct Block {
    conv1: Conv2d,
    bn1: GroupNorm,
    conv2: Conv2d,
    bn2: GroupNorm,
    /// Where the shape changes.
    downsample: Option<(Conv2d, GroupNorm)>,
}

impl Block {
    fn new(channels: [usize; 2], stride: usize, device: &Device) -> Self {
        let out = channels[1];
        let shape_changes = stride != 1 || channels[0] != out;
        Self {
            conv1: conv(channels, 3, stride, device),
            bn1: norm(out, device),
            conv2: conv([out, out], 3, 1, device),
            bn2: norm(out, device),
            downsample: shape_changes.then(|| (conv(channels, 1, stride, device), norm(out, device))),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let shortcut = match &self.downsample {
            Some((conv, norm)) => norm.forward(conv.forward(x.clone())),
            None => x.clone(),
        };
        let x = relu(self.bn1.forward(self.conv1.forward(x)));
        relu(self.bn2.forward(self.conv2.forward(x)) + shortcut)
    }
}

/// All of ResNet-18 before its pooling.
#[derive(Module, Debug)]
struct Backbone {
    conv1: Conv2d,
    bn1: GroupNorm,
    maxpool: MaxPool2d,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
}

/// Where in the picture each of some learned features is (Levine et al. 2016, section 4.2).
#[derive(Module, Debug)]
struct SpatialSoftmax {
    nets: Conv2d,
}

impl SpatialSoftmax {
    /// `[batch, channels, height, width]` to the expected x and y of each feature, in [−1, 1]: `[batch, 2 · features]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.nets.forward(x);
        let [batch, features, height, width] = x.dims();
        let attention = softmax(x.reshape([batch * features, height * width]), 1);
        let place = |i: usize, count: usize| match count {
            1 => -1.0,
            _ => (-1.0 + i as f64 * (2.0 / (count - 1) as f64)) as f32,
        };
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let grid: Vec<f32> = rows.flat_map(|(x, y)| [place(x, width), place(y, height)]).collect();
        let grid = Tensor::<2>::from_data(TensorData::new(grid, [height * width, 2]), &attention.device());
        attention.matmul(grid).reshape([batch, 2 * features])
    }
}

/// Pictures to numbers.
#[derive(Module, Debug)]
pub(super) struct RgbEncoder {
    backbone: Backbone,
    pool: SpatialSoftmax,
    out: Linear,
}

impl RgbEncoder {
    /// With `keypoints` features; gives twice as many numbers.
    pub(super) fn new(keypoints: usize, device: &Device) -> Self {
        let layer = |channels: [usize; 2], stride| {
            let out = channels[1];
            vec![Block::new(channels, stride, device), Block::new([out, out], 1, device)]
        };
        let backbone = Backbone {
            conv1: conv([3, 64], 7, 2, device),
            bn1: norm(64, device),
            maxpool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            layer1: layer([64, 64], 1),
            layer2: layer([64, 128], 2),
            layer3: layer([128, 256], 2),
            layer4: layer([256, 512], 2),
        };
        Self {
            backbone,
            pool: SpatialSoftmax {
                nets: Conv2dConfig::new([512, keypoints], [1, 1]).init(device),
            },
            out: LinearConfig::new(2 * keypoints, 2 * keypoints).init(device),
        }
    }

    /// `[batch, 3, height, width]`, cropped and normalised, to `[batch, 2 · keypoints]`.
    pub(super) fn forward(&self, pictures: Tensor<4>) -> Tensor<2> {
        let net = &self.backbone;
        let x = relu(net.bn1.forward(net.conv1.forward(pictures)));
        let mut x = net.maxpool.forward(x);
        for block in [&net.layer1, &net.layer2, &net.layer3, &net.layer4]
            .into_iter()
            .flatten()
        {
            x = block.forward(x);
        }
        relu(self.out.forward(self.pool.forward(x)))
    }
}

fn norm(channels: usize, device: &Device) -> GroupNorm {
    GroupNormConfig::new(channels / GROUP, channels).init(device)
}

/// Without bias; keeps the size divided by the stride.
fn conv(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Conv2d {
    let half = kernel / 2;
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(half, half, half, half))
        .with_bias(false)
        // Variance 2 / (kernel² · channels out), as torchvision.
        .with_initializer(Initializer::Normal {
            mean: 0.0,
            std: (2.0 / (kernel * kernel * channels[1]) as f64).sqrt(),
        })
        .init(device)
}
