//! Trained models as files: safetensors with PyTorch's parameter names and layouts, and in the header's metadata the
//! kind of model and its configuration as JSON, so that one file is all there is to keep.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, PyTorchToBurnAdapter, SafetensorsStore};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::checkpoint::sha256;
use crate::finite::first_not_finite;
use crate::shards::read_folder;

const KIND: &str = "pusht.kind";
const CONFIG: &str = "pusht.config";
/// SHA-256 of all bytes after the header. Weights are plain numbers: without it, damaged ones would pass for others.
const SHA256: &str = "pusht.sha256";

/// Why a model file cannot be written or used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// Reading or writing failed.
    #[error("{action} the model file {path:?} failed: {reason}")]
    Io {
        /// `reading` or `writing`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file that is not what was written.
    #[error("the model file {path:?} is damaged: {reason}; copy it again, or train the model anew")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How that shows.
        reason: &'static str,
    },
    /// Not safetensors, or without our metadata.
    #[error("{path:?} is not a model file of this software: {reason}; expected safetensors written by `save`")]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A model of another kind or version.
    #[error("{path:?} holds a model of kind {found:?}; expected {expected:?}")]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// Kinds that were asked for.
        expected: String,
        /// The kind in the file.
        found: String,
    },
    /// The configuration in the file does not fit its kind.
    #[error("the configuration in {path:?} is not one of a {kind:?} model: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// The kind in the file.
        kind: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Parameters that are missing, left over or of another shape.
    #[error("the parameters in {path:?} do not fit its configuration: {reason}")]
    Parameters {
        /// The file.
        path: PathBuf,
        /// Which, and how.
        reason: String,
    },
    /// NaN or infinite weights.
    #[error("the parameter {parameter} in {path:?} holds numbers that are not finite; train the model anew")]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Its name.
        parameter: String,
    },
}

/// Writes a model beside and renames it.
///
/// # Errors
/// When the file cannot be written.
pub fn save_model<M: Module>(
    path: &Path,
    model: &M,
    kind: &str,
    config: &impl Serialize,
) -> Result<(), ModelFileError> {
    let failed = writing(path);
    let bytes = model_bytes(model, kind, config).map_err(&failed)?;
    pusht_jobs::write_bytes(path, &bytes).map_err(|error| failed(error.to_string()))
}

/// Why a model cannot be written to a path.
pub(crate) fn writing(path: &Path) -> impl Fn(String) -> ModelFileError {
    move |reason| ModelFileError::Io {
        action: "writing",
        path: path.to_path_buf(),
        reason,
    }
}

/// A model as the bytes of its file; an error is a text.
pub(crate) fn model_bytes<M: Module>(model: &M, kind: &str, config: &impl Serialize) -> Result<Vec<u8>, String> {
    let config = serde_json::to_string(config).map_err(|error| error.to_string())?;
    let mut store = SafetensorsStore::from_bytes(None)
        .with_to_adapter(BurnToPyTorchAdapter)
        // A layer behind an enum is named as if it stood there itself.
        .skip_enum_variants(true)
        .metadata("format", "pt")
        .metadata(KIND, kind)
        .metadata(CONFIG, config);
    model.valid().save_into(&mut store).map_err(|error| error.to_string())?;
    let bytes = store.get_bytes().map_err(|error| error.to_string())?;
    let parts = split(&bytes)?.ok_or(CUT_SHORT)?;
    let header = serde_json::from_slice(parts.0).map_err(|error| error.to_string())?;
    sealed(header, parts.1).ok_or_else(|| "the header is not JSON".to_owned())
}

/// A file of this header and these tensors, with their hash in the header, and the header's keys in order, so that the same
/// model is the same bytes; the store's own order is that of a hash map.
pub(crate) fn sealed(mut header: Header, tensors: &[u8]) -> Option<Vec<u8>> {
    let metadata = header.entry("__metadata__".into()).or_default();
    metadata.insert(SHA256.into(), sha256(tensors).into());
    let mut header = serde_json::to_vec(&header).ok()?;
    // The format aligns tensors to 8 bytes by spaces.
    header.resize(header.len().next_multiple_of(8), b' ');
    Some([&(header.len() as u64).to_le_bytes(), header.as_slice(), tensors].concat())
}

