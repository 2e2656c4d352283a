//! Images and videos that stages write for the report.

use std::path::Path;

use eval::evenly_spaced;
use pusht_env::Frame;
use video_io::{FilmStrip, VideoOptions, film_strip, png_bytes, save_video};

use crate::PipelineError;
use crate::error::failed;
use crate::files::write_bytes;

/// Number of images in a film strip.
pub(crate) const STRIP: usize = 12;

/// Writes a film strip of these frames.
pub(crate) fn write_strip(path: &Path, frames: &[Frame]) -> Result<(), PipelineError> {
    let fail = failed("film strips");
    let strip = film_strip(&evenly_spaced(frames, STRIP), FilmStrip::new(STRIP)).map_err(|e| fail(&e))?;
    write_bytes(path, &png_bytes(&strip).map_err(|e| fail(&e))?)
}

/// Writes these frames as a video for viewing.
pub(crate) fn write_video(path: &Path, frames: &[Frame]) -> Result<(), PipelineError> {
    let options = VideoOptions {
        scale: 3,
        ..VideoOptions::default()
    };
    save_video(path, frames, options).map_err(|e| failed("videos")(&e))
}
