//! One policy of one arm and seed.

use std::path::PathBuf;

use bc_policy::BcPolicy;
use eval::Training;
use pusht_data::{FrameRef, Split};
use training::FitOptions;

use super::video::loss_points;
use super::{Lab, failed};
use crate::PipelineError;
use crate::arms::{ArmParts, DemoLabels, Material};
use crate::stage::{Stage, read_json, write_json};

/// A policy's file and how its training went.
pub(crate) struct TrainedPolicy {
    pub(crate) file: PathBuf,
    pub(crate) training: Training,
}

pub(crate) fn train(
    lab: &mut Lab<'_>,
    arm: &str,
    material: &mut Material,
    parts: &ArmParts,
    seed: u64,
    before: &[&String],
) -> Result<(TrainedPolicy, Stage), PipelineError> {
    let name = format!("policies/{arm}-{seed}");
    let fail = failed(&name);
    let mut config = lab.config.policy.clone();
    config.train.seed = seed;
    let file = "policy.safetensors";
    let stage = lab.stage(&name, &(&config, arm, before), |lab, dir| {
        let episodes = material.with_labels(parts.labels);
        let split = Split {
            protocol: lab.config.split.protocol,
            seed: lab.config.split.seed,
            train: parts.train.clone(),
            validation: parts.validation.clone(),
            test: parts.test.clone(),
        };
        let label = format!("train {arm}, seed {seed}");
        let options = FitOptions {
            label: &label,
            identity: &before.iter().map(|s| s.as_str()).collect::<String>(),
            out: Some(dir),
            progress: &mut *lab.progress,
            stop: lab.stop.clone(),
        };
        let started = std::time::Instant::now();
        let trained = bc_policy::train(&config, episodes, &split, &lab.device, options).map_err(|e| fail(&e))?;
        let seconds = started.elapsed().as_secs_f64();
        trained.policy.save(&dir.join(file)).map_err(|e| fail(&e))?;
        let fit = |episodes: &[pusht_data::Episode], refs: &[FrameRef]| {
            let fit = bc_policy::evaluate(&trained.policy, episodes, refs).map_err(|e| fail(&e))?;
            Ok::<_, PipelineError>(fit.map(|f| eval::Fit {
                mse: f.mse,
                r2: Some(f.r2),
                frames: f.actions,
            }))
        };
        let test_own = fit(episodes, &parts.test)?;
        let recorded = material.recorded_test().to_vec();
        let test_recorded = fit(material.with_labels(DemoLabels::Recorded), &recorded)?;
        let training = Training {
            curve: loss_points(&trained.curve),
            test_own,
            test_recorded,
            validation_mse: trained.best_valid,
            seconds,
        };
        write_json(&dir.join("training.json"), &training)
    })?;
    let training = read_json(&stage.dir.join("training.json"))?;
    Ok((
        TrainedPolicy {
            file: stage.dir.join(file),
            training,
        },
        stage,
    ))
}

impl TrainedPolicy {
    /// The policy, ready to act.
    pub(crate) fn load(&self, lab: &Lab<'_>) -> Result<BcPolicy, PipelineError> {
        BcPolicy::load(&self.file, &lab.device).map_err(|e| failed("policy")(&e))
    }
}
