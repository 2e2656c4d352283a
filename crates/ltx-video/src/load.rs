//! Loads the models from published files.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, FloatDType};
use nn_kit::settings::{Class, read_model, read_or_default};
use nn_kit::{Checkpoint, published_shapes, published_values, save_safetensors};

use crate::config::Config;
use crate::error::Error;
use crate::names::{
    SINGLE_TRANSFORMER, SINGLE_UNUSED, SINGLE_VAE, transformer_names, transformer_single_names, vae_names,
    vae_single_names,
};
use crate::pipeline::Pipeline;
use crate::transformer::Transformer;
use crate::vae::{DownBlockType, Vae, VaeConfig, Version};

/// Number of heads of all published models; it cannot be derived from the shapes.
const HEADS: usize = 32;

/// Tensors by which the parts of a single file are found, whatever is around them (`model.diffusion_model.`, `vae.`,
/// a training script's own keys).
const IN_TRANSFORMER: &str = "patchify_proj.weight";
const IN_VAE: &str = "per_channel_statistics.mean-of-means";

/// A model without weights, its checkpoint and the key map.
type Source<M> = (M, Checkpoint, Vec<(&'static str, &'static str)>);

/// Published files to load, and how to load them.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// A diffusers folder or a single file.
    pub model: &'a Path,
    /// Folder with `tokenizer/` and `text_encoder/`, if they are not in the model folder.
    pub text: Option<&'a Path>,
    /// Expected version.
    pub version: Option<Version>,
    /// Type of the weights.
    pub dtype: FloatDType,
}

/// Names and shapes of parameters.
type Shapes = BTreeMap<String, Vec<usize>>;

/// File layout, which determines the parameter names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A diffusers folder.
    Folder,
    /// A single file with all models.
    Single,
}

/// Returns the published parameter names and shapes of a transformer, without allocating it.
///
/// # Errors
/// An invalid configuration.
pub fn transformer_shapes(config: &Config, layout: Layout) -> Result<Shapes, Error> {
    let model = Transformer::new(config, &Device::default())?;
    Ok(match layout {
        Layout::Folder => published_shapes(&model, &transformer_names()),
        Layout::Single => under(
            SINGLE_TRANSFORMER,
            published_shapes(&model, &transformer_single_names()),
        ),
    })
}

/// Returns the published parameter names and shapes of an autoencoder, without allocating it. The names in a single
/// file are those of `version`.
///
/// # Errors
/// An invalid configuration.
pub fn vae_shapes(config: &VaeConfig, layout: Layout) -> Result<Shapes, Error> {
    let model = Vae::new(config, &Device::default())?;
    Ok(match layout {
        Layout::Folder => published_shapes(&model, &vae_names()),
        Layout::Single => under(
            SINGLE_VAE,
            published_shapes(&model, &vae_single_names(config.version())),
        ),
    })
}

fn under(prefix: &str, shapes: Shapes) -> Shapes {
    let named = |(name, shape)| (format!("{prefix}{name}"), shape);
    shapes.into_iter().map(named).collect()
}

impl VaeConfig {
    /// Returns the published version with this architecture.
    pub fn version(&self) -> Version {
        match (self.down_block_types.first(), self.timestep_conditioning) {
            (Some(DownBlockType::Space), _) => Version::V095,
            (_, true) => Version::V091,
            (_, false) => Version::V090,
        }
    }
}

impl Config {
    /// Reads the transformer's configuration from a diffusers folder (the parent of `transformer/`) or a single file.
    ///
    /// # Errors
    /// Files that are missing or damaged.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return Ok(read_model(&path.join("transformer/config.json"))?);
        }
        let config = Self::of_single(&Checkpoint::open(path)?.rooted(IN_TRANSFORMER)?);
        // Loading into the published architecture reports what is missing.
        Ok(if config.check().is_ok() {
            config
        } else {
            Self::default()
        })
    }

    /// Derives the transformer's configuration from its tensors in a single file.
    fn of_single(checkpoint: &Checkpoint) -> Self {
        let size = |name: &str, at: usize| {
            let shape = checkpoint.shape(name);
            shape.and_then(|shape| shape.get(at).copied()).unwrap_or(0)
        };
        let block = |i: &usize| {
            let name = format!("transformer_blocks.{i}.scale_shift_table");
            checkpoint.shape(&name).is_some()
        };
        let width = size("patchify_proj.weight", 0);
        Self {
            in_channels: size("patchify_proj.weight", 1),
            out_channels: size("proj_out.weight", 0),
            num_attention_heads: HEADS,
            attention_head_dim: width / HEADS,
            cross_attention_dim: width,
            num_layers: (0..).take_while(block).count(),
            caption_channels: size("caption_projection.linear_1.weight", 1),
            ..Self::default()
        }
    }
}

