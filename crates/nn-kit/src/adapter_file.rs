//! Files of LoRA adapters: names as trainers publish them, ranks and scales.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::FloatDType;

use crate::adapter_alpha::{METADATA, Stated, odd_rank, statement};
use crate::adapter_names::{AdapterName, Part, not_computed, other_form};
use crate::export::save_with_metadata;
use crate::load_weights::KeyMap;
use crate::{AdapterScale, Checkpoint, CheckpointError, is_adapter, published_part, published_shapes};

/// Prefix of all tensor names in files that are written.
const PREFIX: &str = "transformer.";

/// An open file of adapters.
#[derive(Clone)]
pub struct AdapterFile {
    layers: BTreeMap<String, AdapterScale>,
    sources: BTreeSet<String>,
    /// Tensors named as in [`crate::LORA_NAMES`].
    tensors: Checkpoint,
}

impl AdapterFile {
    /// Reads names, ranks and scales, without the weights. Alpha is taken from tensors (`alpha`), the header
    /// (`lora_adapter_metadata`, `ss_network_alpha`) or an `adapter_config.json` beside the file; if it is stated
    /// nowhere, it equals the rank. For a folder, the file in it is read.
    ///
    /// # Errors
    /// A file that is missing, damaged or without adapters; tensors that are no part of a LoRA adapter, such as those of
    /// DoRA, LoHa and LoKr; a header whose alpha is needed and is no number; adapters on unsupported layers, or without one of their parts; a rank that contradicts the header. Each is
    /// named.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let file = Checkpoint::open(path)?;
        let refuse = |reason: String| CheckpointError::Tensors {
            path: path.to_path_buf(),
            reason,
        };
        let other = file.tensors.keys().find_map(|name| Some((name, other_form(name)?)));
        if let Some((name, form)) = other {
            return Err(refuse(not_computed(name, form)));
        }
        if !file.tensors.keys().any(|name| name.contains("lora")) {
            return Err(CheckpointError::Content {
                path: path.to_path_buf(),
                found: file.description(),
                expected: "adapters (LoRA), with the names ….lora_A.weight and ….lora_B.weight".to_string(),
            });
        }
        let mut found: BTreeMap<(String, Part), String> = BTreeMap::new();
        let mut prefix: Option<String> = None;
        for name in file.tensors.keys() {
            let parsed = AdapterName::parse(name).map_err(refuse)?;
            let first = prefix.get_or_insert_with(|| parsed.prefix.clone());
            if *first != parsed.prefix {
                return Err(refuse(format!(
                    "{name} does not begin with {first:?}, as others do; expected one model's"
                )));
            }
            if let Some(other) = found.insert((parsed.layer, parsed.part), name.clone()) {
                return Err(refuse(format!("{name} and {other} are the same part of one adapter")));
            }
        }
        let beside = match path.is_dir() {
            true => path.join("adapters"),
            false => path.to_path_buf(),
        };
        let stated = Stated::read(&beside, &file)?;
        let (mut layers, mut sources) = (BTreeMap::new(), BTreeSet::new());
        let mut tensors = Checkpoint::empty(path);
        for ((layer, part), name) in &found {
            let (other, title, end) = match part {
                Part::Down => (Part::Up, "lora_B", "lora_A.weight"),
                Part::Up => (Part::Down, "lora_A", "lora_B.weight"),
                Part::Alpha => (Part::Down, "lora_A", ""),
            };
            if !found.contains_key(&(layer.clone(), other)) {
                return Err(refuse(format!("{name} has no {title} beside it")));
            }
            if *part == Part::Alpha {
                continue;
            }
            let tensor = &file.tensors[name];
            tensors.tensors.insert(format!("{layer}.{end}"), tensor.clone());
            if *part == Part::Up {
                continue;
            }
            let rank = match tensor.shape.to_vec()[..] {
                [rank, _] if rank > 0 => rank,
                ref shape => return Err(refuse(format!("{name} has shape {shape:?}; expected [rank, inputs]"))),
            };
            let (scale, source) = match found.get(&(layer.clone(), Part::Alpha)) {
                Some(name) => {
                    let alpha = single(&file, name)?;
                    (alpha / rank as f64, "alpha from tensors of that name".to_string())
                }
                None => stated.scale(layer, rank).map_err(refuse)?,
            };
            layers.insert(layer.clone(), AdapterScale { rank, scale });
            sources.insert(source);
        }
        sources.extend(odd_rank(file.metadata(), &layers));
        Ok(Self {
            layers,
            sources,
            tensors,
        })
    }

    /// Rank and scale of each adapter by the layer's published name, such as `transformer_blocks.0.attn1.to_q`.
    pub fn layers(&self) -> &BTreeMap<String, AdapterScale> {
        &self.layers
    }

    /// Says how the file was understood: number of adapters, ranks, scales, where alpha was found, and whether the header
    /// states another rank.
    pub fn description(&self) -> String {
        let range = |values: &mut dyn Iterator<Item = f64>| {
            let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
            match low == high {
                true => format!("{low}"),
                false => format!("{low} to {high}"),
            }
        };
        let ranks = range(&mut self.layers.values().map(|layer| layer.rank as f64));
        let scales = range(&mut self.layers.values().map(|layer| layer.scale));
        let sources: Vec<&str> = self.sources.iter().map(String::as_str).collect();
        format!(
            "{} adapters of rank {ranks}, scale {scales}: {}",
            self.layers.len(),
            sources.join("; ")
        )
    }

    /// Loads the weights into a model that carries these adapters.
    ///
    /// # Errors
    /// Adapters that are missing, left over, of another shape or not finite; each is named.
    pub fn load<M: Module>(&self, model: M, names: &KeyMap, dtype: FloatDType) -> Result<M, CheckpointError> {
        self.tensors.load_weights_part(model, "", names, &is_adapter, dtype)
    }

    /// Path of the file.
    pub fn path(&self) -> PathBuf {
        self.tensors.path().to_path_buf()
    }
}

