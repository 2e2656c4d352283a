//! Records of rollouts of a policy in a world model.

use eval::{EpisodeRecord, Protocol, RECORD_SCHEMA, RolloutRecord, SOLVED_COVERAGE};
use pusht_env::{Action, EnvConfig, State};
use serde::{Deserialize, Serialize};

/// Version of the layout of a file of [`WorldRolloutRecord::write`].
pub const WORLD_ROLLOUT_SCHEMA: u32 = 1;

/// Distance of the T in the world from the simulator's, as [`crate::corner_distance`], beyond which the two have parted,
/// px of the 96 × 96 frame.
pub const PARTED: f64 = 5.0;

/// The rollouts of one policy in one world, in order of their start seeds, each beside the exact simulator playing the same
/// actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorldRolloutRecord {
    /// Layout version of the file, [`WORLD_ROLLOUT_SCHEMA`] in new records.
    pub schema: u32,
    /// Name of the policy.
    pub policy: String,
    /// SHA-256 of the policy's file, if it has one and the caller gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_sha256: Option<String>,
    /// Name of the world.
    pub world: String,
    /// SHA-256 of the world's file, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world_sha256: Option<String>,
    /// Protocol of the scores.
    pub protocol: Protocol,
    /// Settings of the simulator, including start states and goal.
    pub env: EnvConfig,
    /// Step limit of an episode.
    pub steps: usize,
    /// One entry per episode.
    pub episodes: Vec<WorldEpisode>,
}

/// One rollout of n steps: n actions, and what came of them in the world and in the simulator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorldEpisode {
    /// The seed of its start.
    pub start_seed: u64,
    /// Actions as played, px. Targets beyond the board are moved to its border, for world and simulator alike.
    pub actions: Vec<Action>,
    /// Number of actions that were moved.
    pub actions_moved: usize,
    /// Why it ended.
    pub end: WorldEpisodeEnd,
    /// In the world.
    pub world: EpisodeCourse,
    /// In the exact simulator with the same actions; it does not stop where it is solved.
    pub simulator: EpisodeCourse,
    /// Distance of the two Ts after each step, as [`crate::corner_distance`], px of 96.
    pub distance: Vec<f32>,
    /// Number of steps after which that distance first exceeds [`PARTED`].
    pub parted_after: Option<usize>,
    /// Mean distance of the agent in the frames from its position, px of 96; `None` if no frame shows one.
    pub agent_off: Option<f64>,
    /// Largest distance between the agent's position in the world and in the simulator, board px. Both follow the same
    /// control law: 0.
    pub agent_difference: f64,
    /// The tracker's confidence in the T, mean over the world's frames, 0 to 1: how well a T fits on the gray they show. 0
    /// for a frame without a T.
    pub block_overlap: f64,
    /// Steps after which no T was seen in the world's frame; it counts as where it was seen last.
    pub block_lost: Vec<usize>,
    /// Steps after which no agent was seen.
    pub agent_lost: Vec<usize>,
}

/// Why an episode in a world ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WorldEpisodeEnd {
    /// The T, as tracked in the world's frame, covers more than 0.95 of the goal.
    Solved,
    /// The step limit.
    StepLimit,
    /// The world refused to go on, for example because the agent left the board.
    Refused(String),
}

/// What came of the actions of an episode. In the world the agent's position follows from the control law, and the T is
/// tracked in the frames.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpisodeCourse {
    /// Reward after each step, in [0, 1].
    pub rewards: Vec<f64>,
    /// Covered share of the goal after each step, in [0, 1].
    pub coverage: Vec<f64>,
    /// States before the first and after each step, with the angle in [0, 2π), rounded to float32. In files rows
    /// `[agent x, agent y, T x, T y, T angle]`.
    #[serde(with = "rows")]
    pub states: Vec<State>,
}

impl EpisodeCourse {
    /// The first `steps` steps as a record.
    fn record(&self, episode: &WorldEpisode, steps: usize) -> EpisodeRecord {
        EpisodeRecord {
            start_seed: episode.start_seed,
            actions: first(&episode.actions, steps),
            rewards: first(&self.rewards, steps),
            coverage: first(&self.coverage, steps),
            states: first(&self.states, steps + 1),
        }
    }

    /// Whether it has this number of steps.
    pub(super) fn has_steps(&self, steps: usize) -> bool {
        [
            self.rewards.len(),
            self.coverage.len(),
            self.states.len().wrapping_sub(1),
        ] == [steps; 3]
    }
}

impl WorldRolloutRecord {
    /// The rollouts in the world, as if they were the simulator's; for their scores.
    pub fn in_world(&self) -> RolloutRecord {
        self.record(|episode| episode.world.record(episode, episode.actions.len()))
    }

    /// What the simulator made of the same actions, each episode up to the step that solves it.
    pub fn in_simulator(&self) -> RolloutRecord {
        self.record(|episode| {
            let course = &episode.simulator;
            let solved = course.coverage.iter().position(|&covered| covered > SOLVED_COVERAGE);
            course.record(episode, solved.map_or(episode.actions.len(), |step| step + 1))
        })
    }

    fn record(&self, of: impl Fn(&WorldEpisode) -> EpisodeRecord) -> RolloutRecord {
        RolloutRecord {
            schema: RECORD_SCHEMA,
            policy: self.policy.clone(),
            env: self.env,
            steps: self.steps,
            episodes: self.episodes.iter().map(of).collect(),
        }
    }
}

fn first<T: Copy>(values: &[T], count: usize) -> Vec<T> {
    values.iter().copied().take(count).collect()
}

/// Rounds a state to float32, the precision of files.
pub(super) fn rounded(state: State) -> State {
    State::from_row(state.to_row().map(|x| f64::from(x as f32)))
}

/// States as `[agent x, agent y, T x, T y, T angle]` in float32.
mod rows {
    use pusht_env::State;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(states: &[State], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(states.iter().map(|state| state.to_row().map(|x| x as f32)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<State>, D::Error> {
        let rows = Vec::<[f32; 5]>::deserialize(deserializer)?;
        Ok(rows
            .into_iter()
            .map(|row| State::from_row(row.map(f64::from)))
            .collect())
    }
}
