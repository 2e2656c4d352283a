//! The interface between policies and the code that runs environments.

use crate::{Action, Frame, Pose};

/// Kind of observation, by the reference environment's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modality {
    /// Agent position, block position, block angle in [0, 2π).
    State,
    /// World positions of the T's eight vertices (bar, then stem), and the agent position.
    Keypoints,
    /// A 96 × 96 image.
    Pixels,
    /// A 96 × 96 image and the agent position.
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
    /// The image.
    Pixels(Frame),
    /// The image and the agent position.
    PixelsAgentPos {
        /// The image.
        pixels: Frame,
        /// Agent center, px.
        agent_pos: [f64; 2],
    },
}

/// Observations that a policy needs; frames are rendered only for the modalities with images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObsSpec {
    /// Kind of observation.
    pub modality: Modality,
    /// Number of latest observations, at least 1.
    pub history: usize,
}

/// Observations of several environments at one time step.
#[derive(Clone, Copy, Debug)]
pub struct ObsBatch<'a> {
    /// Ids of the environments ([`VecEnv::ids`](crate::VecEnv::ids)), as passed to [`Policy::reset`].
    pub envs: &'a [usize],
    /// Per entry of `envs` the latest `history` observations, oldest first. At the start of an episode the oldest is
    /// repeated.
    pub observations: &'a [Vec<Observation>],
    /// Per entry of `envs` the goal pose of that environment.
    pub goals: &'a [Pose],
}

/// Chooses actions for a batch of environments.
///
/// The caller builds a [`VecEnv`](crate::VecEnv) with the observations of [`Policy::needs`], calls [`Policy::reset`] at
/// the start of an episode, and then alternates [`Policy::act`] and [`VecEnv::step`](crate::VecEnv::step); the README
/// of this crate has such a loop. The function `rollout` of the crate `eval` runs it over whole episodes.
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
    /// Name for reports.
    fn name(&self) -> String;

    /// The observations it needs.
    fn needs(&self) -> ObsSpec;

    /// Starts new episodes in the environments with these ids: discards their history and queued actions.
    fn reset(&mut self, envs: &[usize]);

    /// Writes one action for each environment of `obs` to the same slice index in `out`. A result must not depend on
    /// which other environments are in the batch.
    ///
    /// # Errors
    /// An observation of a modality other than that of [`Policy::needs`], or a model that fails.
    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError>;
}

/// Errors of a policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The environment gives observations of another modality.
    #[error(
        "the policy needs {expected:?} observations but was handed {found}; build the environment from Policy::needs()"
    )]
    WrongObservation {
        /// The modality that the policy needs.
        expected: Modality,
        /// The observation that arrived.
        found: &'static str,
    },
    /// A failure of the policy itself.
    #[error("the policy {policy} failed: {reason}")]
    Failed {
        /// Name of the policy.
        policy: String,
        /// What went wrong.
        reason: String,
    },
}
