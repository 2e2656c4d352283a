//! Finds videos.

use std::fs;
use std::path::{Path, PathBuf};

use pusht_jobs::is_hidden;

use crate::error::VideoIoError;
use crate::extensions::{ends, is_no_video, is_png_file, is_video_file};
use crate::read::{begins_as_video, read_error};

/// Files that `pusht label` and `pusht audit` write into their output folders, which hold the videos of others once more.
const OUTPUTS: [&str; 2] = ["label.json", "clips.jsonl"];

/// True for a file that searches in folders take for a video: by its extension, or by its first bytes, if these are of a
/// format that is read and not of sound or a photo.
pub fn is_searched_video(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    is_video_file(path) || (!is_no_video(path) && begins_as_video(path))
}

/// Finds the videos at these paths, sorted. Files are taken as they are; folders are searched for video files
/// ([`is_searched_video`]) and for folders with PNG files, each of which is a video. Folders of JPEG files are found as well:
/// reading them reports the expected formats. Passed over, unless they are in `paths`, are hidden names, links to folders, and
/// the output folders of `pusht label` and `pusht audit`. In an output folder of `pusht generate` (it has a generation.json)
/// the frames are taken, not the videos.
///
/// Results are text, so a name that is not UTF-8 cannot stand in them. It is returned with U+FFFD in place of the bytes that
/// are not, and reading it fails with this reason, as other files do that cannot be read.
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
    for path in &mut found {
        if path.to_str().is_none() {
            *path = PathBuf::from(path.to_string_lossy().into_owned());
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
            if !OUTPUTS.iter().any(|name| path.join(name).is_file()) {
                search(&path, found)?;
            }
        } else if is_searched_video(&path) {
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
