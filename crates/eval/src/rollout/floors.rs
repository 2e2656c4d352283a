//! Policies without training or knowledge of the task, as lower references.

use pusht_env::{Action, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError, State};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::collections::BTreeMap;

/// A policy that keeps the agent at its first position; its reward is that of the start state.
#[derive(Clone, Debug, Default)]
pub struct StandStill {
    targets: BTreeMap<usize, Action>,
}

impl Policy for StandStill {
    fn name(&self) -> String {
        "still".to_owned()
    }

    fn needs(&self) -> ObsSpec {
        STATE
    }

    fn reset(&mut self, envs: &[usize]) {
        for env in envs {
            self.targets.remove(env);
        }
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        for ((env, seen), action) in obs.envs.iter().zip(obs.observations).zip(out) {
            let [x, y] = latest(seen)?.agent;
            *action = *self.targets.entry(*env).or_insert([x as f32, y as f32]);
        }
        Ok(())
    }
}

/// A policy that draws a new target, uniform over the 512 × 512 board, at every step.
#[derive(Clone, Debug)]
pub struct RandomTarget {
    seed: u64,
    generators: BTreeMap<usize, Pcg64>,
}

impl RandomTarget {
    /// Each environment draws from its own stream, which is determined by `seed` and the environment's id and
    /// restarts at every reset.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            generators: BTreeMap::new(),
        }
    }
}

impl Policy for RandomTarget {
    fn name(&self) -> String {
        "random".to_owned()
    }

    fn needs(&self) -> ObsSpec {
        STATE
    }

    fn reset(&mut self, envs: &[usize]) {
        for env in envs {
            self.generators.remove(env);
        }
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        for (&env, action) in obs.envs.iter().zip(out) {
            let generator = self.generators.entry(env).or_insert_with(|| stream_of(self.seed, env));
            *action = [generator.random_range(0.0..512.0), generator.random_range(0.0..512.0)];
        }
        Ok(())
    }
}

/// The random numbers of an environment in rollouts of one seed.
pub(super) fn stream_of(seed: u64, env: usize) -> Pcg64 {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&(env as u64).to_le_bytes());
    Pcg64::from_seed(bytes)
}

const STATE: ObsSpec = ObsSpec {
    modality: Modality::State,
    history: 1,
};

fn latest(seen: &[Observation]) -> Result<State, PolicyError> {
    let found = match seen.last() {
        Some(Observation::State(state)) => return Ok(State::from_row(*state)),
        Some(Observation::Keypoints { .. }) => "keypoints",
        Some(Observation::Pixels(_)) => "pixels",
        Some(Observation::PixelsAgentPos { .. }) => "pixels and agent position",
        None => "no observation",
    };
    Err(PolicyError::WrongObservation {
        expected: Modality::State,
        found,
    })
}
