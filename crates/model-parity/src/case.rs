//! A folder with recorded tensors.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use serde::de::DeserializeOwned;
use serde_json::Value;

use nn_kit::{Checkpoint, KeyMap};

use crate::{Check, ParityError, relative_error};

/// A recording: a folder with a configuration, tensors and usually weights.
pub struct Case {
    folder: PathBuf,
    class: String,
    config: Value,
    io: Checkpoint,
    weights: Option<Checkpoint>,
    used: RefCell<BTreeSet<String>>,
}

impl Case {
    /// Reads the configuration and the names of the tensors.
    ///
    /// # Errors
    /// Files that are missing or damaged.
    pub fn open(folder: &Path) -> Result<Self, ParityError> {
        let cases = folder.join("cases.json");
        if cases.exists() {
            return Self::texts(folder, &cases);
        }
        let path = folder.join("config.json");
        let unreadable = |reason: String| ParityError::Unreadable {
            path: path.clone(),
            reason,
        };
        let text = std::fs::read(&path).map_err(|error| unreadable(error.to_string()))?;
        let config: Value = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
        let class = ["class", "pipeline", "what"]
            .iter()
            .find_map(|key| config[*key].as_str());
        let class = class.ok_or_else(|| unreadable("it names no class, pipeline or what".into()))?;
        let whole = folder.join("weights.safetensors");
        let index = folder.join("weights.safetensors.index.json");
        let weights = [whole, index].into_iter().find(|path| path.exists());
        Ok(Self {
            folder: folder.to_path_buf(),
            class: class.to_string(),
            io: Checkpoint::open(&folder.join("io.safetensors"))?,
            weights: weights.map(|path| Checkpoint::open(&path)).transpose()?,
            config,
            used: RefCell::default(),
        })
    }

