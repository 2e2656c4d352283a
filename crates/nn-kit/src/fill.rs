//! Models of any size from a checkpoint, one tensor at a time.
//!
//! Burn draws a parameter's random values when it is first used. Everything here looks only at shapes until the file's
//! tensor takes the parameter's place, so a model of a billion parameters is never drawn in order to be overwritten.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use crate::checkpoint::{Checkpoint, CheckpointError};

/// What a published model calls the parts of ours: texts of our names and what stands there in the published ones,
/// replaced in order. The names of weights and biases are PyTorch's by themselves.
pub type Renames = [(&'static str, &'static str)];

/// Published names and shapes (PyTorch's order) of a model's parameters; nothing is allocated for it.
pub fn published_shapes<M: Module>(model: &M, names: &Renames) -> BTreeMap<String, Vec<usize>> {
    let mut shapes = Shapes {
        path: Path::default(),
        names,
        found: BTreeMap::new(),
    };
    model.visit(&mut shapes);
    shapes.found
}

impl Checkpoint {
    /// Fills a model from the tensors whose names begin with `prefix`. Every parameter must be there, in the right shape
    /// and finite, and nothing else may stand under the prefix.
    ///
    /// # Errors
    /// Tensors that are missing, left over, of another shape or not finite, each with its name.
    pub fn fill<M: Module>(&self, model: M, prefix: &str, names: &Renames) -> Result<M, CheckpointError> {
        let mut left: BTreeSet<&str> = self.under(prefix).collect();
        let mut wrong = Vec::new();
        for (name, shape) in published_shapes(&model, names) {
            left.remove(name.as_str());
            match self.shape(&format!("{prefix}{name}")) {
                None => wrong.push(format!("{name} is missing (expected shape {shape:?})")),
                Some(found) if found != shape => {
                    wrong.push(format!("{name} has shape {found:?} (expected {shape:?})"));
                }
                Some(_) => {}
            }
        }
        wrong.extend(left.iter().map(|name| format!("{name} has no place in the model")));
        self.refuse(&wrong)?;
        let mut fill = Fill {
            path: Path::default(),
            names,
            checkpoint: self,
            prefix,
            error: None,
        };
        let model = model.map(&mut fill);
        match fill.error {
            Some(error) => Err(error),
            None => Ok(model),
        }
    }
}

/// Where a walk over a module is: field names, and what they are in.
#[derive(Default)]
struct Path(Vec<(String, String)>);

impl Path {
    /// The published name of the parameter, and whether PyTorch keeps it the other way round.
    fn parameter(&self, dimensions: usize, names: &Renames) -> (String, bool) {
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
    path: Path,
    names: &'a Renames,
    found: BTreeMap<String, Vec<usize>>,
}

impl ModuleVisitor for Shapes<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.0.push((name.to_string(), container_type.to_string()));
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.0.pop();
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

struct Fill<'a> {
    path: Path,
    names: &'a Renames,
    checkpoint: &'a Checkpoint,
    prefix: &'a str,
    error: Option<CheckpointError>,
}

impl ModuleMapper for Fill<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.0.push((name.to_string(), container_type.to_string()));
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.0.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.error.is_some() {
            return param;
        }
        let (name, turned) = self.path.parameter(D, self.names);
        match self.checkpoint.values(&format!("{}{name}", self.prefix)) {
            Ok(data) => {
                let data = if turned { transposed(data) } else { data };
                Param::initialized(param.id, Tensor::from_data(data, &param.lazy_device()))
            }
            Err(error) => {
                self.error = Some(error);
                param
            }
        }
    }
}

/// A matrix of f32 the other way round, in its own order in memory.
fn transposed(data: TensorData) -> TensorData {
    let (rows, columns) = (data.shape()[0], data.shape()[1]);
    let Ok(values) = data.as_slice::<f32>() else {
        return data;
    };
    let mut turned = vec![0.0_f32; values.len()];
    for (row, line) in values.chunks_exact(columns.max(1)).enumerate() {
        for (column, value) in line.iter().enumerate() {
            turned[column * rows + row] = *value;
        }
    }
    TensorData::new(turned, [columns, rows])
}
