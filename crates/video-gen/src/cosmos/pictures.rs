//! Frames of any size as the autoencoder reads them, and back.

use burn::tensor::{Device, Tensor};
use pusht_env::Frame;

/// Source places and their shares of one place of the result.
type Taps = Vec<Vec<(usize, f32)>>;

/// How a line of `from` pixels becomes one of `to`: longer lines are bilinear between pixel centres, shorter ones means
/// over what a pixel covers.
fn taps(from: usize, to: usize) -> Taps {
    let scale = from as f64 / to as f64;
    let one = |i: usize| -> Vec<(usize, f32)> {
        if to >= from {
            let at = ((i as f64 + 0.5) * scale - 0.5).max(0.0);
            let low = (at as usize).min(from - 1);
            let share = (at - low as f64) as f32;
            return vec![(low, 1.0 - share), ((low + 1).min(from - 1), share)];
        }
        let (first, last) = (i as f64 * scale, (i + 1) as f64 * scale);
        let covered = first as usize..(last.ceil() as usize).min(from);
        let share = |p: usize| ((last.min((p + 1) as f64) - first.max(p as f64)) / scale) as f32;
        covered.map(|p| (p, share(p))).collect()
    };
    (0..to).map(one).collect()
}

/// A plane of `from` rows and columns at another size, rows first.
fn resized(plane: &[f32], from: [usize; 2], to: [usize; 2]) -> Vec<f32> {
    let (rows, columns) = (taps(from[0], to[0]), taps(from[1], to[1]));
    let mut wide = Vec::with_capacity(from[0] * to[1]);
    for row in plane.chunks_exact(from[1]) {
        wide.extend(
            columns
                .iter()
                .map(|taps| taps.iter().map(|(x, share)| row[*x] * share).sum::<f32>()),
        );
    }
    let mut out = Vec::with_capacity(to[0] * to[1]);
    for taps in &rows {
        for x in 0..to[1] {
            out.push(taps.iter().map(|(y, share)| wide[y * to[1] + x] * share).sum::<f32>());
        }
    }
    out
}

/// A frame as `[1, 3, height, width]` in [−1, 1]; it must have pixels.
pub(crate) fn picture(frame: &Frame, size: [usize; 2], device: &Device) -> Tensor<4> {
    let from = [frame.height() as usize, frame.width() as usize];
    let mut planes = Vec::with_capacity(3 * size[0] * size[1]);
    for channel in 0..3 {
        let plane: Vec<f32> = frame
            .as_raw()
            .iter()
            .skip(channel)
            .step_by(3)
            .map(|v| f32::from(*v))
            .collect();
        planes.extend(resized(&plane, from, size).iter().map(|v| v / 127.5 - 1.0));
    }
    Tensor::<1>::from_floats(planes.as_slice(), device).reshape([1, 3, size[0], size[1]])
}

/// Frames of `size` rows and columns out of a clip `[1, 3, frames, height, width]` in [−1, 1].
pub(super) fn frames(clip: Tensor<5>, size: [usize; 2]) -> Vec<Frame> {
    let [_, channels, count, height, width] = clip.dims();
    let values: Vec<f32> = clip.into_data().iter::<f32>().collect();
    let plane = height * width;
    let frame = |t: usize| {
        let planes: Vec<Vec<f32>> = (0..channels)
            .map(|c| resized(&values[(c * count + t) * plane..][..plane], [height, width], size))
            .collect();
        let mut frame = Frame::new(size[1] as u32, size[0] as u32);
        for (x, y, pixel) in frame.enumerate_pixels_mut() {
            let at = y as usize * size[1] + x as usize;
            pixel.0 = std::array::from_fn(|c| ((planes[c][at] + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8);
        }
        frame
    };
    (0..count).map(frame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_from_a_larger_size() {
        let mut frame = Frame::new(9, 6);
        for (x, y, pixel) in frame.enumerate_pixels_mut() {
            pixel.0 = [20 * x as u8, 30 * y as u8, 128];
        }
        let large = picture(&frame, [24, 36], &Device::flex());
        assert_eq!(large.dims(), [1, 3, 24, 36]);
        let back = frames(large.unsqueeze_dim(2), [6, 9]);
        let most = back[0]
            .as_raw()
            .iter()
            .zip(frame.as_raw())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(most <= Some(4), "{most:?}");
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