/// The one number of a tensor, above 0.
fn single(file: &Checkpoint, name: &str) -> Result<f64, CheckpointError> {
    let refuse = |reason: String| CheckpointError::Tensors {
        path: file.path().to_path_buf(),
        reason,
    };
    let shape = file.shape(name).unwrap_or_default();
    if shape.iter().product::<usize>() != 1 {
        return Err(refuse(format!("{name} has shape {shape:?}; expected one number")));
    }
    match file.values(name)?.iter::<f32>().next() {
        Some(alpha) if alpha > 0.0 => Ok(f64::from(alpha)),
        alpha => Err(refuse(format!("{name} is {alpha:?}; expected a number above 0"))),
    }
}

/// Writes the adapters of a model as a safetensors file. `layers` has rank and scale of each by the layer's published
/// name; if one has another scale than 1, the header states alpha and rank as diffusers does.
///
/// # Errors
/// A file that cannot be written.
pub fn save_adapters<M: Module>(
    path: &Path,
    model: &M,
    names: &KeyMap,
    layers: &BTreeMap<String, AdapterScale>,
) -> std::io::Result<()> {
    let adapters = published_part(model, names, &is_adapter).into_iter();
    let named = adapters.map(|(name, data)| (format!("{PREFIX}{name}"), data));
    let stated = statement(PREFIX, layers).map(|text| (METADATA, text));
    save_with_metadata(path, &named.collect(), stated)
}

/// Returns the published names and shapes of a model's adapters.
pub fn adapter_shapes<M: Module>(model: &M, names: &KeyMap) -> BTreeMap<String, Vec<usize>> {
    let mut shapes = published_shapes(model, names);
    shapes.retain(|name, _| is_adapter(name));
    shapes
}
