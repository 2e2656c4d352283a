//! LoRA adapters on the transformer's blocks.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, FloatDType};
use nn_kit::{AdapterFile, adapter_shapes, load_adapters, published_values, save_adapters, save_safetensors};

use crate::block::Block;
use crate::error::Error;
use crate::names::folder_names;
use crate::transformer::Transformer;

impl Transformer {
    /// Adds new adapters to the `chosen` layers of [`nn_kit::ADAPTED_LAYERS`] and freezes all other parameters.
    /// Adapters have the given rank and are multiplied by alpha / rank. The output does not change until they are
    /// trained.
    #[must_use]
    pub fn adapted(self, rank: usize, alpha: f64, chosen: &dyn Fn(&str) -> bool, device: &Device) -> Self {
        let adapt = |block: Block| block.adapted(rank, alpha, chosen, device);
        self.no_grad().map_blocks(adapt)
    }

    /// Writes the adapters under the names of published trainers, `transformer.<layer>.lora_A.weight`.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save_adapters(&self, path: &Path) -> std::io::Result<()> {
        save_adapters(path, self, &folder_names())
    }

    /// Adds the adapters of a file, in f32. Rank and layers follow from the file; alpha is taken to equal the rank.
    ///
    /// # Errors
    /// A file that is missing, damaged or without adapters; adapters of several ranks or on unsupported layers;
    /// adapters that are missing, left over, of another shape or not finite, each by name.
    pub fn with_adapters(self, path: &Path, device: &Device) -> Result<Self, Error> {
        let AdapterFile { rank, layers } = AdapterFile::open(path)?;
        let model = self.adapted(rank, rank as f64, &|layer| layers.contains(layer), device);
        Ok(load_adapters(path, model, &folder_names(), FloatDType::F32)?)
    }

    /// Returns the published names and shapes of the adapters.
    pub fn adapter_shapes(&self) -> BTreeMap<String, Vec<usize>> {
        adapter_shapes(self, &folder_names())
    }

    /// Writes all weights under the names of diffusers folders.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        save_safetensors(path, &published_values(self, &folder_names()))
    }
}
