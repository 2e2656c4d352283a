//! Rollouts in parts: each process runs some of the episodes, and the parts join to the record that one process would
//! write.

use std::path::{Path, PathBuf};

use pusht_env::Policy;
use pusht_jobs::{JobContext, Shard, write_file};
use serde::{Deserialize, Serialize};

use super::RecordError;
use super::record::{RECORD_SCHEMA, RolloutRecord};
use super::run::{RolloutConfig, RolloutError, rollout_some};
use crate::joined::{differ, joined};

/// Some of the episodes of a rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolloutPart {
    /// Number of the part, and of parts.
    pub part: Shard,
    /// Number of episodes of the whole rollout.
    pub episodes: usize,
    /// Seed of the first start of the whole rollout.
    pub first_seed: u64,
    /// What else determines the result, such as the policy's file and seed. Parts join only if it is the same.
    pub made_by: String,
    /// The episodes of this part; none if there are fewer episodes than parts.
    pub record: RolloutRecord,
}

impl RolloutPart {
    /// Rolls out the episodes of one part; see [`super::rollout`].
    ///
    /// # Errors
    /// Those of [`super::rollout`].
    pub fn roll(
        policy: &mut dyn Policy,
        config: &RolloutConfig,
        part: Shard,
        made_by: &str,
        ctx: &mut JobContext,
    ) -> Result<Self, RolloutError> {
        config.check()?;
        let RolloutConfig {
            episodes,
            steps,
            first_seed,
            env,
        } = *config;
        let chosen = part.range(episodes);
        let record = if chosen.is_empty() {
            RolloutRecord {
                schema: RECORD_SCHEMA,
                policy: policy.name(),
                env: env.with_max_steps(None),
                steps,
                episodes: Vec::new(),
            }
        } else {
            rollout_some(policy, config, chosen, ctx)?
        };
        Ok(Self {
            part,
            episodes,
            first_seed,
            made_by: made_by.to_owned(),
            record,
        })
    }

    /// Writes it as JSON, under a temporary name first, then renamed.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        let json = self.to_json();
        write_file(path, |file| file.write_all(json?.as_bytes())).map_err(RecordError::io(path))
    }

    /// The JSON text that [`RolloutPart::write`] writes.
    ///
    /// # Errors
    /// Numbers that cannot be JSON.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Reads a file written by [`RolloutPart::write`], and checks it.
    ///
    /// # Errors
    /// A file that cannot be read, is not a part, or contains other episodes than those of its part.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let bytes = pusht_jobs::read_file(path).map_err(RecordError::io(path))?;
        let foreign = |reason: String| RecordError::Foreign {
            path: path.to_owned(),
            reason,
        };
        let part: Self = serde_json::from_slice(&bytes).map_err(|e| foreign(format!("not a part of one: {e}")))?;
        part.record.check(path)?;
        let found = part.record.episodes.iter().map(|e| e.start_seed);
        let expected = part.part.range(part.episodes);
        if !found.eq(expected.map(|i| part.first_seed.wrapping_add(i as u64))) {
            return Err(foreign(format!(
                "its episodes are not those of part {} of {} episodes",
                part.part, part.episodes
            )));
        }
        Ok(part)
    }

    /// Joins the parts in these files to the record that one process would make.
    ///
    /// # Errors
    /// A file that is not a part, parts of different rollouts, or parts that are missing or duplicate, each named.
    pub fn merge(files: &[PathBuf]) -> Result<RolloutRecord, RecordError> {
        let mut parts = Vec::with_capacity(files.len());
        for file in files {
            let part = Self::read(file)?;
            parts.push((part.part, part));
        }
        let add = |whole: &mut Self, mut part: Self| whole.record.episodes.append(&mut part.record.episodes);
        let other = |path, part, what| RecordError::OtherPart { path, part, what };
        Ok(joined(files, parts, Self::difference, add, other)?.record)
    }

    /// Describes the first difference between two parts' rollouts.
    fn difference(&self, other: &Self) -> Option<String> {
        let (a, b) = (&self.record, &other.record);
        differ("policy", &a.policy, &b.policy)
            .or_else(|| differ("maker", &self.made_by, &other.made_by))
            .or_else(|| differ("number of episodes in all", &self.episodes, &other.episodes))
            .or_else(|| differ("first start seed", &self.first_seed, &other.first_seed))
            .or_else(|| differ("step limit", &a.steps, &b.steps))
            .or_else(|| differ("environment", &a.env, &b.env))
    }
}
