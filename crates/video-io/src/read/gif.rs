//! Reads GIF files, frame by frame.

use crate::Frame;
use crate::error::VideoIoError;
use crate::read::errors::{decode_error, read_error};
use crate::read::timing::Timing;
use gif::DecodeOptions;
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
    timing: Timing,
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
            timing: timing(path)?,
        })
    }

    /// What is known of the times of the frames.
    pub(crate) fn timing(&self) -> Timing {
        self.timing.clone()
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
        self.time += shown(delay);
        Ok(Some((DynamicImage::from(frame.into_buffer()).into_rgb8(), time)))
    }
}

/// How long a frame with this delay is shown, hundredths of a second.
fn shown(delay: i64) -> i64 {
    if delay == 0 { NO_DELAY } else { delay }
}

/// Reads the delays of all frames, but not their pixels. A damaged file is reported when its frames are read.
fn timing(path: &Path) -> Result<Timing, VideoIoError> {
    let file = File::open(path).map_err(read_error(path))?;
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
