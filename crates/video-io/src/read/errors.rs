//! Constructors of errors from reading a video, with its path.

use crate::error::VideoIoError;
use std::io;
use std::path::Path;

pub(crate) fn decode_error(path: &Path, expected: &'static str, source: image::ImageError) -> VideoIoError {
    VideoIoError::Decode {
        path: path.into(),
        expected,
        source,
    }
}

pub(crate) fn read_error(path: &Path) -> impl FnOnce(io::Error) -> VideoIoError {
    let path = path.to_path_buf();
    move |source| VideoIoError::Read { path, source }
}