    /// Opens the recording of a tokenizer, whose `cases.json` has texts and their tokens.
    fn texts(folder: &Path, cases: &Path) -> Result<Self, ParityError> {
        let unreadable = |reason: String| ParityError::Unreadable {
            path: cases.to_path_buf(),
            reason,
        };
        let text = std::fs::read(cases).map_err(|error| unreadable(error.to_string()))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            class: "tokenizer".into(),
            config: serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?,
            io: Checkpoint::empty(cases),
            weights: None,
            used: RefCell::default(),
        })
    }

    /// Path of the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Model named by the configuration.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// Configuration of the recording.
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// Reads a number of the configuration at a JSON pointer (`/build/heads`).
    ///
    /// # Errors
    /// A missing value, or one that is not an integer from 0.
    pub fn size(&self, pointer: &str) -> Result<usize, ParityError> {
        let found = self.config.pointer(pointer);
        let size = found.and_then(Value::as_u64).and_then(|v| usize::try_from(v).ok());
        size.ok_or_else(|| {
            self.config_error(format!(
                "{pointer} is {found:?} in config.json; expected a whole number"
            ))
        })
    }

    /// Reads a part of the configuration at a JSON pointer (`/model`).
    ///
    /// # Errors
    /// A missing part, or one that does not have these settings.
    pub fn setting<T: DeserializeOwned>(&self, pointer: &str) -> Result<T, ParityError> {
        let found = self.config.pointer(pointer).unwrap_or(&Value::Null);
        T::deserialize(found).map_err(|error| self.config_error(format!("{pointer} in {}: {error}", self.class)))
    }

    /// Creates an error of this recording's configuration.
    pub fn config_error(&self, reason: impl Into<String>) -> ParityError {
        ParityError::Config {
            path: self.folder.clone(),
            reason: reason.into(),
        }
    }

    /// Weights of the recording.
    ///
    /// # Errors
    /// A folder without weights.
    pub fn weights(&self) -> Result<&Checkpoint, ParityError> {
        let weights = self.weights.as_ref();
        weights.ok_or_else(|| ParityError::Unreadable {
            path: self.folder.join("weights.safetensors"),
            reason: "it is not there, nor is weights.safetensors.index.json".into(),
        })
    }

    /// Loads the recorded weights into a model (see [`Checkpoint::load_weights`]).
    ///
    /// # Errors
    /// Weights that are missing or do not fit.
    pub fn load_weights<M: Module>(&self, model: M, names: &KeyMap) -> Result<M, ParityError> {
        Ok(self.weights()?.load_weights(model, "", names)?)
    }

    /// Names of the recorded tensors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.io.tensors().map(|(name, _)| name)
    }

    /// Returns true if a tensor of this name is recorded.
    pub fn has(&self, name: &str) -> bool {
        self.io.shape(name).is_some()
    }

    /// Returns the shape of a recorded tensor.
    ///
    /// # Errors
    /// No tensor of that name.
    pub fn shape(&self, name: &str) -> Result<Vec<usize>, ParityError> {
        Ok(self.read(name)?.shape().to_vec())
    }

    /// Returns true if a recorded tensor has a floating-point type.
    ///
    /// # Errors
    /// No tensor of that name.
    pub fn is_float(&self, name: &str) -> Result<bool, ParityError> {
        Ok(self.read(name)?.dtype().is_float())
    }

    /// Reads a recorded tensor as f32.
    ///
    /// # Errors
    /// No tensor of that name, or one with another number of dimensions.
    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Result<Tensor<D>, ParityError> {
        let data = self.read(name)?.convert_dtype(DType::F32);
        if data.shape().len() != D {
            let found = data.shape().to_vec();
            return Err(self.config_error(format!("{name} has shape {found:?}; expected {D} dimensions")));
        }
        Ok(Tensor::from_data(data, device))
    }

    /// Reads a recorded tensor of this shape as f32.
    ///
    /// # Errors
    /// No tensor of that name, or one of another shape.
    pub fn shaped<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
        device: &Device,
    ) -> Result<Tensor<D>, ParityError> {
        let found = self.shape(name)?;
        if found[..] != shape[..] {
            return Err(self.config_error(format!("{name} has shape {found:?}; expected {shape:?}")));
        }
        self.tensor(name, device)
    }

    /// Reads the values of a recorded tensor in row-major order.
    ///
    /// # Errors
    /// No tensor of that name.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, ParityError> {
        Ok(self.read(name)?.iter::<f64>().collect())
    }

    /// Reads `count` recorded indices, each below `end`.
    ///
    /// # Errors
    /// No tensor of that name, another number of values, or values that are not such indices.
    pub fn indices(&self, name: &str, count: usize, end: usize) -> Result<Vec<usize>, ParityError> {
        let numbers = self.read(name)?;
        let index = |v: i64| usize::try_from(v).ok().filter(|v| *v < end);
        let indices: Option<Vec<usize>> = numbers.iter::<i64>().map(index).collect();
        let indices = indices.filter(|indices| indices.len() == count);
        indices.ok_or_else(|| self.config_error(format!("{name} is not {count} indices below {end}")))
    }

    /// Reads random tensors of one shape that were recorded one by one as `name.000`, `name.001` and so on, at least
    /// `count` of them.
    ///
    /// # Errors
    /// Fewer tensors, or one of another shape.
    pub fn draws<const D: usize>(
        &self,
        name: &str,
        count: usize,
        shape: [usize; D],
        device: &Device,
    ) -> Result<std::vec::IntoIter<Tensor<D>>, ParityError> {
        let names = (0..).map(|i| format!("{name}.{i:03}"));
        let draws = names
            .take_while(|name| self.has(name))
            .map(|name| self.shaped(&name, shape, device))
            .collect::<Result<Vec<_>, _>>()?;
        if draws.len() < count {
            let found = draws.len();
            return Err(self.config_error(format!("{name} has {found} draws; expected at least {count}")));
        }
        Ok(draws.into_iter())
    }

    /// Compares a tensor with the recorded tensor of that name.
    ///
    /// # Errors
    /// No tensor of that name, or one of another shape.
    pub fn check<const D: usize>(&self, name: &str, found: Tensor<D>, limit: f64) -> Result<Check, ParityError> {
        let (shape, recorded) = (found.dims(), self.shape(name)?);
        if shape[..] != recorded[..] {
            return Err(self.config_error(format!("{name} came out as {shape:?}; recorded is {recorded:?}")));
        }
        let found: Vec<f64> = found.into_data().iter::<f64>().collect();
        self.check_numbers(name, &found, limit)
    }

    /// Compares values with the recorded tensor of that name.
    ///
    /// # Errors
    /// No tensor of that name, or another number of values.
    pub fn check_numbers(&self, name: &str, found: &[f64], limit: f64) -> Result<Check, ParityError> {
        let recorded = self.numbers(name)?;
        if found.len() != recorded.len() {
            let (found, recorded) = (found.len(), recorded.len());
            return Err(self.config_error(format!("{name} came out as {found} numbers; recorded are {recorded}")));
        }
        Ok(Check {
            name: name.to_string(),
            values: found.len(),
            error: relative_error(found, &recorded),
            limit,
        })
    }

    /// Names of recorded tensors that were not read yet.
    pub(crate) fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        let left = self.names().filter(|name| !used.contains(*name));
        left.map(String::from).collect()
    }

    fn read(&self, name: &str) -> Result<TensorData, ParityError> {
        let data = self.io.data(name)?;
        self.used.borrow_mut().insert(name.to_string());
        Ok(data)
    }
}
