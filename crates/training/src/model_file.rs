//! Trained models read from files ([`crate::save_model`]).

use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::store::{ModuleSnapshot, PyTorchToBurnAdapter, SafetensorsStore};
use burn::tensor::{Device, FloatDType};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::ModelFileError;
use crate::finite::first_not_finite;
use crate::model_bytes::{parse, read_file};
use crate::replica::Cast;

/// An open model file, before its model is built.
#[derive(Clone, Debug)]
pub struct ModelFile {
    path: PathBuf,
    kind: String,
    config: Value,
    bytes: Vec<u8>,
}

impl ModelFile {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that is missing, damaged, or not written by this crate.
    pub fn open(path: &Path) -> Result<Self, ModelFileError> {
        let (kind, config, bytes) = read_file(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            kind,
            config,
            bytes,
        })
    }

    /// Reads the bytes of a file, for example one that is part of a program; `name` stands for its path in messages.
    ///
    /// # Errors
    /// Bytes that are damaged or not written by this crate.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, ModelFileError> {
        let path = PathBuf::from(name);
        let (kind, config) = parse(&path, &bytes)?;
        Ok(Self {
            path,
            kind,
            config,
            bytes,
        })
    }

    /// The kind that was passed to [`crate::save_model`].
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The configuration, if the file has this kind.
    ///
    /// # Errors
    /// Another kind, or a configuration that `C` cannot represent.
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

    /// Error for a kind for which the caller has no model.
    pub fn other_kind(&self, expected: &str) -> ModelFileError {
        ModelFileError::OtherKind {
            path: self.path.clone(),
            expected: expected.to_string(),
            found: self.kind.clone(),
        }
    }

    /// Loads the weights, in f32, into a model that was built from the configuration; every parameter must be present,
    /// in the right shape, and finite. The result is on the model's device; a file in bf16 is converted on the CPU, as
    /// other devices may compute it wrongly without an error.
    ///
    /// # Errors
    /// Parameters that are missing, of another shape or not finite.
    pub fn load_into<M: Module>(&self, model: &M) -> Result<M, ModelFileError> {
        let unfit = |reason: String| ModelFileError::Parameters {
            path: self.path.clone(),
            reason,
        };
        let device = model.devices().into_iter().next();
        let mut model = model.valid().to_device(&Device::flex());
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
        let model = model.map(&mut Cast(FloatDType::F32));
        match first_not_finite(&model) {
            Some(parameter) => Err(ModelFileError::NotFinite {
                path: self.path.clone(),
                parameter,
            }),
            None => Ok(match device {
                Some(device) => model.to_device(&device),
                None => model,
            }),
        }
    }
}
