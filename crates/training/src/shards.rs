//! A model as a folder of small files of 16-bit numbers, for hosts that accept no large files: safetensors with an
//! index (`model.safetensors.index.json`), as in published models, each file with the kind and configuration in its
//! header.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::bf16;
use pusht_jobs::{StagedFolder, write_bytes};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ModelFileError;
use crate::model_bytes::{Header, model_bytes, read_file, sealed, split, writing};

const INDEX: &str = "model.safetensors.index.json";
/// Largest size of a file in bytes, unless a single parameter is larger.
const LARGEST: usize = 15 << 20;
/// Bytes of a file reserved for its header.
const HEADER: usize = 64 << 10;

#[derive(Serialize, Deserialize)]
struct Index {
    /// The file of each parameter.
    weight_map: BTreeMap<String, String>,
}

/// Writes a model as a folder of files of at most 15 MiB, with its numbers rounded to bf16. The folder appears when it
/// is complete; an earlier model there is replaced.
///
/// # Errors
/// A folder that cannot be written, or that contains something else.
pub fn save_shards<M: Module>(
    folder: &Path,
    model: &M,
    kind: &str,
    config: &impl Serialize,
) -> Result<(), ModelFileError> {
    let failed = writing(folder);
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut inside| inside.next().is_some());
    if occupied && !folder.join(INDEX).is_file() {
        return Err(failed("it holds other files; choose another folder".into()));
    }
    let whole = model_bytes(model, kind, config).map_err(&failed)?;
    let tensors = tensors(&whole).map_err(|reason| failed(reason.into()))?;
    let metadata = header(&whole)
        .map_err(|reason| failed(reason.into()))?
        .remove("__metadata__")
        .unwrap_or_default();
    let mut shards: Vec<Vec<Tensor<'_>>> = Vec::new();
    let mut room = 0;
    for tensor in tensors {
        let size = tensor.numbers() * 2 + tensor.name.len() + 128;
        if size > room {
            shards.push(Vec::new());
            room = LARGEST - HEADER;
        }
        room = room.saturating_sub(size);
        shards.last_mut().expect("one was just begun").push(tensor);
    }

    let beside = StagedFolder::beside(folder).map_err(|error| failed(error.to_string()))?;
    let mut index = Index {
        weight_map: BTreeMap::new(),
    };
    let count = shards.len();
    for (number, shard) in shards.iter().enumerate() {
        let name = format!("model-{:05}-of-{count:05}.safetensors", number + 1);
        let mut file = BTreeMap::from([("__metadata__".to_owned(), metadata.clone())]);
        let mut numbers = Vec::new();
        for tensor in shard {
            let start = numbers.len();
            numbers.extend(tensor.values().flat_map(|value| bf16::from_f32(value).to_le_bytes()));
            file.insert(tensor.name.clone(), place("BF16", &tensor.shape, start, numbers.len()));
            index.weight_map.insert(tensor.name.clone(), name.clone());
        }
        let bytes = sealed(file, &numbers).ok_or_else(|| failed("the header is not JSON".into()))?;
        write_bytes(beside.path().join(&name), &bytes).map_err(|error| failed(error.to_string()))?;
    }
    let text = serde_json::to_vec_pretty(&index).map_err(|error| failed(error.to_string()))?;
    write_bytes(beside.path().join(INDEX), &text).map_err(|error| failed(error.to_string()))?;
    beside.replace().map_err(|error| failed(error.to_string()))
}

