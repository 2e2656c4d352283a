//! The interface between whatever decides on actions and whatever runs environments.

use crate::{Action, Frame, Pose};

/// What is observed, by the reference environment's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modality {
    /// Agent position, block position, block angle in [0, 2π).
    State,
    /// World positions of the T's eight vertices (bar, then stem), and the agent position.
    Keypoints,
    /// A 96 × 96 picture.
    Pixels,
    /// A 96 × 96 picture and the agent position.
    PixelsAgentPos,
}

/// One observation of one environment.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// `[agent x, agent y, block x, block y, angle mod 2π]`.
    State([f64; 5]),
    /// Vertices as x, y pairs, and the agent position.
    Keypoints {
        /// Eight vertices, bar then stem, x and y alternating.
        environment_state: [f64; 16],
        /// Agent center, px.
        agent_pos: [f64; 2],
    },
    /// The picture.
    Pixels(Frame),
    /// The picture and the agent position.
    PixelsAgentPos {
        /// The picture.
        pixels: Frame,
        /// Agent center, px.
        agent_pos: [f64; 2],
    },
}

/// What a policy wants to see; frames are rendered only when asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObsSpec {
    /// Kind of observation.
    pub modality: Modality,
    /// How many of the latest observations, at least 1.
    pub history: usize,
}

/// Observations of several environments at one time step.
#[derive(Clone, Copy, Debug)]
pub struct ObsBatch<'a> {
    /// Which environments, by the numbers that [`Policy::reset`] was given.
    pub envs: &'a [usize],
    /// Per entry of `envs` the latest `history` observations, oldest first; padded at the start of an episode by
    /// repeating the oldest.
    pub observations: &'a [Vec<Observation>],
    /// Per entry of `envs` the goal pose of that environment.
    pub goals: &'a [Pose],
}

/// Decides on actions for a batch of environments.
///
/// # Example
///
/// A policy that always aims at the goal of its environment:
///
/// ```
/// use pusht_env::{Action, Modality, ObsBatch, ObsSpec, Policy, PolicyError};
///
/// struct ToGoal;
///
/// impl Policy for ToGoal {
///     fn name(&self) -> String {
///         "to the goal".to_owned()
///     }
///
///     fn needs(&self) -> ObsSpec {
///         ObsSpec { modality: Modality::State, history: 1 }
///     }
///
///     fn reset(&mut self, _envs: &[usize]) {}
///
///     fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
///         for (action, goal) in out.iter_mut().zip(obs.goals) {
///             *action = [goal.x as f32, goal.y as f32];
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Policy {
    /// A name for reports.
    fn name(&self) -> String;

    /// What it needs to see.
    fn needs(&self) -> ObsSpec;

    /// New episodes begin in these environments: forget their history and queued actions.
    fn reset(&mut self, envs: &[usize]);

    /// One action for each environment of `obs`, written to the same place in `out`. A result must not depend on
    /// which other environments are in the batch.
    ///
    /// # Errors
    /// An observation of another kind than [`Policy::needs`] asked for, or a model that fails.
    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError>;
}

/// Why a policy gave no actions.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The environment was set up for another modality.
    #[error(
        "the policy needs {expected:?} observations but was handed {found}; build the environment from Policy::needs()"
    )]
    WrongObservation {
        /// What the policy asked for.
        expected: Modality,
        /// What arrived.
        found: &'static str,
    },
    /// The policy's own failure.
    #[error("the policy {policy} failed: {reason}")]
    Failed {
        /// Its name.
        policy: String,
        /// What went wrong.
        reason: String,
    },
}
