//! Weights in several safetensors files with an index (`*.safetensors.index.json`), as Hugging Face writes large ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::checkpoint::Checkpoint;
use crate::checkpoint_error::CheckpointError;
use crate::weights_file;

#[derive(Deserialize)]
struct Index {
    /// File name by tensor name.
    weight_map: BTreeMap<String, String>,
}

/// Opens the files of an index; they must be beside it and hold the tensors that it lists.
pub(crate) fn open(path: &Path) -> Result<Checkpoint, CheckpointError> {
    let unreadable = |reason: String| CheckpointError::Unreadable {
        path: path.to_path_buf(),
        reason,
    };
    weights_file::refuse_pointer(path)?;
    let bytes = pusht_jobs::read_file(path).map_err(|error| unreadable(error.to_string()))?;
    let index: Index = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
    let files: BTreeSet<&String> = index.weight_map.values().collect();
    let mut all = Checkpoint::empty(path);
    for file in files {
        if Path::new(file).file_name() != Some(std::ffi::OsStr::new(file)) {
            return Err(unreadable(format!(
                "weight_map names {file:?}; expected a file in the same folder"
            )));
        }
        let shard = weights_file::open(&path.with_file_name(file))?;
        // A tensor that is in several files is taken from the one that the index names.
        let own = |name: &String| index.weight_map.get(name).is_none_or(|named| named == file);
        all.tensors
            .extend(shard.tensors.into_iter().filter(|(name, _)| own(name)));
    }
    let lost = index.weight_map.keys().find(|name| all.shape(name).is_none());
    match lost {
        Some(name) => Err(unreadable(format!("{name} is in none of the files that it names"))),
        None => Ok(all),
    }
}
