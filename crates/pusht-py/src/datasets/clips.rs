//! Videos as episodes without actions.

use std::path::{Path, PathBuf};

use pusht_jobs::CancelFlag;
use pyo3::prelude::*;
use video_io::{Rate, Resampled, VideoReader};

use super::convert::Pixels;
use crate::errors::value_error;

/// Frames per second of what is read.
const HZ: u32 = 10;

/// Largest clip in memory, bytes.
const LARGEST: usize = 4 << 30;

/// Videos, each a file or a folder of pictures.
#[derive(Debug)]
pub struct Clips {
    pub videos: Vec<PathBuf>,
    /// Frame rate of the videos; `None`: as they state.
    pub fps: Option<u32>,
}

impl Clips {
    /// Frames of one of them at 10 Hz.
    pub fn read(&self, video: &Path, cancel: &CancelFlag) -> PyResult<Pixels> {
        let rate = self.fps.map_or(Rate::Stated, Rate::Fixed);
        let reader = VideoReader::open(video).map_err(value_error)?;
        let mut pixels = Pixels::default();
        for frame in Resampled::new(reader, rate, HZ) {
            cancel.check().map_err(value_error)?;
            let frame = frame.map_err(value_error)?.frame;
            if !pixels.push(&frame) {
                let (width, height) = frame.dimensions();
                return Err(value_error(format_args!(
                    "{}: a frame is {width} × {height} px, the ones before are not; expected frames of one size",
                    video.display()
                )));
            }
            if pixels.len() > LARGEST {
                return Err(value_error(format_args!(
                    "{}: its frames at 10 per second take more than 4 GiB; cut it into clips",
                    video.display()
                )));
            }
        }
        Ok(pixels)
    }
}
