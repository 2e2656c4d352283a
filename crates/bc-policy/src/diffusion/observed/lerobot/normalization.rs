//! Normalization of a LeRobot policy, from the parameters or the processor files.

use std::collections::BTreeMap;
use std::path::Path;

use nn_kit::Checkpoint;
use serde::Deserialize;
use serde_json::Value;

use super::config::{Config, OBS_ENVIRONMENT, OBS_IMAGE, OBS_STATE};
use super::read::{json, unfit};
use crate::diffusion::acting::ACTION;
use crate::diffusion::norm::{MinMax, Norm};
use crate::diffusion::observed::saved::{KEYPOINTS, STATE, Saved};
use crate::error::BcError;

/// Prefixes of the names of the normalization among the parameters; that of the targets equals that of the outputs and is
/// used only in training.
pub(super) const NORMALIZATION: [&str; 3] = ["normalize_inputs.", "unnormalize_outputs.", "normalize_targets."];

/// Whether the normalization is among the parameters.
pub(super) fn has_buffers(weights: &Checkpoint) -> bool {
    let mut names = weights.tensors();
    names.any(|(name, _)| NORMALIZATION.iter().any(|group| name.starts_with(group)))
}

/// Numbers of a tensor of this shape.
fn numbers(tensors: &Checkpoint, name: &str, shape: &[usize]) -> Result<Vec<f32>, BcError> {
    match tensors.shape(name) {
        Some(found) if found != shape => Err(unfit(
            tensors.path(),
            format!("the tensor {name} has shape {found:?}; expected {shape:?}"),
        )),
        _ => Ok(tensors.values(name)?.iter::<f32>().collect()),
    }
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
    pub(super) fn buffers(&self, tensors: &Checkpoint, saved: &mut Saved) -> Result<(), BcError> {
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
        Ok(())
    }

    /// Reads the normalization from the processor files.
    pub(super) fn processors(&self, folder: &Path, saved: &mut Saved) -> Result<(), BcError> {
        let before = Statistics::open(folder, "policy_preprocessor.json", "normalizer_processor")?;
        for (name, kind, norm) in self.norms(saved) {
            *norm = read(&before.mapping, kind, &before.tensors, name, name)?;
        }
        let after = Statistics::open(folder, "policy_postprocessor.json", "unnormalizer_processor")?;
        saved.action = read(&after.mapping, "ACTION", &after.tensors, "action", "action")?;
        Ok(())
    }
}

/// State file of a normalization step.
struct Statistics {
    tensors: Checkpoint,
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
        let tensors = Checkpoint::open(&folder.join(file))?;
        Ok(Self { tensors, mapping })
    }
}

/// Reads the normalization of one feature, from `prefix.mean` etc.
fn read(
    mapping: &BTreeMap<String, String>,
    kind: &str,
    tensors: &Checkpoint,
    prefix: &str,
    name: &str,
) -> Result<Norm, BcError> {
    let shape: &[usize] = match name {
        OBS_STATE => &[STATE],
        OBS_ENVIRONMENT => &[KEYPOINTS],
        "action" => &[ACTION],
        _ => &[3, 1, 1],
    };
    let take = |number: &str| numbers(tensors, &format!("{prefix}.{number}"), shape);
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
