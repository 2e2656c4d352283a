//! Description of the method in the report.

use eval::Protocol;
use report::Method;

use super::results::Results;
use crate::Config;
use crate::clips::ClipsSource;

pub(super) fn method(config: &Config, results: &Results) -> Method {
    let (rollout, split, train) = (&config.rollout, &results.split, &config.policy.train);
    let policies = results.arms.iter().flat_map(|arm| &arm.seeds);
    Method {
        protocol: Protocol::Paper,
        episodes: rollout.episodes,
        steps: rollout.steps,
        start_seeds: [rollout.first_seed, rollout.first_seed + rollout.episodes as u64 - 1],
        demonstrations: results.demonstrations.clone(),
        split: format!(
            "{}, 80/10/10, seed {}, before anything else",
            config.split.protocol, config.split.seed
        ),
        split_frames: [split.train.len(), split.validation.len(), split.test.len()],
        policy: config.policy.kind().name().to_owned(),
        policy_parameters: policies.last().map_or(0, |one| one.policy.parameters),
        updates: train.epochs * train.steps_per_epoch.unwrap_or(0),
        batch: train.batch_size,
        augmentation: config.policy.augmentation(),
        seeds: config.seeds.clone(),
        generator: told(&results.source),
        inverse_dynamics: results.labels.clone(),
    }
}

/// The generator and its prompt.
fn told(source: &ClipsSource) -> String {
    let name = source.generator.phrase();
    match &source.prompt {
        Some(prompt) => format!("{name}, with the prompt “{prompt}”"),
        None => name,
    }
}
