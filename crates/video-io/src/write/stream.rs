//! Encodes frames to the bytes of one file, for any format and writer.

use crate::Frame;
use crate::error::VideoIoError;
use crate::pictures::upscale;
use crate::write::gif::GifSink;
#[cfg(feature = "mp4")]
use crate::write::mp4::Mp4Sink;
use crate::write::options::{Format, VideoOptions};
use std::borrow::Cow;
use std::io::{self, Seek, Write};

/// Formats that are a single file.
#[derive(Clone, Copy)]
pub(crate) enum FileFormat {
    Gif,
    #[cfg(feature = "mp4")]
    Mp4,
}

/// Checks the sizes of frames and scales them.
pub(crate) struct Intake {
    format: Format,
    scale: u32,
    expected: Option<(u32, u32)>,
    /// Number of frames taken so far.
    pub(crate) count: usize,
}

impl Intake {
    pub(crate) fn new(format: Format, options: VideoOptions) -> Result<Self, VideoIoError> {
        format.check_fps(options.fps)?;
        Ok(Self {
            format,
            scale: options.scale,
            expected: None,
            count: 0,
        })
    }

    /// Checks and scales a frame.
    pub(crate) fn take<'a>(&mut self, frame: &'a Frame) -> Result<Cow<'a, Frame>, VideoIoError> {
        let found = frame.dimensions();
        match self.expected {
            Some(expected) if expected != found => {
                return Err(VideoIoError::SizeChanged {
                    frame: self.count,
                    expected,
                    found,
                });
            }
            Some(_) => {}
            None => {
                self.format.check_size(found, self.scale)?;
                self.expected = Some(found);
            }
        }
        self.count += 1;
        Ok(match self.scale {
            1 => Cow::Borrowed(frame),
            scale => Cow::Owned(upscale(frame, scale)),
        })
    }
}

/// An encoder that starts with the first frame, which gives the size.
pub(crate) enum Stream<W: Write> {
    Waiting(FileFormat, W, u32),
    Gif(Box<GifSink<W>>),
    #[cfg(feature = "mp4")]
    Mp4(Box<Mp4Sink<W>>),
    /// An earlier call failed.
    Broken,
}

impl<W: Write + Seek> Stream<W> {
    pub(crate) fn push(&mut self, frame: &Frame) -> io::Result<()> {
        // Stays broken after a failure, so that a video with missing frames is never completed.
        let mut stream = std::mem::replace(self, Stream::Broken).begun(frame.dimensions())?;
        match &mut stream {
            Stream::Gif(sink) => sink.push(frame)?,
            #[cfg(feature = "mp4")]
            Stream::Mp4(sink) => sink.push(frame)?,
            Stream::Waiting(..) | Stream::Broken => return Err(broken()),
        }
        *self = stream;
        Ok(())
    }

    fn begun(self, size: (u32, u32)) -> io::Result<Self> {
        Ok(match self {
            Stream::Waiting(FileFormat::Gif, writer, fps) => Stream::Gif(Box::new(GifSink::new(writer, size, fps)?)),
            #[cfg(feature = "mp4")]
            Stream::Waiting(FileFormat::Mp4, writer, fps) => Stream::Mp4(Box::new(Mp4Sink::new(writer, size, fps)?)),
            begun => begun,
        })
    }

    /// Completes the file and returns the flushed writer.
    pub(crate) fn finish(self) -> io::Result<W> {
        let mut writer = match self {
            Stream::Gif(sink) => sink.finish()?,
            #[cfg(feature = "mp4")]
            Stream::Mp4(sink) => sink.finish()?,
            Stream::Waiting(..) | Stream::Broken => return Err(broken()),
        };
        writer.flush()?;
        Ok(writer)
    }
}

fn broken() -> io::Error {
    io::Error::other("an earlier frame could not be written")
}
