//! Encodes and decodes frames with a lossy codec in memory, for training on compressed frames.

use crate::error::VideoIoError;
use crate::write::h264::H264;
use crate::{Format, Frame};
use openh264::decoder::Decoder;
use openh264::formats::YUVSource;
use std::io;

/// Smallest and largest quantizer.
const QUANTIZER: [u8; 2] = [12, 51];

/// Encodes frames to H.264 (baseline profile) and decodes them; returns as many frames of the same size, and the bit
/// rate of the stream in bits per second. Every frame has the same quantizer, 12 (hardly any loss) to 51.
///
/// # Errors
/// Another quantizer; no frames; frames of different sizes or of a size or rate that MP4 cannot hold; a codec failure.
pub fn h264_round_trip(frames: &[Frame], fps: u32, quantizer: u8) -> Result<(Vec<Frame>, f64), VideoIoError> {
    let wrong = |reason: String| VideoIoError::Codec { reason };
    if !(QUANTIZER[0]..=QUANTIZER[1]).contains(&quantizer) {
        let [least, most] = QUANTIZER;
        return Err(wrong(format!(
            "the quantizer is {quantizer}; expected {least} to {most}"
        )));
    }
    let first = frames
        .first()
        .ok_or_else(|| wrong("there are no frames; expected at least one".to_owned()))?;
    Format::Mp4.check_fps(fps)?;
    Format::Mp4.check_size(first.dimensions(), 1)?;
    if let Some(frame) = frames.iter().position(|f| f.dimensions() != first.dimensions()) {
        return Err(VideoIoError::SizeChanged {
            frame,
            expected: first.dimensions(),
            found: frames[frame].dimensions(),
        });
    }
    let codec = |error: io::Error| wrong(error.to_string());
    let mut encoder = H264::new(fps, quantizer).map_err(codec)?;
    let mut bytes = 0;
    let mut decoder = Decoder::new().map_err(|e| codec(io::Error::other(e)))?;
    let mut out = Vec::with_capacity(frames.len());
    for (index, frame) in frames.iter().enumerate() {
        let picture = encoder.encode(frame, index as u64, fps).map_err(codec)?;
        let mut stream = Vec::new();
        let parameters = [&encoder.sps, &encoder.pps];
        let heads = parameters.into_iter().filter(|_| picture.key);
        for nal in heads.chain(&picture.nals) {
            stream.extend([0, 0, 0, 1]);
            stream.extend(nal);
        }
        bytes += stream.len();
        let decoded = decoder.decode(&stream).map_err(|e| codec(io::Error::other(e)))?;
        let lost = || codec(io::Error::other(format!("frame {index} was not decoded")));
        let decoded = decoded.ok_or_else(lost)?;
        let (width, height) = decoded.dimensions();
        let mut rgb = vec![0; 3 * width * height];
        decoded.write_rgb8(&mut rgb);
        let whole = Frame::from_raw(width as u32, height as u32, rgb).ok_or_else(lost)?;
        // An odd side was made even.
        out.push(image::imageops::crop_imm(&whole, 0, 0, frame.width(), frame.height()).to_image());
    }
    let seconds = frames.len() as f64 / f64::from(fps);
    Ok((out, 8.0 * bytes as f64 / seconds))
}

#[cfg(test)]
#[path = "../tests/unit/compress.rs"]
mod tests;
