//! Reads GIF files, frame by frame.

use crate::Frame;
use crate::error::VideoIoError;
use crate::read::errors::{decode_error, read_error};
use crate::read::gif_canvas::{Canvas, Part};
use crate::read::timing::Timing;
use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError};
use image::error::{DecodingError as ImageDecodingError, ImageFormatHint};
use image::{ImageError, ImageFormat};
use pusht_jobs::open_file;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Shortest delay that browsers and FFmpeg take as it is, hundredths of a second.
const SHORTEST_DELAY: i64 = 2;
/// Delay that they use in place of shorter ones.
const USUAL_DELAY: i64 = 10;

/// Most pixels of a frame: 8192 × 4096.
const MOST_PIXELS: u64 = 1 << 25;

/// Most pixels of all frames of a file, besides [`PIXELS_PER_BYTE`]: 8,192 frames of 512 × 512. A frame of twenty bytes can
/// repeat a picture of any size, so that a small file would take hours.
const MOST_SHOWN: u64 = 1 << 31;
/// Pixels of all frames per byte of the file.
const PIXELS_PER_BYTE: u64 = 1 << 10;

/// An open GIF file.
pub(crate) struct GifSource {
    path: PathBuf,
    decoder: Decoder<BufReader<File>>,
    canvas: Canvas,
    /// Pixels of the part that is decoded, RGBA.
    pixels: Vec<u8>,
    /// Pixels that the remaining frames may have.
    left: u64,
    /// Time of the next frame, hundredths of a second.
    time: i64,
    timing: Timing,
}

impl GifSource {
    pub(crate) fn open(path: &Path) -> Result<Self, VideoIoError> {
        let file = open_file(path).map_err(read_error(path))?;
        let length = file.metadata().map_err(read_error(path))?.len();
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::RGBA);
        let decoder = options.read_info(BufReader::new(file)).map_err(|e| damaged(path, e))?;
        let (width, height) = (decoder.width(), decoder.height());
        let canvas = Canvas::new(width.into(), height.into());
        if canvas.pixels() > MOST_PIXELS {
            return Err(too_large(path, format!("frames of {width} × {height} px")));
        }
        Ok(Self {
            path: path.into(),
            decoder,
            canvas: canvas.filled(),
            pixels: Vec::new(),
            left: MOST_SHOWN.saturating_add(length.saturating_mul(PIXELS_PER_BYTE)),
            time: 0,
            timing: timing(path)?,
        })
    }

    /// What is known of the times of the frames.
    pub(crate) fn timing(&self) -> Timing {
        self.timing.clone()
    }

    /// The next frame and its time, hundredths of a second.
    pub(crate) fn next_frame(&mut self) -> Result<Option<(Frame, i64)>, VideoIoError> {
        let path = &self.path;
        let Some(frame) = self.decoder.next_frame_info().map_err(|e| damaged(path, e))? else {
            return Ok(None);
        };
        let (part, delay) = (Part::of(frame), frame.delay);
        if part.pixels() > MOST_PIXELS {
            return Err(too_large(path, format!("a part of {} pixels", part.pixels())));
        }
        let shown_pixels = self.canvas.pixels() + part.pixels();
        self.left = self.left.checked_sub(shown_pixels).ok_or_else(|| {
            too_large(
                path,
                format!("more than {MOST_SHOWN} pixels in all frames, and {PIXELS_PER_BYTE} per byte of the file"),
            )
        })?;
        self.pixels.resize(self.decoder.buffer_size(), 0);
        self.decoder
            .read_into_buffer(&mut self.pixels)
            .map_err(|e| damaged(path, e))?;
        let time = self.time;
        self.time += shown(delay.into());
        Ok(Some((self.canvas.show(&part, &self.pixels), time)))
    }
}

fn damaged(path: &Path, error: DecodingError) -> VideoIoError {
    let format = ImageFormatHint::Exact(ImageFormat::Gif);
    let source = ImageError::Decoding(ImageDecodingError::new(format, error));
    decode_error(path, "GIF file", source)
}

fn too_large(path: &Path, what: String) -> VideoIoError {
    VideoIoError::Unsupported {
        path: path.into(),
        holds: format!("a GIF with {what}"),
    }
}

/// How long a frame with this delay is shown, hundredths of a second.
fn shown(delay: i64) -> i64 {
    if delay < SHORTEST_DELAY { USUAL_DELAY } else { delay }
}

/// Reads the delays of all frames, but not their pixels. A damaged file is reported when its frames are read.
fn timing(path: &Path) -> Result<Timing, VideoIoError> {
    let file = open_file(path).map_err(read_error(path))?;
    let mut options = DecodeOptions::new();
    options.skip_frame_decoding(true);
    let Ok(mut decoder) = options.read_info(BufReader::new(file)) else {
        return Ok(Timing::default());
    };
    let mut times = vec![0];
    let mut end = 0;
    while let Ok(Some(frame)) = decoder.next_frame_info() {
        end += shown(frame.delay.into());
        times.push(end);
    }
    Ok(Timing {
        end: Some(end),
        usual: Timing::usual_of(&times),
        fault: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gif::{Encoder, Frame as GifFrame};

    /// A file with three frames of one pixel on a canvas of this size.
    fn file(width: u16, height: u16) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut encoder = Encoder::new(file.reopen().unwrap(), width, height, &[0; 6]).unwrap();
        for _ in 0..3 {
            encoder
                .write_frame(&GifFrame::from_indexed_pixels(1, 1, [1].as_slice(), None))
                .unwrap();
        }
        file
    }

    #[test]
    fn a_small_file_cannot_ask_for_any_number_of_pixels() {
        let large = GifSource::open(file(8192, 4097).path()).err().unwrap();
        assert!(matches!(large, VideoIoError::Unsupported { .. }), "{large}");
        let file = file(100, 50);
        let mut source = GifSource::open(file.path()).unwrap();
        // Room for two frames of the canvas and their parts.
        source.left = 2 * 5001;
        assert!(source.next_frame().unwrap().is_some() && source.next_frame().unwrap().is_some());
        let error = source.next_frame().unwrap_err().to_string();
        assert!(error.contains("pixels in all frames"), "{error}");
    }
}
