//! LoRA adapter files under the names that published trainers use: `transformer.<layer>.lora_A.weight` and `lora_B`.
//!
//! Such a file does not state alpha; it is read as alpha = rank, a scaling factor of 1.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use burn::module::Module;
use burn::tensor::FloatDType;

use crate::load_weights::KeyMap;
use crate::{
    ADAPTED_LAYERS, Checkpoint, CheckpointError, is_adapter, published_part, published_shapes, save_safetensors,
};

/// Prefix of all tensor names.
const PREFIX: &str = "transformer.";
/// Prefix of the names of blocks, after [`PREFIX`].
const BLOCKS: &str = "transformer_blocks.";

/// Rank and layers of the adapters in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterFile {
    /// Rank of the adapters.
    pub rank: usize,
    /// Layers of a block that carry an adapter, a subset of [`ADAPTED_LAYERS`].
    pub layers: BTreeSet<&'static str>,
}

impl AdapterFile {
    /// Reads rank and layers from the tensor names and shapes, without the values.
    ///
    /// # Errors
    /// A file that is missing, damaged or without adapters, adapters of several ranks, or adapters on unsupported
    /// layers.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let checkpoint = Checkpoint::open(path)?;
        let refuse = |reason: String| CheckpointError::Tensors {
            path: path.to_path_buf(),
            reason,
        };
        let (mut ranks, mut layers) = (BTreeSet::new(), BTreeSet::new());
        for (name, shape) in checkpoint.tensors() {
            let Some(layer) = name.strip_suffix(".lora_A.weight") else {
                continue;
            };
            let known = ADAPTED_LAYERS.into_iter().find(|known| {
                let block = layer.strip_suffix(known).and_then(|rest| rest.strip_suffix('.'));
                let number = block.and_then(|block| block.strip_prefix(PREFIX)?.strip_prefix(BLOCKS));
                number.is_some_and(|number| number.parse::<usize>().is_ok())
            });
            let Some(known) = known else {
                return Err(refuse(format!(
                    "{name} is on no layer that can carry an adapter; expected {PREFIX}{BLOCKS}N. and one of {}",
                    ADAPTED_LAYERS.join(", ")
                )));
            };
            layers.insert(known);
            ranks.insert(shape.first().copied().unwrap_or(0));
        }
        match ranks.first() {
            Some(&rank) if ranks.len() == 1 && rank > 0 => Ok(Self { rank, layers }),
            None => Err(refuse(format!(
                "it has no {PREFIX}…lora_A.weight; expected a file of adapters"
            ))),
            _ => Err(refuse(format!(
                "its adapters have the ranks {ranks:?}; expected one above 0"
            ))),
        }
    }
}

/// Writes the adapters of a model as a safetensors file.
///
/// # Errors
/// A file that cannot be written.
pub fn save_adapters<M: Module>(path: &Path, model: &M, names: &KeyMap) -> std::io::Result<()> {
    let adapters = published_part(model, names, &is_adapter).into_iter();
    let named = adapters.map(|(name, data)| (format!("{PREFIX}{name}"), data));
    save_safetensors(path, &named.collect())
}

/// Returns the published names and shapes of a model's adapters.
pub fn adapter_shapes<M: Module>(model: &M, names: &KeyMap) -> BTreeMap<String, Vec<usize>> {
    let mut shapes = published_shapes(model, names);
    shapes.retain(|name, _| is_adapter(name));
    shapes
}

/// Loads the adapters of a model that already carries some.
///
/// # Errors
/// A file that is missing or damaged, and adapters that are missing, left over, of another shape or not finite; each is
/// named.
pub fn load_adapters<M: Module>(
    path: &Path,
    model: M,
    names: &KeyMap,
    dtype: FloatDType,
) -> Result<M, CheckpointError> {
    AdapterFile::open(path)?;
    Checkpoint::open(path)?.load_weights_part(model, PREFIX, names, &is_adapter, dtype)
}
