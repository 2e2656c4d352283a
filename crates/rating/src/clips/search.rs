//! Searches for possible clips: video files and folders of PNG files, at any depth.

use std::fs;
use std::path::{Path, PathBuf};

use pusht_jobs::is_hidden;
use video_io::{generated_frames, is_png_file, is_searched_video};

use crate::RatingError;

/// Sorted paths of all possible clips below the folder, without hidden ones; of a folder of `pusht generate`
/// the frames only.
pub(super) fn candidates(folder: &Path) -> Result<Vec<PathBuf>, RatingError> {
    let mut found = Vec::new();
    search(folder, &mut found)?;
    found.sort();
    Ok(found)
}

fn search(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), RatingError> {
    if let Some(frames) = generated_frames(folder) {
        return search(&frames, found);
    }
    let mut pictures = false;
    for entry in fs::read_dir(folder).map_err(RatingError::io(folder))? {
        let entry = entry.map_err(RatingError::io(folder))?;
        let path = entry.path();
        if is_hidden(&path) {
            continue;
        }
        // Links to folders are not followed, as they may form a cycle.
        if entry.file_type().map_err(RatingError::io(&path))?.is_dir() {
            search(&path, found)?;
        } else if is_searched_video(&path) {
            found.push(path);
        } else {
            pictures |= is_png_file(&path);
        }
    }
    if pictures {
        found.push(folder.to_path_buf());
    }
    Ok(())
}
