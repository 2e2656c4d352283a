//! Loads the models from published files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, FloatDType};
use diffusion_schedulers::EdmConfig;
use nn_kit::settings::{Class, read_model, read_or_default};
use nn_kit::{Checkpoint, published_shapes, published_values, save_safetensors};

use crate::autoencoder::{Autoencoder, AutoencoderConfig};
use crate::config::{Config, LearnedPositions};
use crate::error::Error;
use crate::names::{ORIGINAL, autoencoder_names, folder_names, model_pt_names, tokenizer_names};
use crate::pipeline::Pipeline;
use crate::transformer::Transformer;

/// Names and shapes of parameters.
type Shapes = BTreeMap<String, Vec<usize>>;

/// Tensors in `model.pt` that are not parameters of the transformer: a learned weight of the loss, computed positions,
/// and states of a GPU library.
const UNUSED: [&str; 2] = ["logvar.", "pos_embedder."];
const UNUSED_END: &str = "_extra_state";
/// Tensor by which the transformer is found, whatever is around it (`net.`, a training script's own keys).
const IN_TRANSFORMER: &str = "x_embedder.proj.1.weight";

/// File layout, which determines the parameter names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A diffusers folder.
    Folder,
    /// NVIDIA's own files: `model.pt`, and the state of the tokenizers.
    Original,
}

/// Inputs that a model generates from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// A prompt.
    Text2World,
    /// A prompt and frames.
    Video2World,
}

impl std::fmt::Display for Variant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text2World => "text2world",
            Self::Video2World => "video2world",
        })
    }
}

/// Returns the published parameter names and shapes of a transformer, without allocating it.
///
/// # Errors
/// An invalid configuration.
pub fn transformer_shapes(config: &Config, layout: Layout) -> Result<Shapes, Error> {
    let model = Transformer::new(config, &Device::default())?;
    Ok(match layout {
        Layout::Folder => published_shapes(&model, &folder_names()),
        Layout::Original => {
            let shapes = published_shapes(&model, &model_pt_names()).into_iter();
            shapes
                .map(|(name, shape)| (format!("{ORIGINAL}{name}"), shape))
                .collect()
        }
    })
}

/// Returns the published parameter names and shapes of an autoencoder, without allocating it.
///
/// # Errors
/// An invalid configuration.
pub fn autoencoder_shapes(config: &AutoencoderConfig, layout: Layout) -> Result<Shapes, Error> {
    let model = Autoencoder::new(config, &Device::default())?;
    Ok(match layout {
        Layout::Folder => published_shapes(&model, &autoencoder_names()),
        Layout::Original => published_shapes(&model, &tokenizer_names()),
    })
}

impl Config {
    /// Returns the variant of a model with this configuration.
    pub fn variant(&self) -> Variant {
        match self.takes_condition() {
            true => Variant::Video2World,
            false => Variant::Text2World,
        }
    }

    /// Reads the transformer's configuration at `path`: a diffusers folder (the parent of `transformer/`), a folder
    /// with `model.pt`, or that file itself.
    ///
    /// # Errors
    /// Files that are missing or damaged.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Source::open(path)?.config)
    }

    /// Derives the transformer's configuration from `model.pt`. The stretch factors of the rotary frequencies (2 for
    /// time; in the 14B models 2 for all axes) cannot be derived from the shapes.
    fn of_model_pt(checkpoint: &Checkpoint) -> Self {
        let size = |name: &str, at: usize| {
            let shape = checkpoint.shape(name);
            shape.and_then(|shape| shape.get(at).copied()).unwrap_or(0)
        };
        let block = |i: &usize| size(&format!("blocks.block{i}.blocks.0.block.attn.to_q.0.weight"), 0) > 0;
        let (width, head) = (
            size("x_embedder.proj.1.weight", 0),
            size("blocks.block0.blocks.0.block.attn.to_q.1.weight", 0),
        );
        let default = Self::default();
        let patch: usize = default.patch_size.iter().product();
        let place = |name: &str, axis: usize| match size(&format!("extra_pos_embedder.pos_emb_{name}"), 0) {
            0 => default.max_size[axis],
            places => places * default.patch_size[axis],
        };
        Self {
            // One of the channels marks padding.
            in_channels: (size("x_embedder.proj.1.weight", 1) / patch).saturating_sub(1),
            out_channels: size("final_layer.linear.weight", 0) / patch,
            num_attention_heads: width / head.max(1),
            attention_head_dim: head,
            num_layers: (0..).take_while(block).count(),
            mlp_ratio: size("blocks.block0.blocks.2.block.layer1.weight", 0) as f64 / width.max(1) as f64,
            text_embed_dim: size("blocks.block0.blocks.1.block.attn.to_k.0.weight", 1),
            adaln_lora_dim: size("blocks.block0.blocks.0.adaLN_modulation.1.weight", 0),
            max_size: [place("t", 0), place("h", 1), place("w", 2)],
            rope_scale: if width > Self::default().width() {
                Self::text2world_14b().rope_scale
            } else {
                default.rope_scale
            },
            extra_pos_embed_type: (size("extra_pos_embedder.pos_emb_t", 0) > 0).then_some(LearnedPositions::Learnable),
            ..default
        }
    }
}

/// Configuration and weights of a transformer.
struct Source {
    config: Config,
    weights: Checkpoint,
    layout: Layout,
}

