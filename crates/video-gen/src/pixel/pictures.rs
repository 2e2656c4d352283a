//! Frames as tensors, and back.

use burn::tensor::{Device, Tensor, TensorData};
use pusht_env::Frame;

use super::error::PixelError;

/// Frames as `[n, 3, side, side]` in [−1, 1].
///
/// # Errors
/// A frame of another size.
pub fn pictures(frames: &[&Frame], side: usize, device: &Device) -> Result<Tensor<4>, PixelError> {
    let mut values = Vec::with_capacity(frames.len() * 3 * side * side);
    for (index, frame) in frames.iter().enumerate() {
        let (width, height) = frame.dimensions();
        if (width as usize, height as usize) != (side, side) {
            return Err(PixelError::Frame {
                index,
                width,
                height,
                side,
            });
        }
        values.extend(frame.as_raw().iter().map(|&byte| f32::from(byte) / 127.5 - 1.0));
    }
    let data = TensorData::new(values, [frames.len(), side, side, 3]);
    Ok(Tensor::<4>::from_data(data, device).permute([0, 3, 1, 2]))
}

/// Images `[n, 3, side, side]` as frames: clamped to [−1, 1] and rounded.
pub fn frames(pictures: Tensor<4>) -> Vec<Frame> {
    let [count, _, height, width] = pictures.dims();
    let values = pictures.permute([0, 2, 3, 1]).into_data();
    let bytes: Vec<u8> = values
        .iter::<f32>()
        .map(|x| ((x.clamp(-1.0, 1.0) + 1.0) * 127.5).round() as u8)
        .collect();
    let each = 3 * height * width;
    (0..count)
        .filter_map(|i| Frame::from_raw(width as u32, height as u32, bytes[i * each..(i + 1) * each].to_vec()))
        .collect()
}
