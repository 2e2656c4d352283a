//! Trained policies: of an arm one a seed, and of other kinds one each.

use std::path::PathBuf;

use bc_policy::{BcPolicy, PolicyConfig, PolicyKind, Sees};
use eval::Training;
use pusht_data::Split;
use pusht_jobs::JobContext;
use training::FitOptions;

use super::video::loss_points;
use super::{Lab, failed};
use crate::PipelineError;
use crate::arms::{ArmParts, DemoLabels, Material};
use crate::stage::{Stage, read_json, stage, write_json};

const FILE: &str = "policy.safetensors";

/// A policy's file and how its training went.
pub(crate) struct TrainedPolicy {
    pub(crate) file: PathBuf,
    pub(crate) training: Training,
}

/// What is to be trained on the data of an arm.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    /// The arm, or where it is a policy of another kind, that.
    pub(crate) name: &'a str,
    pub(crate) policy: &'a PolicyConfig,
    pub(crate) seeds: &'a [u64],
}

/// Trains policies on `material`, which carries the arm's labels; one stage a seed, in the seeds' order.
pub(crate) fn train(
    lab: &mut Lab<'_>,
    job: Job<'_>,
    material: &Material,
    parts: &ArmParts,
    before: &[&String],
) -> Result<Vec<(TrainedPolicy, Stage)>, PipelineError> {
    lab.check_stop()?;
    let Job {
        name: arm,
        policy,
        seeds,
    } = job;
    let split = Split {
        protocol: lab.config.split.protocol,
        seed: lab.config.split.seed,
        train: parts.train.clone(),
        validation: parts.validation.clone(),
        test: parts.test.clone(),
    };
    let identity: String = before.iter().map(|s| s.as_str()).collect();
    let name = |seed: u64| format!("policies/{arm}-{seed}");
    let (device, root) = (&lab.device, &lab.root);
    let one = |index: usize, ctx: &mut JobContext| {
        let seed = seeds[index];
        let name = name(seed);
        let fail = failed(&name);
        let mut policy = policy.clone();
        policy.train.seed = seed;
        stage(root, &name, &(&policy, arm, before), |dir| {
            let options = FitOptions {
                label: arm,
                identity: &identity,
                out: Some(dir),
                ctx,
                replicas: &[],
            };
            let started = std::time::Instant::now();
            let trained =
                bc_policy::train(&policy, &material.episodes, &split, device, options).map_err(|e| fail(&e))?;
            let seconds = started.elapsed().as_secs_f64();
            trained.policy.save(&dir.join(FILE)).map_err(|e| fail(&e))?;
            let own = bc_policy::evaluate(&trained.policy, &material.episodes, &parts.test).map_err(|e| fail(&e))?;
            let (test, labels) = material.recorded_test();
            let recorded = if parts.labels == DemoLabels::Recorded && parts.test == test {
                own
            } else {
                let predicted = bc_policy::predict(&trained.policy, &material.episodes, test).map_err(|e| fail(&e))?;
                bc_policy::regression_fit(&predicted, &labels)
            };
            let training = Training {
                curve: loss_points(&trained.curve),
                test_own: own.map(fit),
                test_recorded: recorded.map(fit),
                validation_mse: trained.best_valid,
                seconds,
            };
            write_json(&dir.join("training.json"), &training)
        })
    };
    let lanes = lanes(policy.kind != PolicyKind::Tracked);
    let label = format!("train {arm}");
    let stages = lab.ctx.side_by_side(&label, seeds.len(), lanes, one)?;
    let mut trained = Vec::with_capacity(stages.len());
    for (stage, &seed) in stages.into_iter().zip(seeds) {
        lab.record(&name(seed), &stage);
        let training = read_json(&stage.dir.join("training.json"))?;
        let file = stage.dir.join(FILE);
        trained.push((TrainedPolicy { file, training }, stage));
    }
    Ok(trained)
}

pub(crate) fn fit(fit: bc_policy::Fit) -> eval::Fit {
    eval::Fit {
        mse: fit.mse,
        r2: Some(fit.r2),
        frames: fit.actions,
    }
}

impl TrainedPolicy {
    /// The policy, ready to act on frames: no policy of an experiment sees more than a video shows.
    pub(crate) fn load(&self, lab: &Lab<'_>) -> Result<BcPolicy, PipelineError> {
        let policy = BcPolicy::load(&self.file, &lab.device).map_err(|e| failed("policy")(&e))?;
        Ok(policy.seeing(Sees::Frames))
    }
}

/// How many trainings of a network run at once. Small ones keep one core busy; large ones, and those on a GPU, are
/// parallel inside.
fn lanes(parallel_inside: bool) -> usize {
    if parallel_inside {
        1
    } else {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }
}
