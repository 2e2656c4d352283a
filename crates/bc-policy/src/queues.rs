//! Queues of predicted actions: policies that predict several actions at once return them one by one.

use std::collections::{HashMap, VecDeque};

use nn_kit::mix_seed;
use pusht_env::{Action, ObsBatch, PolicyError};

use crate::error::failed;

/// Remaining actions of each environment, and the seeds of its next predictions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queues {
    pub(crate) seed: u64,
    envs: HashMap<usize, Queue>,
}

#[derive(Clone, Debug, Default)]
struct Queue {
    /// Number of episodes started.
    episode: u64,
    /// Number of predictions in this episode.
    looks: u64,
    actions: VecDeque<Action>,
}

/// An environment that needs new actions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PendingEnv {
    /// Index in the batch.
    pub(crate) at: usize,
    /// Seed of its next prediction: a function of the policy's seed, the environment's index, its episode and the
    /// number of predictions in the episode.
    pub(crate) seed: u64,
}

impl Queues {
    /// Starts a new episode in each of these environments.
    pub(crate) fn reset(&mut self, envs: &[usize]) {
        for env in envs {
            let queue = self.envs.entry(*env).or_default();
            queue.episode += 1;
            queue.looks = 0;
            queue.actions.clear();
        }
    }

    /// The environments that need new actions.
    pub(crate) fn pending(&self, obs: &ObsBatch<'_>) -> Vec<PendingEnv> {
        let ask = |(at, env): (usize, &usize)| {
            let (episode, looks) = match self.envs.get(env) {
                Some(queue) if !queue.actions.is_empty() => return None,
                Some(queue) => (queue.episode, queue.looks),
                None => (0, 0),
            };
            let seed = mix_seed(mix_seed(mix_seed(self.seed, *env as u64), episode), looks);
            Some(PendingEnv { at, seed })
        };
        obs.envs.iter().enumerate().filter_map(ask).collect()
    }

    /// Stores the new actions of the pending environments, and returns the next action of every environment.
    pub(crate) fn serve(
        &mut self,
        policy: &str,
        obs: &ObsBatch<'_>,
        pending: &[PendingEnv],
        chunks: impl IntoIterator<Item = impl IntoIterator<Item = Action>>,
        out: &mut [Action],
    ) -> Result<(), PolicyError> {
        for (ask, chunk) in pending.iter().zip(chunks) {
            let queue = self.envs.entry(obs.envs[ask.at]).or_default();
            queue.looks += 1;
            queue.actions = chunk.into_iter().collect();
        }
        for (env, out) in obs.envs.iter().zip(out) {
            let next = self.envs.get_mut(env).and_then(|queue| queue.actions.pop_front());
            *out = next.ok_or_else(|| failed(policy, format!("environment {env} is twice in one batch")))?;
        }
        Ok(())
    }
}
