//! How a video is read.

use std::path::PathBuf;
use std::time::Duration;

/// Which decoders read a video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum VideoBackend {
    /// The built-in ones, and the program `ffmpeg` for what they do not read.
    #[default]
    Auto,
    /// Only the built-in ones.
    BuiltIn,
    /// Only the program `ffmpeg`, except for folders of PNG files.
    Ffmpeg,
}

/// How a video is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Which decoders read it.
    pub backend: VideoBackend,
    /// The program `ffmpeg`, version 4.4 or later: a path, or a name that is looked up in `PATH`.
    pub ffmpeg: PathBuf,
    /// Longest time to wait for a frame of `ffmpeg`; then it is ended, with an error.
    pub patience: Duration,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            backend: VideoBackend::Auto,
            ffmpeg: "ffmpeg".into(),
            patience: Duration::from_secs(60),
        }
    }
}
