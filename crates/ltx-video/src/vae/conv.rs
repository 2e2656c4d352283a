//! Convolutions over frames, and rearrangements between space and channels.

use burn::module::Module;
use burn::nn::PaddingConfig3d;
use burn::nn::conv::{Conv3d, Conv3dConfig};
use burn::tensor::{Device, Tensor};

/// Convolution over frames. With `causal`, a frame only sees earlier frames, and the first frame is repeated before the
/// start; otherwise the first and the last frame are repeated on both sides. Rows and columns are padded with zeros.
#[derive(Module, Debug)]
pub(super) struct FrameConv {
    conv: Conv3d,
}

impl FrameConv {
    pub(super) fn new(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Self {
        let half = kernel / 2;
        Self {
            conv: Conv3dConfig::new(channels, [kernel; 3])
                .with_stride([stride; 3])
                .with_padding(PaddingConfig3d::Explicit(0, half, half))
                .init(device),
        }
    }

    /// Applies the convolution to `[batch, channels, frames, rows, columns]`.
    pub(super) fn forward(&self, x: Tensor<5>, causal: bool) -> Tensor<5> {
        let before = self.conv.kernel_size[0] - 1;
        if before == 0 {
            return self.conv.forward(x);
        }
        let last = x.dims()[2] - 1;
        let repeat = |frame: usize, times: usize| x.clone().narrow(2, frame, 1).repeat_dim(2, times);
        let padded = if causal {
            Tensor::cat(vec![repeat(0, before), x.clone()], 2)
        } else {
            let half = before / 2;
            Tensor::cat(vec![repeat(0, half), x.clone(), repeat(last, half)], 2)
        };
        self.conv.forward(padded)
    }
}

/// Moves blocks of frames, rows and columns into channels, in the order (channel, frame, row, column).
pub(super) fn space_to_depth(x: Tensor<5>, factors: [usize; 3]) -> Tensor<5> {
    let [batch, channels, frames, rows, columns] = x.dims();
    let [t, h, w] = factors;
    let (frames, rows, columns) = (frames / t, rows / h, columns / w);
    x.reshape([batch, channels, frames, t, rows, h, columns, w])
        .permute([0, 1, 3, 5, 7, 2, 4, 6])
        .reshape([batch, channels * t * h * w, frames, rows, columns])
}

/// Inverse of [`space_to_depth`].
pub(super) fn depth_to_space(x: Tensor<5>, factors: [usize; 3]) -> Tensor<5> {
    let [batch, channels, frames, rows, columns] = x.dims();
    let [t, h, w] = factors;
    x.reshape([batch, channels / (t * h * w), t, h, w, frames, rows, columns])
        .permute([0, 1, 5, 2, 6, 3, 7, 4])
        .reshape([batch, channels / (t * h * w), frames * t, rows * h, columns * w])
}

/// Moves patches of pixels into channels, in the order (channel, frame, column, row): columns before rows.
pub(super) fn patches(x: Tensor<5>, side: usize, frames: usize) -> Tensor<5> {
    let [batch, channels, count, rows, columns] = x.dims();
    let (count, rows, columns) = (count / frames, rows / side, columns / side);
    x.reshape([batch, channels, count, frames, rows, side, columns, side])
        .permute([0, 1, 3, 7, 5, 2, 4, 6])
        .reshape([batch, channels * frames * side * side, count, rows, columns])
}

/// Inverse of [`patches`].
pub(super) fn pixels(x: Tensor<5>, side: usize, frames: usize) -> Tensor<5> {
    let [batch, channels, count, rows, columns] = x.dims();
    let channels = channels / (frames * side * side);
    x.reshape([batch, channels, frames, side, side, count, rows, columns])
        .permute([0, 1, 5, 2, 6, 4, 7, 3])
        .reshape([batch, channels, count * frames, rows * side, columns * side])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Int, TensorData};

    use super::*;

    #[test]
    fn rearrangements_come_back_and_columns_go_before_rows() {
        let device = Device::flex();
        let all = [1, 2, 2, 4, 6];
        let count: usize = all.iter().product();
        let x = Tensor::<1, Int>::arange(0..count as i64, &device).float().reshape(all);
        let same = |a: Tensor<5>| assert_eq!(a.into_data(), x.to_data());
        same(depth_to_space(space_to_depth(x.clone(), [2, 2, 2]), [2, 2, 2]));
        same(pixels(patches(x.clone(), 2, 1), 2, 1));
        let patch: Vec<f32> = patches(x.clone(), 2, 1)
            .slice([0..1, 0..4, 0..1, 0..1, 0..1])
            .into_data()
            .iter::<f32>()
            .collect();
        // Pixels (0,0), (1,0), (0,1), (1,1) as (row, column).
        assert_eq!(patch, [0.0, 6.0, 1.0, 7.0]);
        let space: Vec<f32> = space_to_depth(x, [1, 2, 2])
            .slice([0..1, 0..4, 0..1, 0..1, 0..1])
            .into_data()
            .iter::<f32>()
            .collect();
        assert_eq!(space, [0.0, 1.0, 6.0, 7.0]);
    }

    #[test]
    fn causal_frames_see_none_that_come_later() {
        let device = Device::flex();
        let conv = FrameConv::new([1, 1], 3, 1, &device);
        let clip = |last: f32| {
            let mut values = vec![1.0_f32; 4 * 9];
            values[27..].fill(last);
            Tensor::<5>::from_data(TensorData::new(values, [1, 1, 4, 3, 3]), &device)
        };
        let first = |x: Tensor<5>| x.narrow(2, 0, 3).into_data();
        assert_eq!(
            first(conv.forward(clip(1.0), true)),
            first(conv.forward(clip(5.0), true))
        );
        assert_ne!(
            first(conv.forward(clip(1.0), false)),
            first(conv.forward(clip(5.0), false))
        );
    }
}
