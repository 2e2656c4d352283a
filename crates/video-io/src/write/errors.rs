//! Constructors of errors from writing a video, with its path.

use crate::error::VideoIoError;
use std::path::Path;

pub(crate) fn write_error(path: &Path) -> impl FnOnce(std::io::Error) -> VideoIoError {
    let path = path.to_path_buf();
    move |source| VideoIoError::Write { path, source }
}
