//! Scores of recorded rollouts under a protocol, by every published criterion.

use super::{EpisodeRecord, Protocol, RecordError, RolloutRecord, rows};
use pusht_env::Pose;
use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, Interval, MetricError};

/// Coverage above which an episode is solved.
pub const SOLVED_COVERAGE: f64 = 0.95;

/// Pose criterion: largest distance of the T's origin from the goal's, px.
pub const POSE_DISTANCE: f64 = 20.0;

/// Pose criterion: largest difference of the T's angle from the goal's, degrees.
pub const POSE_ANGLE_DEGREES: f64 = 20.0;

/// Scores of one policy under one protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolloutScores {
    /// The protocol.
    pub protocol: Protocol,
    /// Name of the policy.
    pub policy: String,
    /// Step limit of the scores.
    pub steps: usize,
    /// One entry per episode.
    pub episodes: Vec<EpisodeScores>,
}

/// Scores of one rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeScores {
    /// The seed of its start.
    pub start_seed: u64,
    /// Steps executed; fewer than the limit if the episode was solved.
    pub steps: usize,
    /// Mean reward per step over the step limit. A solved episode ends and keeps its reward of 1 for the remaining
    /// steps, so that solving earlier never lowers the score.
    pub mean_reward: f64,
    /// Mean reward over the executed steps only.
    pub mean_reward_executed: f64,
    /// Highest reward; the start, before the first action, does not count.
    pub max_reward: f64,
    /// Highest coverage.
    pub max_coverage: f64,
    /// Coverage after the last step.
    pub final_coverage: f64,
    /// Number of steps after which coverage first exceeded 0.95.
    pub solved_after: Option<usize>,
    /// Whether the T came within 20 px and 20° of the goal after any step.
    pub pose_reached: bool,
    /// Final agent position, px.
    pub final_agent: [f64; 2],
    /// Final pose of the T. In files `[x, y, angle]`.
    #[serde(with = "rows::pose")]
    pub final_block: Pose,
}

impl RolloutScores {
    /// The scores of a record under `protocol`: longer episodes are truncated at its step limit, and all episodes
    /// count.
    ///
    /// # Errors
    /// A record of fewer steps than the protocol's, or with inconsistent lengths.
    pub fn from_record(record: &RolloutRecord, protocol: Protocol) -> Result<Self, RecordError> {
        if record.steps < protocol.steps() {
            return Err(RecordError::TooShort {
                protocol,
                found: record.steps,
                needed: protocol.steps(),
            });
        }
        Self::with_limit(record, protocol, protocol.steps())
    }

    /// Scores as in [`RolloutScores::from_record`], with another step limit, which is stated in the result.
    ///
    /// # Errors
    /// A record with inconsistent lengths.
    pub fn with_limit(record: &RolloutRecord, protocol: Protocol, limit: usize) -> Result<Self, RecordError> {
        let limit = limit.min(record.steps);
        let episodes = record.episodes.iter().map(|episode| {
            episode.check(record.steps)?;
            Ok(EpisodeScores::of(episode, record.env.goal, limit))
        });
        Ok(Self {
            protocol,
            policy: record.policy.clone(),
            steps: limit,
            episodes: episodes.collect::<Result<_, RecordError>>()?,
        })
    }

    /// Mean of a number over episodes, with its bootstrap interval.
    ///
    /// # Errors
    /// No episodes, or a number that is not finite.
    pub fn interval(&self, number: impl Fn(&EpisodeScores) -> f64) -> Result<Interval, MetricError> {
        Bootstrap::default().mean(&self.episodes.iter().map(number).collect::<Vec<_>>())
    }
}

impl EpisodeScores {
    fn of(episode: &EpisodeRecord, goal: Pose, limit: usize) -> Self {
        let n = episode.actions.len().min(limit);
        let (rewards, coverage) = (&episode.rewards[..n], &episode.coverage[..n]);
        let solved_after = coverage.iter().position(|&c| c > SOLVED_COVERAGE).map(|i| i + 1);
        let sum: f64 = rewards.iter().sum();
        let held = (limit - n) as f64 * rewards[n - 1];
        let end = episode.states[n];
        Self {
            start_seed: episode.start_seed,
            steps: n,
            mean_reward: (sum + held) / limit as f64,
            mean_reward_executed: sum / n as f64,
            max_reward: rewards.iter().copied().fold(0.0, f64::max),
            max_coverage: coverage.iter().copied().fold(0.0, f64::max),
            final_coverage: coverage[n - 1],
            solved_after,
            pose_reached: episode.states[1..=n]
                .iter()
                .any(|state| pose_reached(state.block, goal)),
            final_agent: end.agent,
            final_block: end.block,
        }
    }

