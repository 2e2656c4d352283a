//! Models of any size from a checkpoint, one tensor at a time.
//!
//! Burn draws a parameter's random values when it is first used. Everything here looks only at shapes until the file's
//! tensor takes the parameter's place, so a model of a billion parameters is never drawn in order to be overwritten.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, FloatDType, Tensor, TensorData, bf16};
use rayon::prelude::*;

use crate::checkpoint::Checkpoint;
use crate::checkpoint_error::CheckpointError;

/// What a published model calls the parts of ours: texts of our names and what stands there in the published ones,
/// replaced in order. The names of weights and biases are PyTorch's by themselves.
pub type KeyMap = [(&'static str, &'static str)];

/// Published names and shapes (PyTorch's order) of a model's parameters; nothing is allocated for it.
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
    /// Loads the weights of a model from the tensors whose names begin with `prefix`. Every parameter must be there, in the right shape
    /// and finite, and nothing else may stand under the prefix.
    ///
    /// # Errors
    /// Tensors that are missing, left over, of another shape or not finite, each with its name.
    pub fn load_weights<M: Module>(&self, model: M, prefix: &str, names: &KeyMap) -> Result<M, CheckpointError> {
        self.load_weights_as(model, prefix, names, FloatDType::F32)
    }

    /// [`Self::load_weights`] with weights of this type: in bf16 a model needs half the memory.
    ///
    /// # Errors
    /// As [`Self::load_weights`].
    pub fn load_weights_as<M: Module>(
        &self,
        model: M,
        prefix: &str,
        names: &KeyMap,
        dtype: FloatDType,
    ) -> Result<M, CheckpointError> {
        self.load_weights_part(model, prefix, names, &|_| true, dtype)
    }

    /// Refuses tensors that [`Self::load_weights`] would, as far as names and shapes tell: no numbers are read.
    ///
    /// # Errors
    /// Tensors that are missing, left over or of another shape, each with its name.
    pub fn check<M: Module>(&self, model: &M, prefix: &str, names: &KeyMap) -> Result<(), CheckpointError> {
        self.check_part(model, prefix, names, &|_| true)
    }

    fn check_part<M: Module>(
        &self,
        model: &M,
        prefix: &str,
        names: &KeyMap,
        chosen: &dyn Fn(&str) -> bool,
    ) -> Result<(), CheckpointError> {
        let mut left: BTreeSet<&str> = self.under(prefix).collect();
        let mut wrong = Vec::new();
        for (name, shape) in published_shapes(model, names) {
            if !chosen(&name) {
                continue;
            }
            left.remove(name.as_str());
            match self.shape(&format!("{prefix}{name}")) {
                None => wrong.push(format!("{name} is missing (expected shape {shape:?})")),
                // PyTorch keeps a single number as a tensor without dimensions.
                Some(found) if found != shape && !(found.is_empty() && shape == [1]) => {
                    wrong.push(format!("{name} has shape {found:?} (expected {shape:?})"));
                }
                Some(_) => {}
            }
        }
        wrong.extend(left.iter().map(|name| format!("{name} has no place in the model")));
        self.refuse(&wrong)
    }

    /// Loads the parameters whose published names are `chosen`; the others are kept as they are. Every one of them must be
    /// there, and nothing else may stand under the prefix.
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
        self.check_part(&model, prefix, names, chosen)?;
        let mut loader = WeightLoader {
            path: Place::default(),
            names,
            checkpoint: self,
            prefix,
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

/// Where a walk over a module is: field names, and what they are in.
#[derive(Default)]
pub(crate) struct Place(Vec<(String, String)>);

impl Place {
    pub(crate) fn enter(&mut self, name: &str, container_type: &str) {
        self.0.push((name.to_string(), container_type.to_string()));
    }

    pub(crate) fn exit(&mut self) {
        self.0.pop();
    }

    /// The published name of the parameter, and whether PyTorch keeps it the other way round.
    pub(crate) fn parameter(&self, dimensions: usize, names: &KeyMap) -> (String, bool) {
        // A layer behind an enum is named as if it stood there itself.
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
    prefix: &'a str,
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
                // Whoever trains the model decides what is kept as it is.
                Param::initialized(param.id, tensor).set_require_grad(true)
            }
            Err(error) => {
                self.error = Some(error);
                param
            }
        }
    }
}

/// A matrix the other way round, in its own order in memory.
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

/// Side of the tiles in which a matrix is turned; one of each matrix stays in the fastest cache.
const TILE: usize = 32;

fn turn<T: Copy + Default + Send + Sync>(values: &[T], rows: usize, columns: usize) -> Vec<T> {
    let mut turned = vec![T::default(); values.len()];
    // Each strip of the result is made of `TILE` columns.
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
