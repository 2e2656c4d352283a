//! Sets of trajectories and their simulation.

use std::ops::Range;
use std::path::PathBuf;

use pusht_env::{Renderer, State};
use pusht_jobs::{JobContext, counted};
use rayon::prelude::*;
use serde::Serialize;

use super::{SeededTrajectory, Simulation, Start};
use crate::{DataError, Episode, Provenance};

/// Simulator episodes, stored as trajectories.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedSet {
    pub(super) path: PathBuf,
    /// Origin of the episodes: `expert`, or the dataset that was converted.
    pub source: String,
    /// Origin of the actions, as in [`Provenance::actions`].
    pub actions: String,
    /// Settings of the environment they were recorded in.
    pub simulation: Simulation,
    /// The settings of the generator, for the record; null if there are none.
    pub settings: serde_json::Value,
    pub(super) trajectories: Vec<SeededTrajectory>,
}

/// Rewards and lengths of the episodes of a [`SimulatedSet`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SimulatedSetSummary {
    /// Number of episodes.
    pub episodes: usize,
    /// Mean over episodes of the largest reward.
    pub mean_max_reward: f64,
    /// Mean number of steps.
    pub mean_length: f64,
}

impl SimulatedSet {
    /// A set of at least one episode.
    ///
    /// # Errors
    /// No episodes, an empty one, or an action or start that is not finite.
    pub fn new(
        source: &str,
        actions: &str,
        simulation: Simulation,
        trajectories: Vec<SeededTrajectory>,
    ) -> Result<Self, DataError> {
        let set = Self {
            path: PathBuf::from(source),
            source: source.to_owned(),
            actions: actions.to_owned(),
            simulation,
            settings: serde_json::Value::Null,
            trajectories,
        };
        set.check()?;
        Ok(set)
    }

    pub(super) fn check(&self) -> Result<(), DataError> {
        if self.trajectories.is_empty() {
            return Err(DataError::Unrecognized {
                path: self.path.clone(),
                found: "a set without episodes".to_owned(),
                expected: "at least one episode",
            });
        }
        Renderer::new(self.simulation.frame_size, self.simulation.fill_rule).map_err(|e| self.refused(0, &e))?;
        for (index, trajectory) in self.trajectories.iter().enumerate() {
            trajectory.check(&self.path, index, &self.simulation)?;
        }
        Ok(())
    }

    fn refused(&self, index: usize, reason: &impl ToString) -> DataError {
        DataError::Simulation {
            path: self.path.clone(),
            index,
            reason: reason.to_string(),
        }
    }

    /// Number of episodes, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a set is never empty")]
    pub fn len(&self) -> usize {
        self.trajectories.len()
    }

    /// Start and actions of the episodes.
    pub fn trajectories(&self) -> &[SeededTrajectory] {
        &self.trajectories
    }

    /// Rewards and lengths of the episodes, simulated without rendering.
    ///
    /// # Errors
    /// An episode that cannot be simulated.
    pub fn summary(&self) -> Result<SimulatedSetSummary, DataError> {
        let (mut best, mut steps) = (0.0, 0);
        for (index, trajectory) in self.trajectories.iter().enumerate() {
            let rewards = trajectory
                .rewards(&self.simulation)
                .map_err(|e| self.refused(index, &e))?;
            steps += rewards.len();
            best += rewards.into_iter().fold(0.0, f64::max);
        }
        let n = self.len() as f64;
        Ok(SimulatedSetSummary {
            episodes: self.len(),
            mean_max_reward: best / n,
            mean_length: steps as f64 / n,
        })
    }

    /// Simulates and renders episodes, in parallel; the result does not depend on the number of threads. Block angles
    /// of the states are not wrapped. Progress counts frames.
    ///
    /// # Errors
    /// Episodes out of range.
    pub fn episodes(&self, range: Range<usize>, ctx: &mut JobContext) -> Result<Vec<Episode>, DataError> {
        let chosen = self
            .trajectories
            .get(range.clone())
            .ok_or_else(|| DataError::OutOfRange {
                path: self.path.clone(),
                asked: format!("episodes {} to {}", range.start, range.end.saturating_sub(1)),
                available: counted(self.trajectories.len(), "episode"),
            })?;
        let total = chosen.iter().map(|r| r.actions.len()).sum();
        let renderer = Renderer::new(self.simulation.frame_size, self.simulation.fill_rule)
            .map_err(|e| self.refused(range.start, &e))?;
        let mut episodes = Vec::with_capacity(chosen.len());
        let task = ctx.task("simulate frames", total, "frame");
        let batch = 4 * rayon::current_num_threads();
        for (b, trajectories) in chosen.chunks(batch).enumerate() {
            task.check()?;
            let first = range.start + b * batch;
            let simulated: Vec<Episode> = trajectories
                .par_iter()
                .enumerate()
                .map_with(renderer.clone(), |renderer, (i, trajectory)| {
                    self.episode(first + i, trajectory, renderer)
                })
                .collect::<Result<_, _>>()?;
            task.add(simulated.iter().map(Episode::len).sum::<usize>());
            episodes.extend(simulated);
        }
        task.finish(&counted(total, "frame"));
        Ok(episodes)
    }

    /// The states of one episode, simulated without rendering.
    pub(crate) fn states(&self, index: usize) -> Result<Vec<State>, DataError> {
        let states = self.trajectories[index].states(&self.simulation);
        states.map_err(|e| self.refused(index, &e))
    }

    fn episode(
        &self,
        index: usize,
        trajectory: &SeededTrajectory,
        renderer: &mut Renderer,
    ) -> Result<Episode, DataError> {
        let played = trajectory.play(&self.simulation, renderer);
        let (frames, states) = played.map_err(|e| self.refused(index, &e))?;
        Ok(Episode {
            frames,
            actions: trajectory.actions.clone(),
            states: Some(states),
            goal: self.simulation.goal,
            provenance: Provenance {
                source: self.source.clone(),
                index,
                seed: match trajectory.start {
                    Start::Seed(seed) => Some(seed),
                    Start::Reset(_) | Start::State(_) => None,
                },
                actions: self.actions.clone(),
            },
        })
    }
}
