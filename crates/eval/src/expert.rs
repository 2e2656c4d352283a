//! Evaluation of the expert: rewards, motion and planning time.

use std::fmt;
use std::time::Instant;

use pusht_env::{EnvConfig, EnvError, Expert, ExpertConfig, ExpertError};
use pusht_jobs::{Cancelled, JobContext, counted};
use serde::Serialize;
use traj_metrics::{MeanSd, MetricError, SequenceMeasures, Smoothness, Summary, to_points};

use crate::FIRST_START_SEED;

/// Smallest number of steps for which all measures of motion are defined.
const FEWEST_STEPS: usize = 4;

/// Settings of an evaluation of the expert: episodes played one after the other on one core, in diffusion_policy's
/// environment with its legacy reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpertEvaluation {
    /// Seed of the first episode; the others use the following seeds.
    pub first_seed: u64,
    /// Number of episodes.
    pub episodes: u64,
    /// Step limit of an episode.
    pub max_steps: usize,
    /// Seed of the planner.
    pub planner_seed: u64,
}

/// 50 episodes of at most 300 steps, from the first start seed of the protocols.
impl Default for ExpertEvaluation {
    fn default() -> Self {
        Self {
            first_seed: FIRST_START_SEED,
            episodes: 50,
            max_steps: 300,
            planner_seed: 0,
        }
    }
}

impl ExpertEvaluation {
    /// Plays the episodes and computes the scores.
    ///
    /// # Errors
    /// Fewer than one episode or four steps, seeds that the environment does not accept, an expert that always stops
    /// before its fourth action, or a job that was cancelled.
    pub fn run(&self, ctx: &mut JobContext) -> Result<ExpertScores, ExpertEvaluationError> {
        let last = self.first_seed.checked_add(self.episodes.wrapping_sub(1));
        let (Some(last), true) = (last, self.episodes > 0 && self.max_steps >= FEWEST_STEPS) else {
            return Err(ExpertEvaluationError::Settings {
                episodes: self.episodes,
                steps: self.max_steps,
                first_seed: self.first_seed,
            });
        };
        let expert = Expert::new(ExpertConfig {
            seed: self.planner_seed,
            ..ExpertConfig::default()
        })?;
        let (mut rewards, mut lengths, mut seconds, mut successes) = (Vec::new(), Vec::new(), Vec::new(), 0_u64);
        let (mut actions, mut steps) = (Vec::new(), Vec::new());
        let task = ctx.task("play episodes", self.episodes as usize, "episode");
        for seed in self.first_seed..=last {
            task.check()?;
            let begin = Instant::now();
            let episode = expert.demonstrate(EnvConfig::diffusion_policy(), seed, self.max_steps)?;
            seconds.push(begin.elapsed().as_secs_f64());
            rewards.push(episode.max_reward());
            lengths.push(episode.actions.len() as f64);
            successes += u64::from(episode.success);
            let points = to_points(&episode.actions);
            steps.extend(points.windows(2).map(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1])));
            if points.len() >= FEWEST_STEPS {
                actions.push(points);
            }
            task.add(1);
        }
        task.finish(&counted(self.episodes as usize, "episode"));
        let motion = SequenceMeasures::of(&actions)?;
        Ok(ExpertScores {
            environment: "diffusion_policy, legacy reset",
            first_seed: self.first_seed,
            episodes: self.episodes,
            steps: self.max_steps,
            planner_seed: self.planner_seed,
            max_reward: MeanSd::of(&rewards)?,
            success_rate: successes as f64 / self.episodes as f64,
            episode_length: Summary::of(&lengths)?,
            action_step: Summary::of(&steps)?,
            velocity: motion.velocity,
            acceleration: motion.acceleration,
            jerk: motion.jerk,
            velocity_autocorrelation: motion.velocity_autocorrelation,
            seconds_per_episode: Summary::of(&seconds)?,
        })
    }
}

