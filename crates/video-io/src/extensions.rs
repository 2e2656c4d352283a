//! The extensions of video files, which are defined only here.

use std::path::Path;

/// Extensions of files that can be read, by the built-in readers or by FFmpeg. Not `ts`, which is also TypeScript: files with
/// other names are known by their first bytes.
const READ: [&str; 20] = [
    "mp4", "m4v", "mov", "qt", "3gp", "3g2", "gif", "webm", "mkv", "avi", "mpg", "mpeg", "vob", "m2ts", "wmv", "asf",
    "flv", "ogv", "ivf", "y4m",
];

/// Extensions of sound and photos, which share their formats with videos.
const NO_VIDEOS: [&str; 14] = [
    "m4a", "m4b", "mp3", "mka", "oga", "opus", "spx", "wma", "ra", "heic", "heif", "avif", "cr3", "png",
];

/// Whether a name has one of these extensions, in any case.
pub(crate) fn ends(path: &Path, with: &[&str]) -> bool {
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    extension.is_some_and(|e| with.iter().any(|w| e == *w))
}

/// True if a name has the extension of a video file, in any case.
pub fn is_video_file(path: impl AsRef<Path>) -> bool {
    ends(path.as_ref(), &READ)
}

/// True if a name has the extension of sound or a photo.
pub(crate) fn is_no_video(path: &Path) -> bool {
    ends(path, &NO_VIDEOS)
}

/// True if a name ends in `.png`, in any case.
pub fn is_png_file(path: impl AsRef<Path>) -> bool {
    ends(path.as_ref(), &["png"])
}
