//! Cubes of pixels to channels and back.
//!
//! With side p = 2ⁿ, the first frame is repeated p − 1 times in front of the clip, so that the first cube holds it
//! alone. The Haar wavelet transform takes sums and differences of neighbors in time, height and width (eight bands,
//! each divided by eight), n times. As one matrix, a channel is Σ ± pixel / p³.

use burn::tensor::{Device, Tensor};
use nn_kit::in_dtype;

use super::config::PatchMethod;
use super::layers::Clip;

/// Conversion between pixels and cubes of one side and method.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cubes {
    pub side: usize,
    pub method: PatchMethod,
}

impl Cubes {
    /// Cuts `[batch, channels, frames, height, width]` with 1 + p·k frames into `[batch · (k + 1), channels · p³, …]`.
    pub(super) fn cut(self, video: Tensor<5>) -> Clip {
        let p = self.side;
        let first = video.clone().narrow(2, 0, 1).repeat_dim(2, p - 1);
        let video = if p > 1 {
            Tensor::cat(vec![first, video], 2)
        } else {
            video
        };
        let [batch, channels, frames, height, width] = video.dims();
        let (t, h, w) = (frames / p, height / p, width / p);
        let x = video.reshape([batch, channels, t, p, h, p, w, p]);
        let all = channels * p.pow(3);
        let x = match self.method {
            PatchMethod::Rearrange => x.permute([0, 2, 1, 3, 5, 7, 4, 6]),
            PatchMethod::Haar => {
                let x = x.permute([0, 2, 3, 5, 7, 1, 4, 6]);
                let x: Tensor<3> = x.reshape([batch * t, p.pow(3), channels * h * w]);
                let bands = in_dtype(self.bands(1.0 / p.pow(3) as f32, &x.device()), x.dtype());
                return Clip {
                    x: bands.unsqueeze().matmul(x).reshape([batch * t, all, h, w]),
                    frames: t,
                };
            }
        };
        Clip {
            x: x.reshape([batch * t, all, h, w]),
            frames: t,
        }
    }

    /// Inverse of [`Self::cut`].
    pub(super) fn join(self, clip: Clip) -> Tensor<5> {
        let p = self.side;
        let [all, channels, h, w] = clip.x.dims();
        let (t, channels) = (clip.frames, channels / p.pow(3));
        let batch = all / t;
        let video = match self.method {
            PatchMethod::Rearrange => {
                let x = clip.x.reshape([batch, t, channels, p, p, p, h, w]);
                x.permute([0, 2, 1, 3, 6, 4, 7, 5])
            }
            PatchMethod::Haar => {
                let x: Tensor<3> = clip.x.reshape([all, p.pow(3), channels * h * w]);
                let bands = in_dtype(self.bands(1.0, &x.device()).transpose(), x.dtype());
                let x = bands.unsqueeze().matmul(x).reshape([batch, t, p, p, p, channels, h, w]);
                x.permute([0, 5, 1, 2, 6, 3, 7, 4])
            }
        };
        let video = video.reshape([batch, channels, t * p, h * p, w * p]);
        video.narrow(2, p - 1, t * p - (p - 1))
    }

    /// Signs of the bands (rows) at the pixels of a cube (columns), multiplied by `factor`.
    fn bands(self, factor: f32, device: &Device) -> Tensor<2> {
        let p = self.side;
        // In a band's number, the last three binary digits (time, height, width) belong to the first transform, which
        // combines adjacent pixels; the next three belong to the second, and so on.
        let sign = |band: usize, places: [usize; 3]| {
            let mut odd = 0;
            for level in 0..p.trailing_zeros() as usize {
                for (axis, place) in places.into_iter().enumerate() {
                    odd += (band >> (3 * level + 2 - axis)) & (place >> level) & 1;
                }
            }
            if odd % 2 == 0 { factor } else { -factor }
        };
        let pixels = p.pow(3);
        let values: Vec<f32> = (0..pixels * pixels)
            .map(|i| (i / pixels, i % pixels))
            .map(|(band, pixel)| sign(band, [pixel / (p * p), pixel / p % p, pixel % p]))
            .collect();
        Tensor::<1>::from_floats(values.as_slice(), device).reshape([pixels, pixels])
    }
}
