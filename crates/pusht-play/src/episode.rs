//! The episode that is being played: start, actions, who chose them, and the environment after them.

use pusht_data::{Interventions, SeededTrajectory, Simulation, Start};
use pusht_env::{Action, EnvError, PushT, StepResult};

use crate::journal::{PolicyName, Step};

/// The episode that is being played.
#[derive(Debug)]
pub(crate) struct LiveEpisode {
    simulation: Simulation,
    seed: u64,
    steps: Vec<Step>,
    env: PushT,
    /// Largest reward so far.
    best: f64,
}

impl LiveEpisode {
    /// An episode at its start.
    pub(crate) fn begin(simulation: Simulation, seed: u64) -> Result<Self, EnvError> {
        let env = SeededTrajectory::new(Start::Seed(seed), Vec::new()).begin(&simulation)?;
        Ok(Self {
            simulation,
            seed,
            steps: Vec::new(),
            env,
            best: 0.0,
        })
    }

    /// An episode after these steps. `passed` is called with the environment at the start and after every step.
    pub(crate) fn replay(
        simulation: Simulation,
        seed: u64,
        steps: &[Step],
        mut passed: impl FnMut(usize, &PushT),
    ) -> Result<Self, EnvError> {
        let mut episode = Self::begin(simulation, seed)?;
        passed(0, &episode.env);
        for (index, &step) in steps.iter().enumerate() {
            episode.step(step)?;
            passed(index + 1, &episode.env);
        }
        Ok(episode)
    }

    /// Plays one step of 0.1 s.
    pub(crate) fn step(&mut self, step: Step) -> Result<StepResult, EnvError> {
        let result = self.env.step(step.action)?;
        self.steps.push(step);
        self.best = self.best.max(result.reward);
        Ok(result)
    }

    pub(crate) const fn env(&self) -> &PushT {
        &self.env
    }

    pub(crate) const fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Largest reward of its steps; 0 before the first.
    pub(crate) const fn best(&self) -> f64 {
        self.best
    }

    /// Whether the last step ended in success.
    pub(crate) fn is_solved(&self) -> bool {
        self.env.info().is_success
    }

    pub(crate) const fn simulation(&self) -> Simulation {
        self.simulation
    }

    /// The episode as it is saved. With a policy it says who chose each action.
    pub(crate) fn trajectory(&self, policy: Option<&PolicyName>) -> SeededTrajectory {
        let actions: Vec<Action> = self.steps.iter().map(|step| step.action).collect();
        let interventions = policy.map(|policy| Interventions {
            policy: policy.name.clone(),
            policy_sha256: policy.sha256.clone(),
            is_intervention: self.steps.iter().map(|step| step.human).collect(),
        });
        SeededTrajectory {
            interventions,
            ..SeededTrajectory::new(Start::Seed(self.seed), actions)
        }
    }
}
