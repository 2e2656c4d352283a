//! Export of parameters and gradients under their published names, and safetensors files.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Tensor, TensorData};

use crate::load_weights::{KeyMap, Place};

/// Returns the values of all parameters by their published names, with dimensions in PyTorch's order.
pub fn published_values<M: Module>(model: &M, names: &KeyMap) -> BTreeMap<String, TensorData> {
    published_part(model, names, &|_| true)
}

/// Returns the values of the parameters whose published names are `chosen`; the others are not read.
pub fn published_part<M: Module>(
    model: &M,
    names: &KeyMap,
    chosen: &dyn Fn(&str) -> bool,
) -> BTreeMap<String, TensorData> {
    let mut values = Values {
        place: Place::default(),
        names,
        chosen,
        grads: None,
        found: BTreeMap::new(),
    };
    model.visit(&mut values);
    values.found
}

/// Returns the gradients of parameters by their published names, with dimensions in PyTorch's order. Parameters without
/// a gradient are left out.
pub fn published_gradients<M: Module>(
    model: &M,
    grads: &GradientsParams,
    names: &KeyMap,
) -> BTreeMap<String, TensorData> {
    let mut values = Values {
        place: Place::default(),
        names,
        chosen: &|_| true,
        grads: Some(grads),
        found: BTreeMap::new(),
    };
    model.visit(&mut values);
    values.found
}

struct Values<'a> {
    place: Place,
    names: &'a KeyMap,
    chosen: &'a dyn Fn(&str) -> bool,
    grads: Option<&'a GradientsParams>,
    found: BTreeMap<String, TensorData>,
}

impl ModuleVisitor for Values<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.place.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (name, turned) = self.place.parameter(D, self.names);
        if !(self.chosen)(&name) {
            return;
        }
        let tensor = match self.grads {
            None => Some(param.val()),
            Some(grads) => grads.get::<D>(param.id),
        };
        if let Some(tensor) = tensor {
            let tensor = if turned { tensor.transpose() } else { tensor };
            self.found.insert(name, tensor.into_data());
        }
    }
}

/// Writes f32 or bf16 tensors as a safetensors file. The file is written under a temporary name and then renamed.
///
/// # Errors
/// A tensor of another type, or a file that cannot be written.
pub fn save_safetensors(path: &Path, tensors: &BTreeMap<String, TensorData>) -> std::io::Result<()> {
    save_with_metadata(path, tensors, None)
}

/// [`save_safetensors`] with one more entry in the header's metadata.
pub(crate) fn save_with_metadata(
    path: &Path,
    tensors: &BTreeMap<String, TensorData>,
    entry: Option<(&str, String)>,
) -> std::io::Result<()> {
    let mut header = serde_json::Map::new();
    let mut metadata = serde_json::Map::new();
    metadata.insert("format".into(), "pt".into());
    metadata.extend(entry.map(|(key, value)| (key.to_string(), value.into())));
    header.insert("__metadata__".into(), metadata.into());
    let mut end = 0;
    for (name, data) in tensors {
        let dtype = match data.dtype() {
            DType::F32 => "F32",
            DType::BF16 => "BF16",
            other => {
                let reason = format!("{name} is of type {other:?}; expected f32 or bf16");
                return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, reason));
            }
        };
        let start = end;
        end += data.as_bytes().len();
        let shape = data.shape().to_vec();
        header.insert(
            name.clone(),
            serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, end] }),
        );
    }
    let mut header = serde_json::Value::Object(header).to_string().into_bytes();
    // Tensor data begins at a multiple of eight bytes.
    header.resize(header.len().next_multiple_of(8), b' ');
    pusht_jobs::write_file(path, |file| {
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(&header)?;
        tensors.values().try_for_each(|data| file.write_all(data.as_bytes()))
    })
}
