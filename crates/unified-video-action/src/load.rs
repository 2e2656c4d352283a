//! Loads the model from its published checkpoint.
//!
//! The PyTorch file holds `state_dicts.ema_model` (averaged weights, preferred) and `state_dicts.model`, each with
//! `model.*` (transformer and heads), `vae_model.*` and `normalizer.*`; its configuration and optimizer are ignored. A
//! `.safetensors` file with these names (from `tools/uva_to_safetensors.py`) works as well.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use nn_kit::{
    ADALN_MLP_NAMES, Checkpoint, CheckpointError, KL_AUTOENCODER_NAMES, KlAutoencoder, VIT_BLOCK_NAMES,
    published_shapes,
};

use crate::config::Config;
use crate::error::Error;
use crate::model::{ActionScale, Model};
use crate::net::Net;

/// Keys of the weights, the averaged ones first.
const PARTS: [&str; 4] = ["state_dicts.ema_model", "state_dicts.model", "ema_model", "model"];
/// Name of a tensor of the normalization.
const SCALE: &str = "params_dict.action.scale";

/// Key map from [`Net`] to the names in the published checkpoint.
pub(crate) fn net_names() -> Vec<(&'static str, &'static str)> {
    let own: &nn_kit::KeyMap = &[
        ("diffactloss.conv.", "diffactloss.conv.0."),
        ("diffactloss.fc.1.", "diffactloss.fc.2."),
        ("diffactloss.refine.1.", "diffactloss.refine.2."),
    ];
    [VIT_BLOCK_NAMES, ADALN_MLP_NAMES, own].concat()
}

/// Published names and shapes of the parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shapes {
    /// Parameters of transformer and heads.
    pub net: BTreeMap<String, Vec<usize>>,
    /// Parameters of the autoencoder.
    pub autoencoder: BTreeMap<String, Vec<usize>>,
}

/// Returns the parameters of a model with this configuration, without allocating them.
///
/// # Errors
/// An invalid configuration.
pub fn shapes(config: &Config) -> Result<Shapes, Error> {
    config.check()?;
    let device = Device::default();
    Ok(Shapes {
        net: published_shapes(&Net::new(config, &device), &net_names()),
        autoencoder: published_shapes(&config.autoencoder.init(&device), KL_AUTOENCODER_NAMES),
    })
}

impl Model {
    /// Loads a checkpoint of a model with this configuration ([`Config::default`] is the published one).
    ///
    /// # Errors
    /// A file that is missing, damaged or without such weights, and tensors that are missing, left over, of another
    /// shape or not finite, each by name.
    pub fn load(path: &Path, config: &Config, device: &Device) -> Result<Self, Error> {
        config.check()?;
        let checkpoint = Checkpoint::open_part(path, &PARTS)?;
        // Wrappers around the parts (`module.`, `_orig_mod.`) are found by the names within.
        let net = checkpoint.load_weights(Net::new(config, device), "model.", &net_names())?;
        let autoencoder: KlAutoencoder =
            checkpoint.load_weights(config.autoencoder.init(device), "vae_model.", KL_AUTOENCODER_NAMES)?;
        let normalizer = checkpoint.rooted(SCALE)?;
        let pair = |name: &str| -> Result<[f32; 2], Error> {
            let name = format!("params_dict.action.{name}");
            let values: Vec<f32> = normalizer.values(&name)?.iter::<f32>().collect();
            let found = values.len();
            let pair: Result<[f32; 2], _> = values.try_into();
            Ok(pair.map_err(|_| CheckpointError::Tensors {
                path: path.to_path_buf(),
                reason: format!("{name} has {found} numbers (expected 2)"),
            })?)
        };
        let scale = ActionScale {
            scale: pair("scale")?,
            offset: pair("offset")?,
        };
        Self::new(config.clone(), net, autoencoder, scale, device)
    }
}
