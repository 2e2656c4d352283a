//! Raters, identified by name, with one session each at a time.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Fault, Store, now, seconds};
use crate::RatingError;

/// Longest name, characters.
const LONGEST_NAME: usize = 60;
/// Time without a request after which a window is taken to be closed, s. The page sends one every 20 s, a hidden page
/// every minute.
const SILENCE: i64 = 90;
/// Resolution of `seen`, s.
const SEEN_STEP: i64 = 10;

/// The rater of a session.
pub(crate) struct Rater {
    pub id: i64,
    /// Normalized name.
    pub key: String,
    /// Name as first given.
    pub name: String,
}

impl Store {
    /// Begins a session under `name` and returns its secret name. An earlier session of that name ends; an active one
    /// only if `take_over` is true.
    pub(crate) fn begin(&mut self, name: &str, take_over: bool) -> Result<String, RatingError> {
        let name = tidy(name)?;
        let key = name.to_lowercase();
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|e| RatingError::Io {
            path: "random numbers of the system".into(),
            source: std::io::Error::other(e.to_string()),
        })?;
        let session = format!("{:032x}", u128::from_be_bytes(bytes));
        self.write(|transaction| {
            let row = transaction
                .query_row(
                    "SELECT name, session IS NOT NULL, seen FROM rater WHERE key = ?1",
                    [&key],
                    |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?, row.get::<_, i64>(2)?)),
                )
                .optional()?;
            if let Some((name, true, seen)) = row {
                let silent = seconds() - seen;
                if silent < SILENCE && !take_over {
                    return Err(RatingError::NameTaken {
                        name,
                        seconds: silent.max(0),
                    }
                    .into());
                }
            }
            transaction.execute(
                "INSERT INTO rater (key, name, joined, session, seen) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (key) DO UPDATE SET session = excluded.session, seen = excluded.seen",
                params![key, name, now(transaction)?, session, seconds()],
            )?;
            Ok(())
        })?;
        Ok(session)
    }

    /// The rater of a session; keeps the session alive.
    pub(crate) fn rater(&mut self, session: &str) -> Result<Rater, RatingError> {
        let read = |store: &Self| -> Result<(Rater, i64), Fault> { find(&store.connection, session) };
        let (rater, seen) = read(self).map_err(|f| f.at(&self.path))?;
        if seconds() - seen >= SEEN_STEP {
            self.write(|transaction| {
                transaction.execute(
                    "UPDATE rater SET seen = ?2 WHERE session = ?1",
                    params![session, seconds()],
                )?;
                Ok(())
            })?;
        }
        Ok(rater)
    }

    /// Ends a session; its name is available immediately.
    pub(crate) fn leave(&mut self, session: &str) -> Result<(), RatingError> {
        self.write(|transaction| {
            transaction.execute("UPDATE rater SET session = NULL WHERE session = ?1", [session])?;
            Ok(())
        })
    }
}

/// The rater of a session, as part of a transaction that writes for it.
pub(super) fn of_session(transaction: &Transaction, session: &str) -> Result<Rater, Fault> {
    Ok(find(transaction, session)?.0)
}

fn find(connection: &rusqlite::Connection, session: &str) -> Result<(Rater, i64), Fault> {
    let rater = connection
        .prepare("SELECT id, key, name, seen FROM rater WHERE session = ?1")?
        .query_row([session], |row| {
            let rater = Rater {
                id: row.get(0)?,
                key: row.get(1)?,
                name: row.get(2)?,
            };
            Ok((rater, row.get(3)?))
        })
        .optional()?;
    rater.ok_or(Fault::Refused(RatingError::SessionEnded))
}

/// The name with whitespace reduced to single spaces.
fn tidy(name: &str) -> Result<String, RatingError> {
    let refused = |reason| RatingError::Name {
        reason,
        most: LONGEST_NAME,
    };
    // Too long to be valid; not split.
    if name.len() > 16 * LONGEST_NAME {
        return Err(refused("the name is too long"));
    }
    let tidy = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if tidy.is_empty() {
        return Err(refused("a name is missing"));
    }
    if tidy.chars().any(char::is_control) {
        return Err(refused("the name has characters that cannot be shown"));
    }
    if tidy.chars().count() > LONGEST_NAME {
        return Err(refused("the name is too long"));
    }
    Ok(tidy)
}
