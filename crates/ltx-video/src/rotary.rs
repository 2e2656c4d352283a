//! Rotary position embedding of tokens.
//!
//! Source: Su et al., *RoFormer*, 2021, section 3.4, with the frequencies of the published LTX-Video. Pairs of
//! neighboring channels are rotated, over the whole width before it is split into heads. Angles reach 15,700, where the
//! last bit of a frequency matters, so everything is computed once per clip on the host, in f32 and in the order of the
//! published code.

use std::f32::consts::PI;

use burn::tensor::{DType, Device, Tensor, TensorData};
use nn_kit::in_dtype;

/// Ratio of the highest to the lowest frequency.
const THETA: f64 = 10_000.0;
/// Extents that coordinates are divided by: 20 s, 2048 px, 2048 px.
const EXTENT: [f32; 3] = [20.0, 2048.0, 2048.0];

/// Size of a latent: video frames, and pixels along a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatentScale {
    /// Frames per latent frame.
    pub temporal: usize,
    /// Pixels along a side.
    pub spatial: usize,
}

impl LatentScale {
    /// Scale of the published models.
    pub const PUBLISHED: Self = Self {
        temporal: 8,
        spatial: 32,
    };

    /// Returns the factors that convert latent indices to seconds and pixels.
    pub fn at(self, frame_rate: f64) -> [f64; 3] {
        let spatial = self.spatial as f64;
        [self.temporal as f64 / frame_rate, spatial, spatial]
    }
}

/// Coordinates of tokens (time, row, column) as fractions of the extents that the model was designed for.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinates {
    clips: usize,
    places: Vec<[f32; 3]>,
}

impl Coordinates {
    /// Coordinates of a grid of latents, frame by frame, the same for all clips. `scale` converts indices to seconds
    /// and pixels, which are divided by the extents; without it the indices are used as they are.
    ///
    /// Text-to-video pipelines and training use it with [`LatentScale::at`]. Unlike in [`Self::clip`], latent frame f
    /// is at video frame 8 f.
    pub fn grid(frames: usize, rows: usize, columns: usize, scale: Option<[f64; 3]>) -> Self {
        let place = |index: [usize; 3]| {
            std::array::from_fn(|axis| {
                let i = index[axis] as f32;
                scale.map_or(i, |scale| i * scale[axis] as f32 / EXTENT[axis])
            })
        };
        let places = indices(frames, rows, columns).map(place).collect();
        Self { clips: 1, places }
    }

    /// Explicit coordinates, `[clips, 3, tokens]`: time in seconds, row and column in pixels.
    pub fn explicit(clips: usize, coordinates: &[f32]) -> Self {
        let tokens = coordinates.len() / (3 * clips).max(1);
        let at = |clip: usize, axis: usize, token: usize| coordinates[(clip * 3 + axis) * tokens + token];
        let place = |clip, token| std::array::from_fn(|axis| at(clip, axis, token) / EXTENT[axis]);
        let places = (0..clips).flat_map(|clip| (0..tokens).map(move |token| place(clip, token)));
        Self {
            clips,
            places: places.collect(),
        }
    }

    /// Returns time in seconds and row and column in pixels, `[3][tokens]`, of a grid of latents whose first frame is
    /// frame `first` of the clip. Latent frame f is at max(0, 8 f − 7), since the first latent frame holds one frame
    /// only. The conditioned pipeline uses it for the clip and for conditioning frames with their own tokens.
    pub fn clip(size: [usize; 3], first: usize, frame_rate: f64, scale: LatentScale) -> [Vec<f32>; 3] {
        let [frames, rows, columns] = size;
        let (temporal, spatial) = (scale.temporal as f32, scale.spatial as f32);
        let axis = |axis: usize| {
            let of = |index: [usize; 3]| match axis {
                0 => {
                    let frame = (index[0] as f32 * temporal + 1.0 - temporal).max(0.0) + first as f32;
                    frame * (1.0 / frame_rate) as f32
                }
                axis => index[axis] as f32 * spatial,
            };
            indices(frames, rows, columns).map(of).collect()
        };
        [axis(0), axis(1), axis(2)]
    }
}

fn indices(frames: usize, rows: usize, columns: usize) -> impl Iterator<Item = [usize; 3]> {
    (0..frames).flat_map(move |f| (0..rows).flat_map(move |r| (0..columns).map(move |c| [f, r, c])))
}

/// Cosines and sines of the rotary embedding for each token.
#[derive(Clone, Debug)]
pub struct Rotary {
    /// `[clips or 1, tokens, width]`.
    cos: Tensor<3>,
    /// Sines, negated for the first channel of each pair.
    sin: Tensor<3>,
}

