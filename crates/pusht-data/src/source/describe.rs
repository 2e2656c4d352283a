//! What a path holds that is no dataset.

use std::path::{Path, PathBuf};

use pusht_jobs::{LFS_POINTER, begins_with, is_hidden, is_lfs_pointer, open_file};

use crate::simulated;

/// First bytes of a file of labels, which names its format first.
const LABELS_START: &str = "{\"format\":\"pusht-labels";

const VIDEO: &str = "videos or pictures, which carry no actions";

/// Describes a path that holds no dataset, with a hint if one lies inside it.
pub(super) fn describe(path: &Path) -> String {
    if path.is_dir() {
        let mut inside: Vec<PathBuf> = std::fs::read_dir(path)
            .map(|entries| entries.flatten().map(|e| e.path()).collect())
            .unwrap_or_default();
        inside.retain(|p| !is_hidden(p));
        inside.sort();
        let is_set = |p: &&PathBuf| {
            let group = [".zgroup", "zarr.json"].iter().any(|name| p.join(name).exists());
            group || p.join("meta/info.json").exists() || simulated::is_ours(p)
        };
        let other = if inside.iter().any(|p| is_picture(p)) {
            VIDEO
        } else {
            "a folder of something else"
        };
        return inside.iter().find(is_set).map_or_else(
            || other.to_owned(),
            |p| format!("a folder around a dataset, name {} instead", p.display()),
        );
    }
    if let Err(error) = open_file(path) {
        return error.to_string();
    }
    if is_lfs_pointer(path) {
        return LFS_POINTER.to_owned();
    }
    if is_picture(path) {
        return VIDEO.to_owned();
    }
    let kind = match path.extension().and_then(|e| e.to_str()) {
        Some("zip") => "a zip archive, unpack it first",
        Some("partial") => "an unfinished set, run the command that was making it again to finish it",
        _ if begins_with(path, LABELS_START) => "a part of labels, join all parts with pusht demos merge",
        _ => "a file of something else",
    };
    kind.to_owned()
}

/// Whether a path is a video or an image, by its name.
fn is_picture(path: &Path) -> bool {
    #[cfg(feature = "lerobot")]
    return video_io::is_video_file(path) || video_io::is_png_file(path);
    #[cfg(not(feature = "lerobot"))]
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"))
}
