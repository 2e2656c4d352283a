//! Conversion between frames and the images of the autoencoder.

use image::RgbImage;

use crate::error::Error;

/// Enlarges a frame of `from` × `from` px to three planes of `side` × `side` in [−1, 1], with bilinear interpolation
/// between pixel centers (PyTorch's `interpolate` with `align_corners=False`, used to train the published model).
///
/// # Errors
/// A frame of another size.
pub(crate) fn enlarge(
    index: usize,
    frame: &RgbImage,
    from: usize,
    side: usize,
    out: &mut Vec<f32>,
) -> Result<(), Error> {
    let (width, height) = frame.dimensions();
    if (width as usize, height as usize) != (from, from) {
        return Err(Error::Frame {
            frame: index,
            width,
            height,
            expected: from,
        });
    }
    let scale = from as f32 / side as f32;
    // Lower neighbor, upper neighbor, weight of the upper neighbor.
    let taps: Vec<(usize, usize, f32)> = (0..side)
        .map(|i| {
            let at = ((i as f32 + 0.5) * scale - 0.5).max(0.0);
            let low = (at as usize).min(from - 1);
            (low, (low + 1).min(from - 1), at - low as f32)
        })
        .collect();
    let bytes = frame.as_raw();
    for channel in 0..3 {
        let value = |x: usize, y: usize| f32::from(bytes[(y * from + x) * 3 + channel]);
        for &(top, bottom, down) in &taps {
            for &(left, right, across) in &taps {
                let upper = value(left, top) * (1.0 - across) + value(right, top) * across;
                let lower = value(left, bottom) * (1.0 - across) + value(right, bottom) * across;
                out.push((upper * (1.0 - down) + lower * down) / 127.5 - 1.0);
            }
        }
    }
    Ok(())
}

/// Reduces three planes of `side` × `side` in [−1, 1] to a frame of `to` × `to` px: each pixel is the mean over the
/// area that it covers, rounded.
pub(crate) fn reduce(planes: &[f32], side: usize, to: usize) -> RgbImage {
    let scale = side as f64 / to as f64;
    // Input pixels that each output pixel covers, with their weights.
    let covers: Vec<Vec<(usize, f64)>> = (0..to)
        .map(|i| {
            let (start, end) = (i as f64 * scale, (i + 1) as f64 * scale);
            let last = (end.ceil() as usize).min(side);
            let share = |p: usize| (end.min((p + 1) as f64) - start.max(p as f64)) / scale;
            (start as usize..last)
                .map(|p| (p, share(p)))
                .filter(|(_, s)| *s > 0.0)
                .collect()
        })
        .collect();
    let mut frame = RgbImage::new(to as u32, to as u32);
    for (x, y, pixel) in frame.enumerate_pixels_mut() {
        let (columns, rows) = (&covers[x as usize], &covers[y as usize]);
        for channel in 0..3 {
            let plane = &planes[channel * side * side..][..side * side];
            let mut sum = 0.0;
            for &(row, down) in rows {
                for &(column, across) in columns {
                    sum += down * across * f64::from(plane[row * side + column]);
                }
            }
            pixel.0[channel] = ((sum + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8;
        }
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enlarged_frames_are_pytorchs_and_come_back() {
        let frame = smooth();
        let mut planes = Vec::new();
        enlarge(0, &frame, 96, 256, &mut planes).unwrap();
        assert_eq!(planes.len(), 3 * 256 * 256);
        // Column 1 samples at 1.5 · 0.375 − 0.5 = 0.0625, row 0 at the edge: red equals the column.
        assert!((planes[1] - (0.0625 / 127.5 - 1.0)).abs() < 1e-6, "{}", planes[1]);
        assert_eq!(planes[255], 95.0 / 127.5 - 1.0);
        let back = reduce(&planes, 256, 96);
        let off = |a: &u8, b: &u8| a.abs_diff(*b);
        let most = back.as_raw().iter().zip(frame.as_raw()).map(|(a, b)| off(a, b)).max();
        assert!(most.unwrap() <= 1, "{most:?}");
        assert_eq!(reduce(&vec![1.0; 3 * 16 * 16], 16, 96).as_raw()[..3], [255; 3]);
        let small = enlarge(3, &RgbImage::new(64, 96), 96, 256, &mut Vec::new())
            .unwrap_err()
            .to_string();
        assert!(small.contains("frame 3 is 64 × 96"), "{small}");
    }

    fn smooth() -> RgbImage {
        let mut frame = RgbImage::new(96, 96);
        for (x, y, pixel) in frame.enumerate_pixels_mut() {
            pixel.0 = [x as u8, y as u8, (x + y) as u8];
        }
        frame
    }
}
