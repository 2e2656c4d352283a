//! LoRA adapters on the transformer's blocks.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, FloatDType};
use nn_kit::{
    ADAPTED_LAYERS, AdapterFile, AdapterScale, adapter_shapes, published_values, save_adapters, save_safetensors,
};

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
        let scale = AdapterScale {
            rank,
            scale: alpha / rank as f64,
        };
        let adapt = |block: Block| block.adapted(&|layer| chosen(layer).then_some(scale), device);
        self.no_grad().map_blocks(adapt)
    }

    /// Rank and scale of each adapter by the layer's published name.
    fn adapters(&self) -> BTreeMap<String, AdapterScale> {
        let of_block = |(i, block): (usize, &Block)| {
            let layers = ADAPTED_LAYERS.into_iter().zip(block.layers());
            let named = layers.filter_map(|(name, layer)| Some((published(i, name), layer.adapter()?)));
            named.collect::<Vec<_>>()
        };
        self.blocks().iter().enumerate().flat_map(of_block).collect()
    }

    /// Writes the adapters under the names of diffusers, `transformer.<layer>.lora_A.weight`; alpha stands in the header
    /// if it is not the rank.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save_adapters(&self, path: &Path) -> std::io::Result<()> {
        save_adapters(path, self, &folder_names(), &self.adapters())
    }

    /// Adds the adapters of a file, in f32. Layers, ranks and scales are those of the file ([`AdapterFile::open`]).
    ///
    /// # Errors
    /// As [`AdapterFile::open`]; adapters that are missing, left over, of another shape or not finite, each by name.
    pub fn with_adapters(self, path: &Path, device: &Device) -> Result<Self, Error> {
        let file = AdapterFile::open(path)?;
        let mut index = 0;
        let model = self.no_grad().map_blocks(|block| {
            let adapted = block.adapted(&|layer| file.layers().get(&published(index, layer)).copied(), device);
            index += 1;
            adapted
        });
        Ok(file.load(model, &folder_names(), FloatDType::F32)?)
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

/// Published name of a layer of a block.
fn published(block: usize, layer: &str) -> String {
    format!("transformer_blocks.{block}.{layer}")
}
