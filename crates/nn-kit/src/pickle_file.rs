//! A PyTorch pickle: a zip archive (PyTorch 1.6 and later), the format before it, or a plain pickle.
//!
//! Nothing in it is run. What a small file could make large (compressed entries, repeated numbers) is bounded before it
//! is read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};
use std::path::Path;

use burn::store::burn_pack::Tensor as Entry;
use burn::store::pytorch_reader::{PickleError, PickleValue, PytorchError, PytorchReader};
use burn::store::{ModuleStore, PytorchStore};
use zip::ZipArchive;

use crate::checkpoint::{Checkpoint, Contents, Foreign};
use crate::checkpoint_error::CheckpointError;

/// Largest pickle of an archive in bytes, if it is larger than the archive itself: PyTorch does not compress.
const PICKLE: u64 = 1 << 20;
/// Largest tensor in bytes of a file that is smaller than it: repeated numbers are stored once.
const TENSOR: u64 = 256 << 20;
/// Place of the magic word of a tar archive.
const TAR: std::ops::Range<usize> = 257..262;
/// What a pickle calls a tensor.
const TENSOR_CLASS: &str = "torch.Tensor";

/// Opens a pickle.
pub(crate) fn open(path: &Path) -> Result<Checkpoint, CheckpointError> {
    let unreadable = |reason: String| CheckpointError::Unreadable {
        path: path.to_path_buf(),
        reason,
    };
    let size = check_container(path).map_err(|problem| match problem {
        Problem::Content(found) => CheckpointError::other(path, &found),
        Problem::Unreadable(reason) => unreadable(reason),
    })?;
    let pickle = PytorchReader::read_pickle_data(path, None).map_err(|error| match error {
        PytorchError::Pickle(PickleError::UnsupportedType(class)) => CheckpointError::other(
            path,
            &format!(
                "an object of the Python class {class} with tensors that only its code can read, such as a whole saved \
                 model; nothing was run (save `model.state_dict()` alone)"
            ),
        ),
        error => unreadable(error.to_string()),
    })?;
    let PickleValue::Dict(root) = &pickle else {
        return Err(CheckpointError::other(
            path,
            &format!("{}, not tensors by name", kind(&pickle)),
        ));
    };
    let mut walk = Walk::default();
    walk.value(&pickle, &mut Vec::new());
    if let Some(name) = walk.twice {
        return Err(unreadable(format!("two of its tensors are named {name}")));
    }
    let mut keys: Vec<String> = root.keys().filter(|key| *key != "_metadata").cloned().collect();
    keys.sort();
    // Numbers in names are layer numbers and are kept.
    let mut store = PytorchStore::from_file(path).map_indices_contiguous(false);
    let tensors = store.get_all_tensors().map_err(|error| unreadable(error.to_string()))?;
    let large = |tensor: &&Entry| tensor.byte_len() as u64 > size.max(TENSOR);
    if let Some(tensor) = tensors.values().find(large) {
        let (name, bytes) = (&tensor.name, tensor.byte_len());
        return Err(unreadable(format!("{name} has {bytes} bytes, the file {size}")));
    }
    let tensors: BTreeMap<String, Entry> = tensors
        .iter()
        .map(|(name, tensor)| (name.clone(), tensor.clone()))
        .collect();
    match walk.foreign.first() {
        Some(Foreign { place, object }) if tensors.is_empty() => Err(CheckpointError::Code {
            path: path.to_path_buf(),
            entry: place.clone(),
            object: object.clone(),
        }),
        _ => Checkpoint::new(
            path,
            tensors,
            Contents {
                keys,
                foreign: walk.foreign,
                ..Contents::default()
            },
        ),
    }
}

enum Problem {
    Content(String),
    Unreadable(String),
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<zip::result::ZipError> for Problem {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Unreadable(format!("damaged zip archive: {error}"))
    }
}

