//! Checkpoints of published PyTorch models: `.pth` (zip, legacy and plain pickle) and `.safetensors`, by PyTorch's
//! parameter names, into a module of the same names.
//!
//! Weights are read tensor by tensor, when a model takes them in.
//!
//! A pickle is read by an interpreter that knows tensors and plain values and calls nothing (crate `pytorch-reader`).
//! [`Checkpoint::open`] refuses a file that names anything else all the same; [`Checkpoint::open_part`] is for training
//! states whose weights lie beside such objects (a configuration, an optimiser), which it passes over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::store::burn_pack::Tensor as Entry;
use burn::store::pytorch_reader::{PickleValue, PytorchReader};
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, ModuleStore, PyTorchToBurnAdapter, PytorchStore, bridge};
use burn::tensor::{DType, TensorData};

/// Keys and prefixes under which training scripts put the weights.
const PREFIXES: [&str; 6] = [
    "",
    "state_dict.",
    "model.",
    "model_state_dict.",
    "module.",
    "model.module.",
];

/// So many differences are named; a checkpoint of another architecture has hundreds.
const NAMED: usize = 6;

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Not a checkpoint, or cut short.
    #[error("{path:?} cannot be read as a checkpoint: {reason}; expected a PyTorch .pth or a .safetensors file")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// A pickle that holds more than tensors and plain values.
    #[error(
        "{path:?} asks for Python code: {entry} is a {object}; expected tensors, numbers and text only (nothing was \
         run; save `model.state_dict()` alone if you trust the file)"
    )]
    Code {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        entry: String,
        /// The Python object it would make.
        object: String,
    },
    /// Tensors that are missing, left over or of another shape.
    #[error("the tensors in {path:?} do not fit the model: {reason}")]
    Tensors {
        /// The file.
        path: PathBuf,
        /// Which, what was expected and what was found.
        reason: String,
    },
    /// A published file that is not the one that was published.
    #[error("the SHA-256 of {path:?} is {found}; expected it to begin with {expected}: delete it and fetch it again")]
    Hash {
        /// The file.
        path: PathBuf,
        /// What the hash begins with.
        expected: &'static str,
        /// The hash.
        found: String,
    },
    /// A published file that is not here and cannot be fetched.
    #[error("{url} cannot be fetched: {reason}; or put the file at {path:?}, or give the path of one")]
    Download {
        /// Where it is published.
        url: &'static str,
        /// Where it is looked for.
        path: PathBuf,
        /// What is in the way.
        reason: String,
    },
    /// NaN or infinite weights.
    #[error("the tensor {tensor} in {path:?} holds numbers that are not finite; expected finite weights")]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Its name.
        tensor: String,
    },
}

/// The tensors of a checkpoint by PyTorch's names. They are read from the file when they are loaded into a model.
#[derive(Clone)]
pub struct Checkpoint {
    path: PathBuf,
    tensors: BTreeMap<String, Entry>,
}

