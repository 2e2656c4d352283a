//! Which environment takes which action when: policies that say several actions at once hand them out one by one.

use std::collections::{HashMap, VecDeque};

use nn_kit::mix_seed;
use pusht_env::{Action, ObsBatch, PolicyError};

use crate::error::failed;

/// The actions that environments still have to take, and the seeds of their next ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queues {
    pub(crate) seed: u64,
    envs: HashMap<usize, Queue>,
}

#[derive(Clone, Debug, Default)]
struct Queue {
    /// Episodes begun.
    episode: u64,
    /// Looks taken in this one.
    looks: u64,
    actions: VecDeque<Action>,
}

/// An environment without actions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PendingEnv {
    /// Its place in the batch.
    pub(crate) at: usize,
    /// What its next actions draw from: a function of the policy's seed, the environment's number, the number of its
    /// episode and how often it has looked in it.
    pub(crate) seed: u64,
}

impl Queues {
    /// A new episode in each of these environments.
    pub(crate) fn reset(&mut self, envs: &[usize]) {
        for env in envs {
            let queue = self.envs.entry(*env).or_default();
            queue.episode += 1;
            queue.looks = 0;
            queue.actions.clear();
        }
    }

    /// Who needs new actions.
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

    /// Gives those who asked their new actions, and hands every environment its next one.
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
