//! The image encoder of Diffusion Policy (Chi et al. 2023, section 3.2): ResNet-18 with group normalization in place of
//! batch normalization, which LeRobot keeps for pretrained weights, and spatial softmax in place of the pooling.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Device, TensorData};

use crate::resnet::{NormKind, ResNet18, ResNet18Config};

/// Channels of one group of the normalization.
const GROUP: usize = 16;

/// Spatial softmax: expected image position of each learned feature (Levine et al. 2016, section 4.2).
#[derive(Module, Debug)]
struct SpatialSoftmax {
    nets: Conv2d,
}

impl SpatialSoftmax {
    /// Maps `[batch, channels, height, width]` to the expected x and y of each feature, in [−1, 1]:
    /// `[batch, 2 · features]`.
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

/// Image encoder: ResNet-18, spatial softmax over learned features, a linear layer.
#[derive(Module, Debug)]
pub struct RgbEncoder {
    backbone: ResNet18,
    pool: SpatialSoftmax,
    out: Linear,
}

impl RgbEncoder {
    /// Creates the encoder with `keypoints` features; the output has twice as many numbers.
    pub fn new(keypoints: usize, device: &Device) -> Self {
        Self::with_norm(keypoints, NormKind::Group { channels: GROUP }, device)
    }

    /// [`Self::new`] with another normalization.
    pub fn with_norm(keypoints: usize, norm: NormKind, device: &Device) -> Self {
        let backbone = ResNet18Config::new().with_norm(norm).init(device);
        Self {
            backbone,
            pool: SpatialSoftmax {
                nets: Conv2dConfig::new([512, keypoints], [1, 1]).init(device),
            },
            out: LinearConfig::new(2 * keypoints, 2 * keypoints).init(device),
        }
    }

    /// Maps images `[batch, 3, height, width]`, cropped and normalized, to `[batch, 2 · keypoints]`.
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<2> {
        let x = self.backbone.features(pictures);
        relu(self.out.forward(self.pool.forward(x)))
    }
}
