//! Opens weights of any kind: one file, shards with an index, or a folder.

use std::path::{Path, PathBuf};

use pusht_jobs::is_hidden;

use crate::checkpoint::Checkpoint;
use crate::checkpoint_error::CheckpointError;
use crate::{shards, weights_file};

/// Ends of the names of weight files in a folder, the preferred ones first.
const FOLDER: [&str; 4] = [".safetensors.index.json", ".safetensors", ".bin.index.json", ".bin"];

impl Checkpoint {
    /// Opens a checkpoint; the format is detected from the contents.
    ///
    /// # Errors
    /// A file that is missing, truncated or in none of these formats, or a pickle of Python objects without tensors.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        if path.is_dir() {
            return Self::open_folder(path);
        }
        if path.to_string_lossy().ends_with(".index.json") {
            return shards::open(path);
        }
        weights_file::open(path)
    }

    /// Opens the weights in a folder as Hugging Face writes them: its index of shards, or else its only `.safetensors`
    /// file, or else its only `.bin` file. Hidden files are passed over.
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
            let paths = files
                .iter()
                .map(std::fs::DirEntry::path)
                .filter(|path| !is_hidden(path));
            paths.filter(|path| path.to_string_lossy().ends_with(end)).collect()
        };
        for end in FOLDER {
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
        Err(unreadable(format!("it has none of *{}", FOLDER.join(", *"))))
    }

    /// Opens the part of a PyTorch checkpoint under the first of `keys` that holds tensors (nested keys are joined with
    /// dots). The tensors keep their names below that key. A file with none of the keys, such as `.safetensors`, is
    /// opened as a whole.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_part(path: &Path, keys: &[&str]) -> Result<Self, CheckpointError> {
        let whole = Self::open(path)?;
        for key in keys {
            let (first, prefix) = (key.split('.').next().unwrap_or(key), format!("{key}."));
            let is_key = whole.contents.keys.iter().any(|key| key == first);
            if is_key && whole.tensors.keys().any(|name| name.starts_with(&prefix)) {
                return Ok(whole.below(&prefix));
            }
        }
        Ok(whole)
    }
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

    #[test]
    fn hidden_files_in_a_folder_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let values = burn::tensor::TensorData::new(vec![1.0_f32], [1]);
        crate::save_safetensors(&folder.path().join("model.safetensors"), &[("x".into(), values)].into()).unwrap();
        // What macOS writes beside a file on other file systems.
        std::fs::write(folder.path().join("._model.safetensors"), b"\0\x05\x16\x07").unwrap();
        std::fs::write(folder.path().join("._model.safetensors.index.json"), b"\0\x05\x16\x07").unwrap();
        let found = Checkpoint::open_folder(folder.path()).unwrap();
        assert_eq!(found.shape("x").unwrap(), [1]);
    }
}
