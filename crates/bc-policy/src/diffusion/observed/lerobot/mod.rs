//! Diffusion policies trained by LeRobot: a folder with `config.json` and `model.safetensors`; the normalization is
//! among the parameters (until 0.3) or in the processor files (since 0.4).

mod config;
mod normalization;
mod read;

use std::path::Path;

use burn::tensor::Device;
use nn_kit::{Checkpoint, KeyMap};

use super::policy::DiffusionPolicy;
use crate::error::BcError;
use config::Config;
use normalization::{NORMALIZATION, has_buffers};
use read::unfit;

/// Prefix of the names of the parameters.
const PARAMETERS: &str = "diffusion.";

/// Ends of the names of tensors that are computed from the settings, or count batches of the training.
const UNUSED: [&str; 2] = ["rgb_encoder.pool.pos_grid", "num_batches_tracked"];

/// Key map from the network to LeRobot's names, in which the layers of the backbone are numbered.
const NAMES: &KeyMap = &[
    ("diffusion_step_encoder.1.", "diffusion_step_encoder.3."),
    ("diffusion_step_encoder.0.", "diffusion_step_encoder.1."),
    ("cond_encoder.", "cond_encoder.1."),
    ("backbone.conv1.", "backbone.0."),
    ("backbone.bn1.", "backbone.1."),
    ("backbone.layer1.", "backbone.4."),
    ("backbone.layer2.", "backbone.5."),
    ("backbone.layer3.", "backbone.6."),
    ("backbone.layer4.", "backbone.7."),
];

/// Encoders of their own for each camera are numbered; there is one camera.
const OF_CAMERA: (&str, &str) = ("rgb_encoder.", "rgb_encoder.0.");

/// Reads the folder of a LeRobot diffusion policy.
///
/// # Errors
/// Missing or damaged files, unsupported settings or observations, and tensors that are missing, unexpected, of another
/// shape or type, or not finite; each is named.
pub(super) fn load(folder: &Path, device: &Device) -> Result<DiffusionPolicy, BcError> {
    let path = folder.join("config.json");
    let config = Config::read(&path)?;
    let mut saved = config.policy(&path)?;
    let path = folder.join("model.safetensors");
    let weights = Checkpoint::open(&path)?;
    match has_buffers(&weights) {
        true => config.buffers(&weights, &mut saved)?,
        false => config.processors(folder, &mut saved)?,
    }
    let own = |name: &&str| name.starts_with(PARAMETERS) || NORMALIZATION.iter().any(|group| name.starts_with(group));
    if let Some((name, _)) = weights.tensors().find(|(name, _)| !own(name)) {
        let reason = format!("the tensor {name} has no place in the policy that config.json describes");
        return Err(unfit(&path, reason));
    }
    // The file decides: older settings do not say it.
    let of_camera = weights.shape("diffusion.rgb_encoder.0.out.weight").is_some();
    let names: Vec<(&str, &str)> = NAMES.iter().copied().chain(of_camera.then_some(OF_CAMERA)).collect();
    let numbered = UNUSED.map(|name| name.replace("rgb_encoder.", "rgb_encoder.0."));
    let weights = weights
        .without_ends(&UNUSED)
        .without_ends(&numbered.each_ref().map(String::as_str));
    let device = device.clone();
    // Random initialization is lazy and never runs: all parameters are replaced.
    let network = weights.load_weights(saved.network(&device), PARAMETERS, &names)?;
    DiffusionPolicy::new(saved, network, &device)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nn_kit::published_shapes;
    use serde_json::Value;

    use super::*;
    use crate::diffusion::config::Sampler;

    #[test]
    fn the_published_policy_has_these_tensors() {
        let published: Value =
            serde_json::from_str(include_str!("../../../../tests/fixtures/lerobot/published.json")).unwrap();
        let config: Config = serde_json::from_value(published["config"].clone()).unwrap();
        let saved = config.policy(Path::new("config.json")).unwrap();
        assert_eq!(saved.diffusion.unet.down_dims, [512, 1024, 2048]);
        assert_eq!(
            (saved.diffusion.sampler, saved.diffusion.sampler_steps),
            (Sampler::Ddpm, 100)
        );
        assert_eq!(saved.image.unwrap().center_offset(), [6, 6]);
        let shapes = published_shapes(&saved.network(&Device::flex()), NAMES).into_iter();
        let mut found: BTreeMap<String, Vec<usize>> = shapes
            .map(|(name, shape)| (format!("{PARAMETERS}{name}"), shape))
            .collect();
        found.insert("diffusion.rgb_encoder.pool.pos_grid".into(), vec![9, 2]);
        let wanted: Vec<(String, Vec<usize>)> = serde_json::from_value(published["tensors"].clone()).unwrap();
        let wanted = wanted.into_iter().filter(|(name, _)| name.starts_with(PARAMETERS));
        assert_eq!(found, wanted.collect());
    }
}
