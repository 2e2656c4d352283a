//! Loads checkpoints of published PyTorch models, `.pth` (zip, legacy and plain pickle) and `.safetensors`, into a
//! module whose parameters have the same names.
//!
//! Weights are read one tensor at a time, when they are loaded into a model.
//!
//! The pickle interpreter knows tensors and plain values and never calls anything (crate `pytorch-reader`). Other objects,
//! such as the configuration in a training state, are passed over, unless one is in the place of an expected tensor.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::module::Module;
use burn::store::burn_pack::Tensor as Entry;
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, PyTorchToBurnAdapter, bridge};
use burn::tensor::{DType, TensorData};

use crate::checkpoint_error::CheckpointError;

/// Number of mismatches that an error names; a checkpoint of another architecture has hundreds.
const NAMED: usize = 6;

/// Wrappers that PyTorch inserts at any place of a name: compiled, sharded and recomputed modules.
const INSERTED: [&str; 3] = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// Tensors of a checkpoint by their PyTorch names, read from the file when they are loaded into a model.
#[derive(Clone)]
pub struct Checkpoint {
    path: PathBuf,
    pub(crate) tensors: BTreeMap<String, Entry>,
    pub(crate) contents: Arc<Contents>,
}

/// What a file holds besides its tensors.
#[derive(Default)]
pub(crate) struct Contents {
    /// Metadata in the header of a safetensors file.
    pub(crate) metadata: BTreeMap<String, String>,
    /// Keys of the top level of a pickle, sorted.
    pub(crate) keys: Vec<String>,
    /// Objects of a pickle that are neither tensors nor plain values.
    pub(crate) foreign: Vec<Foreign>,
}

/// A Python object that is neither a tensor nor a plain value.
pub(crate) struct Foreign {
    /// Keys that lead to it, joined with dots.
    pub(crate) place: String,
    /// Its class.
    pub(crate) object: String,
}

impl Checkpoint {
    /// Creates a checkpoint of these tensors; errors name `path`. Wrappers that PyTorch inserts into names are removed.
    pub(crate) fn new(
        path: &Path,
        tensors: BTreeMap<String, Entry>,
        contents: Contents,
    ) -> Result<Self, CheckpointError> {
        let mut plain = BTreeMap::new();
        for (name, tensor) in tensors {
            let parts: Vec<&str> = name.split('.').filter(|part| !INSERTED.contains(part)).collect();
            if plain.insert(parts.join("."), tensor).is_some() {
                return Err(CheckpointError::Unreadable {
                    path: path.to_path_buf(),
                    reason: format!("{name} is in it twice, as compiled and as plain module"),
                });
            }
        }
        Ok(Self {
            path: path.to_path_buf(),
            tensors: plain,
            contents: Arc::new(contents),
        })
    }

    /// Creates a checkpoint without tensors; errors name `path`.
    pub fn empty(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            tensors: BTreeMap::new(),
            contents: Arc::default(),
        }
    }

    /// Metadata in the header of a safetensors file; empty for other files.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.contents.metadata
    }

    /// Keeps the tensors whose names begin with `prefix`, which is removed.
    #[must_use]
    pub(crate) fn below(self, prefix: &str) -> Self {
        let tensors = self.tensors.into_iter();
        let below = tensors.filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?.to_string(), tensor)));
        Self {
            tensors: below.collect(),
            ..self
        }
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the shape of the tensor `name`, or `None` if there is none.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensors.get(name).map(|tensor| tensor.shape.to_vec())
    }

    /// Removes the tensors whose names begin with one of `prefixes`, such as those of an optimizer.
    #[must_use]
    pub fn without(mut self, prefixes: &[&str]) -> Self {
        self.tensors
            .retain(|name, _| !prefixes.iter().any(|prefix| name.starts_with(prefix)));
        self
    }

    /// Removes the tensors whose names end with one of `ends`.
    #[must_use]
    pub fn without_ends(mut self, ends: &[&str]) -> Self {
        self.tensors
            .retain(|name, _| !ends.iter().any(|end| name.ends_with(end)));
        self
    }

    /// Names of the tensors under a prefix, with the prefix removed.
    pub(crate) fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.tensors.keys().filter_map(move |name| name.strip_prefix(prefix))
    }

    /// Reads a tensor in the type that the file stores.
    ///
    /// # Errors
    /// No tensor of that name, or one that cannot be read.
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

    /// Reads a tensor as f32.
    ///
    /// # Errors
    /// As [`Self::data`], and values that are not finite.
    pub fn values(&self, name: &str) -> Result<TensorData, CheckpointError> {
        self.finite_values(name, self.data(name)?)
    }

    /// Reads a tensor as f32 or another float type.
    ///
    /// # Errors
    /// As [`Self::values`].
    pub(crate) fn floats(&self, name: &str, dtype: DType) -> Result<TensorData, CheckpointError> {
        let data = self.data(name)?;
        if data.dtype() == dtype && dtype == DType::BF16 {
            // Infinity and NaN have all exponent bits set.
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

    /// Loads the weights into a model. Every parameter and running statistic must be in the file, with the right shape
    /// and finite values, and nothing may be left over except batch counters. Tensors whose names begin with one of
    /// `replaced` (a head, `fc.`) are ignored in the file and keep their values in the model. If the names are under a
    /// common key or prefix (`model`, `state_dict`, `module.`, one within another), everything outside of it is ignored.
    ///
    /// # Errors
    /// Tensors that do not fit or are not finite, each by name; a file with other contents, or with several copies of the
    /// weights.
    pub fn load_into<M: Module>(&self, model: &M, replaced: &[&str]) -> Result<M, CheckpointError> {
        let kept = |name: &str| replaced.iter().any(|prefix| name.starts_with(prefix));
        let expected: BTreeMap<String, Vec<usize>> = model
            .valid()
            .collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
            .into_iter()
            .filter(|tensor| !kept(&tensor.name))
            .map(|tensor| (tensor.name, tensor.shape.to_vec()))
            .collect();
        let root = self.root(&expected, "")?;
        let under = |(name, tensor)| Some((str::strip_prefix(name, root.as_str())?, tensor));
        let tensors = self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
        let found: BTreeMap<&str, &Entry> = tensors
            .filter_map(under)
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
        // On the inner device, so that autodiff does not track the loading.
        let mut model = model.valid();
        let result = model.apply(entries, None, Some(Box::new(PyTorchToBurnAdapter)), true);
        let failed: Vec<String> = result.errors.iter().map(ToString::to_string).collect();
        self.refuse(&failed)?;
        Ok(model)
    }

    /// Returns an error that lists `wrong`, unless it is empty.
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

    /// Converts the tensor to f32 under its name without prefix.
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
