//! Scores of policies in a world and in the simulator.

use eval::{EpisodeRecord, Protocol, RolloutRecord, RolloutScores, Summary, pose_reached};
use pusht_env::EnvConfig;
use serde::Serialize;
use traj_metrics::{Bootstrap, Interval};

use super::correlation::{self, NoCorrelation, PolicyReturns, ReturnCorrelation};
use crate::error::WorldEvalError;
use crate::policy_rollout::{LostFrames, WorldEpisodeEnd, WorldRolloutRecord};

/// Version of the layout of the JSON of a [`WorldScoreReport`].
pub const WORLD_SCORE_SCHEMA: u32 = 1;

/// Policies in one world and in the exact simulator, and how well their returns agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorldScoreReport {
    /// Layout version, [`WORLD_SCORE_SCHEMA`].
    pub schema: u32,
    /// Name of the world.
    pub world: String,
    /// SHA-256 of the world's file, if it has one and the caller gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world_sha256: Option<String>,
    /// Protocol of the scores.
    pub protocol: Protocol,
    /// Number of episodes of each policy in each place.
    pub episodes: usize,
    /// Step limit of an episode.
    pub steps: usize,
    /// Seed of the first start; the others follow it.
    pub first_start_seed: u64,
    /// Settings of the simulator.
    pub env: EnvConfig,
    /// Settings of all intervals.
    pub bootstrap: Bootstrap,
    /// One entry per policy, in the order given.
    pub policies: Vec<PolicyInWorld>,
    /// Agreement of the mean returns, or why there is none.
    #[serde(serialize_with = "correlation::serialize")]
    pub correlation: Result<ReturnCorrelation, NoCorrelation>,
}

/// One policy in both places, from the same starts. Intervals are 95 % bootstrap intervals over starts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PolicyInWorld {
    /// Name of the policy.
    pub policy: String,
    /// SHA-256 of its file, if it has one and the caller gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Scores in the exact simulator, in which it sees the simulator's observations.
    pub simulator: Summary,
    /// Scores in the world, in which it sees the world's frames, and reward and success are computed from the tracked T.
    pub world: Summary,
    /// Maximum rewards, episode by episode.
    pub returns: PolicyReturns,
    /// Number of steps until the two episodes from one start part: agent or T are more than 20 px apart, or the T is turned by
    /// more than 20° against the other. An episode in which they do not counts with the steps that both have.
    pub steps_together: Interval,
    /// Number of steps that both episodes have, mean.
    pub steps_compared: f64,
    /// Number of episodes that part.
    pub parted: usize,
    /// Number of the world's frames.
    pub frames: usize,
    /// Frames without a T.
    pub block_lost: LostFrames,
    /// Frames without an agent.
    pub agent_lost: LostFrames,
    /// Number of episodes that the world refused to continue.
    pub refused: usize,
}

impl PolicyInWorld {
    /// Compares the episodes of one policy.
    pub(super) fn of(
        name: &str,
        sha256: Option<String>,
        exact: &RolloutRecord,
        played: &WorldRolloutRecord,
        bootstrap: Bootstrap,
    ) -> Result<Self, WorldEvalError> {
        let in_world = played.in_world();
        let scores = |record| RolloutScores::with_limit(record, played.protocol, played.steps);
        let (simulator, world) = (scores(exact)?, scores(&in_world)?);
        let returns = |scores: &RolloutScores| scores.episodes.iter().map(|e| e.max_reward).collect();
        let pairs = exact.episodes.iter().zip(&in_world.episodes);
        let courses: Vec<Together> = pairs.map(|(a, b)| Together::of(a, b)).collect();
        let together: Vec<f64> = courses.iter().map(Together::steps).collect();
        let compared: usize = courses.iter().map(|course| course.compared).sum();
        let episodes = &played.episodes;
        Ok(Self {
            policy: name.to_owned(),
            sha256,
            returns: PolicyReturns {
                simulator: returns(&simulator),
                world: returns(&world),
            },
            simulator: simulator.summary()?,
            world: world.summary()?,
            steps_together: bootstrap.mean(&together)?,
            steps_compared: compared as f64 / courses.len() as f64,
            parted: courses.iter().filter(|course| course.parted_after.is_some()).count(),
            frames: episodes.iter().map(|episode| episode.actions.len()).sum(),
            block_lost: LostFrames::of(episodes, |episode| &episode.block_lost),
            agent_lost: LostFrames::of(episodes, |episode| &episode.agent_lost),
            refused: episodes
                .iter()
                .filter(|episode| matches!(episode.end, WorldEpisodeEnd::Refused(_)))
                .count(),
        })
    }
}

/// Two episodes from one start.
struct Together {
    /// Steps that both have.
    compared: usize,
    /// Number of steps after which they have parted.
    parted_after: Option<usize>,
}

impl Together {
    fn of(simulator: &EpisodeRecord, world: &EpisodeRecord) -> Self {
        let pairs = || simulator.states.iter().zip(&world.states).skip(1);
        let parted = pairs().position(|(a, b)| {
            let agents = (a.agent[0] - b.agent[0]).hypot(a.agent[1] - b.agent[1]);
            // The tolerances of the pose criterion.
            agents > eval::POSE_DISTANCE || !pose_reached(a.block, b.block)
        });
        Self {
            compared: pairs().count(),
            parted_after: parted.map(|at| at + 1),
        }
    }

    fn steps(&self) -> f64 {
        self.parted_after.unwrap_or(self.compared) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_env::State;

    fn episode(rows: &[[f64; 5]]) -> EpisodeRecord {
        EpisodeRecord {
            start_seed: 0,
            actions: Vec::new(),
            rewards: Vec::new(),
            coverage: Vec::new(),
            states: rows.iter().map(|&row| State::from_row(row)).collect(),
        }
    }

    #[test]
    fn agent_place_and_angle_part_two_episodes() {
        let start = [100.0, 100.0, 200.0, 200.0, 6.2];
        let exact = episode(&[start; 5]);
        let course = |row: [f64; 5]| Together::of(&exact, &episode(&[start, start, row]));
        let parted = |row| course(row).parted_after;
        assert_eq!((course(start).compared, course(start).steps()), (2, 2.0));
        assert_eq!(parted([100.0, 119.9, 200.0, 200.0, 6.2]), None);
        assert_eq!(parted([100.0, 120.1, 200.0, 200.0, 6.2]), Some(2));
        assert_eq!(parted([100.0, 100.0, 220.1, 200.0, 6.2]), Some(2));
        // Across the full turn: 0.34 rad are less than 20°, 0.36 are more.
        assert_eq!(
            parted([100.0, 100.0, 200.0, 200.0, 6.2 + 0.34 - std::f64::consts::TAU]),
            None
        );
        assert_eq!(
            parted([100.0, 100.0, 200.0, 200.0, 6.2 + 0.36 - std::f64::consts::TAU]),
            Some(2)
        );
    }
}
