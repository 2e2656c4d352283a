//! `meta/info.json`: version, frame rate, where files are, and the camera.

use std::path::Path;

use serde_json::Value;

use super::FPS;
use crate::{DataError, SourceOptions};

/// Where it is in the dataset.
pub(super) const INFO: &str = "meta/info.json";

/// What LeRobot puts before the names of a robot's cameras.
const CAMERA_PREFIXES: [&str; 2] = ["observation.images.", "observation."];

/// What is needed of `meta/info.json`.
pub(super) struct Info {
    /// Feature of the frames.
    pub(super) image: String,
    data_path: String,
    video_path: String,
    /// Number of episodes (`total_episodes`), if stated.
    pub(super) episodes: Option<u64>,
    /// Number of rows of all episodes (`total_frames`), if stated.
    pub(super) frames: Option<u64>,
}

impl Info {
    /// Reads the file and chooses the camera.
    ///
    /// # Errors
    /// No such file, a Git LFS pointer, another version or frame rate, totals that are no whole numbers, no video feature, or
    /// several without a choice.
    pub(super) fn read(path: &Path, options: &SourceOptions) -> Result<Self, DataError> {
        let info = json(path, INFO)?;
        let layout = |expected: &str, found: String| DataError::Layout {
            path: path.to_path_buf(),
            array: INFO.to_owned(),
            expected: expected.to_owned(),
            found,
        };
        let version = info["codebase_version"].as_str().unwrap_or_default();
        if !version.starts_with("v3.") {
            let expected = "version v3.0 (LeRobot's convert_dataset_v21_to_v30 makes it of older ones)";
            return Err(layout(expected, format!("{version:?}")));
        }
        if info["fps"].as_f64() != Some(f64::from(FPS)) {
            return Err(layout("10 rows per second (\"fps\": 10)", info["fps"].to_string()));
        }
        let pattern = |key: &str, needed: &str| {
            let pattern = info[key].as_str().unwrap_or_default();
            if pattern.contains(needed) {
                return Ok(pattern.to_owned());
            }
            let expected = format!("a path {key} with {needed}…}}");
            Err(layout(&expected, info[key].to_string()))
        };
        let count = |key: &str| match &info[key] {
            Value::Null => Ok(None),
            value => match value.as_u64() {
                Some(count) => Ok(Some(count)),
                None => Err(layout(&format!("a whole number as {key}"), value.to_string())),
            },
        };
        Ok(Self {
            image: camera(path, &info, options)?,
            data_path: pattern("data_path", "{file_index")?,
            video_path: pattern("video_path", "{file_index")?,
            episodes: count("total_episodes")?,
            frames: count("total_frames")?,
        })
    }

    /// Path of a table of rows in the dataset.
    pub(super) fn data(&self, file: [usize; 2]) -> String {
        fill(&self.data_path, file, &self.image)
    }

    /// Path of a video in the dataset.
    pub(super) fn video(&self, file: [usize; 2]) -> String {
        fill(&self.video_path, file, &self.image)
    }
}

/// The video feature to read.
fn camera(path: &Path, info: &Value, options: &SourceOptions) -> Result<String, DataError> {
    let features = info["features"].as_object().into_iter().flatten();
    let videos: Vec<&String> = features
        .filter(|(_, feature)| feature["dtype"] == "video")
        .map(|(name, _)| name)
        .collect();
    if videos.is_empty() {
        return Err(DataError::Layout {
            path: path.to_path_buf(),
            array: INFO.to_owned(),
            expected: "a feature of dtype video".to_owned(),
            found: "none (pictures within tables are not read)".to_owned(),
        });
    }
    let short = |name: &str| {
        let short = CAMERA_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
        short.unwrap_or(name).to_owned()
    };
    let chosen = match (&options.camera, &videos[..]) {
        (None, [one]) => Some(*one),
        (None, _) => None,
        (Some(asked), all) => {
            let whole = all.iter().find(|name| **name == asked);
            whole.or(all.iter().find(|name| short(name) == short(asked))).copied()
        }
    };
    chosen.cloned().ok_or_else(|| DataError::Camera {
        path: path.to_path_buf(),
        asked: options.camera.clone(),
        cameras: videos.iter().map(|name| short(name)).collect(),
    })
}

/// Fills a path pattern with its numbers. Patterns are Python's: `{name}`, or `{name:03d}` with at least so many digits.
fn fill(pattern: &str, [chunk, file]: [usize; 2], image: &str) -> String {
    let mut path = String::new();
    let mut rest = pattern;
    while let Some((before, (field, after))) = rest
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        path += before;
        let (name, format) = field.split_once(':').unwrap_or((field, ""));
        let digits = format.trim_end_matches('d').parse().unwrap_or(0).min(20);
        match name {
            "video_key" => path += image,
            "chunk_index" | "episode_chunk" => path += &format!("{chunk:0digits$}"),
            "file_index" => path += &format!("{file:0digits$}"),
            // Not a path of version 3; it will not be found, under this name.
            _ => path += &format!("{{{field}}}"),
        }
        rest = after;
    }
    path + rest
}

/// A JSON file of the dataset.
pub(super) fn json(path: &Path, name: &str) -> Result<Value, DataError> {
    let file = path.join(name);
    let unreadable = |reason: String| {
        let error = DataError::Unreadable {
            path: path.to_path_buf(),
            item: name.to_owned(),
            reason,
        };
        error.or_pointer(&file)
    };
    let bytes = pusht_jobs::read_file(&file).map_err(|e| unreadable(e.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|e| unreadable(e.to_string()))
}