/// Reads kind, configuration and the content of the folder as one file in memory, in f32.
pub(crate) fn read_folder(folder: &Path) -> Result<(String, Value, Vec<u8>), ModelFileError> {
    let path = folder.join(INDEX);
    let not_a_model = |reason: String| ModelFileError::NotAModel {
        path: folder.to_path_buf(),
        reason,
    };
    ModelFileError::unless_pointer(&path)?;
    let index = std::fs::read(&path).map_err(|error| not_a_model(format!("{INDEX} cannot be read: {error}")))?;
    let index: Index =
        serde_json::from_slice(&index).map_err(|error| not_a_model(format!("{INDEX} is no index: {error}")))?;
    let mut shared: Option<(String, Value)> = None;
    let mut all = BTreeMap::new();
    let mut numbers = Vec::new();
    for file in index.weight_map.values().collect::<BTreeSet<_>>() {
        let path = shard(folder, file)
            .ok_or_else(|| not_a_model(format!("{INDEX} names {file:?}; expected files in the same folder")))?;
        let (kind, config, bytes) = read_file(&path)?;
        if shared.get_or_insert_with(|| (kind.clone(), config.clone())) != &(kind, config) {
            return Err(not_a_model(format!(
                "{file} belongs to another model than the files before it"
            )));
        }
        for tensor in tensors(&bytes).map_err(|reason| not_a_model(format!("{file}: {reason}")))? {
            let start = numbers.len();
            numbers.extend(tensor.values().flat_map(f32::to_le_bytes));
            all.insert(tensor.name, place("F32", &tensor.shape, start, numbers.len()));
        }
    }
    if let Some(lost) = index.weight_map.keys().find(|name| !all.contains_key(*name)) {
        return Err(not_a_model(format!("{lost} is in none of its files")));
    }
    let (kind, config) = shared.ok_or_else(|| not_a_model(format!("{INDEX} names no files")))?;
    let bytes = sealed(all, &numbers).ok_or_else(|| not_a_model("its header is not JSON".into()))?;
    Ok((kind, config, bytes))
}

/// Path of a file in the folder; none for a name that leads outside it.
fn shard(folder: &Path, name: &str) -> Option<PathBuf> {
    (Path::new(name).file_name() == Some(std::ffi::OsStr::new(name))).then(|| folder.join(name))
}

fn place(dtype: &str, shape: &[usize], start: usize, end: usize) -> BTreeMap<String, Value> {
    [
        ("dtype", json!(dtype)),
        ("shape", json!(shape)),
        ("data_offsets", json!([start, end])),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A parameter in a file.
struct Tensor<'a> {
    name: String,
    shape: Vec<usize>,
    half: bool,
    bytes: &'a [u8],
}

impl Tensor<'_> {
    fn numbers(&self) -> usize {
        self.bytes.len() / if self.half { 2 } else { 4 }
    }

    fn values(&self) -> impl Iterator<Item = f32> {
        let (size, half) = if self.half { (2, true) } else { (4, false) };
        self.bytes.chunks_exact(size).map(move |bytes| match *bytes {
            [a, b] if half => bf16::from_le_bytes([a, b]).to_f32(),
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
            _ => f32::NAN,
        })
    }
}

fn header(file: &[u8]) -> Result<Header, &'static str> {
    let parts = split(file).ok().flatten().ok_or("it is no safetensors file")?;
    serde_json::from_slice(parts.0).map_err(|_| "its header is not JSON")
}

/// The parameters of a file, by name.
fn tensors(file: &[u8]) -> Result<Vec<Tensor<'_>>, &'static str> {
    #[derive(Deserialize)]
    struct Place {
        dtype: String,
        shape: Vec<usize>,
        data_offsets: [usize; 2],
    }
    let header = header(file)?;
    let data = split(file).ok().flatten().ok_or("it is no safetensors file")?.1;
    let entries = header.into_iter().filter(|(name, _)| name != "__metadata__");
    let tensor = |(name, entry): (String, BTreeMap<String, Value>)| {
        let Place {
            dtype,
            shape,
            data_offsets: [start, end],
        } = serde_json::from_value(entry.into_iter().collect())
            .map_err(|_| "a parameter has no place in its header")?;
        let half = match dtype.as_str() {
            "F32" => false,
            "BF16" => true,
            _ => return Err("it holds numbers that are neither F32 nor BF16"),
        };
        let bytes = data.get(start..end).ok_or("a parameter lies outside of it")?;
        let numbers = shape.iter().try_fold(1_usize, |n, size| n.checked_mul(*size));
        let needed = numbers.and_then(|n| n.checked_mul(if half { 2 } else { 4 }));
        if needed != Some(bytes.len()) {
            return Err("a parameter has more or fewer numbers than its shape");
        }
        Ok(Tensor {
            name,
            shape,
            half,
            bytes,
        })
    };
    entries.map(tensor).collect()
}
