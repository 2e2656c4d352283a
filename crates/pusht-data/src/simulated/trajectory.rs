//! Environment, start and actions, which determine an episode.

use std::path::Path;

use pusht_env::{
    Action, EnvConfig, EnvError, FillRule, Frame, GOAL, Pose, PushT, Renderer, ResetOrder, Seeding, State,
};
use serde::{Deserialize, Serialize};

use crate::{DataError, EpisodeError};

/// The environment in which all episodes of a set were recorded, as far as frames and states depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulation {
    /// Random generator that turns seeds into start states.
    pub seeding: Seeding,
    /// How a reset applies a start state.
    pub reset_order: ResetOrder,
    /// Target pose of the T.
    pub goal: Pose,
    /// How polygons in images are filled.
    pub fill_rule: FillRule,
    /// Side of the images, px.
    pub frame_size: u32,
}

impl Simulation {
    /// gym-pusht 0.1.8, 96 × 96.
    pub const GYM_PUSHT: Self = Self {
        seeding: Seeding::GymPusht,
        reset_order: ResetOrder::PositionFirst,
        goal: GOAL,
        fill_rule: FillRule::Pygame26,
        frame_size: 96,
    };
    /// diffusion_policy with the packages that recorded the public demonstrations (old fill rule), 96 × 96.
    pub const DIFFUSION_POLICY: Self = Self {
        seeding: Seeding::DiffusionPolicy,
        fill_rule: FillRule::Pygame25,
        ..Self::GYM_PUSHT
    };

    /// Name of the environment whose starts it has, as on the command line.
    pub(super) const fn environment(&self) -> &'static str {
        match self.seeding {
            Seeding::DiffusionPolicy => "diffusion-policy",
            _ => "gym-pusht",
        }
    }

    /// The environment's configuration, without a step limit.
    pub const fn config(&self) -> EnvConfig {
        EnvConfig {
            seeding: self.seeding,
            reset_order: self.reset_order,
            fill_rule: self.fill_rule,
            goal: self.goal,
            max_steps: None,
            ..EnvConfig::gym_pusht()
        }
    }
}

/// Start of an episode.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// A reset to this seed.
    Seed(u64),
    /// A reset to this state, through the reference's setters, which may move the T.
    Reset(State),
    /// Exactly this state, at rest.
    State(State),
}

/// Start and actions of an episode, which determine it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeededTrajectory {
    /// Start of the episode.
    pub start: Start,
    /// Actions, 10 Hz.
    pub actions: Vec<Action>,
    /// Who chose each action, where a person could take over from a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interventions: Option<Interventions>,
}

/// Who chose each action of an episode in which a person could take over from a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interventions {
    /// Name of the policy.
    pub policy: String,
    /// SHA-256 of the policy's file; `None` for a policy without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_sha256: Option<String>,
    /// For every action, whether the person chose it instead of the policy.
    pub is_intervention: Vec<bool>,
}

impl SeededTrajectory {
    /// An episode in which nobody took over.
    pub const fn new(start: Start, actions: Vec<Action>) -> Self {
        Self {
            start,
            actions,
            interventions: None,
        }
    }

    /// An environment at the start of the episode.
    ///
    /// # Errors
    /// A start that the environment refuses.
    pub fn begin(&self, simulation: &Simulation) -> Result<PushT, EnvError> {
        let mut env = PushT::new(simulation.config())?;
        match self.start {
            Start::Seed(seed) => env.reset(seed).map(drop)?,
            Start::Reset(state) => env.reset_to(state).map(drop)?,
            Start::State(state) => env.set_state(state)?,
        }
        Ok(env)
    }

    /// Checks that it can be simulated; `path` and `index` are for the error.
    pub(super) fn check(&self, path: &Path, index: usize, simulation: &Simulation) -> Result<(), DataError> {
        if self.actions.is_empty() {
            return Err(DataError::episode(path, EpisodeError::Empty { index }));
        }
        if let Some(row) = self.actions.iter().position(|a| !a.iter().all(|x| x.is_finite())) {
            let action = self.actions[row];
            return Err(DataError::episode(path, EpisodeError::NotFinite { index, row, action }));
        }
        if let Some(Interventions { is_intervention, .. }) = &self.interventions
            && is_intervention.len() != self.actions.len()
        {
            let (flags, actions) = (is_intervention.len(), self.actions.len());
            return Err(DataError::Unreadable {
                path: path.to_path_buf(),
                item: format!("episode {index}"),
                reason: format!(
                    "it has {actions} actions and {flags} values is_intervention; expected as many of each"
                ),
            });
        }
        let begun = self.begin(simulation).map_err(|e| e.to_string());
        begun.map(drop).map_err(|reason| DataError::Simulation {
            path: path.to_path_buf(),
            index,
            reason,
        })
    }

    /// The reward of every step, computed without rendering.
    ///
    /// # Errors
    /// A start or action that the environment refuses.
    pub fn rewards(&self, simulation: &Simulation) -> Result<Vec<f64>, EnvError> {
        let mut env = self.begin(simulation)?;
        self.actions.iter().map(|&a| env.step(a).map(|r| r.reward)).collect()
    }

    /// Frames and states before every action.
    pub(super) fn play(
        &self,
        simulation: &Simulation,
        renderer: &mut Renderer,
    ) -> Result<(Vec<Frame>, Vec<State>), EnvError> {
        let mut env = self.begin(simulation)?;
        let mut frames = Vec::with_capacity(self.actions.len());
        let mut states = Vec::with_capacity(self.actions.len());
        for &action in &self.actions {
            frames.push(renderer.render(&env.scene()));
            states.push(env.state());
            env.step(action)?;
        }
        Ok((frames, states))
    }

    /// States before every action, without images.
    pub(super) fn states(&self, simulation: &Simulation) -> Result<Vec<State>, EnvError> {
        let mut env = self.begin(simulation)?;
        let before = |&action: &Action| {
            let state = env.state();
            env.step(action).map(|_| state)
        };
        self.actions.iter().map(before).collect()
    }
}