/// Kind, configuration and all bytes of a file that was written whole.
pub(crate) fn read_file(path: &Path) -> Result<(String, Value, Vec<u8>), ModelFileError> {
    let bytes = std::fs::read(path).map_err(|error| ModelFileError::Io {
        action: "reading",
        path: path.to_path_buf(),
        reason: error.to_string(),
    })?;
    let not_a_model = |reason| ModelFileError::NotAModel {
        path: path.to_path_buf(),
        reason,
    };
    let damaged = |reason| ModelFileError::Damaged {
        path: path.to_path_buf(),
        reason,
    };
    let (header, tensors) = split(&bytes).map_err(not_a_model)?.ok_or(damaged(CUT_SHORT))?;
    let header: Value =
        serde_json::from_slice(header).map_err(|error| not_a_model(format!("its header is not JSON: {error}")))?;
    let end = |tensor: &Value| tensor["data_offsets"][1].as_u64();
    let expected = header.as_object().and_then(|all| all.values().filter_map(end).max());
    if (tensors.len() as u64) < expected.unwrap_or(0) {
        return Err(damaged(CUT_SHORT));
    }
    let (kind, config) = metadata(&header).map_err(not_a_model)?;
    let written = header["__metadata__"][SHA256].as_str();
    if written.is_some_and(|written| written != sha256(tensors)) {
        return Err(damaged("its weights are not those that were written"));
    }
    Ok((kind, config, bytes))
}

/// An opened model file, before its kind of model is built.
#[derive(Clone, Debug)]
pub struct ModelFile {
    path: PathBuf,
    kind: String,
    config: Value,
    bytes: Vec<u8>,
}

impl ModelFile {
    /// Reads a file, or a folder that [`crate::save_shards`] wrote.
    ///
    /// # Errors
    /// One that is missing, damaged, or not one of ours.
    pub fn open(path: &Path) -> Result<Self, ModelFileError> {
        let read = if path.is_dir() { read_folder } else { read_file };
        let (kind, config, bytes) = read(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            kind,
            config,
            bytes,
        })
    }

    /// The kind that was given to [`save_model`].
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The configuration, for a file of this kind.
    ///
    /// # Errors
    /// Another kind, or a configuration that does not fit `C`.
    pub fn config<C: DeserializeOwned>(&self, kind: &str) -> Result<C, ModelFileError> {
        if self.kind != kind {
            return Err(self.other_kind(kind));
        }
        serde_json::from_value(self.config.clone()).map_err(|error| ModelFileError::Config {
            path: self.path.clone(),
            kind: self.kind.clone(),
            reason: error.to_string(),
        })
    }

    /// The error for a kind that the caller has no model for.
    pub fn other_kind(&self, expected: &str) -> ModelFileError {
        ModelFileError::OtherKind {
            path: self.path.clone(),
            expected: expected.to_string(),
            found: self.kind.clone(),
        }
    }

    /// Fills a model that was built from the configuration; every parameter must be there, in the right shape, and
    /// finite.
    ///
    /// # Errors
    /// Parameters that do not fit or are not finite.
    pub fn load_into<M: Module>(&self, model: &M) -> Result<M, ModelFileError> {
        let unfit = |reason: String| ModelFileError::Parameters {
            path: self.path.clone(),
            reason,
        };
        let mut model = model.valid();
        let mut store = SafetensorsStore::from_bytes(Some(self.bytes.clone()))
            .with_from_adapter(PyTorchToBurnAdapter)
            .skip_enum_variants(true)
            .allow_partial(true)
            .validate(false);
        let result = model.load_from(&mut store).map_err(|error| unfit(error.to_string()))?;
        let mut wrong: Vec<String> = result.errors.iter().map(ToString::to_string).collect();
        wrong.extend(result.missing.iter().map(|(name, _)| format!("{name} is missing")));
        let unused = result
            .unused
            .iter()
            .filter(|name| !name.ends_with("num_batches_tracked"));
        wrong.extend(unused.map(|name| format!("{name} has no place in the model")));
        if !wrong.is_empty() {
            return Err(unfit(wrong.join("; ")));
        }
        match first_not_finite(&model) {
            Some(parameter) => Err(ModelFileError::NotFinite {
                path: self.path.clone(),
                parameter,
            }),
            None => Ok(model),
        }
    }
}

const CUT_SHORT: &str = "the file is cut short";

/// What a file says of its parameters and of itself (`__metadata__`).
pub(crate) type Header = BTreeMap<String, BTreeMap<String, Value>>;
/// Header and tensors.
pub(crate) type Parts<'a> = (&'a [u8], &'a [u8]);

/// The parts of a safetensors file (a little-endian u64 length, a JSON object, numbers); `None` where it ends too
/// early.
pub(crate) fn split(bytes: &[u8]) -> Result<Option<Parts<'_>>, String> {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    let length = u64::from_le_bytes(*length);
    if length > LONGEST_HEADER || rest.first().is_some_and(|first| *first != b'{') {
        return Err("it does not begin as safetensors does".into());
    }
    Ok(rest.split_at_checked(length as usize))
}

/// The format's own limit.
const LONGEST_HEADER: u64 = 100_000_000;

/// Kind and configuration out of a header.
fn metadata(header: &Value) -> Result<(String, Value), String> {
    let text = |key| {
        header["__metadata__"][key]
            .as_str()
            .ok_or(format!("it has no {key:?} metadata"))
    };
    let config = serde_json::from_str(text(CONFIG)?).map_err(|error| format!("{CONFIG} is not JSON: {error}"))?;
    Ok((text(KIND)?.to_string(), config))
}