impl Transformer {
    /// Loads the transformer from a diffusers folder (the parent of `transformer/`) or a single file.
    ///
    /// # Errors
    /// Files that are missing or damaged, and tensors that are missing, left over, of another shape or not finite; each
    /// is named.
    pub fn open(path: &Path, dtype: FloatDType, device: &Device) -> Result<Self, Error> {
        let (model, weights, names) = Self::source(path, device)?;
        Ok(weights.load_weights_as(model, "", &names, dtype)?)
    }

    /// Checks configuration, names and shapes as [`Self::open`] does, without reading weights.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn check_files(path: &Path) -> Result<(), Error> {
        let (model, weights, names) = Self::source(path, &Device::default())?;
        Ok(weights.check(&model, "", &names)?)
    }

    fn source(path: &Path, device: &Device) -> Result<Source<Self>, Error> {
        let model = Self::new(&Config::open(path)?, device)?;
        Ok(if path.is_dir() {
            let weights = Checkpoint::open_folder(&path.join("transformer"))?;
            (model, weights, transformer_names())
        } else {
            let weights = Checkpoint::open(path)?.rooted(IN_TRANSFORMER)?;
            (model, weights, transformer_single_names())
        })
    }
}

impl VaeConfig {
    /// Reads the autoencoder's configuration from a diffusers folder (the parent of `vae/`) or a single file. If
    /// `asked` is given, the version must match.
    ///
    /// # Errors
    /// Files that are missing or damaged, and another version.
    pub fn open(path: &Path, asked: Option<Version>) -> Result<Self, Error> {
        let config: Self = if path.is_dir() {
            read_model(&path.join("vae/config.json"))?
        } else {
            let checkpoint = Checkpoint::open(path)?.rooted(IN_VAE)?;
            let has = |name: &str| checkpoint.shape(name).is_some();
            let version = if has("encoder.down_blocks.1.conv.conv.weight") {
                Version::V095
            } else if has("decoder.last_scale_shift_table") {
                Version::V091
            } else {
                Version::V090
            };
            version.config()
        };
        match (asked, config.version()) {
            (Some(asked), found) if asked != found => Err(Error::Version {
                path: path.to_path_buf(),
                found: found.name(),
                asked: asked.name(),
            }),
            _ => Ok(config),
        }
    }
}

impl Vae {
    /// Loads the autoencoder from a diffusers folder (the parent of `vae/`) or a single file. If `asked` is given, the
    /// version must match.
    ///
    /// # Errors
    /// As [`Transformer::open`], and another version.
    pub fn open(path: &Path, asked: Option<Version>, dtype: FloatDType, device: &Device) -> Result<Self, Error> {
        let (model, weights, names) = Self::source(path, asked, device)?;
        Ok(weights.load_weights_as(model, "", &names, dtype)?)
    }

    /// Checks configuration, names and shapes as [`Self::open`] does, without reading weights.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn check_files(path: &Path, asked: Option<Version>) -> Result<(), Error> {
        let (model, weights, names) = Self::source(path, asked, &Device::default())?;
        Ok(weights.check(&model, "", &names)?)
    }

    /// Writes all weights under the names of diffusers folders.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        save_safetensors(path, &published_values(self, &vae_names()))
    }

    fn source(path: &Path, asked: Option<Version>, device: &Device) -> Result<Source<Self>, Error> {
        let config = VaeConfig::open(path, asked)?;
        let model = Self::new(&config, device)?;
        Ok(if path.is_dir() {
            let weights = Checkpoint::open_folder(&path.join("vae"))?;
            (model, weights, vae_names())
        } else {
            let weights = Checkpoint::open(path)?.rooted(IN_VAE)?.without(&SINGLE_UNUSED);
            (model, weights, vae_single_names(config.version()))
        })
    }
}

impl Pipeline {
    /// Loads transformer, autoencoder and, if it exists, `scheduler/scheduler_config.json`.
    ///
    /// # Errors
    /// Files that are missing, damaged or of another version.
    pub fn open(files: Files<'_>, device: &Device) -> Result<Self, Error> {
        // The smallest files first, so that errors appear early.
        let scheduler = read_or_default(&files.model.join("scheduler/scheduler_config.json"))?;
        let vae = Vae::open(files.model, files.version, files.dtype, device)?;
        let transformer = Transformer::open(files.model, files.dtype, device)?;
        Ok(Self {
            transformer,
            vae,
            scheduler,
        })
    }
}

impl Class for Config {
    const NAME: &str = "LTXVideoTransformer3DModel";
}

impl Class for VaeConfig {
    const NAME: &str = "AutoencoderKLLTXVideo";
}
