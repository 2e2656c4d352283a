//! Loads models of any size from a checkpoint, one tensor at a time.
//!
//! Burn initializes a parameter when it is first used. The functions here only look at shapes until a parameter is
//! replaced by the tensor in the file, so random values are never generated for a large model.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, FloatDType, Tensor, TensorData, bf16};
use rayon::prelude::*;

use crate::checkpoint::Checkpoint;
use crate::checkpoint_error::CheckpointError;

/// Map from parameter names of a Burn module to published names: pairs (text in our name, its replacement), applied in
/// order. Names of weights and biases are converted to PyTorch's automatically.
pub type KeyMap = [(&'static str, &'static str)];

/// Returns the published names and shapes (in PyTorch's order) of a model's parameters without allocating them.
pub fn published_shapes<M: Module>(model: &M, names: &KeyMap) -> BTreeMap<String, Vec<usize>> {
    let mut shapes = Shapes {
        path: Place::default(),
        names,
        found: BTreeMap::new(),
    };
    model.visit(&mut shapes);
    shapes.found
}

impl Checkpoint {
    /// Loads the weights of a model from the tensors whose names begin with `prefix`, or with another common key or
    /// prefix if the file has them there (`module.`, `state_dict`). Every parameter must be in the file, with the right
    /// shape and finite values, and the file may have no other tensors under the prefix.
    ///
    /// # Errors
    /// Tensors that are missing, left over, of another shape or not finite, each by name; a file with other contents, or
    /// with several copies of the weights.
    pub fn load_weights<M: Module>(&self, model: M, prefix: &str, names: &KeyMap) -> Result<M, CheckpointError> {
        self.load_weights_as(model, prefix, names, FloatDType::F32)
    }

    /// [`Self::load_weights`] with weights converted to `dtype`: bf16 takes half the memory of f32.
    ///
    /// # Errors
    /// As [`Self::load_weights`], and a type in which the model's device does not compute (wgpu has no bf16, and would
    /// return wrong numbers without an error).
    pub fn load_weights_as<M: Module>(
        &self,
        model: M,
        prefix: &str,
        names: &KeyMap,
        dtype: FloatDType,
    ) -> Result<M, CheckpointError> {
        self.load_weights_part(model, prefix, names, &|_| true, dtype)
    }

    /// Checks names and shapes as [`Self::load_weights`] does, without reading values.
    ///
    /// # Errors
    /// Tensors that are missing, left over or of another shape, each by name.
    pub fn check<M: Module>(&self, model: &M, prefix: &str, names: &KeyMap) -> Result<(), CheckpointError> {
        self.check_part(model, prefix, names, &|_| true).map(drop)
    }

    /// Returns the prefix under which the tensors are.
    fn check_part<M: Module>(
        &self,
        model: &M,
        prefix: &str,
        names: &KeyMap,
        chosen: &dyn Fn(&str) -> bool,
    ) -> Result<String, CheckpointError> {
        let mut expected = published_shapes(model, names);
        expected.retain(|name, _| chosen(name));
        let prefix = self.root(&expected, prefix)?;
        let mut left: BTreeSet<&str> = self.under(&prefix).collect();
        let mut wrong = Vec::new();
        for (name, shape) in expected {
            left.remove(name.as_str());
            match self.shape(&format!("{prefix}{name}")) {
                None => wrong.push(format!("{name} is missing (expected shape {shape:?})")),
                // PyTorch stores a single number as a tensor without dimensions.
                Some(found) if found != shape && !(found.is_empty() && shape == [1]) => {
                    wrong.push(format!("{name} has shape {found:?} (expected {shape:?})"));
                }
                Some(_) => {}
            }
        }
        wrong.extend(left.iter().map(|name| format!("{name} has no place in the model")));
        self.refuse(&wrong)?;
        Ok(prefix)
    }

    /// Loads the parameters whose published names are `chosen` and keeps the others. Every chosen parameter must be in
    /// the file, and the file may have no other tensors under the prefix.
    ///
    /// # Errors
    /// As [`Self::load_weights`].
    pub fn load_weights_part<M: Module>(
        &self,
        model: M,
        prefix: &str,
        names: &KeyMap,
        chosen: &dyn Fn(&str) -> bool,
        dtype: FloatDType,
    ) -> Result<M, CheckpointError> {
        if !model.devices().iter().all(|device| device.supports_dtype(dtype)) {
            return Err(CheckpointError::NumberFormat {
                path: self.path().to_path_buf(),
                format: match dtype {
                    FloatDType::BF16 => "bf16",
                    FloatDType::F16 => "f16",
                    FloatDType::F64 => "f64",
                    _ => "this format",
                },
            });
        }
        let mut loader = WeightLoader {
            path: Place::default(),
            names,
            checkpoint: self,
            prefix: self.check_part(&model, prefix, names, chosen)?,
            chosen,
            dtype: dtype.into(),
            error: None,
        };
        let model = model.map(&mut loader);
        match loader.error {
            Some(error) => Err(error),
            None => Ok(model),
        }
    }
}

