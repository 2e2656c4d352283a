//! The policy that is watched, and what it has observed.

use std::collections::VecDeque;

use pusht_data::Simulation;
use pusht_env::{Action, ObsBatch, ObsSpec, Observation, Observer, Policy, PolicyError, PushT};

use crate::PlayError;
use crate::journal::PolicyName;

/// The only environment.
const ENVS: [usize; 1] = [0];

/// A policy to watch and to take over from.
pub struct GuidedPolicy {
    name: PolicyName,
    policy: Box<dyn Policy>,
    spec: ObsSpec,
    observer: Observer,
    seen: VecDeque<Observation>,
    /// Whether the policy must drop what it has planned, because other actions were played than its own.
    is_stale: bool,
}

impl std::fmt::Debug for GuidedPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuidedPolicy")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl GuidedPolicy {
    /// A policy with the SHA-256 of its file, if it has one, for episodes of this environment.
    pub fn new(policy: Box<dyn Policy>, sha256: Option<String>, simulation: Simulation) -> Self {
        let spec = policy.needs();
        Self {
            name: PolicyName {
                name: policy.name(),
                sha256,
            },
            spec,
            observer: Observer::new(spec.modality, &simulation.config()),
            policy,
            seen: VecDeque::new(),
            is_stale: true,
        }
    }

    pub(crate) const fn name(&self) -> &PolicyName {
        &self.name
    }

    /// Number of latest observations that it needs.
    pub(crate) fn history(&self) -> usize {
        self.spec.history.max(1)
    }

    /// Starts anew at an observation, which stands for all earlier ones.
    pub(crate) fn begin(&mut self, env: &PushT) {
        self.seen.clear();
        let first = self.observer.observe(env);
        self.seen.resize(self.history(), first);
        self.is_stale = true;
    }

    /// Observes the environment after a step.
    pub(crate) fn observe(&mut self, env: &PushT) {
        self.seen.pop_front();
        self.seen.push_back(self.observer.observe(env));
    }

    /// Drops the policy's plan: a person has acted.
    pub(crate) const fn interrupt(&mut self) {
        self.is_stale = true;
    }

    /// The policy's next target.
    pub(crate) fn act(&mut self, env: &PushT) -> Result<Action, PlayError> {
        if self.is_stale {
            self.policy.reset(&ENVS);
            self.is_stale = false;
        }
        let observations = [self.seen.iter().cloned().collect::<Vec<_>>()];
        let batch = ObsBatch {
            envs: &ENVS,
            observations: &observations,
            goals: &[env.goal()],
        };
        let mut out = [[f32::NAN; 2]];
        let acted: Result<(), PolicyError> = self.policy.act(&batch, &mut out);
        acted.inspect_err(|_| self.is_stale = true)?;
        let [action] = out;
        if action.iter().all(|x| x.is_finite()) {
            return Ok(action);
        }
        self.is_stale = true;
        Err(PlayError::PolicyTarget {
            policy: self.name.name.clone(),
            action,
        })
    }
}
