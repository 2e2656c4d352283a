//! Roll-outs as a file.

use std::path::Path;

use pusht_jobs::write_file;
use serde::Serialize;

use super::{Protocol, RecordError, RolloutPart, RolloutRecord, RolloutScores, Summary};

/// A roll-out file: the record, and what it is worth under every protocol, which follows from it.
#[derive(Serialize)]
struct File<'a> {
    #[serde(flatten)]
    record: &'a RolloutRecord,
    scores: Vec<Summary>,
}

impl RolloutRecord {
    /// Writes it as JSON, beside its place first and then renamed. For readers in other languages the field `scores`
    /// holds its [`Summary`] under each protocol, cut to that protocol's step limit.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        let json = self.to_json();
        write_file(path, |file| file.write_all(json?.as_bytes())).map_err(RecordError::io(path))
    }

    /// What [`RolloutRecord::write`] writes.
    ///
    /// # Errors
    /// Numbers that are no JSON.
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

    /// Reads what [`RolloutRecord::write`] wrote, and checks it.
    ///
    /// # Errors
    /// A file that cannot be read, is not a roll-out file, has another schema, or whose lengths contradict each other.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let bytes = std::fs::read(path).map_err(RecordError::io(path))?;
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
