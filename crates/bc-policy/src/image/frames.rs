//! Frames as tensors: interleaved bytes to normalized planes per channel, optionally cropped to a square.

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use pusht_data::FrameNorm;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::error::BcError;

/// Side of the images, px.
pub(crate) const SIDE: usize = 96;

/// Refuses frames of another size.
pub(crate) fn check_size((width, height): (u32, u32)) -> Result<(), BcError> {
    if (width as usize, height as usize) == (SIDE, SIDE) {
        return Ok(());
    }
    Err(BcError::FrameSize { width, height })
}

/// Converts bytes to normalized numbers.
#[derive(Clone, Debug)]
pub(crate) struct Pixels {
    /// Normalized number of each byte value, per channel.
    table: [[f32; 256]; 3],
    /// Side of the crop, px.
    side: usize,
}

impl Pixels {
    /// Creates it for a network on squares of `side` px.
    pub(crate) fn new(norm: &FrameNorm, side: usize) -> Self {
        let mut table = [[0.0; 256]; 3];
        for value in 0..=255_u8 {
            for (channel, normalized) in norm.normalize([value; 3]).into_iter().enumerate() {
                table[channel][usize::from(value)] = normalized;
            }
        }
        Self { table, side }
    }

    /// Center crops. `frames` has 96 × 96 × 3 bytes per frame; returns `[batch, 3, side, side]`.
    pub(crate) fn center_crop(&self, frames: &[u8], device: &Device) -> Tensor<4> {
        let corner = [(SIDE - self.side) / 2; 2];
        self.cut(frames, |_| corner, device)
    }

    /// As [`Pixels::center_crop`], with random crops drawn from `seed`.
    pub(crate) fn anywhere(&self, frames: &[u8], seed: u64, device: &Device) -> Tensor<4> {
        let mut rng = Pcg64::seed_from_u64(seed);
        let room = SIDE - self.side;
        let corners: Vec<[usize; 2]> = (0..frames.len() / (3 * SIDE * SIDE))
            .map(|_| [rng.random_range(0..=room), rng.random_range(0..=room)])
            .collect();
        self.cut(frames, |frame| corners[frame], device)
    }

    /// Crops; `corner` gives the first row and column.
    fn cut(&self, frames: &[u8], corner: impl Fn(usize) -> [usize; 2], device: &Device) -> Tensor<4> {
        let (side, bytes) = (self.side, 3 * SIDE * SIDE);
        let batch = frames.len() / bytes;
        let mut numbers = vec![0.0; batch * 3 * side * side];
        let outputs = numbers.chunks_exact_mut(3 * side * side);
        for (index, (frame, planes)) in frames.chunks_exact(bytes).zip(outputs).enumerate() {
            let [top, left] = corner(index);
            let (red, rest) = planes.split_at_mut(side * side);
            let (green, blue) = rest.split_at_mut(side * side);
            let rows = red
                .chunks_exact_mut(side)
                .zip(green.chunks_exact_mut(side))
                .zip(blue.chunks_exact_mut(side));
            for (y, ((red, green), blue)) in rows.enumerate() {
                let start = 3 * ((top + y) * SIDE + left);
                let pixels = frame[start..start + 3 * side].chunks_exact(3);
                for (((pixel, red), green), blue) in pixels.zip(red).zip(green).zip(blue) {
                    *red = self.table[0][usize::from(pixel[0])];
                    *green = self.table[1][usize::from(pixel[1])];
                    *blue = self.table[2][usize::from(pixel[2])];
                }
            }
        }
        Tensor::from_data(TensorData::new(numbers, [batch, 3, side, side]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_show_the_right_pixels() {
        let norm = FrameNorm {
            mean: [0.0, 0.5, 0.0],
            std: [1.0, 1.0, 0.5],
        };
        let frames: Vec<u8> = (0..2 * SIDE * SIDE)
            .flat_map(|i| [(i % SIDE) as u8, (i / SIDE) as u8, 7])
            .collect();
        let device = Device::flex();
        let whole: Vec<f32> = Pixels::new(&norm, SIDE)
            .center_crop(&frames, &device)
            .try_into_vec_as()
            .unwrap();
        let planes = SIDE * SIDE;
        assert_eq!(whole[5], 5.0 / 255.0);
        assert_eq!(whole[planes + 3 * SIDE], 3.0 / 255.0 - 0.5);
        assert_eq!(whole[2 * planes], 2.0 * 7.0 / 255.0);

        let pixels = Pixels::new(&norm, 84);
        let middle: Vec<f32> = pixels.center_crop(&frames, &device).try_into_vec_as().unwrap();
        assert_eq!(middle[0], 6.0 / 255.0);
        let cut = |seed| {
            pixels
                .anywhere(&frames, seed, &device)
                .try_into_vec_as::<f32>()
                .unwrap()
        };
        assert_eq!(cut(1), cut(1));
        assert_ne!(cut(1), cut(2));
        // Each frame has its own crop, of 84 consecutive columns.
        let (first, second) = (cut(3)[0], cut(3)[3 * 84 * 84]);
        assert_ne!(first, second);
        assert_eq!(cut(3)[83], first + 83.0 / 255.0);
    }
}