impl Source {
    fn open(path: &Path) -> Result<Self, Error> {
        let folder = path.join("transformer");
        if folder.is_dir() {
            return Ok(Self {
                config: read_model(&folder.join("config.json"))?,
                weights: Checkpoint::open_folder(&folder)?,
                layout: Layout::Folder,
            });
        }
        let file = if path.is_dir() {
            path.join("model.pt")
        } else {
            path.to_path_buf()
        };
        let weights = Checkpoint::open(&file)?.rooted(IN_TRANSFORMER)?;
        let weights = weights.without(&UNUSED).without_ends(&[UNUSED_END]);
        let config = Config::of_model_pt(&weights);
        Ok(Self {
            // Without valid sizes, loading into the default architecture reports what is missing.
            config: if config.check().is_ok() {
                config
            } else {
                Config::default()
            },
            weights,
            layout: Layout::Original,
        })
    }
}

impl Source {
    /// The key map.
    fn names(&self) -> Vec<(&'static str, &'static str)> {
        match self.layout {
            Layout::Folder => folder_names(),
            Layout::Original => model_pt_names(),
        }
    }
}

impl Transformer {
    /// Loads the transformer at `path` (see [`Config::open`]). If `asked` is given, the variant must match.
    ///
    /// # Errors
    /// Files that are missing or damaged, the other variant, and tensors that are missing, left over, of another shape
    /// or not finite, each by name.
    pub fn open(path: &Path, asked: Option<Variant>, dtype: FloatDType, device: &Device) -> Result<Self, Error> {
        let source = Source::open(path)?;
        let config = &source.config;
        let model = Self::new(config, device)?;
        let names = source.names();
        match asked {
            Some(asked) if asked != config.variant() => Err(Error::File {
                path: path.to_path_buf(),
                reason: format!("it is a {} model; a {asked} model was asked for", config.variant()),
            }),
            _ => Ok(source.weights.load_weights_as(model, "", &names, dtype)?),
        }
    }

    /// Checks configuration, names and shapes as [`Self::open`] does, without reading weights.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn check_files(path: &Path) -> Result<(), Error> {
        let source = Source::open(path)?;
        let model = Self::new(&source.config, &Device::default())?;
        let names = source.names();
        Ok(source.weights.check(&model, "", &names)?)
    }
}

impl AutoencoderConfig {
    /// Reads the autoencoder's configuration from a diffusers folder (`vae/` or its parent).
    ///
    /// # Errors
    /// Files that are missing or damaged. The published `encoder.jit` and `decoder.jit` are programs and must be
    /// converted.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = autoencoder_folder(path);
        let settings_file = folder.join("config.json");
        let script = |path: &Path| path.extension().is_some_and(|end| end == "jit");
        if script(path) || (!settings_file.exists() && folder.join("encoder.jit").exists()) {
            return Err(Error::File {
                path: path.to_path_buf(),
                reason: "TorchScript files are programs; expected vae/ of a diffusers folder, or what the script in \
                         docs/cosmos.md makes of them"
                    .to_string(),
            });
        }
        Ok(read_model(&settings_file)?)
    }
}

/// Returns `vae/`, or the folder itself.
fn autoencoder_folder(path: &Path) -> PathBuf {
    let inner = path.join("vae");
    if inner.is_dir() { inner } else { path.to_path_buf() }
}

impl Autoencoder {
    /// Loads the autoencoder from a folder (see [`AutoencoderConfig::open`]). The weights may also have the names of
    /// the published tokenizers' state.
    ///
    /// # Errors
    /// As [`Transformer::open`] and [`AutoencoderConfig::open`].
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

    /// Writes all weights under the names of diffusers folders.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        save_safetensors(path, &published_values(self, &autoencoder_names()))
    }

    #[expect(clippy::type_complexity, reason = "a table of names")]
    fn source(path: &Path, device: &Device) -> Result<(Self, Checkpoint, Vec<(&'static str, &'static str)>), Error> {
        let config = AutoencoderConfig::open(path)?;
        let model = Self::new(&config, device)?;
        let weights = Checkpoint::open_folder(&autoencoder_folder(path))?;
        let original = weights.shape("encoder.conv_in.0.conv3d.weight").is_some();
        let names = if original {
            tokenizer_names()
        } else {
            autoencoder_names()
        };
        Ok((model, weights, names))
    }
}

impl Pipeline {
    /// Loads transformer, autoencoder (`vae/`) and, if it exists, `scheduler/scheduler_config.json` from a folder,
    /// which may contain `model.pt` in place of `transformer/`.
    ///
    /// # Errors
    /// As [`Transformer::open`] and [`Autoencoder::open`].
    pub fn open(folder: &Path, asked: Option<Variant>, dtype: FloatDType, device: &Device) -> Result<Self, Error> {
        let levels: EdmConfig = read_or_default(&folder.join("scheduler/scheduler_config.json"))?;
        // The smaller model first, so that its errors appear before the large one is read.
        let autoencoder = Autoencoder::open(folder, dtype, device)?;
        let transformer = Transformer::open(folder, asked, dtype, device)?;
        Self::new(transformer, autoencoder, levels, device)
    }
}

impl Class for Config {
    const NAME: &str = "CosmosTransformer3DModel";
}

impl Class for AutoencoderConfig {
    const NAME: &str = "AutoencoderKLCosmos";
}
