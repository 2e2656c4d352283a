//! One folder of recorded tensors.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use serde::de::DeserializeOwned;
use serde_json::Value;

use nn_kit::{Checkpoint, KeyMap};

use crate::{Check, ParityError, relative_error};

/// A folder with a configuration, recorded tensors and, mostly, weights.
pub struct Case {
    folder: PathBuf,
    class: String,
    config: Value,
    io: Checkpoint,
    weights: Option<Checkpoint>,
    used: RefCell<BTreeSet<String>>,
}

impl Case {
    /// Reads the folder's configuration and the names of its tensors.
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

    /// A tokenizer's folder: `cases.json` has the texts and their tokens.
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

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The model that the configuration names.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The configuration.
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// A number of the configuration, by a JSON pointer (`/build/heads`).
    ///
    /// # Errors
    /// None there, or not a number from 0.
    pub fn size(&self, pointer: &str) -> Result<usize, ParityError> {
        let found = self.config.pointer(pointer);
        let size = found.and_then(Value::as_u64).and_then(|v| usize::try_from(v).ok());
        size.ok_or_else(|| {
            self.config_error(format!(
                "{pointer} is {found:?} in config.json; expected a whole number"
            ))
        })
    }

    /// A part of the configuration, by a JSON pointer (`/model`).
    ///
    /// # Errors
    /// None there, or one that is no such settings.
    pub fn setting<T: DeserializeOwned>(&self, pointer: &str) -> Result<T, ParityError> {
        let found = self.config.pointer(pointer).unwrap_or(&Value::Null);
        T::deserialize(found).map_err(|error| self.config_error(format!("{pointer} in {}: {error}", self.class)))
    }

    /// An error of the configuration.
    pub fn config_error(&self, reason: impl Into<String>) -> ParityError {
        ParityError::Config {
            path: self.folder.clone(),
            reason: reason.into(),
        }
    }

    /// The weights.
    ///
    /// # Errors
    /// None in the folder.
    pub fn weights(&self) -> Result<&Checkpoint, ParityError> {
        let weights = self.weights.as_ref();
        weights.ok_or_else(|| ParityError::Unreadable {
            path: self.folder.join("weights.safetensors"),
            reason: "it is not there, nor is weights.safetensors.index.json".into(),
        })
    }

    /// A model with the folder's weights (see [`Checkpoint::load_weights`]).
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

    /// Whether a tensor is recorded.
    pub fn has(&self, name: &str) -> bool {
        self.io.shape(name).is_some()
    }

    /// The shape of a recorded tensor.
    ///
    /// # Errors
    /// None of that name.
    pub fn shape(&self, name: &str) -> Result<Vec<usize>, ParityError> {
        Ok(self.read(name)?.shape().to_vec())
    }

    /// Whether a recorded tensor is of floating-point numbers.
    ///
    /// # Errors
    /// None of that name.
    pub fn is_float(&self, name: &str) -> Result<bool, ParityError> {
        Ok(self.read(name)?.dtype().is_float())
    }

    /// A recorded tensor, in f32.
    ///
    /// # Errors
    /// None of that name, or of another number of dimensions.
    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Result<Tensor<D>, ParityError> {
        let data = self.read(name)?.convert_dtype(DType::F32);
        if data.shape().len() != D {
            let found = data.shape().to_vec();
            return Err(self.config_error(format!("{name} has shape {found:?}; expected {D} dimensions")));
        }
        Ok(Tensor::from_data(data, device))
    }

    /// A recorded tensor of this shape, in f32.
    ///
    /// # Errors
    /// None of that name, or of another shape.
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

    /// The numbers of a recorded tensor, rows first.
    ///
    /// # Errors
    /// None of that name.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, ParityError> {
        Ok(self.read(name)?.iter::<f64>().collect())
    }

    /// Recorded indices, `count` of them, each below `end`.
    ///
    /// # Errors
    /// None of that name, another number of them, or numbers that are no such indices.
    pub fn indices(&self, name: &str, count: usize, end: usize) -> Result<Vec<usize>, ParityError> {
        let numbers = self.read(name)?;
        let index = |v: i64| usize::try_from(v).ok().filter(|v| *v < end);
        let indices: Option<Vec<usize>> = numbers.iter::<i64>().map(index).collect();
        let indices = indices.filter(|indices| indices.len() == count);
        indices.ok_or_else(|| self.config_error(format!("{name} is not {count} indices below {end}")))
    }

    /// Draws of one shape that were recorded one by one, `name.000`, `name.001` and so on, at least `count` of them.
    ///
    /// # Errors
    /// Fewer of them, or one of another shape.
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

    /// Compares a tensor with the recorded one of that name.
    ///
    /// # Errors
    /// None of that name, or of another shape.
    pub fn check<const D: usize>(&self, name: &str, found: Tensor<D>, limit: f64) -> Result<Check, ParityError> {
        let (shape, recorded) = (found.dims(), self.shape(name)?);
        if shape[..] != recorded[..] {
            return Err(self.config_error(format!("{name} came out as {shape:?}; recorded is {recorded:?}")));
        }
        let found: Vec<f64> = found.into_data().iter::<f64>().collect();
        self.check_numbers(name, &found, limit)
    }

    /// Compares numbers with the recorded ones of that name.
    ///
    /// # Errors
    /// None of that name, or another number of them.
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

    /// Recorded tensors that were not asked for yet.
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
