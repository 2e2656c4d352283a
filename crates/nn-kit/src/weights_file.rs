//! A single weight file: safetensors, or a PyTorch pickle without code.

use std::collections::BTreeMap;
use std::path::Path;

use burn::store::burn_pack::Tensor as Entry;
use burn::store::pytorch_reader::{PickleValue, PytorchReader};
use burn::store::{ModuleStore, PytorchStore};

use crate::checkpoint::Checkpoint;
use crate::checkpoint_error::CheckpointError;
use crate::safetensors_file;

/// Opens one file; with `keys`, the part of a pickle under the first of them that holds tensors.
pub(crate) fn open(path: &Path, keys: Option<&[&str]>) -> Result<Checkpoint, CheckpointError> {
    let unreadable = |reason: String| CheckpointError::Unreadable {
        path: path.to_path_buf(),
        reason,
    };
    let tensors = if is_safetensors(path).map_err(|error| unreadable(error.to_string()))? {
        safetensors_file::open(path)
    } else {
        let pickle = PytorchReader::read_pickle_data(path, None).map_err(|error| unreadable(error.to_string()))?;
        let (key, part) = match keys {
            None => ("", &pickle),
            Some(keys) => {
                part(&pickle, keys).ok_or_else(|| unreadable(format!("it has none of the keys {}", keys.join(", "))))?
            }
        };
        if let Some((entry, object)) = code(part, key) {
            let path = path.to_path_buf();
            return Err(CheckpointError::Code { path, entry, object });
        }
        // Numbers in names are layer numbers and are kept.
        let mut store = PytorchStore::from_file(path).map_indices_contiguous(false);
        let tensors = store.get_all_tensors().map_err(|error| error.to_string());
        let under = |(name, tensor): (&String, &Entry)| {
            let name = match key {
                "" => name.as_str(),
                key => name.strip_prefix(key)?.strip_prefix('.')?,
            };
            Some((name.to_string(), tensor.clone()))
        };
        tensors.map(|tensors| tensors.iter().filter_map(under).collect())
    };
    Ok(Checkpoint::new(path, tensors.map_err(unreadable)?))
}

/// A safetensors file begins with the length of its header, which begins with a brace.
fn is_safetensors(path: &Path) -> std::io::Result<bool> {
    use std::io::Read;
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(9).read_to_end(&mut head)?;
    Ok(head.get(8) == Some(&b'{'))
}

/// Returns the first of `keys` that exists, and its value.
fn part<'a>(pickle: &'a PickleValue, keys: &[&'a str]) -> Option<(&'a str, &'a PickleValue)> {
    let at = |key: &str| {
        key.split('.').try_fold(pickle, |value, name| match value {
            PickleValue::Dict(items) => items.get(name),
            _ => None,
        })
    };
    keys.iter().find_map(|key| Some((*key, at(key)?)))
}

/// Finds the first object of a pickle that is neither a tensor nor a plain value; returns its position and the object.
fn code(value: &PickleValue, place: &str) -> Option<(String, String)> {
    let inner = |key: &str| {
        if place.is_empty() {
            key.to_string()
        } else {
            format!("{place}.{key}")
        }
    };
    match value {
        PickleValue::Unsupported(object) => {
            let plain = ["torch.", "numpy."].iter().any(|known| object.starts_with(known))
                // Some layers store a byte buffer as extra state.
                || ["int", "_io.BytesIO"].contains(&object.as_str());
            (!plain).then(|| {
                (
                    if place.is_empty() {
                        "the whole file".into()
                    } else {
                        place.into()
                    },
                    object.clone(),
                )
            })
        }
        PickleValue::List(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, item)| code(item, &inner(&i.to_string()))),
        PickleValue::Dict(items) => {
            // Sorted by key, so that the same file gives the same text.
            let items: BTreeMap<&String, &PickleValue> = items.iter().collect();
            items.into_iter().find_map(|(key, item)| code(item, &inner(key)))
        }
        _ => None,
    }
}
