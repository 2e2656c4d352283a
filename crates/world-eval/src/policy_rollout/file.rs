//! Files of rollouts in a world model.

use std::path::Path;

use pusht_jobs::write_bytes;
use serde::Serialize;

use super::record::{WORLD_ROLLOUT_SCHEMA, WorldRolloutRecord};
use super::scores::WorldRolloutScores;
use crate::error::WorldEvalError;

/// The record, and its scores, computed from it.
#[derive(Serialize)]
struct File<'a> {
    #[serde(flatten)]
    record: &'a WorldRolloutRecord,
    scores: WorldRolloutScores,
}

impl WorldRolloutRecord {
    /// The JSON text that [`Self::write`] writes: the record, and in the field `scores` its [`WorldRolloutScores`].
    ///
    /// # Errors
    /// No episodes, or numbers that are not finite.
    pub fn to_json(&self) -> Result<String, WorldEvalError> {
        let file = File {
            record: self,
            scores: self.scores()?,
        };
        serde_json::to_string(&file).map_err(WorldEvalError::Json)
    }

    /// Writes it as JSON, under a temporary name first, then renamed.
    ///
    /// # Errors
    /// Those of [`Self::to_json`]; a file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), WorldEvalError> {
        write_bytes(path, self.to_json()?.as_bytes()).map_err(WorldEvalError::io(path))
    }

    /// Reads a file written by [`Self::write`], and checks it.
    ///
    /// # Errors
    /// A file that cannot be read, is not such a file, has another schema, or has inconsistent lengths.
    pub fn read(path: &Path) -> Result<Self, WorldEvalError> {
        let bytes = pusht_jobs::read_file(path).map_err(WorldEvalError::io(path))?;
        let foreign = |reason: String| WorldEvalError::Record {
            path: path.to_path_buf(),
            reason,
        };
        let record: Self = serde_json::from_slice(&bytes).map_err(|error| foreign(error.to_string()))?;
        if record.schema != WORLD_ROLLOUT_SCHEMA {
            return Err(foreign(format!(
                "schema {} instead of {WORLD_ROLLOUT_SCHEMA}",
                record.schema
            )));
        }
        for episode in &record.episodes {
            let steps = episode.actions.len();
            let whole = episode.world.has_steps(steps) && episode.simulator.has_steps(steps);
            if steps == 0 || steps > record.steps || !whole || episode.distance.len() != steps {
                return Err(foreign(format!(
                    "the episode of start seed {} has {steps} actions and other numbers of rewards, coverages, distances or \
                     states; expected 1 to {} of each, and one state more",
                    episode.start_seed, record.steps
                )));
            }
        }
        Ok(record)
    }
}
