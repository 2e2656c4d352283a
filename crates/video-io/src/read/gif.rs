//! Reads GIF files, frame by frame.

use crate::Frame;
use crate::error::VideoIoError;
use crate::read::errors::{decode_error, read_error};
use image::codecs::gif::GifDecoder;
use image::{AnimationDecoder, DynamicImage, Frames, Limits};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::LARGEST;

/// Delay that viewers use in place of 0, hundredths of a second.
const NO_DELAY: i64 = 10;

/// An open GIF file.
pub(crate) struct GifSource {
    path: PathBuf,
    frames: Frames<'static>,
    /// Time of the next frame, hundredths of a second.
    time: i64,
}

impl GifSource {
    pub(crate) fn open(path: &Path) -> Result<Self, VideoIoError> {
        let file = BufReader::new(File::open(path).map_err(read_error(path))?);
        let mut decoder = GifDecoder::new(file).map_err(|e| decode_error(path, "GIF file", e))?;
        let mut limits = Limits::default();
        limits.max_alloc = Some(LARGEST);
        image::ImageDecoder::set_limits(&mut decoder, limits).map_err(|e| decode_error(path, "GIF file", e))?;
        Ok(Self {
            path: path.into(),
            frames: decoder.into_frames(),
            time: 0,
        })
    }

    /// The next frame and its time, hundredths of a second.
    pub(crate) fn next_frame(&mut self) -> Result<Option<(Frame, i64)>, VideoIoError> {
        let Some(frame) = self.frames.next() else {
            return Ok(None);
        };
        let frame = frame.map_err(|e| decode_error(&self.path, "GIF file", e))?;
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        let delay = i64::from(numerator) / (10 * i64::from(denominator.max(1)));
        let time = self.time;
        self.time += if delay == 0 { NO_DELAY } else { delay };
        Ok(Some((DynamicImage::from(frame.into_buffer()).into_rgb8(), time)))
    }
}
