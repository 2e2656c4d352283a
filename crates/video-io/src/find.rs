//! Which videos there are. The endings of video files stand here and nowhere else.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::VideoIoError;
use crate::read::read_error;

/// Endings of what can be read.
const READ: [&str; 4] = ["mp4", "m4v", "mov", "gif"];
/// Endings of videos in containers that cannot be read. They are found, so that reading them says so.
const FOREIGN: [&str; 8] = ["webm", "mkv", "avi", "mpg", "mpeg", "wmv", "flv", "ogv"];

fn ends(path: &Path, with: &[&str]) -> bool {
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    extension.is_some_and(|e| with.iter().any(|w| e == *w))
}

/// True where a name ends as those of video files that can be read do, whatever the case.
pub fn is_video_file(path: impl AsRef<Path>) -> bool {
    ends(path.as_ref(), &READ)
}

/// True where a name ends in `.png`, whatever the case.
pub fn is_png_file(path: impl AsRef<Path>) -> bool {
    ends(path.as_ref(), &["png"])
}

/// The videos at these paths, sorted: files as they are named; folders are searched for files whose names end as those of
/// videos do (whatever the case) and for folders that hold PNG files, each of which is a video. Videos of formats that cannot
/// be read, folders of JPEG files among them, are found, too: reading them says what was expected. Hidden names are passed
/// over; of a folder that `pusht generate` made (it has a generation.json) the frames are taken, not their videos.
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

fn search(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), VideoIoError> {
    // A folder of `pusht generate` has every clip twice: as exact frames, and as a video to look at.
    let frames = folder.join("frames");
    if folder.join("generation.json").is_file() && frames.is_dir() {
        return search(&frames, found);
    }
    let (mut pictures, mut photos, before) = (false, 0, found.len());
    for entry in fs::read_dir(folder).map_err(read_error(folder))? {
        let entry = entry.map_err(read_error(folder))?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // Links to folders are not followed, as they may lead in a circle.
        if entry.file_type().map_err(read_error(&path))?.is_dir() {
            search(&path, found)?;
        } else if is_video_file(&path) || ends(&path, &FOREIGN) {
            found.push(path);
        } else {
            pictures |= is_png_file(&path);
            photos += usize::from(ends(&path, &["jpg", "jpeg"]));
        }
    }
    // A single photo, or some beside videos, are previews.
    if pictures || (photos > 1 && found.len() == before) {
        found.push(folder.to_path_buf());
    }
    Ok(())
}