/// Scores of the expert. Its `Display` is a text table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExpertScores {
    /// Name of the environment.
    pub environment: &'static str,
    /// Seed of the first episode.
    pub first_seed: u64,
    /// Number of episodes.
    pub episodes: u64,
    /// Step limit of an episode.
    pub steps: usize,
    /// Seed of the planner.
    pub planner_seed: u64,
    /// Largest reward of an episode.
    pub max_reward: MeanSd,
    /// Share of episodes that end in success.
    pub success_rate: f64,
    /// Number of steps of an episode.
    pub episode_length: Summary,
    /// Distance between consecutive actions, px.
    pub action_step: Summary,
    /// First differences of the actions, px/step.
    pub velocity: Smoothness,
    /// Second differences, px/step².
    pub acceleration: Smoothness,
    /// Third differences, px/step³.
    pub jerk: Smoothness,
    /// Lag-1 autocorrelation of velocity; none if nothing moves.
    pub velocity_autocorrelation: Option<f64>,
    /// Time of the planner and the environment, s, on one core.
    pub seconds_per_episode: Summary,
}

impl fmt::Display for ExpertScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "the expert in {}: {} from seed {}, at most {} steps; mean ± SD\n",
            self.environment,
            counted(self.episodes as usize, "episode"),
            self.first_seed,
            self.steps
        )?;
        let of = |summary: Summary| summary.text();
        let max_reward = format!("{:.4} ± {:.4}", self.max_reward.mean, self.max_reward.sd);
        let autocorrelation = self.velocity_autocorrelation.map(|r| format!("{r:.3}"));
        let rows = [
            ("maximum reward", max_reward),
            ("success rate", format!("{:.4}", self.success_rate)),
            ("steps of an episode", of(self.episode_length)),
            ("distance between actions, px", of(self.action_step)),
            ("velocity, px/step", self.velocity.text()),
            ("acceleration, px/step²", self.acceleration.text()),
            ("jerk, px/step³", self.jerk.text()),
            (
                "autocorrelation of velocity",
                autocorrelation.unwrap_or_else(|| "–".to_owned()),
            ),
            ("seconds an episode", of(self.seconds_per_episode)),
        ];
        for (i, (name, value)) in rows.into_iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}{name:<30}{value:>18}")?;
        }
        Ok(())
    }
}

/// Errors of evaluating the expert.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExpertEvaluationError {
    /// No episodes, too few steps, or seeds beyond 64 bits.
    #[error(
        "nothing to measure in {episodes} episodes of {steps} steps from seed {first_seed}: expected at least one episode \
         of at least 4 steps, and seeds of 64 bits"
    )]
    Settings {
        /// Number of episodes.
        episodes: u64,
        /// Step limit.
        steps: usize,
        /// The first seed.
        first_seed: u64,
    },
    /// An error of the expert's settings.
    #[error(transparent)]
    Expert(#[from] ExpertError),
    /// A seed that the environment does not accept.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// Too few actions for a measure.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_over_all_episodes_and_nothing_is_refused() {
        let evaluation = ExpertEvaluation {
            episodes: 2,
            max_steps: 6,
            ..ExpertEvaluation::default()
        };
        let scores = evaluation.run(&mut JobContext::silent()).unwrap();
        assert_eq!((scores.episodes, scores.episode_length.max), (2, 6.0));
        assert_eq!(scores.action_step.count, 10);
        assert!(scores.to_string().contains("success rate"), "{scores}");
        for refused in [
            ExpertEvaluation {
                episodes: 0,
                ..evaluation
            },
            ExpertEvaluation {
                max_steps: 3,
                ..evaluation
            },
            ExpertEvaluation {
                first_seed: u64::MAX,
                ..evaluation
            },
        ] {
            let error = refused.run(&mut JobContext::silent()).unwrap_err();
            assert!(error.to_string().contains("nothing to measure"), "{error}");
        }
    }
}
