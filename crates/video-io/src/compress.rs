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
mod tests {
    use super::*;

    #[test]
    fn coarser_quantizers_take_fewer_bits_and_do_more_damage() {
        let frame = |t: u32| {
            Frame::from_fn(96, 95, |x, y| {
                let inside = (x.abs_diff(20 + 2 * t)).pow(2) + y.abs_diff(40).pow(2) < 36;
                image::Rgb(if inside {
                    [65, 105, 225]
                } else {
                    [255, 250, (2 * y) as u8]
                })
            })
        };
        let frames: Vec<Frame> = (0..25).map(frame).collect();
        let damage = |quantizer| {
            let (damaged, rate) = h264_round_trip(&frames, 10, quantizer).unwrap();
            assert_eq!((damaged.len(), damaged[24].dimensions()), (25, (96, 95)));
            let pairs = damaged
                .iter()
                .zip(&frames)
                .flat_map(|(a, b)| a.as_raw().iter().zip(b.as_raw()));
            (rate, pairs.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum::<f64>())
        };
        // Halving the colors' resolution is part of both.
        let (fine, coarse) = (damage(16), damage(44));
        assert!(
            fine.0 > 3.0 * coarse.0 && coarse.1 > 1.5 * fine.1,
            "{fine:?} {coarse:?}"
        );
        assert!(
            h264_round_trip(&frames, 10, 52)
                .unwrap_err()
                .to_string()
                .contains("12 to 51")
        );
        assert!(h264_round_trip(&[], 10, 20).is_err());
        assert!(h264_round_trip(&[Frame::new(96, 96), Frame::new(96, 90)], 10, 20).is_err());
    }

    #[test]
    fn flat_colors_come_back() {
        for color in [
            [65, 105, 225],
            [255, 255, 255],
            [144, 238, 144],
            [119, 136, 153],
            [0, 0, 0],
        ] {
            let frames = vec![Frame::from_pixel(32, 32, image::Rgb(color)); 2];
            let (damaged, _) = h264_round_trip(&frames, 10, 16).unwrap();
            let found = damaged[1].get_pixel(16, 16).0;
            let off = found.iter().zip(color).map(|(a, b)| a.abs_diff(b)).max();
            assert!(off.unwrap() <= 4, "{found:?} for {color:?}");
        }
    }
}