impl Rotary {
    /// Computes the rotations for vectors of `width` channels. If `width` is not a multiple of 6, the first channels
    /// are not rotated.
    pub fn new(coordinates: &Coordinates, width: usize, device: &Device) -> Self {
        let frequencies = frequencies(width / 6);
        let still = width % 6;
        let count = coordinates.places.len();
        let (mut cos, mut sin) = (Vec::with_capacity(count * width), Vec::with_capacity(count * width));
        for place in &coordinates.places {
            cos.extend(std::iter::repeat_n(1.0_f32, still));
            sin.extend(std::iter::repeat_n(0.0_f32, still));
            for frequency in &frequencies {
                for coordinate in place {
                    let (s, c) = f64::from(frequency * (coordinate * 2.0 - 1.0)).sin_cos();
                    cos.extend([c as f32; 2]);
                    sin.extend([-s as f32, s as f32]);
                }
            }
        }
        let tokens = count / coordinates.clips.max(1);
        let tensor = |values| {
            let data = TensorData::new(values, [coordinates.clips, tokens, width]);
            Tensor::from_data(data, (device, DType::F32))
        };
        Self {
            cos: tensor(cos),
            sin: tensor(sin),
        }
    }

    /// Returns the number of tokens.
    pub fn tokens(&self) -> usize {
        self.cos.dims()[1]
    }

    /// Rotates `[batch, tokens, width]`, in f32.
    pub fn turn(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, tokens, width] = x.dims();
        let dtype = x.dtype();
        let x = nn_kit::in_f32(x);
        let swapped = x.clone().reshape([batch, tokens, width / 2, 2]).flip([3]);
        let turned = x * self.cos.clone() + swapped.reshape([batch, tokens, width]) * self.sin.clone();
        in_dtype(turned, dtype)
    }

    /// Cosines and sines in the layout of the published implementation.
    #[cfg(feature = "parity")]
    pub(crate) fn parts(&self) -> (Tensor<3>, Tensor<3>) {
        let [clips, tokens, width] = self.sin.dims();
        let pairs = self.sin.clone().reshape([clips, tokens, width / 2, 2]);
        let second = pairs.narrow(3, 1, 1).repeat_dim(3, 2);
        (self.cos.clone(), second.reshape([clips, tokens, width]))
    }
}

/// θ^x · π/2 for `count` exponents x from 0 to 1, bit-equal to PyTorch's, which counts the second half of the exponents
/// down from 1 with one rounding.
fn frequencies(count: usize) -> Vec<f32> {
    let step = 1.0 / (count.saturating_sub(1)).max(1) as f32;
    let exponent = |i: usize| {
        if i < count / 2 {
            step * i as f32
        } else {
            (-step).mul_add((count - 1 - i) as f32, 1.0)
        }
    };
    // A single frequency is the lowest.
    let exponent = |i: usize| if count == 1 { 0.0 } else { exponent(i) };
    (0..count)
        .map(|i| THETA.powf(f64::from(exponent(i))) as f32 * PI / 2.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_those_of_the_published_code() {
        assert_eq!(frequencies(1), [PI / 2.0]);
        let five = frequencies(5);
        assert_eq!(five[0], PI / 2.0);
        assert_eq!(five[4], 10_000.0 * PI / 2.0);
        // A value for which one rounding and two differ, from PyTorch 2.9.1.
        assert_eq!(frequencies(16)[12], 2489.5447);
        assert_eq!((frequencies(64)[41], frequencies(64)[48]), (629.933, 1752.8268));
    }

    #[test]
    fn latent_frames_lie_at_the_first_of_theirs_or_at_the_last() {
        let grid = Coordinates::grid(3, 1, 1, Some(LatentScale::PUBLISHED.at(25.0)));
        let seconds: Vec<f32> = grid.places.iter().map(|p| p[0] * 20.0).collect();
        assert!(
            (seconds[1] - 0.32).abs() < 1e-6 && (seconds[2] - 0.64).abs() < 1e-6,
            "{seconds:?}"
        );
        let [frames, rows, columns] = Coordinates::clip([3, 1, 2], 16, 1.0, LatentScale::PUBLISHED);
        assert_eq!(frames, [16.0, 16.0, 17.0, 17.0, 25.0, 25.0]);
        assert_eq!((rows[1], columns[1]), (0.0, 32.0));
    }

    #[test]
    fn turning_keeps_lengths_and_the_first_channels() {
        let device = Device::flex();
        let rotary = Rotary::new(&Coordinates::grid(1, 1, 2, Some([1.0; 3])), 8, &device);
        let x = Tensor::<3>::from_floats([[[1.0; 8], [2.0; 8]]], &device);
        let turned: Vec<f32> = rotary.turn(x).into_data().iter::<f32>().collect();
        assert_eq!(turned[..2], [1.0, 1.0]);
        assert!(turned[2..8].iter().any(|v| (v - 1.0).abs() > 0.1));
        let pair = |i: usize| turned[i].hypot(turned[i + 1]);
        assert!((pair(2) - 2.0_f32.sqrt()).abs() < 1e-6 && (pair(14) - 8.0_f32.sqrt()).abs() < 1e-5);
    }
}