impl Checkpoint {
    /// Opens a checkpoint; its contents say which format it is.
    ///
    /// # Errors
    /// A file that is missing, cut short or none of these formats, or a pickle that asks for code.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        Self::read(path, None)
    }

    /// Opens the weights in a folder as Hugging Face writes them: the one index of shards, or else the one `.safetensors`
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

    /// Opens the part of a PyTorch checkpoint under one of `keys` (nested ones with dots between), the first that holds
    /// tensors. Its names are those under the key. What else the file names is neither run nor looked at; the part itself
    /// must be free of anything but tensors and plain values. A `.safetensors` file is opened as a whole.
    ///
    /// # Errors
    /// As [`Self::open`], or none of the keys.
    pub fn open_part(path: &Path, keys: &[&str]) -> Result<Self, CheckpointError> {
        Self::read(path, Some(keys))
    }

    fn read(path: &Path, keys: Option<&[&str]>) -> Result<Self, CheckpointError> {
        if path.to_string_lossy().ends_with(".index.json") {
            return crate::shards::open(path);
        }
        let unreadable = |reason: String| CheckpointError::Unreadable {
            path: path.to_path_buf(),
            reason,
        };
        let tensors = if is_safetensors(path).map_err(|error| unreadable(error.to_string()))? {
            crate::safetensors_file::open(path)
        } else {
            let pickle = PytorchReader::read_pickle_data(path, None).map_err(|error| unreadable(error.to_string()))?;
            let (key, part) = match keys {
                None => ("", &pickle),
                Some(keys) => part(&pickle, keys)
                    .ok_or_else(|| unreadable(format!("it has none of the keys {}", keys.join(", "))))?,
            };
            if let Some((entry, object)) = code(part, key) {
                let path = path.to_path_buf();
                return Err(CheckpointError::Code { path, entry, object });
            }
            // Numbers in names are layer numbers and stay as they are.
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
        Ok(Self {
            path: path.to_path_buf(),
            tensors: tensors.map_err(unreadable)?,
        })
    }

    /// A checkpoint without tensors; errors name `path`.
    pub fn empty(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            tensors: BTreeMap::new(),
        }
    }

    /// Takes in the tensors of another file.
    pub(crate) fn join(&mut self, other: Self) {
        self.tensors.extend(other.tensors);
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The shape of a tensor, where there is one of that name.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensors.get(name).map(|tensor| tensor.shape.to_vec())
    }

    /// Without the tensors whose names begin with one of `prefixes`: what a file holds besides the model.
    #[must_use]
    pub fn without(mut self, prefixes: &[&str]) -> Self {
        self.tensors
            .retain(|name, _| !prefixes.iter().any(|prefix| name.starts_with(prefix)));
        self
    }

    /// Without the tensors whose names end with one of `ends`.
    #[must_use]
    pub fn without_ends(mut self, ends: &[&str]) -> Self {
        self.tensors
            .retain(|name, _| !ends.iter().any(|end| name.ends_with(end)));
        self
    }

    /// Names under a prefix, without it.
    pub(crate) fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.tensors.keys().filter_map(move |name| name.strip_prefix(prefix))
    }

    /// A tensor as it is in the file.
    ///
    /// # Errors
    /// None of that name, or one that cannot be read.
    pub fn data(&self, name: &str) -> Result<TensorData, CheckpointError> {
        let Some(tensor) = self.tensors.get(name) else {
            return Err(CheckpointError::Tensors {
                path: self.path.clone(),
                reason: format!("{name} is missing"),
            });
        };
        bridge::to_data(tensor).map_err(|error| CheckpointError::Unreadable {
            path: self.path.clone(),
            reason: format!("{name}: {error}"),
        })
    }

    /// A tensor in f32.
    ///
    /// # Errors
    /// As [`Self::data`], or numbers that are not finite.
    pub fn values(&self, name: &str) -> Result<TensorData, CheckpointError> {
        self.finite_values(name, self.data(name)?)
    }

    /// A tensor in f32 or another type of floats.
    ///
    /// # Errors
    /// As [`Self::values`].
    pub(crate) fn floats(&self, name: &str, dtype: DType) -> Result<TensorData, CheckpointError> {
        let data = self.data(name)?;
        if data.dtype() == dtype && dtype == DType::BF16 {
            // All ones in the exponent is what infinities and NaN have in common.
            let finite = data
                .as_slice::<burn::tensor::bf16>()
                .is_ok_and(|v| v.iter().all(|x| x.is_finite()));
            if finite {
                return Ok(data);
            }
        }
        Ok(self.finite_values(name, data)?.convert_dtype(dtype))
    }

    /// Names and shapes of the tensors.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, Vec<usize>)> {
        self.tensors
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor.shape.to_vec()))
    }

    /// Fills a model. Every parameter and running statistic must be there, in the right shape, and finite, and nothing
    /// may be left over, save batch counters; but what begins with one of `replaced` (a head, `fc.`) is left out in the
    /// file and kept as it is in the model. Names may stand under a common key or prefix (`model`, `state_dict`,
    /// `module.`); then what stands beside it is left out.
    ///
    /// # Errors
    /// Tensors that do not fit or are not finite, each with its name.
    pub fn load_into<M: Module>(&self, model: &M, replaced: &[&str]) -> Result<M, CheckpointError> {
        let kept = |name: &str| replaced.iter().any(|prefix| name.starts_with(prefix));
        let expected: BTreeMap<String, Vec<usize>> = model
            .valid()
            .collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
            .into_iter()
            .filter(|tensor| !kept(&tensor.name))
            .map(|tensor| (tensor.name, tensor.shape.to_vec()))
            .collect();
        let found = self.named_like(&expected);
        let found: BTreeMap<&str, &Entry> = found
            .into_iter()
            .filter(|(name, _)| !kept(name) && !name.ends_with("num_batches_tracked"))
            .collect();

        let mut wrong = Vec::new();
        for (name, shape) in &expected {
            match found.get(name.as_str()) {
                None => wrong.push(format!("{name} is missing (expected shape {shape:?})")),
                Some(tensor) if tensor.shape.to_vec() != *shape => wrong.push(format!(
                    "{name} has shape {:?} (expected {shape:?})",
                    tensor.shape.to_vec()
                )),
                Some(_) => {}
            }
        }
        let surplus = found.keys().filter(|name| !expected.contains_key(**name));
        wrong.extend(surplus.map(|name| format!("{name} has no place in the model")));
        self.refuse(&wrong)?;

        let mut entries = Vec::with_capacity(found.len());
        for (name, tensor) in found {
            entries.push(self.finite(name, tensor)?);
        }
        // On the inner device, so that nothing of the loading is tracked.
        let mut model = model.valid();
        let result = model.apply(entries, None, Some(Box::new(PyTorchToBurnAdapter)), true);
        let failed: Vec<String> = result.errors.iter().map(ToString::to_string).collect();
        self.refuse(&failed)?;
        Ok(model)
    }

    /// The tensors under the prefix that names most of what is expected, without it.
    fn named_like(&self, expected: &BTreeMap<String, Vec<usize>>) -> Vec<(&str, &Entry)> {
        let under = |prefix: &'static str| {
            let tensors = self.tensors.iter();
            let named = tensors.filter_map(move |(name, tensor)| Some((name.strip_prefix(prefix)?, tensor)));
            named.collect::<Vec<_>>()
        };
        let fit = |tensors: &[(&str, &Entry)]| tensors.iter().filter(|(name, _)| expected.contains_key(*name)).count();
        let mut best = under("");
        for prefix in PREFIXES {
            let tensors = under(prefix);
            if fit(&tensors) > fit(&best) {
                best = tensors;
            }
        }
        best
    }

    /// An error that names what is wrong, where anything is.
    pub(crate) fn refuse(&self, wrong: &[String]) -> Result<(), CheckpointError> {
        if wrong.is_empty() {
            return Ok(());
        }
        let mut reason = wrong[..wrong.len().min(NAMED)].join("; ");
        if wrong.len() > NAMED {
            reason += &format!("; and {} more", wrong.len() - NAMED);
        }
        Err(CheckpointError::Tensors {
            path: self.path.clone(),
            reason,
        })
    }

    /// The tensor in f32, under its name without prefix.
    fn finite(&self, name: &str, tensor: &Entry) -> Result<Entry, CheckpointError> {
        let data = bridge::to_data(tensor).map_err(|error| CheckpointError::Unreadable {
            path: self.path.clone(),
            reason: format!("{name}: {error}"),
        })?;
        let data = self.finite_values(name, data)?;
        Ok(bridge::from_data(data, name.to_string(), None))
    }

    fn finite_values(&self, name: &str, data: TensorData) -> Result<TensorData, CheckpointError> {
        let data = data.convert_dtype(DType::F32);
        let finite = data.as_slice::<f32>().is_ok_and(|v| v.iter().all(|x| x.is_finite()));
        if finite {
            return Ok(data);
        }
        Err(CheckpointError::NotFinite {
            path: self.path.clone(),
            tensor: name.to_string(),
        })
    }
}

/// A safetensors file begins with the length of its header, which begins with a brace.
fn is_safetensors(path: &Path) -> std::io::Result<bool> {
    use std::io::Read;
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(9).read_to_end(&mut head)?;
    Ok(head.get(8) == Some(&b'{'))
}

/// The value under the first of `keys` that is there, with its key.
fn part<'a>(pickle: &'a PickleValue, keys: &[&'a str]) -> Option<(&'a str, &'a PickleValue)> {
    let at = |key: &str| {
        key.split('.').try_fold(pickle, |value, name| match value {
            PickleValue::Dict(items) => items.get(name),
            _ => None,
        })
    };
    keys.iter().find_map(|key| Some((*key, at(key)?)))
}

/// The first object of a pickle that is neither a tensor nor a plain value, with its place.
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
                // A buffer of bytes is what some layers keep as a state of their own.
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
            // In the order of the keys, so that the same file gives the same text.
            let items: BTreeMap<&String, &PickleValue> = items.iter().collect();
            items.into_iter().find_map(|(key, item)| code(item, &inner(key)))
        }
        _ => None,
    }
}
