//! Writes videos to disk: the format follows from the path, and incomplete videos are never left there.

use crate::Frame;
use crate::error::VideoIoError;
use crate::write::errors::write_error;
use crate::write::options::{Format, VideoOptions};
use crate::write::png_folder::Folder;
use crate::write::stream::{FileFormat, Intake, Stream};
use pusht_jobs::StagedFile;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// Writes one video frame by frame. Memory does not grow with its length.
///
/// Frames are written to a temporary file or folder next to the final one, which [`VideoWriter::finish`] renames; a
/// writer that is dropped before that leaves nothing. An earlier video of the same name is replaced.
#[must_use = "nothing is kept before finish()"]
pub struct VideoWriter {
    path: PathBuf,
    intake: Intake,
    target: Target,
}

enum Target {
    File(Box<Stream<StagedFile>>),
    Folder(Folder),
}

impl VideoWriter {
    /// Begins a video; missing parent folders are created.
    ///
    /// # Errors
    /// An unsupported extension or frame rate; a PNG folder that holds other files; a path that cannot be written.
    pub fn create(path: impl AsRef<Path>, options: VideoOptions) -> Result<Self, VideoIoError> {
        let path = path.as_ref().to_path_buf();
        let format = Format::of(&path)?;
        let intake = Intake::new(format, options)?;
        let target = match format {
            Format::PngFolder => Target::Folder(Folder::create(&path)?),
            Format::Gif => file(&path, FileFormat::Gif, options)?,
            #[cfg(feature = "mp4")]
            Format::Mp4 => file(&path, FileFormat::Mp4, options)?,
            #[cfg(not(feature = "mp4"))]
            Format::Mp4 => return Err(VideoIoError::NoMp4 { path }),
        };
        Ok(Self { path, intake, target })
    }

    /// Adds the next frame.
    ///
    /// # Errors
    /// A frame of another size than the first, or of a size that the format cannot hold; a full disk. After a failed
    /// write the video cannot be finished.
    pub fn push(&mut self, frame: &Frame) -> Result<(), VideoIoError> {
        let index = self.intake.count;
        let frame = self.intake.take(frame)?;
        match &mut self.target {
            Target::File(stream) => stream.push(&frame),
            Target::Folder(folder) => folder.push(&frame, index),
        }
        .map_err(write_error(&self.path))
    }

    /// Completes the video under its final name.
    ///
    /// # Errors
    /// No frames; a full disk; an earlier frame that could not be written.
    pub fn finish(self) -> Result<(), VideoIoError> {
        let Self { path, intake, target } = self;
        if intake.count == 0 {
            return Err(VideoIoError::NoFrames { path });
        }
        match target {
            Target::File(stream) => {
                let written = stream.finish().and_then(StagedFile::commit);
                written.map_err(write_error(&path))
            }
            Target::Folder(folder) => folder.finish().map_err(write_error(&path)),
        }
    }
}

/// Writes a whole video.
///
/// # Errors
/// As [`VideoWriter`]'s methods.
pub fn save_video<'a>(
    path: impl AsRef<Path>,
    frames: impl IntoIterator<Item = &'a Frame>,
    options: VideoOptions,
) -> Result<(), VideoIoError> {
    let mut writer = VideoWriter::create(path, options)?;
    frames.into_iter().try_for_each(|frame| writer.push(frame))?;
    writer.finish()
}

/// Encodes an MP4 file in memory, for embedding in a page (`video/mp4`).
///
/// # Errors
/// No frames; frames of different sizes, or of a size or rate that the format cannot hold.
#[cfg(feature = "mp4")]
pub fn mp4_bytes<'a>(
    frames: impl IntoIterator<Item = &'a Frame>,
    options: VideoOptions,
) -> Result<Vec<u8>, VideoIoError> {
    bytes(FileFormat::Mp4, Intake::new(Format::Mp4, options)?, frames, options)
}

/// Encodes a GIF file in memory, for embedding in a page (`image/gif`).
///
/// # Errors
/// As [`mp4_bytes`].
pub fn gif_bytes<'a>(
    frames: impl IntoIterator<Item = &'a Frame>,
    options: VideoOptions,
) -> Result<Vec<u8>, VideoIoError> {
    bytes(FileFormat::Gif, Intake::new(Format::Gif, options)?, frames, options)
}

fn bytes<'a>(
    format: FileFormat,
    mut intake: Intake,
    frames: impl IntoIterator<Item = &'a Frame>,
    options: VideoOptions,
) -> Result<Vec<u8>, VideoIoError> {
    let encode = |source| VideoIoError::Encode { source };
    let mut stream = Stream::Waiting(format, Cursor::new(Vec::new()), options.fps);
    for frame in frames {
        stream.push(intake.take(frame)?.as_ref()).map_err(encode)?;
    }
    if intake.count == 0 {
        return Err(VideoIoError::NoFrames {
            path: "(memory)".into(),
        });
    }
    Ok(stream.finish().map_err(encode)?.into_inner())
}

fn file(path: &Path, format: FileFormat, options: VideoOptions) -> Result<Target, VideoIoError> {
    let file = StagedFile::beside(path).map_err(write_error(path))?;
    Ok(Target::File(Box::new(Stream::Waiting(format, file, options.fps))))
}
