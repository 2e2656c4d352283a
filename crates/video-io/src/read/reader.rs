//! Reads videos; the format follows from the content.

use crate::error::VideoIoError;
use crate::read::errors::read_error;
use crate::read::formats;
use crate::read::options::ReadOptions;
use crate::read::source::FrameSource;
use crate::read::timing::Timing;
use crate::{Frame, RawFrame};
use pusht_jobs::{Cancelled, stop_requested};
use std::io;
use std::path::{Path, PathBuf};

/// A frame with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedFrame<F = Frame> {
    /// The image: RGB, or a [`RawFrame`].
    pub frame: F,
    /// Ticks ([`VideoReader::timescale`]) after the first frame; never less than the previous frame's. A PNG folder
    /// states no times: a tick is a frame, or a missing number in the names of its files.
    pub time: i64,
}

/// Reads one video frame by frame in presentation order. Memory does not grow with its length, except for 32 bytes of
/// index per frame.
///
/// After an error or the end it returns no more frames.
pub struct VideoReader {
    path: PathBuf,
    options: ReadOptions,
    source: Box<dyn FrameSource>,
    size: Option<(u32, u32)>,
    index: usize,
    ended: bool,
}

impl VideoReader {
    /// Opens a video. MP4 files (H.264 progressive, 8 bits, 4:2:0; AV1), GIF files and folders of PNG files are read
    /// by built-in decoders; WebM, Matroska, AVI and other formats and codecs by the program `ffmpeg`, where it is
    /// installed. A folder's frames are its `.png` files, ordered by name with runs of digits compared as numbers (`f2`
    /// before `f10`); other and hidden files are ignored. Transparency is dropped, more than 8 bits become 8.
    ///
    /// # Errors
    /// No such path; not a video; a folder without PNG files; a damaged index; a file for which the program `ffmpeg` is
    /// needed, but missing.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, VideoIoError> {
        Self::open_with(path, &ReadOptions::default())
    }

    /// Opens a video as `options` say.
    ///
    /// # Errors
    /// As [`VideoReader::open`]; a file that only `ffmpeg` reads, if `options` exclude it.
    pub fn open_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, VideoIoError> {
        Ok(Self {
            path: path.as_ref().into(),
            options: options.clone(),
            source: formats::open(path.as_ref(), options)?,
            size: None,
            index: 0,
            ended: false,
        })
    }

    /// Ticks per second; `None` for a PNG folder, which states no times.
    pub fn timescale(&self) -> Option<u32> {
        self.source.timescale()
    }

    /// Number of frames if the file states it; a GIF does not, nor does FFmpeg.
    pub fn frames(&self) -> Option<usize> {
        self.source.frames()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The same video from its beginning.
    pub(crate) fn again(&self) -> Result<Self, VideoIoError> {
        Self::open_with(&self.path, &self.options)
    }

    pub(crate) fn joins_equal_frames(&self) -> bool {
        self.source.joins_equal_frames()
    }

    /// What is known of the times of the frames.
    pub(crate) fn timing(&self) -> Timing {
        self.source.timing()
    }

    /// Name of the codec: `H.264`, `AV1`, `GIF`, `PNG`, or what FFmpeg decodes.
    pub fn codec(&self) -> &str {
        self.source.codec()
    }

    /// The next frame; `None` at the end.
    ///
    /// # Errors
    /// Damaged or missing data; a frame of another size than the first; [`Cancelled`] as the cause if the program is to
    /// stop ([`pusht_jobs::request_stop`]).
    pub fn next_frame(&mut self) -> Result<Option<TimedFrame>, VideoIoError> {
        let raw = self.next_raw()?;
        Ok(raw.map(|TimedFrame { frame, time }| TimedFrame {
            frame: frame.into_rgb(),
            time,
        }))
    }

    /// The next frame as it is stored, for readers that need only some pixels; `None` at the end.
    ///
    /// # Errors
    /// As [`VideoReader::next_frame`].
    pub fn next_raw(&mut self) -> Result<Option<TimedFrame<RawFrame>>, VideoIoError> {
        if self.ended {
            return Ok(None);
        }
        let read = self.read();
        self.ended = !matches!(read, Ok(Some(_)));
        read
    }

    fn read(&mut self) -> Result<Option<TimedFrame<RawFrame>>, VideoIoError> {
        if stop_requested() {
            return Err(read_error(&self.path)(io::Error::other(Cancelled)));
        }
        let next = self.source.next_frame()?;
        let Some((frame, time)) = next else {
            return Ok(None);
        };
        let found = frame.dimensions();
        let expected = *self.size.get_or_insert(found);
        if found != expected {
            return Err(VideoIoError::SizeChanged {
                frame: self.index,
                expected,
                found,
            });
        }
        self.index += 1;
        Ok(Some(TimedFrame { frame, time }))
    }
}

impl Iterator for VideoReader {
    type Item = Result<TimedFrame, VideoIoError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_frame().transpose()
    }
}

/// Reads all frames of a video in presentation order, regardless of the times it states.
///
/// # Errors
/// As [`VideoReader`]'s methods; a video without frames.
pub fn read_frames(path: impl AsRef<Path>) -> Result<Vec<Frame>, VideoIoError> {
    let path = path.as_ref();
    let frames: Vec<Frame> = VideoReader::open(path)?
        .map(|timed| Ok(timed?.frame))
        .collect::<Result<_, VideoIoError>>()?;
    if frames.is_empty() {
        return Err(VideoIoError::NoFrames { path: path.into() });
    }
    Ok(frames)
}
