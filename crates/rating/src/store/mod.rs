//! The database: one SQLite file. When a method of [`Store`] returns without an error, its changes are on disk.
//!
//! Several processes may open it; a writer locks it for the duration of its transaction.

mod clips;
mod open;
mod raters;
mod ratings;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::RatingError;

pub(crate) use ratings::Answer;

/// Time that a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open database of ratings.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    connection: Connection,
    /// Seed of the order of the clips.
    pub seed: u64,
    /// Secret for names that must not be guessable.
    pub secret: [u8; 32],
}

impl Store {
    /// Runs `work` in a transaction; when this returns, its changes are on disk.
    fn write<T>(&mut self, work: impl FnOnce(&Transaction) -> Result<T, Fault>) -> Result<T, RatingError> {
        let path = &self.path;
        let database = |source| RatingError::Database {
            path: path.clone(),
            source,
        };
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(database)?;
        let done = work(&transaction).map_err(|fault| fault.at(path))?;
        transaction.commit().map_err(database)?;
        Ok(done)
    }
}

/// Errors of work in a transaction.
enum Fault {
    Refused(RatingError),
    Database(rusqlite::Error),
}

impl Fault {
    fn at(self, path: &Path) -> RatingError {
        match self {
            Fault::Refused(error) => error,
            Fault::Database(source) => RatingError::Database {
                path: path.to_path_buf(),
                source,
            },
        }
    }
}

impl From<RatingError> for Fault {
    fn from(error: RatingError) -> Self {
        Fault::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Database(error)
    }
}

/// Now, UTC, RFC 3339, to the millisecond.
fn now(connection: &Connection) -> rusqlite::Result<String> {
    let sql = "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Now, Unix seconds.
fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}
