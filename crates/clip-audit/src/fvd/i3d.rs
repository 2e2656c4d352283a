//! Inflated 3D Inception (Carreira and Zisserman, "Quo Vadis, Action Recognition?", 2017), as FVD uses it.

use super::FvdError;
use super::layers::{Unit, pool, values};
use super::resize::{SIDE, planes};
use crate::frechet_of_features;
use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;
use nn_kit::Checkpoint;
use std::path::Path;

/// Fewest frames of a video; shorter ones leave nothing for the last pooling.
pub const I3D_FRAMES: usize = 9;

/// Classes of Kinetics-400; their logits are FVD's features.
pub const I3D_CLASSES: usize = 400;

/// Channels before the classifier.
const WIDTH: usize = 1024;

/// Channels of a mixed block's branches: 1 × 1; 1 × 1 and 3 × 3; 1 × 1 and 3 × 3; after the pooling.
type Branches = [usize; 6];

/// Name, input channels and branches of each mixed block.
const MIXED: [(&str, usize, Branches); 9] = [
    ("Mixed_3b", 192, [64, 96, 128, 16, 32, 32]),
    ("Mixed_3c", 256, [128, 128, 192, 32, 96, 64]),
    ("Mixed_4b", 480, [192, 96, 208, 16, 48, 64]),
    ("Mixed_4c", 512, [160, 112, 224, 24, 64, 64]),
    ("Mixed_4d", 512, [128, 128, 256, 24, 64, 64]),
    ("Mixed_4e", 512, [112, 144, 288, 32, 64, 64]),
    ("Mixed_4f", 528, [256, 160, 320, 32, 128, 128]),
    ("Mixed_5b", 832, [256, 160, 320, 32, 128, 128]),
    ("Mixed_5c", 832, [384, 192, 384, 48, 128, 128]),
];

/// A mixed block: four parallel branches.
#[derive(Clone, Debug)]
struct Mixed {
    units: [Unit; 6],
}

impl Mixed {
    fn load(file: &Checkpoint, index: usize, device: &Device) -> Result<Self, FvdError> {
        let (name, before, [a, b1, b2, c1, c2, d]) = MIXED[index];
        let unit = |part: &str, channels: [usize; 2], kernel: usize| {
            Unit::load(file, &format!("{name}.{part}"), channels, kernel, 1, device)
        };
        Ok(Self {
            units: [
                unit("b0", [before, a], 1)?,
                unit("b1a", [before, b1], 1)?,
                unit("b1b", [b1, b2], 3)?,
                unit("b2a", [before, c1], 1)?,
                unit("b2b", [c1, c2], 3)?,
                unit("b3b", [before, d], 1)?,
            ],
        })
    }

    fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        let [a, b1, b2, c1, c2, d] = &self.units;
        let branches = vec![
            a.forward(x.clone()),
            b2.forward(b1.forward(x.clone())),
            c2.forward(c1.forward(x.clone())),
            d.forward(pool(x, [3; 3], [1; 3])),
        ];
        Tensor::cat(branches, 1)
    }
}

/// The I3D network, for inference.
#[derive(Clone, Debug)]
pub struct I3d {
    stem: [Unit; 3],
    mixed: Vec<Mixed>,
    /// `[1024, 400]`.
    weight: Tensor<2>,
    /// `[1, 400]`.
    bias: Tensor<2>,
    device: Device,
}

impl I3d {
    /// Reads the published weights (`rgb_imagenet.pt` of the PyTorch conversion, or the same names in `.safetensors`).
    ///
    /// # Errors
    /// A file that cannot be read, or tensors that are missing or of another shape.
    pub fn load(path: &Path, device: &Device) -> Result<Self, FvdError> {
        let file = Checkpoint::open(path)?.rooted("Conv3d_1a_7x7.conv3d.weight")?;
        let unit = |name: &str, channels: [usize; 2], kernel: usize, stride: usize| {
            Unit::load(&file, name, channels, kernel, stride, device)
        };
        let stem = [
            unit("Conv3d_1a_7x7", [3, 64], 7, 2)?,
            unit("Conv3d_2b_1x1", [64, 64], 1, 1)?,
            unit("Conv3d_2c_3x3", [64, 192], 3, 1)?,
        ];
        let mixed = (0..MIXED.len()).map(|index| Mixed::load(&file, index, device));
        let mixed = mixed.collect::<Result<Vec<_>, _>>()?;
        let weight = values(&file, "logits.conv3d.weight", &[I3D_CLASSES, WIDTH, 1, 1, 1])?;
        let bias = values(&file, "logits.conv3d.bias", &[I3D_CLASSES])?;
        let weight: Tensor<2> = Tensor::from_data(TensorData::new(weight, [I3D_CLASSES, WIDTH]), device);
        Ok(Self {
            stem,
            mixed,
            weight: weight.transpose(),
            bias: Tensor::from_data(TensorData::new(bias, [1, I3D_CLASSES]), device),
            device: device.clone(),
        })
    }

    /// The features of one video: the 400 logits, averaged over time. Frames of any size are resampled to 224 × 224.
    ///
    /// # Errors
    /// Fewer than [`I3D_FRAMES`] frames, or frames of several sizes.
    pub fn features(&self, video: &[RgbImage]) -> Result<Vec<f64>, FvdError> {
        let frames = video.len();
        if frames < I3D_FRAMES {
            return Err(FvdError::TooShort {
                found: frames,
                needed: I3D_FRAMES,
            });
        }
        let data = TensorData::new(planes(video)?, [1, 3, frames, SIDE, SIDE]);
        let logits = self.forward(Tensor::from_data(data, &self.device));
        let values = logits.into_data().try_to_vec::<f32>();
        let values = values.map_err(|error| FvdError::Device {
            reason: error.to_string(),
        })?;
        Ok(values.into_iter().map(f64::from).collect())
    }

    /// `[1, 3, frames, 224, 224]` to `[1, 400]`.
    fn forward(&self, x: Tensor<5>) -> Tensor<2> {
        let [first, second, third] = &self.stem;
        let mut x = pool(first.forward(x), [1, 3, 3], [1, 2, 2]);
        x = pool(third.forward(second.forward(x)), [1, 3, 3], [1, 2, 2]);
        for (index, mixed) in self.mixed.iter().enumerate() {
            // Pooling before Mixed_4b and Mixed_5b.
            x = match index {
                2 => pool(x, [3; 3], [2; 3]),
                7 => pool(x, [2; 3], [2; 3]),
                _ => x,
            };
            x = mixed.forward(x);
        }
        // Rows and columns (7 × 7) and two frames each are averaged; logits are linear, so their mean over time is that of the
        // averages.
        let [_, channels, frames, rows, columns] = x.dims();
        let x = x.reshape([channels, frames, rows * columns]).mean_dim(2);
        let x = x.reshape([channels, frames]);
        let pairs = x.clone().narrow(1, 0, frames - 1) + x.narrow(1, 1, frames - 1);
        let mean = (pairs * 0.5).mean_dim(1).reshape([1, channels]);
        mean.matmul(self.weight.clone()) + self.bias.clone()
    }
}

/// The Fréchet video distance between two sets of features ([`I3d::features`], one row per video).
///
/// # Errors
/// Fewer than two videos in a set.
pub fn fvd(real: &[Vec<f64>], other: &[Vec<f64>]) -> Result<f64, FvdError> {
    Ok(frechet_of_features(real, other)?)
}
