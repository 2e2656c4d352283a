//! Frames as input of I3D: 224 × 224, colors from −1 to 1.

use super::FvdError;
use image::RgbImage;

/// Side of I3D's input, px.
pub(crate) const SIDE: usize = 224;

/// `[3, frames, 224, 224]`, values in [−1, 1]: bilinear, pixel i at (i + ½) · size/224 − ½, without antialiasing
/// (PyTorch's `interpolate(mode="bilinear", align_corners=False)`).
pub(crate) fn planes(video: &[RgbImage]) -> Result<Vec<f32>, FvdError> {
    let expected = video.first().map_or((0, 0), RgbImage::dimensions);
    let fits = |f: &RgbImage| f.dimensions() == expected && expected.0 > 0 && expected.1 > 0;
    if let Some(index) = video.iter().position(|f| !fits(f)) {
        return Err(FvdError::FrameSize {
            index,
            found: video[index].dimensions(),
            expected,
        });
    }
    let (width, height) = (expected.0 as usize, expected.1 as usize);
    let (columns, rows) = (taps(width), taps(height));
    let mut out = Vec::with_capacity(3 * video.len() * SIDE * SIDE);
    for channel in 0..3 {
        for frame in video {
            let at = |row: usize, column: usize| f32::from(frame.as_raw()[3 * (row * width + column) + channel]);
            for &(top, bottom, down) in &rows {
                for &(left, right, across) in &columns {
                    let blend = |row: usize| at(row, left) * (1.0 - across) + at(row, right) * across;
                    let value = blend(top) * (1.0 - down) + blend(bottom) * down;
                    out.push(value / 127.5 - 1.0);
                }
            }
        }
    }
    Ok(out)
}

/// For each of the 224 output pixels, the two input pixels it lies between and the weight of the second.
fn taps(size: usize) -> Vec<(usize, usize, f32)> {
    let tap = |i: usize| {
        let place = ((i as f32 + 0.5) * size as f32 / SIDE as f32 - 0.5).max(0.0);
        let first = (place as usize).min(size - 1);
        (first, (first + 1).min(size - 1), place - first as f32)
    };
    (0..SIDE).map(tap).collect()
}
