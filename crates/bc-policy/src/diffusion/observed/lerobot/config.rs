//! `config.json` of a LeRobot diffusion policy.

use std::collections::BTreeMap;
use std::path::Path;

use diffusion_schedulers::{BetaSchedule, Prediction, ScheduleConfig};
use serde::Deserialize;
use serde_json::Value;

use super::read::{json, unfit};
use crate::diffusion::acting::ACTION;
use crate::diffusion::config::{DiffusionConfig, Sampler, UnetConfig};
use crate::diffusion::norm::Norm;
use crate::diffusion::observed::config::{EncoderConfig, SIDE};
use crate::diffusion::observed::resize::Resize;
use crate::diffusion::observed::saved::{KEYPOINTS, STATE, Saved};
use crate::error::BcError;
use crate::sections::PolicySection;

/// The observation of the agent's position.
pub(super) const OBS_STATE: &str = "observation.state";
/// The observation of the T's corners.
pub(super) const OBS_ENVIRONMENT: &str = "observation.environment_state";
/// Prefix of the names of image observations.
pub(super) const OBS_IMAGE: &str = "observation.image";

/// The settings in `config.json` that affect the policy.
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    n_obs_steps: usize,
    horizon: usize,
    n_action_steps: usize,
    drop_n_last_frames: usize,
    pub(super) input_features: BTreeMap<String, Feature>,
    output_features: BTreeMap<String, Feature>,
    pub(super) normalization_mapping: BTreeMap<String, String>,
    vision_backbone: String,
    #[serde(default)]
    resize_shape: Option<[usize; 2]>,
    #[serde(default = "whole")]
    crop_ratio: f64,
    crop_shape: Option<[usize; 2]>,
    use_group_norm: bool,
    spatial_softmax_num_keypoints: usize,
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
pub(super) struct Feature {
    pub(super) r#type: String,
    shape: Vec<usize>,
}

/// The ratio without a crop.
fn whole() -> f64 {
    1.0
}

impl Config {
    /// Reads the file. The type comes first: policies of other types have other settings.
    pub(super) fn read(path: &Path) -> Result<Self, BcError> {
        let settings: Value = json(path)?;
        match settings["type"].as_str() {
            Some("diffusion") => serde_json::from_value(settings).map_err(|error| unfit(path, error)),
            found => {
                let found = found.map_or_else(|| "not stated".to_owned(), |found| format!("{found:?}"));
                let expected = "expected \"diffusion\": of LeRobot's policies, only this one is read";
                Err(unfit(path, format!("type is {found}; {expected}")))
            }
        }
    }

    /// Sizes of a resized picture and of its crop, which the ratio alone determines.
    fn resize(&self) -> Option<Resize> {
        let size = self.resize_shape?;
        let crop = match self.crop_ratio < 1.0 {
            true => size.map(|side| (side as f64 * self.crop_ratio) as usize),
            false => size,
        };
        Some(Resize { size, crop })
    }

    /// Everything but the normalization.
    pub(super) fn policy(&self, path: &Path) -> Result<Saved, BcError> {
        let refuse = |setting: &str, found: &dyn std::fmt::Debug, expected: &str| {
            Err(unfit(path, format!("{setting} is {found:?}; expected {expected}")))
        };
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
                        return refuse(
                            "input_features",
                            &self.input_features.keys(),
                            "one image: there is one camera",
                        );
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
            let expected = "observation.state and either an image or observation.environment_state";
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
            if self.resize().is_some_and(|resize| !resize.is_sound()) {
                let found = (self.resize_shape, self.crop_ratio);
                return refuse(
                    "resize_shape with crop_ratio",
                    &found,
                    "null or 1 to 1024, and a ratio up to 1",
                );
            }
            if self.resize_shape.is_none()
                && self
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
                // With a resized picture, the crop is that of `resize`.
                crop: self
                    .crop_shape
                    .filter(|_| self.resize_shape.is_none())
                    .unwrap_or([SIDE, SIDE]),
                keypoints: self.spatial_softmax_num_keypoints,
            }),
            resize: self.resize(),
            batch_norm: !self.use_group_norm,
            state: Norm::Identity,
            pixels: Norm::Identity,
            environment: Norm::Identity,
            action: Norm::Identity,
        })
    }
}
