//! What the page shows.

use pusht_env::Action;
use serde::Serialize;

/// Phase of an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Phase {
    /// The clock stands, at the start or after a break.
    Ready,
    /// The clock runs.
    Running,
    /// The T lies on its goal.
    Solved,
    /// The step limit is reached.
    OutOfTime,
    /// The episode was begun with another policy, or without one: it can be saved, but not continued.
    Foreign,
}

/// Who leads the disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The person.
    Human,
    /// The policy.
    Policy,
}

/// What the page shows besides the frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlayView {
    /// Phase of the episode.
    pub phase: Phase,
    /// Who leads the disc now.
    pub actor: Actor,
    /// Name of the policy, if there is one.
    pub policy: Option<String>,
    /// Whether the person leads without a pressed button.
    pub latched: bool,
    /// Whether there is something to undo.
    pub undoable: bool,
    /// Seed of the start.
    pub seed: u64,
    /// Steps played, 0.1 s each.
    pub steps: usize,
    /// Those of them in which the person led.
    pub human_steps: usize,
    /// The step limit.
    pub max_steps: usize,
    /// Share of the goal that the T covers, in [0, 1].
    pub coverage: f64,
    /// The episode's score, in [0, 1]: its largest reward.
    pub score: f64,
    /// Center of the disc, px.
    pub agent: [f64; 2],
    /// Target of the last step, px.
    pub target: Option<Action>,
    /// How much slower than real time the clock runs.
    pub slow: u32,
    /// Number of saved episodes.
    pub saved: usize,
    /// The last message for the person who plays, with its number.
    pub note: (u64, String),
}
