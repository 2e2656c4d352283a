//! A safetensors file with LeRobot's names, and modules loaded from it.

use std::collections::BTreeSet;
use std::path::Path;

use burn::Tensor;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::TensorData;
use safetensors::{Dtype, SafeTensors};

use crate::error::BcError;

/// Maximum number of problems listed in one error.
const LISTED: usize = 5;

/// The tensors of a file; each is taken once.
pub(super) struct Tensors<'a> {
    path: &'a Path,
    file: SafeTensors<'a>,
    left: BTreeSet<String>,
}

impl<'a> Tensors<'a> {
    /// # Errors
    /// Bytes that are not safetensors, or truncated.
    pub(super) fn new(path: &'a Path, bytes: &'a [u8]) -> Result<Self, BcError> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| BcError::Checkpoint {
            path: path.to_path_buf(),
            reason: format!("it is not a whole safetensors file: {error}"),
        })?;
        let left = file.names().into_iter().map(String::from).collect();
        Ok(Self { path, file, left })
    }

    pub(super) fn path(&self) -> &Path {
        self.path
    }

    pub(super) fn has_prefix(&self, prefix: &str) -> bool {
        self.left.iter().any(|name| name.starts_with(prefix))
    }

    /// Removes a tensor, if present, without reading it.
    pub(super) fn pass_over(&mut self, name: &str) {
        self.left.remove(name);
    }

    /// Takes the values of a tensor.
    ///
    /// # Errors
    /// A tensor that is missing, of another shape or type, or not finite.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, BcError> {
        self.try_take(name, shape).map_err(|reason| self.unfit(reason))
    }

    fn try_take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        self.left.remove(name);
        let Ok(view) = self.file.tensor(name) else {
            return Err(format!("the tensor {name} is missing; expected one of shape {shape:?}"));
        };
        if view.dtype() != Dtype::F32 {
            return Err(format!("the tensor {name} is of type {}; expected F32", view.dtype()));
        }
        if view.shape() != shape {
            let found = view.shape();
            return Err(format!("the tensor {name} has shape {found:?}; expected {shape:?}"));
        }
        let (words, _) = view.data().as_chunks::<4>();
        let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        if values.iter().all(|value| value.is_finite()) {
            return Ok(values);
        }
        Err(format!("the tensor {name} holds numbers that are not finite"))
    }

    /// Loads all parameters of a module from the file.
    ///
    /// # Errors
    /// Parameters that cannot be taken; each is named.
    pub(super) fn load_weights<M: Module>(&mut self, module: M) -> Result<M, BcError> {
        let mut loader = WeightLoader {
            tensors: self,
            path: Vec::new(),
            problems: Vec::new(),
        };
        let module = module.map(&mut loader);
        let problems = loader.problems;
        if problems.is_empty() {
            return Ok(module);
        }
        let more = problems.len().saturating_sub(LISTED);
        let mut reason = problems[..problems.len() - more].join("; ");
        if more > 0 {
            reason += &format!("; and {more} more");
        }
        Err(self.unfit(reason))
    }

    /// Refuses tensors that were not taken.
    ///
    /// # Errors
    /// The first such tensor.
    pub(super) fn finish(self) -> Result<(), BcError> {
        match self.left.first() {
            Some(name) => Err(self.unfit(format!(
                "the tensor {name} has no place in the policy that config.json describes"
            ))),
            None => Ok(()),
        }
    }

    fn unfit(&self, reason: String) -> BcError {
        BcError::Checkpoint {
            path: self.path.to_path_buf(),
            reason,
        }
    }
}

struct WeightLoader<'t, 'a> {
    tensors: &'t mut Tensors<'a>,
    /// Names, each with its container.
    path: Vec<(String, String)>,
    problems: Vec<String>,
}

impl ModuleMapper for WeightLoader<'_, '_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.push((name.to_string(), container_type.to_string()));
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = lerobot_name(&self.path);
        // PyTorch stores the matrix of a linear layer transposed.
        let transposed = D == 2
            && self
                .path
                .last()
                .is_some_and(|(_, container)| container == "Struct:Linear");
        let (device, mut shape) = (param.lazy_device(), param.lazy_shape().to_vec());
        if transposed {
            shape.reverse();
        }
        match self.tensors.try_take(&name, &shape) {
            Ok(values) => {
                let mut values = Tensor::<D>::from_data(TensorData::new(values, shape), &device);
                if transposed {
                    values = values.swap_dims(0, 1);
                    // Makes the memory layout contiguous.
                    values = Tensor::from_data(values.into_data(), &device);
                }
                Param::initialized(param.id, values)
            }
            Err(problem) => {
                self.problems.push(problem);
                param
            }
        }
    }
}

/// LeRobot's name of a parameter of [`super::super::saved::Network`].
pub(super) fn lerobot_name(path: &[(String, String)]) -> String {
    // Enum containers do not appear in the name.
    let named = path.iter().filter(|(_, container)| !container.starts_with("Enum:"));
    let names: Vec<&str> = named.map(|(name, _)| name.as_str()).collect();
    let mut out = vec!["diffusion".to_string()];
    for (i, name) in names.iter().enumerate() {
        let before = if i == 0 { "" } else { names[i - 1] };
        out.push(match (before, *name) {
            // In LeRobot these are modules of a `Sequential`.
            ("diffusion_step_encoder", "0") | ("backbone", "bn1") => "1".into(),
            ("diffusion_step_encoder", "1") => "3".into(),
            (_, "cond_encoder") => "cond_encoder.1".into(),
            ("backbone", "conv1") => "0".into(),
            ("backbone", "layer1") => "4".into(),
            ("backbone", "layer2") => "5".into(),
            ("backbone", "layer3") => "6".into(),
            ("backbone", "layer4") => "7".into(),
            (_, "gamma") => "weight".into(),
            (_, "beta") => "bias".into(),
            (_, name) => name.into(),
        });
    }
    out.join(".")
}
