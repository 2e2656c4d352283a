//! Diffusion policies trained by LeRobot: a folder with `config.json` and `model.safetensors`; the normalization is
//! among the parameters (until 0.3) or in the processor files (since 0.4).

mod config;
mod normalization;
mod read;
mod tensors;

use std::path::Path;

use burn::tensor::Device;

use super::policy::DiffusionPolicy;
use crate::error::BcError;
use config::Config;
use read::{json, unfit};
use tensors::Tensors;

/// Reads the folder of a LeRobot diffusion policy.
///
/// # Errors
/// Missing or damaged files, unsupported settings or observations, and tensors that are missing, unexpected, of another
/// shape or type, or not finite; each is named.
pub(super) fn load(folder: &Path, device: &Device) -> Result<DiffusionPolicy, BcError> {
    let path = folder.join("config.json");
    let config: Config = json(&path)?;
    let mut saved = config.policy(&path)?;
    let path = folder.join("model.safetensors");
    let bytes = std::fs::read(&path).map_err(|error| unfit(&path, error))?;
    let mut tensors = Tensors::new(&path, &bytes)?;
    if tensors.has_prefix("normalize_inputs.") || tensors.has_prefix("unnormalize_outputs.") {
        config.buffers(&mut tensors, &mut saved)?;
    } else {
        config.processors(folder, &mut saved)?;
    }
    let device = device.clone();
    // Random initialization is lazy and never runs: all parameters are replaced.
    let network = tensors.load_weights(saved.network(&device))?;
    tensors.pass_over("diffusion.rgb_encoder.pool.pos_grid");
    tensors.finish()?;
    DiffusionPolicy::new(saved, network, &device)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use burn::Tensor;
    use burn::module::{Module, ModuleVisitor, Param};
    use serde_json::Value;

    use crate::diffusion::config::Sampler;

    use super::config::Config;
    use super::tensors::lerobot_name;
    use super::*;

    /// Names (LeRobot's) and shapes of the parameters, without allocating them.
    #[derive(Default)]
    struct Shapes {
        path: Vec<(String, String)>,
        found: BTreeMap<String, Vec<usize>>,
    }

    impl ModuleVisitor for Shapes {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.push((name.to_string(), container_type.to_string()));
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let mut shape = param.lazy_shape().to_vec();
            if D == 2 {
                shape.reverse();
            }
            self.found.insert(lerobot_name(&self.path), shape);
        }
    }

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
        let mut shapes = Shapes::default();
        saved.network(&Device::flex()).visit(&mut shapes);
        let wanted: Vec<(String, Vec<usize>)> = serde_json::from_value(published["tensors"].clone()).unwrap();
        let wanted: BTreeMap<String, Vec<usize>> = wanted
            .into_iter()
            .filter(|(name, _)| name.starts_with("diffusion."))
            .collect();
        shapes
            .found
            .insert("diffusion.rgb_encoder.pool.pos_grid".into(), vec![9, 2]);
        assert_eq!(shapes.found, wanted);
    }
}
