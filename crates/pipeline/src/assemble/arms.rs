//! Arms, other policies and references with their scores.

use eval::{Arm, EpisodeScores, Protocol, Role, RolloutRecord, RolloutScores, SeedResult, TrainingData};
use pusht_data::Split;
use report::OtherPolicy;
use traj_metrics::Bootstrap;

use super::actions::SEED;
use super::results::{Results, TrainedSeed};
use crate::arms::DEMO;
use crate::error::failed;
use crate::{Config, PipelineError};

/// Bootstrap settings of every interval in the report.
pub(super) fn bootstrap() -> Bootstrap {
    Bootstrap {
        seed: SEED,
        ..Bootstrap::default()
    }
}

/// The trained arms, then the references.
pub(super) fn arms(results: &Results, steps: usize) -> Result<Vec<Arm>, PipelineError> {
    let mut arms = Vec::new();
    for result in &results.arms {
        let train = result.arm.parts(&results.dataset).train;
        let data = TrainingData {
            episodes: Split::episodes_of(&train).len(),
            frames: train.len(),
            labels: result.arm.labels_of(&results.labels),
        };
        let seeds = seed_results(&result.seeds, steps)?;
        arms.push(arm(result.arm.name, result.arm.what, Role::Trained, Some(data), seeds)?);
    }
    for result in &results.references {
        let seeds = vec![SeedResult {
            seed: 0,
            training: None,
            rollouts: scored(&result.record, steps)?,
        }];
        let reference = result.reference;
        arms.push(arm(reference.name, reference.what, reference.role, None, seeds)?);
    }
    Ok(arms)
}

/// Policies of other kinds, on the data of the arm `demo`.
pub(super) fn other_policies(
    results: &Results,
    config: &Config,
    arms: &[Arm],
) -> Result<Vec<OtherPolicy>, PipelineError> {
    let demo = arms.iter().find(|arm| arm.name == DEMO.name);
    let data = demo.and_then(|arm| arm.data.clone());
    let frames = data.as_ref().map_or(0, |data| data.frames);
    let mut others = Vec::new();
    for (other, policy) in results.others.iter().zip(&config.other_policies) {
        let seeds = seed_results(&other.seeds, config.rollout.steps)?;
        let train = &policy.train;
        let pass = frames.div_ceil(train.batch_size.max(1));
        let what = format!("on the arm {}", DEMO.name);
        others.push(OtherPolicy {
            arm: arm(policy.kind().name(), &what, Role::Trained, data.clone(), seeds)?,
            parameters: other.seeds.last().map_or(0, |one| one.policy.parameters),
            updates: train.epochs * train.steps_per_epoch.unwrap_or(pass),
            batch: train.batch_size,
            augmentation: policy.augmentation(),
        });
    }
    Ok(others)
}

fn arm(
    name: &str,
    what: &str,
    role: Role,
    data: Option<TrainingData>,
    seeds: Vec<SeedResult>,
) -> Result<Arm, PipelineError> {
    Arm::new(name, what, role, data, seeds, bootstrap()).map_err(|e| failed("report")(&e))
}

fn seed_results(seeds: &[TrainedSeed], steps: usize) -> Result<Vec<SeedResult>, PipelineError> {
    let of = |one: &TrainedSeed| {
        Ok(SeedResult {
            seed: one.seed,
            training: Some(one.policy.training.clone()),
            rollouts: scored(&one.record, steps)?,
        })
    };
    seeds.iter().map(of).collect()
}

fn scored(record: &RolloutRecord, steps: usize) -> Result<Vec<EpisodeScores>, PipelineError> {
    let scores = RolloutScores::with_limit(record, Protocol::Paper, steps);
    Ok(scores.map_err(|e| failed("report")(&e))?.episodes)
}