/// Position of a walk over a module: field names, and the containers that they are in.
#[derive(Default)]
pub(crate) struct Place(Vec<(String, String)>);

impl Place {
    pub(crate) fn enter(&mut self, name: &str, container_type: &str) {
        self.0.push((name.to_string(), container_type.to_string()));
    }

    pub(crate) fn exit(&mut self) {
        self.0.pop();
    }

    /// Returns the published name of the parameter, and whether PyTorch stores it transposed.
    pub(crate) fn parameter(&self, dimensions: usize, names: &KeyMap) -> (String, bool) {
        // Enums do not appear in published names.
        let parts = self.0.iter().filter(|(_, container)| !container.starts_with("Enum:"));
        let parts: Vec<&str> = parts
            .map(|(name, _)| match name.as_str() {
                "gamma" => "weight",
                "beta" => "bias",
                name => name,
            })
            .collect();
        let renamed = names
            .iter()
            .fold(parts.join("."), |name, (ours, theirs)| name.replace(ours, theirs));
        let linear = self.0.last().is_some_and(|(_, container)| container == "Struct:Linear");
        (renamed, linear && dimensions == 2)
    }
}

struct Shapes<'a> {
    path: Place,
    names: &'a KeyMap,
    found: BTreeMap<String, Vec<usize>>,
}

impl ModuleVisitor for Shapes<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (name, turned) = self.path.parameter(D, self.names);
        let mut shape = param.lazy_shape().to_vec();
        if turned {
            shape.reverse();
        }
        self.found.insert(name, shape);
    }
}

struct WeightLoader<'a> {
    path: Place,
    names: &'a KeyMap,
    checkpoint: &'a Checkpoint,
    prefix: String,
    chosen: &'a dyn Fn(&str) -> bool,
    dtype: DType,
    error: Option<CheckpointError>,
}

impl ModuleMapper for WeightLoader<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.error.is_some() {
            return param;
        }
        let (name, turned) = self.path.parameter(D, self.names);
        if !(self.chosen)(&name) {
            return param;
        }
        match self.checkpoint.floats(&format!("{}{name}", self.prefix), self.dtype) {
            Ok(data) => {
                let data = if turned { transposed(data) } else { data };
                let data = match data.shape().len() {
                    0 => TensorData::from_bytes(data.clone().into_bytes(), [1], self.dtype),
                    _ => data,
                };
                let tensor = Tensor::from_data(data, (&param.lazy_device(), self.dtype));
                // The training code decides which parameters are frozen.
                Param::initialized(param.id, tensor).set_require_grad(true)
            }
            Err(error) => {
                self.error = Some(error);
                param
            }
        }
    }
}

/// Transposes a matrix in memory.
fn transposed(data: TensorData) -> TensorData {
    let (rows, columns) = (data.shape()[0], data.shape()[1]);
    match data.dtype() {
        DType::BF16 => match data.as_slice::<bf16>() {
            Ok(values) => TensorData::new(turn(values, rows, columns), [columns, rows]),
            Err(_) => data,
        },
        _ => match data.as_slice::<f32>() {
            Ok(values) => TensorData::new(turn(values, rows, columns), [columns, rows]),
            Err(_) => data,
        },
    }
}

/// Side of the tiles of a transposition; two tiles fit into the L1 cache.
const TILE: usize = 32;

fn turn<T: Copy + Default + Send + Sync>(values: &[T], rows: usize, columns: usize) -> Vec<T> {
    let mut turned = vec![T::default(); values.len()];
    // Each strip of the result consists of `TILE` columns.
    let strips = turned.par_chunks_mut((TILE * rows).max(1)).enumerate();
    strips.for_each(|(strip, turned)| {
        let first = strip * TILE;
        for start in (0..rows).step_by(TILE) {
            for row in start..rows.min(start + TILE) {
                let line = &values[row * columns + first..][..turned.len() / rows];
                for (column, value) in line.iter().enumerate() {
                    turned[column * rows + row] = *value;
                }
            }
        }
    });
    turned
}

#[cfg(test)]
mod tests {
    use super::turn;

    #[test]
    fn matrices_are_turned() {
        for (rows, columns) in [(1, 5), (5, 1), (33, 70), (64, 32), (0, 3), (3, 0)] {
            let values: Vec<u32> = (0..(rows * columns) as u32).collect();
            let turned = turn(&values, rows, columns);
            for row in 0..rows {
                for column in 0..columns {
                    assert_eq!(turned[column * rows + row], values[row * columns + column]);
                }
            }
        }
    }
}
