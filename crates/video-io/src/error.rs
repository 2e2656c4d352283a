//! What can go wrong when videos are written and read.

use std::path::PathBuf;

/// Why a video could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoIoError {
    /// The path's extension names no format that can be written or read.
    #[error("{path:?}: videos can be {supported}, or folders of PNG files (a name without extension)")]
    UnknownExtension {
        /// The path asked for.
        path: PathBuf,
        /// The extensions there are.
        supported: &'static str,
    },
    /// MP4 was left out when this program was built.
    #[error(
        "{path:?}: this program was built without MP4; use GIF or PNG, or build it with the feature `mp4` of video-io"
    )]
    NoMp4 {
        /// The path asked for.
        path: PathBuf,
    },
    /// A video without frames.
    #[error("{path:?}: the video has no frames; expected at least one, nothing was written")]
    NoFrames {
        /// The path asked for.
        path: PathBuf,
    },
    /// A frame of another size than the first.
    #[error("frame {frame} is {found:?} px (width, height); expected {expected:?} as in frame 0")]
    SizeChanged {
        /// Index of the frame.
        frame: usize,
        /// Size of frame 0.
        expected: (u32, u32),
        /// Size found.
        found: (u32, u32),
    },
    /// A size that the format cannot hold.
    #[error(
        "frames of {width}×{height} px after scaling by {scale}; {format} takes {min}×{min} to {max_long}×{max_short} px, either way round"
    )]
    Size {
        /// Width after scaling.
        width: u64,
        /// Height after scaling.
        height: u64,
        /// The scale asked for.
        scale: u32,
        /// The format.
        format: &'static str,
        /// Least side.
        min: u32,
        /// Most of the longer side.
        max_long: u32,
        /// Most of the shorter side.
        max_short: u32,
    },
    /// A frame rate that the format cannot hold.
    #[error("{fps} frames a second; {format} takes 1 to {max}")]
    FrameRate {
        /// The rate asked for.
        fps: u32,
        /// The format.
        format: &'static str,
        /// Highest rate.
        max: u32,
    },
    /// The folder holds something else than the frames of an earlier video.
    #[error("{path:?} holds {found:?}, which is no frame of an earlier video; choose another folder or empty it")]
    FolderInUse {
        /// The folder.
        path: PathBuf,
        /// What stands in the way.
        found: PathBuf,
    },
    /// Frames that were to go through a codec did not.
    #[error("H.264 failed: {reason}")]
    Codec {
        /// What went wrong.
        reason: String,
    },
    /// The file system or the encoder failed while writing.
    #[error("cannot write {path:?}: {source}; nothing incomplete was left under this name")]
    Write {
        /// The final path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The encoder failed in memory.
    #[error("cannot encode: {source}")]
    Encode {
        /// The cause.
        source: std::io::Error,
    },
    /// The file system failed while reading.
    #[error("cannot read {path:?}: {source}")]
    Read {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is damaged or is not what its name says.
    #[error("cannot decode {path:?}: {source}; expected an intact {expected}")]
    Decode {
        /// The path.
        path: PathBuf,
        /// What it was taken for.
        expected: &'static str,
        /// The cause.
        source: image::ImageError,
    },
    /// The file is none of the kinds that can be read.
    #[error(
        "{path:?} is no video that can be read; expected an MP4 file (H.264, AV1), a GIF file or a folder of PNG files \
         (ffmpeg -i FILE -c:v libx264 -crf 12 new.mp4 makes one)"
    )]
    NotAVideo {
        /// The file.
        path: PathBuf,
    },
    /// An MP4 file that is damaged, cut off, or of a kind that cannot be decoded.
    #[error("cannot decode {path:?}: {source}")]
    Mp4 {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A folder without PNG files.
    #[error(
        "{path:?} holds no .png files; expected one a frame, in the order of their names (other formats of pictures are not read)"
    )]
    NoPngs {
        /// The folder.
        path: PathBuf,
    },
    /// A path without any video.
    #[error("{path:?}: no video here; expected MP4 or GIF files, folders of PNG files, or folders that hold such")]
    NoVideos {
        /// The path that was named.
        path: PathBuf,
    },
    /// Nothing to lay out.
    #[error("a film strip of {frames} frames in {columns} columns; expected at least one of each")]
    EmptyStrip {
        /// Frames given.
        frames: usize,
        /// Columns asked for.
        columns: usize,
    },
}
