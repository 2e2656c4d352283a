//! Opens weights of any kind: one file, shards with an index, or a folder.

use std::path::{Path, PathBuf};

use crate::checkpoint::Checkpoint;
use crate::checkpoint_error::CheckpointError;
use crate::{shards, weights_file};

impl Checkpoint {
    /// Opens a checkpoint; the format is detected from the contents.
    ///
    /// # Errors
    /// A file that is missing, truncated or in none of these formats, or a pickle that names code.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        open(path, None)
    }

    /// Opens the weights in a folder as Hugging Face writes them: its index of shards, or else its only `.safetensors`
    /// file.
    ///
    /// # Errors
    /// A folder without such a file or with several, and as [`Self::open`].
    pub fn open_folder(folder: &Path) -> Result<Self, CheckpointError> {
        let unreadable = |reason: String| CheckpointError::Unreadable {
            path: folder.to_path_buf(),
            reason,
        };
        let files = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let files = files.map_err(|error| unreadable(error.to_string()))?;
        let ending = |end: &str| -> Vec<PathBuf> {
            let paths = files.iter().map(std::fs::DirEntry::path);
            paths.filter(|path| path.to_string_lossy().ends_with(end)).collect()
        };
        for end in [".safetensors.index.json", ".safetensors"] {
            match &ending(end)[..] {
                [] => {}
                [path] => return Self::open(path),
                several => {
                    return Err(unreadable(format!(
                        "it has {} files *{end}; leave one there",
                        several.len()
                    )));
                }
            }
        }
        Err(unreadable(
            "it has neither *.safetensors.index.json nor *.safetensors".into(),
        ))
    }

    /// Opens the part of a PyTorch checkpoint under the first of `keys` that holds tensors (nested keys are joined with
    /// dots). The tensors keep their names below that key. Other objects in the file are neither run nor checked; the
    /// part itself may hold only tensors and plain values. A `.safetensors` file is opened as a whole.
    ///
    /// # Errors
    /// As [`Self::open`], and a file with none of the keys.
    pub fn open_part(path: &Path, keys: &[&str]) -> Result<Self, CheckpointError> {
        open(path, Some(keys))
    }
}

fn open(path: &Path, keys: Option<&[&str]>) -> Result<Checkpoint, CheckpointError> {
    if path.to_string_lossy().ends_with(".index.json") {
        return shards::open(path);
    }
    weights_file::open(path, keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_names_itself_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors.index.json");
        std::fs::write(&path, r#"{"weight_map":{"x":"model.safetensors.index.json"}}"#).unwrap();
        assert!(Checkpoint::open(&path).is_err());
    }
}
