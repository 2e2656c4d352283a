//! Diffusion policies that LeRobot trained: a folder of `config.json` and `model.safetensors`, the normalisation among the
//! parameters (until 0.3) or in the files of the processors (since 0.4).

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use diffusion_schedulers::{BetaSchedule, Prediction, ScheduleConfig};
use serde::Deserialize;
use serde_json::Value;

use super::acting::ACTION;
use super::observed::{DiffusionPolicy, EncoderConfig, KEYPOINTS, Norm, SIDE, STATE, Saved};
use super::tensors::Tensors;
use super::{DiffusionConfig, Sampler, UnetConfig};
use crate::BcError;

/// The observation of the agent's position.
const OBS_STATE: &str = "observation.state";
/// The observation of the T's corners.
const OBS_ENVIRONMENT: &str = "observation.environment_state";
/// How the names of pictures begin.
const OBS_IMAGE: &str = "observation.image";

/// The part of `config.json` that decides what the policy does.
#[derive(Debug, Deserialize)]
struct Config {
    r#type: String,
    n_obs_steps: usize,
    horizon: usize,
    n_action_steps: usize,
    drop_n_last_frames: usize,
    input_features: BTreeMap<String, Feature>,
    output_features: BTreeMap<String, Feature>,
    normalization_mapping: BTreeMap<String, String>,
    vision_backbone: String,
    #[serde(default)]
    resize_shape: Option<Value>,
    crop_shape: Option<[usize; 2]>,
    use_group_norm: bool,
    spatial_softmax_num_keypoints: usize,
    #[serde(default)]
    use_separate_rgb_encoder_per_camera: bool,
    down_dims: Vec<usize>,
    kernel_size: usize,
    n_groups: usize,
    diffusion_step_embed_dim: usize,
    use_film_scale_modulation: bool,
    noise_scheduler_type: String,
    num_train_timesteps: usize,
    beta_schedule: String,
    beta_start: f64,
    beta_end: f64,
    prediction_type: String,
    clip_sample: bool,
    clip_sample_range: f64,
    num_inference_steps: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Feature {
    r#type: String,
    shape: Vec<usize>,
}

/// One of the processor files.
#[derive(Debug, Deserialize)]
struct Pipeline {
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    registry_name: Option<String>,
    class: Option<String>,
    #[serde(default)]
    config: Value,
    state_file: Option<String>,
}

fn unfit(path: &Path, reason: impl std::fmt::Display) -> BcError {
    BcError::Checkpoint {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    }
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, BcError> {
    let bytes = std::fs::read(path).map_err(|error| unfit(path, error))?;
    serde_json::from_slice(&bytes).map_err(|error| unfit(path, error))
}

/// Reads such a folder.
///
/// # Errors
/// Files that are missing or damaged, settings or observations that this software has no policy for, and tensors that
/// are missing, left over, of another shape or type, or not finite; each by its name.
pub(crate) fn load(folder: &Path, device: &Device) -> Result<DiffusionPolicy, BcError> {
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
    // Its parameters are never drawn: all of them are replaced.
    let network = tensors.fill(saved.network(&device))?;
    tensors.pass_over("diffusion.rgb_encoder.pool.pos_grid");
    tensors.finish()?;
    DiffusionPolicy::new(saved, network, &device)
}

impl Config {
    /// Everything but the normalisation.
    fn policy(&self, path: &Path) -> Result<Saved, BcError> {
        let refuse = |setting: &str, found: &dyn std::fmt::Debug, expected: &str| {
            Err(unfit(path, format!("{setting} is {found:?}; expected {expected}")))
        };
        if self.r#type != "diffusion" {
            return refuse("type", &self.r#type, "\"diffusion\"");
        }
        let mut image = None;
        let mut environment = false;
        for (name, feature) in &self.input_features {
            let shape = feature.shape.as_slice();
            let expected: &[usize] = match name.as_str() {
                OBS_STATE => &[STATE],
                OBS_ENVIRONMENT => {
                    environment = true;
                    &[KEYPOINTS]
                }
                name if name.starts_with(OBS_IMAGE) => {
                    if image.replace(name.to_string()).is_some() {
                        return refuse("input_features", &self.input_features.keys(), "one picture at most");
                    }
                    &[3, SIDE, SIDE]
                }
                _ => {
                    return refuse(
                        "input_features",
                        name,
                        "observation.state, .image or .environment_state",
                    );
                }
            };
            if shape != expected {
                return refuse(&format!("the shape of {name}"), &shape, &format!("{expected:?}"));
            }
        }
        if !self.input_features.contains_key(OBS_STATE) || environment == image.is_some() {
            let expected = "observation.state and either a picture or observation.environment_state";
            return refuse("input_features", &self.input_features.keys(), expected);
        }
        match self.output_features.get("action") {
            Some(feature) if feature.shape == [ACTION] && self.output_features.len() == 1 => {}
            _ => return refuse("output_features", &self.output_features, "an action of 2 numbers"),
        }
        if image.is_some() {
            if self.vision_backbone != "resnet18" {
                return refuse("vision_backbone", &self.vision_backbone, "\"resnet18\"");
            }
            if !self.use_group_norm {
                return refuse("use_group_norm", &self.use_group_norm, "true");
            }
            if self.use_separate_rgb_encoder_per_camera {
                return refuse("use_separate_rgb_encoder_per_camera", &true, "false, with one camera");
            }
            if let Some(shape) = self.resize_shape.as_ref().filter(|shape| !shape.is_null()) {
                return refuse("resize_shape", shape, "null: pictures of 96×96 are not resized");
            }
            if self
                .crop_shape
                .is_some_and(|crop| crop.iter().any(|side| !(1..=SIDE).contains(side)))
            {
                return refuse("crop_shape", &self.crop_shape, "null or 1 to 96");
            }
            if !(1..=4096).contains(&self.spatial_softmax_num_keypoints) {
                let found = self.spatial_softmax_num_keypoints;
                return refuse("spatial_softmax_num_keypoints", &found, "1 to 4096");
            }
        }
        let sampler = match self.noise_scheduler_type.as_str() {
            "DDPM" => Sampler::Ddpm,
            "DDIM" => Sampler::Ddim,
            found => return refuse("noise_scheduler_type", &found, "DDPM or DDIM"),
        };
        let betas = match self.beta_schedule.as_str() {
            "squaredcos_cap_v2" => BetaSchedule::SquaredCosCapV2,
            "linear" => BetaSchedule::Linear(self.beta_start, self.beta_end),
            found => return refuse("beta_schedule", &found, "squaredcos_cap_v2 or linear"),
        };
        let prediction = match self.prediction_type.as_str() {
            "epsilon" => Prediction::Epsilon,
            "sample" => Prediction::Sample,
            found => return refuse("prediction_type", &found, "epsilon or sample"),
        };
        let diffusion = DiffusionConfig {
            unet: UnetConfig {
                down_dims: self.down_dims.clone(),
                kernel_size: self.kernel_size,
                n_groups: self.n_groups,
                step_embed_dim: self.diffusion_step_embed_dim,
                film_scale: self.use_film_scale_modulation,
            },
            n_obs_steps: self.n_obs_steps,
            horizon: self.horizon,
            n_action_steps: self.n_action_steps,
            drop_n_last_frames: self.drop_n_last_frames,
            schedule: ScheduleConfig {
                steps: self.num_train_timesteps,
                betas,
                prediction,
                clip: self.clip_sample.then_some(self.clip_sample_range),
            },
            sampler,
            sampler_steps: self.num_inference_steps.unwrap_or(self.num_train_timesteps),
        };
        diffusion.check().map_err(|error| unfit(path, error))?;
        Ok(Saved {
            diffusion,
            image: image.map(|_| EncoderConfig {
                crop: self.crop_shape.unwrap_or([SIDE, SIDE]),
                keypoints: self.spatial_softmax_num_keypoints,
            }),
            state: Norm::Identity,
            pixels: Norm::Identity,
            environment: Norm::Identity,
            action: Norm::Identity,
        })
    }

    /// The places of `saved` that observations of these names are normalised by, with the kinds of feature.
    fn norms<'a>(&'a self, saved: &'a mut Saved) -> impl Iterator<Item = (&'a str, &'a str, &'a mut Norm)> {
        let mut places: BTreeMap<&str, &mut Norm> = BTreeMap::from([
            (OBS_STATE, &mut saved.state),
            (OBS_ENVIRONMENT, &mut saved.environment),
            (OBS_IMAGE, &mut saved.pixels),
        ]);
        self.input_features.iter().filter_map(move |(name, feature)| {
            let place = if name.starts_with(OBS_IMAGE) { OBS_IMAGE } else { name };
            Some((name.as_str(), feature.r#type.as_str(), places.remove(place)?))
        })
    }

    /// Normalisation among the parameters.
    fn buffers(&self, tensors: &mut Tensors<'_>, saved: &mut Saved) -> Result<(), BcError> {
        let buffer = |group: &str, name: &str| format!("{group}.buffer_{}", name.replace('.', "_"));
        for (name, kind, norm) in self.norms(saved) {
            *norm = read(
                &self.normalization_mapping,
                kind,
                tensors,
                &buffer("normalize_inputs", name),
                name,
            )?;
        }
        let action = buffer("unnormalize_outputs", "action");
        saved.action = read(&self.normalization_mapping, "ACTION", tensors, &action, "action")?;
        for number in ["mean", "std", "min", "max"] {
            // The same as those of the outputs; for training.
            tensors.pass_over(&format!("normalize_targets.buffer_action.{number}"));
        }
        Ok(())
    }

    /// Normalisation in the processors' files.
    fn processors(&self, folder: &Path, saved: &mut Saved) -> Result<(), BcError> {
        let before = Statistics::open(folder, "policy_preprocessor.json", "normalizer_processor")?;
        let mut tensors = Tensors::new(&before.path, &before.bytes)?;
        for (name, kind, norm) in self.norms(saved) {
            *norm = read(&before.mapping, kind, &mut tensors, name, name)?;
        }
        let after = Statistics::open(folder, "policy_postprocessor.json", "unnormalizer_processor")?;
        let mut tensors = Tensors::new(&after.path, &after.bytes)?;
        saved.action = read(&after.mapping, "ACTION", &mut tensors, "action", "action")?;
        Ok(())
    }
}

/// The file of a normalising step.
struct Statistics {
    path: std::path::PathBuf,
    bytes: Vec<u8>,
    mapping: BTreeMap<String, String>,
}

impl Statistics {
    fn open(folder: &Path, file: &str, wanted: &str) -> Result<Self, BcError> {
        let path = folder.join(file);
        let pipeline: Pipeline = json(&path)?;
        let mut found = None;
        for step in pipeline.steps {
            let name = step.registry_name.or(step.class).unwrap_or_default();
            let passes = match name.as_str() {
                // They change no number here.
                "to_batch_processor" | "device_processor" => true,
                "rename_observations_processor" => step.config["rename_map"]
                    .as_object()
                    .is_none_or(serde_json::Map::is_empty),
                _ => name == wanted && found.is_none() && step.config["normalize_observation_keys"].is_null(),
            };
            if !passes {
                let expected = format!("batch and device steps, renaming of nothing, and {wanted} of all observations");
                return Err(unfit(
                    &path,
                    format!("the step {name:?} is not understood; expected {expected}"),
                ));
            }
            if name == wanted {
                found = Some((step.state_file, step.config));
            }
        }
        let (file, config) = found.ok_or_else(|| unfit(&path, format!("it has no step {wanted}")))?;
        let file = file.ok_or_else(|| unfit(&path, format!("the step {wanted} has no state_file")))?;
        if Path::new(&file).file_name() != Some(std::ffi::OsStr::new(&file)) {
            return Err(unfit(
                &path,
                format!("state_file is {file:?}; expected the name of a file in the same folder"),
            ));
        }
        let mapping = serde_json::from_value(config["norm_map"].clone());
        let mapping = mapping.map_err(|error| unfit(&path, format!("norm_map of {wanted}: {error}")))?;
        let path = folder.join(file);
        let bytes = std::fs::read(&path).map_err(|error| unfit(&path, error))?;
        Ok(Self { path, bytes, mapping })
    }
}

/// The normalisation of one feature, from `prefix.mean` and so on.
fn read(
    mapping: &BTreeMap<String, String>,
    kind: &str,
    tensors: &mut Tensors<'_>,
    prefix: &str,
    name: &str,
) -> Result<Norm, BcError> {
    let shape: &[usize] = match name {
        OBS_STATE => &[STATE],
        OBS_ENVIRONMENT => &[KEYPOINTS],
        "action" => &[ACTION],
        _ => &[3, 1, 1],
    };
    let mut take = |number: &str| tensors.take(&format!("{prefix}.{number}"), shape);
    let norm = match mapping.get(kind).map_or("IDENTITY", String::as_str) {
        "IDENTITY" => Norm::Identity,
        "MEAN_STD" => Norm::MeanStd {
            mean: take("mean")?,
            std: take("std")?,
        },
        "MIN_MAX" => Norm::MinMax {
            min: take("min")?,
            max: take("max")?,
        },
        other => {
            let reason = format!("{name} is normalised by {other:?}; expected IDENTITY, MEAN_STD or MIN_MAX");
            return Err(unfit(tensors.path(), reason));
        }
    };
    Ok(norm)
}

#[cfg(test)]
mod tests {
    use burn::Tensor;
    use burn::module::{Module, ModuleVisitor, Param};

    use super::super::tensors::lerobot_name;
    use super::*;

    /// Names and shapes of the parameters, with LeRobot's names, without making them.
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
            serde_json::from_str(include_str!("../../tests/fixtures/lerobot/published.json")).unwrap();
        let config: Config = serde_json::from_value(published["config"].clone()).unwrap();
        let saved = config.policy(Path::new("config.json")).unwrap();
        assert_eq!(saved.diffusion.unet.down_dims, [512, 1024, 2048]);
        assert_eq!(
            (saved.diffusion.sampler, saved.diffusion.sampler_steps),
            (Sampler::Ddpm, 100)
        );
        assert_eq!(saved.image.unwrap().middle(), [6, 6]);
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
