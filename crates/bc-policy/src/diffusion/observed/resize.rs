//! Resizing of pictures as torchvision does it (bilinear, with antialiasing), and the crop after it.

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use serde::{Deserialize, Serialize};

use super::config::center_offset;

/// Largest side, px.
const LARGEST: usize = 1024;

/// Sizes of pictures on their way to the encoder; height and width, px.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Resize {
    /// After resizing.
    pub(super) size: [usize; 2],
    /// Of the crop at the center.
    pub(super) crop: [usize; 2],
}

impl Resize {
    /// Whether all sizes are usable.
    pub(super) fn is_sound(&self) -> bool {
        let sides = self.size.into_iter().zip(self.crop);
        sides
            .into_iter()
            .all(|(size, crop)| (1..=LARGEST).contains(&size) && (1..=size).contains(&crop))
    }

    /// Resizes and crops `[pictures, channels, height, width]`.
    pub(super) fn apply(&self, pictures: Tensor<4>) -> Tensor<4> {
        let [count, channels, height, width] = pictures.dims();
        let device = pictures.device();
        let [rows, columns] = self.size;
        let along = |x: Tensor<3>, from: usize, to: usize| x.matmul(weights(from, to, &device).unsqueeze_dim(0));
        let x = along(pictures.reshape([1, count * channels * height, width]), width, columns);
        let x = x.reshape([count * channels, height, columns]).swap_dims(1, 2);
        let x = along(x.reshape([1, count * channels * columns, height]), height, rows);
        let x = x.reshape([count * channels, columns, rows]).swap_dims(1, 2);
        let [top, left] = center_offset(self.size, self.crop);
        x.reshape([count, channels, rows, columns])
            .narrow(2, top, self.crop[0])
            .narrow(3, left, self.crop[1])
    }
}

/// Weights `[from, to]` of the pixels of a line in each pixel of the resized line: a triangle around its center, as wide
/// as the pixels of the smaller of both lines.
fn weights(from: usize, to: usize, device: &Device) -> Tensor<2> {
    let step = from as f64 / to as f64;
    let reach = step.max(1.0);
    let mut values = vec![0.0_f32; from * to];
    for at in 0..to {
        let center = step * (at as f64 + 0.5);
        let first = (center - reach + 0.5).max(0.0) as usize;
        let last = ((center + reach + 0.5) as usize).min(from);
        let weight = |pixel: usize| (1.0 - ((pixel as f64 - center + 0.5) / reach).abs()).max(0.0);
        let sum: f64 = (first..last).map(weight).sum();
        for pixel in first..last {
            values[pixel * to + at] = (weight(pixel) / sum) as f32;
        }
    }
    Tensor::from_data(TensorData::new(values, [from, to]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_size_changes_nothing_and_half_of_it_averages() {
        let device = Device::flex();
        let x = Tensor::<4>::from_data([[[[1.0, 2.0, 4.0, 8.0], [3.0, 5.0, 7.0, 9.0]]]], &device);
        let resized = |size, crop| Resize { size, crop }.apply(x.clone()).into_data();
        assert_eq!(resized([2, 4], [2, 4]), x.clone().into_data());
        // torch.nn.functional.interpolate(x, (1, 2), mode="bilinear", antialias=True).
        let found = resized([1, 2], [1, 2]).try_to_vec::<f32>().unwrap();
        for (found, expected) in found.iter().zip([3.142_857, 6.5]) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
        assert_eq!(
            resized([2, 4], [2, 2]).try_to_vec::<f32>().unwrap(),
            [2.0, 4.0, 5.0, 7.0]
        );
    }
}
