//! Files of rollouts to goals.

use std::path::{Path, PathBuf};

use pusht_jobs::write_bytes;
use serde::Serialize;

use super::error::GoalError;
use super::record::{GOAL_SCHEMA, GoalRecord, GoalScores};
use super::run::GoalTiming;
use super::task::GoalDistance;
use crate::joined::{differ, joined};

/// What tells a file of these records from others, in its first bytes.
const FIELD: &str = "goal_record";

/// The record, its scores, and how long its decisions took.
#[derive(Serialize)]
struct File<'a> {
    goal_record: u32,
    #[serde(flatten)]
    record: &'a GoalRecord,
    scores: Option<GoalScores>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timing: Option<GoalTiming>,
}

impl GoalRecord {
    /// The JSON text: the record, its scores (null without episodes, as in an empty part), and the timing, which is the only
    /// thing that differs between two runs.
    ///
    /// # Errors
    /// Numbers that are not finite.
    pub fn to_json(&self, timing: Option<GoalTiming>) -> Result<String, GoalError> {
        Ok(serde_json::to_string(&File {
            goal_record: GOAL_SCHEMA,
            record: self,
            scores: (!self.episodes.is_empty()).then(|| self.scores()).transpose()?,
            timing,
        })?)
    }

    /// Writes [`Self::to_json`], under a temporary name first, then renamed.
    ///
    /// # Errors
    /// Those of [`Self::to_json`]; a file that cannot be written.
    pub fn write(&self, path: &Path, timing: Option<GoalTiming>) -> Result<(), GoalError> {
        write_bytes(path, self.to_json(timing)?.as_bytes()).map_err(GoalError::io(path))
    }

    /// Whether a file begins as one of these records does.
    pub fn is_ours(path: &Path) -> bool {
        pusht_jobs::begins_with(path, format!("{{\"{FIELD}\":"))
    }

    /// Reads a file written by [`Self::write`], and checks it.
    ///
    /// # Errors
    /// A file that cannot be read, is no such file, has another schema, or contradicts itself.
    pub fn read(path: &Path) -> Result<Self, GoalError> {
        let bytes = pusht_jobs::read_file(path).map_err(GoalError::io(path))?;
        let foreign = |reason: String| GoalError::Foreign {
            path: path.to_owned(),
            reason,
        };
        let record: Self = serde_json::from_slice(&bytes).map_err(|error| foreign(error.to_string()))?;
        if record.schema != GOAL_SCHEMA {
            return Err(foreign(format!("schema {} instead of {GOAL_SCHEMA}", record.schema)));
        }
        record.protocol.check()?;
        let count = record.protocol.episodes;
        let expected = record.part.map_or(count, |part| part.range(count).len());
        if record.episodes.len() != expected {
            let found = record.episodes.len();
            return Err(foreign(format!("it has {found} episodes; expected {expected}")));
        }
        for (number, episode) in record.episodes.iter().enumerate() {
            let steps = episode.actions.len();
            let reached = episode
                .states
                .last()
                .map(|&state| GoalDistance::between(state, episode.goal));
            let whole = (1..=record.protocol.budget).contains(&steps) && episode.states.len() == steps + 1;
            // States in files are rounded, so that one at the limit is not judged again.
            let agrees = episode
                .reached_after
                .is_none_or(|after| after == steps && reached.is_some_and(|d| d.position < 20.01 && d.angle < 0.3501));
            if !whole || !agrees {
                return Err(foreign(format!(
                    "its episode {number} has {steps} actions, {} states, and its goal reached after {:?} steps; expected 1 to {} \
                     actions, one state more, and the goal reached after the last one or not at all",
                    episode.states.len(),
                    episode.reached_after,
                    record.protocol.budget
                )));
            }
        }
        Ok(record)
    }

    /// Joins the parts in these files to the record that one process would make.
    ///
    /// # Errors
    /// A file that is no part, parts of different rollouts, or parts that are missing or duplicate, each named.
    pub fn merge(files: &[PathBuf]) -> Result<Self, GoalError> {
        let mut parts = Vec::with_capacity(files.len());
        for file in files {
            let record = Self::read(file)?;
            let part = record.part.ok_or_else(|| GoalError::Foreign {
                path: file.clone(),
                reason: "it is no part (--shard) of a rollout but a whole one".to_owned(),
            })?;
            parts.push((part, record));
        }
        let add = |whole: &mut Self, mut part: Self| whole.episodes.append(&mut part.episodes);
        let other = |path, part, what| GoalError::OtherPart { path, part, what };
        let whole = joined(files, parts, Self::difference, add, other)?;
        Ok(Self { part: None, ..whole })
    }

    /// Describes the first difference between the rollouts that two parts are of.
    fn difference(&self, other: &Self) -> Option<String> {
        differ("policy", &self.policy, &other.policy)
            .or_else(|| differ("settings", &self.settings, &other.settings))
            .or_else(|| differ("data", &self.data, &other.data))
            .or_else(|| differ("protocol", &self.protocol, &other.protocol))
            .or_else(|| differ("environment", &self.env, &other.env))
    }
}
