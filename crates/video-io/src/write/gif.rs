//! Writes animated GIFs that loop forever.

use crate::Frame;
use gif::{Encoder, Repeat};
use std::io::{self, Write};

/// Encodes frames of one size, one at a time.
pub(crate) struct GifSink<W: Write> {
    encoder: Encoder<W>,
    fps: u32,
    frames: u64,
}

impl<W: Write> GifSink<W> {
    /// Writes the header. Sides are at most 65,535.
    pub(crate) fn new(writer: W, size: (u32, u32), fps: u32) -> io::Result<Self> {
        let (width, height) = sides(size)?;
        let mut encoder = Encoder::new(writer, width, height, &[]).map_err(into_io)?;
        encoder.set_repeat(Repeat::Infinite).map_err(into_io)?;
        Ok(Self {
            encoder,
            fps,
            frames: 0,
        })
    }

    /// Adds a frame. Its palette is exact if it has at most 256 colors.
    pub(crate) fn push(&mut self, frame: &Frame) -> io::Result<()> {
        let (width, height) = sides(frame.dimensions())?;
        // 10 is the quantizer's default speed; it only matters for more than 256 colors.
        let mut picture = gif::Frame::from_rgb_speed(width, height, frame.as_raw(), 10);
        picture.delay = (self.hundredths(self.frames + 1) - self.hundredths(self.frames)) as u16;
        self.frames += 1;
        self.encoder.write_frame(&picture).map_err(into_io)
    }

    /// Writes the trailer.
    pub(crate) fn finish(self) -> io::Result<W> {
        self.encoder.into_inner().map_err(into_io)
    }

    /// Start of frame `index`, hundredths of a second; rounded from the start of the video, so that errors do not
    /// accumulate.
    fn hundredths(&self, index: u64) -> u64 {
        let fps = u64::from(self.fps);
        (100 * index + fps / 2) / fps
    }
}

fn sides(size: (u32, u32)) -> io::Result<(u16, u16)> {
    match (u16::try_from(size.0), u16::try_from(size.1)) {
        (Ok(width), Ok(height)) => Ok((width, height)),
        _ => Err(io::Error::other("GIF sides are at most 65535 px")),
    }
}

fn into_io(error: gif::EncodingError) -> io::Error {
    match error {
        gif::EncodingError::Io(e) => e,
        other => io::Error::other(other),
    }
}