    /// 1 for a solved episode, 0 otherwise.
    pub fn success(&self) -> f64 {
        f64::from(u8::from(self.solved_after.is_some()))
    }
}

/// Whether a block's pose is within [`POSE_DISTANCE`] and [`POSE_ANGLE_DEGREES`] of its goal.
pub fn pose_reached(block: Pose, goal: Pose) -> bool {
    let distance = (block.x - goal.x).hypot(block.y - goal.y);
    let turn = (block.angle - goal.angle).rem_euclid(std::f64::consts::TAU);
    let angle = turn.min(std::f64::consts::TAU - turn);
    distance <= POSE_DISTANCE && angle <= POSE_ANGLE_DEGREES.to_radians()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_env::{EnvConfig, State};

    fn record(rewards: Vec<f64>, steps: usize) -> RolloutRecord {
        let n = rewards.len();
        let mut states = vec![State::from_row([10.0, 20.0, 100.0, 100.0, 0.0]); n + 1];
        states[n] = State::from_row([30.0, 40.0, 256.0, 270.0, 0.785 + 0.2]);
        RolloutRecord {
            schema: super::super::RECORD_SCHEMA,
            policy: "p".into(),
            steps,
            env: EnvConfig::diffusion_policy(),
            episodes: vec![EpisodeRecord {
                start_seed: 7,
                actions: vec![[1.0, 2.0]; n],
                coverage: rewards
                    .iter()
                    .map(|r| if *r >= 1.0 { 0.96 } else { r * 0.95 })
                    .collect(),
                rewards,
                states,
            }],
        }
    }

    #[test]
    fn files_have_rows_of_numbers() {
        let record = record(vec![0.5], 300);
        let text = serde_json::to_string(&record).unwrap();
        assert!(
            text.contains(r#""states":[[10.0,20.0,100.0,100.0,0.0],[30.0,40.0,256.0,270.0,0.985]]"#),
            "{text}"
        );
        let back: RolloutRecord = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
        let scores = RolloutScores::from_record(&record, Protocol::Paper).unwrap();
        let text = serde_json::to_string(&scores).unwrap();
        assert!(
            text.contains(r#""final_agent":[30.0,40.0],"final_block":[256.0,270.0,0.9850000000000001]"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<RolloutScores>(&text).unwrap(), scores);
    }

    #[test]
    fn a_solved_episode_keeps_its_reward() {
        let s = RolloutScores::from_record(&record(vec![0.0, 0.5, 1.0], 300), Protocol::Paper).unwrap();
        let e = &s.episodes[0];
        assert_eq!((e.steps, e.solved_after, e.success()), (3, Some(3), 1.0));
        assert!((e.mean_reward - (1.5 + 197.0) / 200.0).abs() < 1e-12);
        assert!((e.mean_reward_executed - 0.5).abs() < 1e-12);
        assert!(e.pose_reached && (e.final_agent, e.max_reward) == ([30.0, 40.0], 1.0));
    }

    #[test]
    fn the_paper_sees_the_first_200_of_300_steps() {
        let mut rewards = vec![0.1; 300];
        rewards[250] = 0.9;
        let record = record(rewards, 300);
        let paper = RolloutScores::from_record(&record, Protocol::Paper).unwrap();
        let dp = RolloutScores::from_record(&record, Protocol::DiffusionPolicy).unwrap();
        assert!((paper.episodes[0].mean_reward - 0.1).abs() < 1e-12 && !paper.episodes[0].pose_reached);
        assert_eq!((paper.episodes[0].max_reward, dp.episodes[0].max_reward), (0.1, 0.9));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(matches!(
            RolloutScores::from_record(&record(vec![0.1; 200], 200), Protocol::DiffusionPolicy),
            Err(RecordError::TooShort { needed: 300, .. })
        ));
        let mut bad = record(vec![0.1; 200], 200);
        bad.episodes[0].rewards.pop();
        assert!(matches!(
            RolloutScores::from_record(&bad, Protocol::Paper),
            Err(RecordError::Lengths { .. })
        ));
        bad.episodes[0] = EpisodeRecord {
            start_seed: 1,
            actions: vec![],
            rewards: vec![],
            coverage: vec![],
            states: vec![State::from_row([0.0; 5])],
        };
        assert!(RolloutScores::from_record(&bad, Protocol::Paper).is_err());
    }
}
