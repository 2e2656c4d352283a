//! Resizing of frames to the size of a published model, and back.

use burn::tensor::{Device, Tensor, TensorData};
use pusht_env::Frame;

use crate::FrameSize;

/// For each pixel of an axis of `to`, the pixels of an axis of `from` and their weights: a triangle filter, as wide as
/// the larger of both pixels.
fn taps(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let scale = from as f64 / to as f64;
    let support = scale.max(1.0);
    (0..to)
        .map(|i| {
            let center = (i as f64 + 0.5) * scale;
            let first = (center - support).floor().max(0.0) as usize;
            let last = ((center + support).ceil() as usize).min(from);
            let share = |p: usize| (1.0 - ((p as f64 + 0.5 - center) / support).abs()).max(0.0);
            let sum: f64 = (first..last).map(share).sum();
            let tap = |p| (p, (share(p) / sum) as f32);
            (first..last).map(tap).filter(|(_, share)| *share > 0.0).collect()
        })
        .collect()
}

/// Resizes a plane with antialiased bilinear interpolation.
fn resize(plane: &[f32], from: FrameSize, to: FrameSize) -> Vec<f32> {
    if from == to {
        return plane.to_vec();
    }
    let (rows, columns) = (taps(from.height, to.height), taps(from.width, to.width));
    let mut wide = Vec::with_capacity(from.height * to.width);
    for line in plane.chunks_exact(from.width) {
        wide.extend(
            columns
                .iter()
                .map(|taps| taps.iter().map(|(p, share)| line[*p] * share).sum::<f32>()),
        );
    }
    let mut out = Vec::with_capacity(to.height * to.width);
    for taps in &rows {
        let value = |x: usize| {
            taps.iter()
                .map(|(p, share)| wide[p * to.width + x] * share)
                .sum::<f32>()
        };
        out.extend((0..to.width).map(value));
    }
    out
}

/// A frame, which must not be empty, as `[1, 3, height, width]` in [−1, 1].
pub fn picture(frame: &Frame, size: FrameSize, device: &Device) -> Tensor<4> {
    let from = FrameSize::from(frame);
    let bytes = frame.as_raw();
    let plane = |channel: usize| {
        let values: Vec<f32> = bytes
            .iter()
            .skip(channel)
            .step_by(3)
            .map(|b| f32::from(*b) / 127.5 - 1.0)
            .collect();
        resize(&values, from, size)
    };
    let values: Vec<f32> = (0..3).flat_map(plane).collect();
    Tensor::from_data(TensorData::new(values, [1, 3, size.height, size.width]), device)
}

/// The frames of a clip `[1, 3, frames, height, width]` in [−1, 1], resized to `size`.
pub fn frames(clip: Tensor<5>, size: FrameSize) -> Vec<Frame> {
    let [_, _, frames, height, width] = clip.dims();
    let from = FrameSize { width, height };
    let values: Vec<f32> = clip.into_data().iter::<f32>().collect();
    let plane = |channel: usize, frame: usize| &values[(channel * frames + frame) * height * width..][..height * width];
    (0..frames)
        .map(|frame| {
            let planes: [Vec<f32>; 3] = std::array::from_fn(|c| resize(plane(c, frame), from, size));
            let mut out = Frame::new(size.width as u32, size.height as u32);
            for (i, pixel) in out.pixels_mut().enumerate() {
                pixel.0 = std::array::from_fn(|c| ((planes[c][i] + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8);
            }
            out
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_from_the_models_size() {
        let side = FrameSize::square;
        let mut frame = Frame::new(96, 96);
        for (x, y, pixel) in frame.enumerate_pixels_mut() {
            pixel.0 = [x as u8, y as u8, (x + y) as u8];
        }
        let device = Device::flex();
        let same = frames(picture(&frame, side(96), &device).unsqueeze_dim(2), side(96));
        assert_eq!(same[0].as_raw(), frame.as_raw());
        let large = frames(picture(&frame, side(256), &device).unsqueeze_dim(2), side(96));
        let off = large[0]
            .as_raw()
            .iter()
            .zip(frame.as_raw())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(off.unwrap() <= 1, "{off:?}");
        // A checkerboard of half the size is gray.
        assert_eq!(resize(&[0.0, 1.0, 1.0, 0.0], side(2), side(1)), [0.5]);
    }

    #[test]
    fn shares_of_a_place_sum_to_one() {
        for (from, to) in [(96, 256), (256, 96), (7, 7), (5, 3)] {
            for taps in taps(from, to) {
                let sum: f32 = taps.iter().map(|(_, share)| share).sum();
                assert!(
                    (sum - 1.0).abs() < 1e-5 && taps.iter().all(|(p, _)| *p < from),
                    "{from} to {to}: {taps:?}"
                );
            }
        }
    }
}
