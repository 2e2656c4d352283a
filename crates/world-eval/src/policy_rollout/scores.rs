//! Scores of rollouts in a world, beside those of the simulator with the same actions.

use eval::{RolloutScores, Summary};
use serde::Serialize;
use traj_metrics::{Bootstrap, Estimate, Interval};

use super::record::{WorldEpisode, WorldEpisodeEnd, WorldRolloutRecord};
use crate::error::WorldEvalError;

/// Scores of a [`WorldRolloutRecord`]; intervals are 95 % bootstrap intervals over episodes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorldRolloutScores {
    /// In the world.
    pub world: Summary,
    /// In the simulator with the same actions, each episode up to the step that solves it there. Where the world's episode
    /// is over before, the last reward counts for the remaining steps.
    pub simulator: Summary,
    /// Mean reward per step, world minus simulator, paired by episode.
    pub reward_difference: Interval,
    /// Share of episodes that are solved in both or in none.
    pub same_outcome: Interval,
    /// Number of episodes in which the two part.
    pub parted: usize,
    /// Number of steps until the two part; an episode in which they do not counts with its length.
    pub steps_together: Interval,
    /// Distance of the two Ts after the last step, median over episodes, px of 96.
    pub final_distance: Estimate,
    /// Mean distance of the agent in the frames from its position, px of 96; `None` if no frame shows one.
    pub agent_off: Option<Interval>,
    /// Largest distance between the agent's positions in the world and in the simulator, board px.
    pub agent_difference: f64,
    /// How well a T fits on the gray of the frames, 0 to 1.
    pub block_overlap: Interval,
    /// Frames without a T.
    pub block_lost: LostFrames,
    /// Frames without an agent.
    pub agent_lost: LostFrames,
    /// Number of steps played.
    pub steps: usize,
    /// Number of actions that were moved onto the board.
    pub actions_moved: usize,
    /// Number of episodes that the world refused to continue.
    pub refused: usize,
}

/// How often agent or T was not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LostFrames {
    /// Number of frames.
    pub frames: usize,
    /// Number of episodes with such frames.
    pub episodes: usize,
}

impl LostFrames {
    pub(crate) fn of(episodes: &[WorldEpisode], lost: impl Fn(&WorldEpisode) -> &[usize]) -> Self {
        let counts = || episodes.iter().map(|episode| lost(episode).len());
        Self {
            frames: counts().sum(),
            episodes: counts().filter(|&count| count > 0).count(),
        }
    }
}

impl WorldRolloutRecord {
    /// Scores under the record's protocol, over its own steps.
    ///
    /// # Errors
    /// No episodes, inconsistent lengths, or numbers that are not finite.
    pub fn scores(&self) -> Result<WorldRolloutScores, WorldEvalError> {
        let world = RolloutScores::with_limit(&self.in_world(), self.protocol, self.steps)?;
        let simulator = RolloutScores::with_limit(&self.in_simulator(), self.protocol, self.steps)?;
        let bootstrap = Bootstrap::default();
        let episodes = &self.episodes;
        let each = |of: &dyn Fn(&WorldEpisode) -> f64| -> Vec<f64> { episodes.iter().map(of).collect() };
        let rewards = |scores: &RolloutScores| -> Vec<f64> { scores.episodes.iter().map(|e| e.mean_reward).collect() };
        let outcomes = world.episodes.iter().zip(&simulator.episodes);
        let same: Vec<f64> = outcomes
            .map(|(a, b)| f64::from(u8::from(a.success() == b.success())))
            .collect();
        let together = each(&|e| e.parted_after.unwrap_or(e.actions.len()) as f64);
        let last = each(&|e| e.distance.last().copied().map_or(0.0, f64::from));
        let off: Vec<f64> = episodes.iter().filter_map(|e| e.agent_off).collect();
        Ok(WorldRolloutScores {
            reward_difference: bootstrap.paired_difference(&rewards(&world), &rewards(&simulator))?,
            world: world.summary()?,
            simulator: simulator.summary()?,
            same_outcome: bootstrap.mean(&same)?,
            parted: episodes.iter().filter(|e| e.parted_after.is_some()).count(),
            steps_together: bootstrap.mean(&together)?,
            final_distance: bootstrap.median(&last)?,
            agent_off: if off.is_empty() {
                None
            } else {
                Some(bootstrap.mean(&off)?)
            },
            agent_difference: episodes.iter().map(|e| e.agent_difference).fold(0.0, f64::max),
            block_overlap: bootstrap.mean(&each(&|e| e.block_overlap))?,
            block_lost: LostFrames::of(episodes, |e| &e.block_lost),
            agent_lost: LostFrames::of(episodes, |e| &e.agent_lost),
            steps: episodes.iter().map(|e| e.actions.len()).sum(),
            actions_moved: episodes.iter().map(|e| e.actions_moved).sum(),
            refused: episodes
                .iter()
                .filter(|e| matches!(e.end, WorldEpisodeEnd::Refused(_)))
                .count(),
        })
    }
}
