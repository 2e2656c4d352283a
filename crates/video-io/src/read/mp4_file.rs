//! MP4 files: the built-in decoders, and FFmpeg from the first picture on that they do not read.

use crate::RawFrame;
use crate::error::VideoIoError;
use crate::read::ffmpeg::FfmpegSource;
use crate::read::foreign::Foreign;
use crate::read::mp4::{Mp4Error, Mp4Source};
use crate::read::options::{ReadOptions, VideoBackend};
use crate::read::source::FrameSource;
use crate::read::timing::Timing;
use std::path::{Path, PathBuf};

/// An open MP4 file.
struct Mp4File {
    path: PathBuf,
    options: ReadOptions,
    source: Mp4Source,
    /// Frames that were read.
    read: usize,
    /// Reads the rest.
    rest: Option<FfmpegSource>,
}

/// Opens an MP4 file with the built-in reader; with FFmpeg if that does not read it and `options` allow.
pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn FrameSource>, VideoIoError> {
    match Mp4Source::open(path) {
        Ok(source) => Ok(Box::new(Mp4File {
            path: path.into(),
            options: options.clone(),
            source,
            read: 0,
            rest: None,
        })),
        Err(Mp4Error::Unsupported { holds }) if options.backend == VideoBackend::Auto => {
            Ok(Box::new(FfmpegSource::open(path, Foreign::mp4(&holds), options)?))
        }
        Err(error) => Err(named(path, error)),
    }
}

impl FrameSource for Mp4File {
    fn timescale(&self) -> Option<u32> {
        Some(self.source.extent().1)
    }

    fn frames(&self) -> Option<usize> {
        Some(self.source.extent().0)
    }

    fn codec(&self) -> &str {
        match &self.rest {
            Some(rest) => rest.codec(),
            None => self.source.codec(),
        }
    }

    fn timing(&self) -> Timing {
        self.source.timing()
    }

    fn next_frame(&mut self) -> Result<Option<(RawFrame, i64)>, VideoIoError> {
        if self.rest.is_none() {
            match self.source.next_frame() {
                Err(Mp4Error::Unsupported { holds }) if self.options.backend == VideoBackend::Auto => {
                    self.rest = Some(self.take_over(&holds)?);
                }
                read => {
                    self.read += 1;
                    return read.map_err(|error| named(&self.path, error));
                }
            }
        }
        let ticks = i128::from(self.source.extent().1);
        let Some(rest) = &mut self.rest else {
            return Ok(None);
        };
        let Some((frame, time)) = rest.next_frame()? else {
            return Ok(None);
        };
        // FFmpeg's ticks are whole fractions of the file's.
        let per_second = i128::from(rest.timescale().unwrap_or(1));
        let time = (i128::from(time) * ticks + per_second / 2).div_euclid(per_second);
        Ok(Some((frame, i64::try_from(time).unwrap_or(i64::MAX))))
    }
}

impl Mp4File {
    /// Opens the file with FFmpeg and passes over the frames that were read.
    fn take_over(&self, holds: &str) -> Result<FfmpegSource, VideoIoError> {
        let mut rest = FfmpegSource::open(&self.path, Foreign::mp4(holds), &self.options)?;
        for _ in 0..self.read {
            rest.next_frame()?;
        }
        Ok(rest)
    }
}

fn named(path: &Path, error: Mp4Error) -> VideoIoError {
    let path = path.into();
    match error {
        Mp4Error::Unsupported { holds } => VideoIoError::Unsupported { path, holds },
        Mp4Error::Damaged { reason } => VideoIoError::Damaged { path, reason },
        Mp4Error::NoPictures => VideoIoError::NoPictures { path },
        Mp4Error::Io(source) => VideoIoError::Read { path, source },
    }
}