/// Checks the archive around the pickle; returns the size of the file.
fn check_container(path: &Path) -> Result<u64, Problem> {
    let file = pusht_jobs::open_file(path)?;
    let size = file.metadata()?.len();
    let mut head = Vec::new();
    (&file).take(TAR.end as u64).read_to_end(&mut head)?;
    if head.get(TAR) == Some(b"ustar".as_slice()) {
        let found = "a tar archive, the format of PyTorch before 0.1.10; load and save it with a newer PyTorch";
        return Err(Problem::Content(found.to_string()));
    }
    if !head.starts_with(b"PK") {
        return Ok(size);
    }
    let mut archive = ZipArchive::new(BufReader::new(file))?;
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.map(std::borrow::Cow::into_owned))
        .collect::<Result<_, _>>()?;
    // The folder in which the reader looks.
    let roots = names.iter().filter_map(|name| name.strip_suffix("data.pkl"));
    let root = roots.filter(|root| root.is_empty() || root.ends_with('/'));
    let Some(root) = root.min_by_key(|root| root.len()).map(str::to_owned) else {
        let some: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
        let what = match names.iter().all(|name| name.ends_with(".npy")) && !names.is_empty() {
            true => "NumPy arrays (.npz)",
            false => "a zip archive without a pickle (data.pkl)",
        };
        return Err(Problem::Content(format!("{what}: {}", some.join(", "))));
    };
    if names.iter().any(|name| *name == format!("{root}constants.pkl")) {
        let found = "a TorchScript program; save `torch.jit.load(PATH).state_dict()` alone";
        return Err(Problem::Content(found.to_string()));
    }
    if let Some(index) = archive.index_for_name(&format!("{root}data.pkl")) {
        let pickle = archive.by_index_raw(index)?.size();
        if pickle > size.max(PICKLE) {
            let reason = format!("its pickle would be {pickle} bytes, the file is {size}");
            return Err(Problem::Unreadable(reason));
        }
    }
    Ok(size)
}

/// Names a value that is no dictionary.
fn kind(value: &PickleValue) -> String {
    match value {
        PickleValue::List(items) => format!("a list of {}", items.len()),
        PickleValue::Unsupported(class) if class == TENSOR_CLASS => "a single tensor".into(),
        PickleValue::Unsupported(class) => format!("an object of the Python class {class}"),
        PickleValue::Dict(_) => "a dictionary".into(),
        _ => "a single value".into(),
    }
}

/// Walk over all values of a pickle, sorted by key, so that the same file gives the same text.
#[derive(Default)]
struct Walk {
    foreign: Vec<Foreign>,
    names: BTreeSet<String>,
    /// A name that two tensors have.
    twice: Option<String>,
}

impl Walk {
    fn value(&mut self, value: &PickleValue, path: &mut Vec<String>) {
        match value {
            PickleValue::Unsupported(object) if object == TENSOR_CLASS => {
                let name = path.join(".");
                if !self.names.insert(name.clone()) {
                    self.twice.get_or_insert(name);
                }
            }
            PickleValue::Unsupported(object) => {
                let plain = ["torch.", "numpy."].iter().any(|known| object.starts_with(known))
                    // Some layers store a byte buffer as extra state.
                    || ["int", "_io.BytesIO"].contains(&object.as_str());
                if !plain {
                    self.foreign.push(Foreign {
                        place: path.join("."),
                        object: object.clone(),
                    });
                }
            }
            PickleValue::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.inside(index.to_string(), item, path);
                }
            }
            PickleValue::Dict(items) => {
                let items: BTreeMap<&String, &PickleValue> = items.iter().collect();
                for (key, item) in items {
                    self.inside(key.clone(), item, path);
                }
            }
            _ => {}
        }
    }

    fn inside(&mut self, key: String, value: &PickleValue, path: &mut Vec<String>) {
        path.push(key);
        self.value(value, path);
        path.pop();
    }
}
