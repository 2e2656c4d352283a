//! Finds videos. The extensions of video files are defined only here.

use std::fs;
use std::path::{Path, PathBuf};

use pusht_jobs::is_hidden;

use crate::error::VideoIoError;
use crate::read::read_error;

/// Extensions of files that can be read, by the built-in readers or by FFmpeg. Not `ts`, which is also TypeScript.
const READ: [&str; 20] = [
    "mp4", "m4v", "mov", "qt", "3gp", "3g2", "gif", "webm", "mkv", "avi", "mpg", "mpeg", "vob", "m2ts", "wmv", "asf",
    "flv", "ogv", "ivf", "y4m",
];

fn ends(path: &Path, with: &[&str]) -> bool {
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    extension.is_some_and(|e| with.iter().any(|w| e == *w))
}

/// True if a name has the extension of a video file, in any case.
pub fn is_video_file(path: impl AsRef<Path>) -> bool {
    ends(path.as_ref(), &READ)
}

/// True if a name ends in `.png`, in any case.
pub fn is_png_file(path: impl AsRef<Path>) -> bool {
    ends(path.as_ref(), &["png"])
}

/// Finds the videos at these paths, sorted. Files are taken as they are; folders are searched for files with the
/// extension of a video (in any case) and for folders with PNG files, each of which is a video. Folders of JPEG files are
/// found as well: reading them reports the expected formats. Hidden names are skipped, unless they are in `paths`. In an output folder of `pusht generate` (it has a generation.json) the frames are taken,
/// not the videos.
///
/// # Errors
/// A path that does not exist, or one without any video.
pub fn find_videos(paths: &[PathBuf]) -> Result<Vec<PathBuf>, VideoIoError> {
    let mut found = Vec::new();
    for path in paths {
        let before = found.len();
        if path.is_dir() {
            search(path, &mut found)?;
        } else {
            fs::metadata(path).map_err(read_error(path))?;
            found.push(path.clone());
        }
        if found.len() == before {
            return Err(VideoIoError::NoVideos { path: path.clone() });
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// The folder of the frames in an output folder of `pusht generate`, which has every clip twice: as exact frames, and as
/// a video for viewing. `None` for any other folder.
pub fn generated_frames(folder: impl AsRef<Path>) -> Option<PathBuf> {
    let folder = folder.as_ref();
    let frames = folder.join("frames");
    (folder.join("generation.json").is_file() && frames.is_dir()).then_some(frames)
}

fn search(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), VideoIoError> {
    if let Some(frames) = generated_frames(folder) {
        return search(&frames, found);
    }
    let (mut pictures, mut photos, before) = (false, 0, found.len());
    for entry in fs::read_dir(folder).map_err(read_error(folder))? {
        let entry = entry.map_err(read_error(folder))?;
        let path = entry.path();
        if is_hidden(&path) {
            continue;
        }
        // Links to folders are not followed, as they may form a cycle.
        if entry.file_type().map_err(read_error(&path))?.is_dir() {
            search(&path, found)?;
        } else if is_video_file(&path) {
            found.push(path);
        } else {
            pictures |= is_png_file(&path);
            photos += usize::from(ends(&path, &["jpg", "jpeg"]));
        }
    }
    // A single photo, or several next to videos, are previews.
    if pictures || (photos > 1 && found.len() == before) {
        found.push(folder.to_path_buf());
    }
    Ok(())
}
