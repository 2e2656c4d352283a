//! Images for reports: enlarged frames, film strips, PNG bytes.

use crate::Frame;
use crate::error::VideoIoError;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, Rgb};

/// Enlarges a frame by an integer factor; every pixel becomes a square. A factor of 0 counts as 1.
pub fn upscale(frame: &Frame, factor: u32) -> Frame {
    let factor = factor.max(1);
    Frame::from_fn(frame.width() * factor, frame.height() * factor, |x, y| {
        *frame.get_pixel(x / factor, y / factor)
    })
}

/// Layout of a film strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilmStrip {
    /// Frames per row; the last row may be shorter.
    pub columns: usize,
    /// Gap between frames, px; there is no margin around them.
    pub gap: u32,
    /// Color of gaps and of empty cells.
    pub background: [u8; 3],
}

impl FilmStrip {
    /// A layout with white gaps of 4 px.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            gap: 4,
            background: [255; 3],
        }
    }
}

/// Arranges frames side by side, row after row, in one image.
///
/// # Errors
/// No frames, no columns, or frames of different sizes.
pub fn film_strip(frames: &[Frame], layout: FilmStrip) -> Result<Frame, VideoIoError> {
    let FilmStrip {
        columns,
        gap,
        background,
    } = layout;
    let (Some(first), true) = (frames.first(), columns > 0) else {
        return Err(VideoIoError::EmptyStrip {
            frames: frames.len(),
            columns,
        });
    };
    let expected = first.dimensions();
    if let Some(frame) = frames.iter().position(|f| f.dimensions() != expected) {
        return Err(VideoIoError::SizeChanged {
            frame,
            expected,
            found: frames[frame].dimensions(),
        });
    }
    let columns = columns.min(frames.len());
    let rows = frames.len().div_ceil(columns);
    let (step_x, step_y) = (expected.0 + gap, expected.1 + gap);
    let size = (columns as u32 * step_x - gap, rows as u32 * step_y - gap);
    let mut strip = Frame::from_pixel(size.0, size.1, Rgb(background));
    for (i, frame) in frames.iter().enumerate() {
        let (x, y) = ((i % columns) as u32 * step_x, (i / columns) as u32 * step_y);
        image::imageops::replace(&mut strip, frame, x.into(), y.into());
    }
    Ok(strip)
}

/// Encodes a frame as a PNG file in memory.
///
/// # Errors
/// A frame without pixels.
pub fn png_bytes(frame: &Frame) -> Result<Vec<u8>, VideoIoError> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(frame.as_raw(), frame.width(), frame.height(), ExtendedColorType::Rgb8)
        .map_err(|e| VideoIoError::Encode {
            source: std::io::Error::other(e),
        })?;
    Ok(bytes)
}
