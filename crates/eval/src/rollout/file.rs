//! Rollout files.

use std::path::Path;

use pusht_jobs::write_file;
use serde::Serialize;

use super::{Protocol, RecordError, RolloutPart, RolloutRecord, RolloutScores, Summary};

/// A rollout file: the record, and its scores under every protocol, computed from it.
#[derive(Serialize)]
struct File<'a> {
    #[serde(flatten)]
    record: &'a RolloutRecord,
    scores: Vec<Summary>,
}

impl RolloutRecord {
    /// Writes it as JSON, under a temporary name first, then renamed. For readers in other languages the field `scores`
    /// contains its [`Summary`] under each protocol, truncated to that protocol's step limit. A shorter record has them over
    /// its own steps, which the summary states with `as_prescribed: false`.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        let json = self.to_json();
        write_file(path, |file| file.write_all(json?.as_bytes())).map_err(RecordError::io(path))
    }

    /// The JSON text that [`RolloutRecord::write`] writes.
    ///
    /// # Errors
    /// Numbers that cannot be JSON.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let scores = |protocol: Protocol| {
            RolloutScores::with_limit(self, protocol, protocol.steps())
                .ok()?
                .summary()
                .ok()
        };
        let contents = File {
            record: self,
            scores: Protocol::ALL.into_iter().filter_map(scores).collect(),
        };
        serde_json::to_string(&contents)
    }

    /// Reads a file written by [`RolloutRecord::write`], and checks it.
    ///
    /// # Errors
    /// A file that cannot be read, is not a rollout file, has another schema, or has inconsistent lengths.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let bytes = pusht_jobs::read_file(path).map_err(RecordError::io(path))?;
        let record: Self = serde_json::from_slice(&bytes).map_err(|e| RecordError::Foreign {
            path: path.to_owned(),
            reason: match serde_json::from_slice::<RolloutPart>(&bytes) {
                Ok(part) => format!(
                    "it is part {} of one; join all parts with `pusht demos merge`",
                    part.part
                ),
                Err(_) => e.to_string(),
            },
        })?;
        record.check(path)?;
        Ok(record)
    }
}
