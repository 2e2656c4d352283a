//! Normalization of a LeRobot policy, from the parameters or the processor files.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::config::{Config, OBS_ENVIRONMENT, OBS_IMAGE, OBS_STATE};
use super::read::{json, unfit};
use super::tensors::Tensors;
use crate::diffusion::acting::ACTION;
use crate::diffusion::norm::{MinMax, Norm};
use crate::diffusion::observed::saved::{KEYPOINTS, STATE, Saved};
use crate::error::BcError;

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

impl Config {
    /// The normalizations in `saved`, each with the name of its observation and the kind of feature.
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

    /// Reads the normalization from the parameters.
    pub(super) fn buffers(&self, tensors: &mut Tensors<'_>, saved: &mut Saved) -> Result<(), BcError> {
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
            // Equal to those of the outputs; used only in training.
            tensors.pass_over(&format!("normalize_targets.buffer_action.{number}"));
        }
        Ok(())
    }

    /// Reads the normalization from the processor files.
    pub(super) fn processors(&self, folder: &Path, saved: &mut Saved) -> Result<(), BcError> {
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

/// State file of a normalization step.
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
                // These steps do not change values here.
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

/// Reads the normalization of one feature, from `prefix.mean` etc.
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
        "MIN_MAX" => Norm::MinMax(MinMax {
            min: take("min")?,
            max: take("max")?,
        }),
        other => {
            let reason = format!("{name} is normalized by {other:?}; expected IDENTITY, MEAN_STD or MIN_MAX");
            return Err(unfit(tensors.path(), reason));
        }
    };
    Ok(norm)
}
