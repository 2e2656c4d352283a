//! Errors from reading and writing videos.

use std::path::PathBuf;

/// Errors from reading and writing videos.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoIoError {
    /// The path's extension is not that of a supported format.
    #[error("{path:?}: videos can be {supported}, or folders of PNG files (a name without extension)")]
    UnknownExtension {
        /// The path.
        path: PathBuf,
        /// The supported extensions.
        supported: &'static str,
    },
    /// The program was built without the feature `mp4`.
    #[error(
        "{path:?}: this program was built without MP4; use GIF or PNG, or build it with the feature `mp4` of video-io"
    )]
    NoMp4 {
        /// The path.
        path: PathBuf,
    },
    /// The video has no frames.
    #[error("{path:?}: the video has no frames; expected at least one, nothing was written")]
    NoFrames {
        /// The path.
        path: PathBuf,
    },
    /// A frame has another size than the first.
    #[error("frame {frame} is {found:?} px (width, height); expected {expected:?} as in frame 0")]
    SizeChanged {
        /// Index of the frame.
        frame: usize,
        /// Size of frame 0.
        expected: (u32, u32),
        /// Size found.
        found: (u32, u32),
    },
    /// The format does not support this size.
    #[error(
        "frames of {width}×{height} px after scaling by {scale}; {format} takes {min}×{min} to {max_long}×{max_short} px, either way round"
    )]
    Size {
        /// Width after scaling.
        width: u64,
        /// Height after scaling.
        height: u64,
        /// The requested scale.
        scale: u32,
        /// The format.
        format: &'static str,
        /// Smallest side, px.
        min: u32,
        /// Limit of the longer side, px.
        max_long: u32,
        /// Limit of the shorter side, px.
        max_short: u32,
    },
    /// The format does not support this frame rate.
    #[error("{fps} frames per second; {format} takes 1 to {max}")]
    FrameRate {
        /// The requested rate.
        fps: u32,
        /// The format.
        format: &'static str,
        /// Highest rate.
        max: u32,
    },
    /// The folder holds something other than the frames of an earlier video.
    #[error("{path:?} holds {found:?}, which is no frame of an earlier video; choose another folder or empty it")]
    FolderInUse {
        /// The folder.
        path: PathBuf,
        /// The other file.
        found: PathBuf,
    },
    /// Encoding and decoding of frames failed.
    #[error("H.264 failed: {reason}")]
    Codec {
        /// The reason.
        reason: String,
    },
    /// The file system or the encoder failed while writing.
    #[error("cannot write {path:?}: {source}; nothing incomplete was left under this name")]
    Write {
        /// The final path.
        path: PathBuf,
        /// The underlying error.
        source: std::io::Error,
    },
    /// The encoder failed in memory.
    #[error("cannot encode: {source}")]
    Encode {
        /// The underlying error.
        source: std::io::Error,
    },
    /// The file system failed while reading.
    #[error("cannot read {path:?}: {source}")]
    Read {
        /// The path.
        path: PathBuf,
        /// The underlying error.
        source: std::io::Error,
    },
    /// The file is damaged or does not have the format of its name.
    #[error("cannot decode {path:?}: {source}; expected an intact {expected}")]
    Decode {
        /// The path.
        path: PathBuf,
        /// The expected format.
        expected: &'static str,
        /// The underlying error.
        source: image::ImageError,
    },
    /// The file does not have a format that can be read.
    #[error(
        "{path:?} is no video that can be read; expected an MP4 or GIF file, a folder of PNG files, or, where ffmpeg is \
         installed, another format that it reads (WebM, Matroska, AVI, …)"
    )]
    NotAVideo {
        /// The file.
        path: PathBuf,
    },
    /// The file is empty.
    #[error("{path:?} is empty (0 bytes); copy or make it again")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is a Git LFS pointer.
    #[error("{path:?} is {}", pusht_jobs::LFS_POINTER)]
    LfsPointer {
        /// The file.
        path: PathBuf,
    },
    /// The file is a WebP picture or animation.
    #[error("{path:?} is WebP, which is not read; convert it to GIF or to a folder of PNG files (magick FILE new.gif)")]
    WebP {
        /// The file.
        path: PathBuf,
    },
    /// There is nothing at a path which had bytes that are not UTF-8.
    #[error(
        "{path:?}: its name is not UTF-8 (U+FFFD stands for the bytes that are not), so results cannot name it; rename it"
    )]
    NameNotUtf8 {
        /// The path, as text.
        path: PathBuf,
    },
    /// A picture of another format under the name of a PNG file.
    #[error(
        "{path:?} is {found}, though its name ends in .png; expected a PNG file (magick mogrify -format png FILE converts it)"
    )]
    NotPng {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// The file holds no pictures.
    #[error("{path:?} has no video track with pictures, only sound or other data; choose the file that has them")]
    NoPictures {
        /// The file.
        path: PathBuf,
    },
    /// The file is a list of videos.
    #[error("{path:?} is a list of videos, and lists are not followed; name the videos themselves")]
    Playlist {
        /// The file.
        path: PathBuf,
    },
    /// The video can be read by FFmpeg only, and there is no such program.
    #[error(
        "{path:?} holds {holds}, which is read by the program ffmpeg, and {program:?} was not found; install ffmpeg (4.4 \
         or later), or convert the video elsewhere (ffmpeg -i FILE -c:v libx264 -pix_fmt yuv420p -crf 12 new.mp4)"
    )]
    NoFfmpeg {
        /// The file.
        path: PathBuf,
        /// What it holds.
        holds: String,
        /// The program that was looked for.
        program: PathBuf,
    },
    /// FFmpeg does not read the video, or found it damaged.
    #[error("{path:?} holds {holds}, and ffmpeg does not read it whole: {reason}")]
    Ffmpeg {
        /// The file.
        path: PathBuf,
        /// What it holds.
        holds: String,
        /// What FFmpeg said, or how it failed.
        reason: String,
    },
    /// The video is not damaged as far as is known, but coded in a way that is not read.
    #[error(
        "{path:?} holds {holds}, which is not read; expected H.264 (progressive, 8 bits, 4:2:0, lossy) or AV1 \
         (ffmpeg -i FILE -c:v libx264 -pix_fmt yuv420p -crf 12 new.mp4 converts it)"
    )]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it holds.
        holds: String,
    },
    /// The video is damaged or truncated.
    #[error("{path:?} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A time stamp of the video is wrong.
    #[error(
        "{path:?}: {reason}, which is taken for a wrong time stamp; if its frames follow at a steady rate, give that \
         (fps), so that they are counted instead of timed, or cut the place out"
    )]
    WrongTime {
        /// The video.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The folder has no PNG files.
    #[error(
        "{path:?} holds no .png files; expected one a frame, in the order of their names (other formats of pictures are not read)"
    )]
    NoPngs {
        /// The folder.
        path: PathBuf,
    },
    /// There is no video at the path.
    #[error(
        "{path:?}: no video here; expected MP4, GIF or other video files, folders of PNG files, or folders that hold such"
    )]
    NoVideos {
        /// The path.
        path: PathBuf,
    },
    /// A film strip has no frames or no columns.
    #[error("a film strip of {frames} frames in {columns} columns; expected at least one of each")]
    EmptyStrip {
        /// Number of frames.
        frames: usize,
        /// Number of columns.
        columns: usize,
    },
}
