//! Stores and reads ratings.

use std::path::Path;

use rusqlite::{OptionalExtension, Row, params};

use super::raters::{Rater, of_session};
use super::{Fault, Store, now};
use crate::{RatedClip, Rating, RatingError, Ratings, Scores};

/// A rating from the page.
pub(crate) struct Answer {
    /// SHA-256 of the clip.
    pub clip: String,
    pub scores: Scores,
    /// The page's ID of this request.
    pub request: String,
    pub seconds: Option<f64>,
}

/// Progress of a rater.
pub(crate) struct Progress {
    pub rater: Rater,
    /// SHA-256 of the clips with valid ratings, in the order in which they were rated.
    pub rated: Vec<String>,
}

impl Store {
    /// Stores a rating. Repeating a request changes nothing.
    pub(crate) fn rate(&mut self, session: &str, answer: &Answer) -> Result<(), RatingError> {
        self.write(|transaction| {
            let rater = of_session(transaction, session)?;
            let clip: Option<i64> = transaction
                .query_row("SELECT id FROM clip WHERE sha256 = ?1", [&answer.clip], |row| {
                    row.get(0)
                })
                .optional()?;
            let clip = clip.ok_or(RatingError::UnknownClip)?;
            let before: Option<i64> = transaction
                .query_row(
                    "SELECT 1 FROM rating WHERE request = ?1 AND rater = ?2 AND clip = ?3",
                    params![answer.request, rater.id, clip],
                    |row| row.get(0),
                )
                .optional()?;
            if before.is_some() {
                return Ok(());
            }
            let Scores {
                adherence,
                responsibility,
                physics,
            } = answer.scores;
            transaction
                .execute(
                    "INSERT INTO rating
                     (rater, clip, adherence, responsibility, physics, seconds, request, rated)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![
                        rater.id,
                        clip,
                        adherence,
                        responsibility,
                        physics,
                        answer.seconds,
                        answer.request,
                        now(transaction)?
                    ],
                )
                .map_err(|e| match e.sqlite_error().map(|e| e.extended_code) {
                    Some(rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE) => Fault::Refused(RatingError::AlreadyRated),
                    _ => e.into(),
                })?;
            Ok(())
        })
    }

    /// Marks the rating of a clip as withdrawn, and returns it.
    pub(crate) fn withdraw(&mut self, session: &str, clip: &str) -> Result<Scores, RatingError> {
        self.write(|transaction| {
            let rater = of_session(transaction, session)?;
            let scores = transaction
                .query_row(
                    "UPDATE rating SET withdrawn = ?3
                     WHERE rater = ?1 AND clip = (SELECT id FROM clip WHERE sha256 = ?2) AND withdrawn IS NULL
                     RETURNING adherence, responsibility, physics",
                    params![rater.id, clip, now(transaction)?],
                    |row| scores(row, 0),
                )
                .optional()?;
            Ok(scores.ok_or(RatingError::NothingToUndo)?)
        })
    }

    /// Progress of the rater of a session.
    pub(crate) fn progress(&mut self, session: &str) -> Result<Progress, RatingError> {
        let rater = self.rater(session)?;
        let read = || -> Result<Vec<String>, Fault> {
            Ok(self
                .connection
                .prepare(
                    "SELECT sha256 FROM rating JOIN clip ON clip.id = rating.clip
                     WHERE rater = ?1 AND withdrawn IS NULL ORDER BY rating.id",
                )?
                .query_map([rater.id], |row| row.get(0))?
                .collect::<Result<_, _>>()?)
        };
        let rated = read().map_err(|f| f.at(&self.path))?;
        Ok(Progress { rater, rated })
    }

    /// Number of valid ratings, and of their raters.
    pub(crate) fn count(&self) -> Result<(i64, i64), RatingError> {
        self.connection
            .query_row(
                "SELECT count(*), count(DISTINCT rater) FROM rating WHERE withdrawn IS NULL",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(|source| RatingError::Database {
                path: self.path.clone(),
                source,
            })
    }
}

impl Ratings {
    /// Reads all valid ratings of a database, which may be in use.
    ///
    /// # Errors
    /// No such file; a file that is no database of ratings, or one of another version.
    pub fn read(db: &Path) -> Result<Self, RatingError> {
        let mut store = Store::open(db)?;
        let read = |store: &mut Store| -> Result<Self, Fault> {
            // One transaction, so that all tables are of the same moment.
            let transaction = store.connection.transaction()?;
            let (mut clip_ids, mut rater_ids) = (Vec::new(), Vec::new());
            let mut read = Ratings::default();
            let mut clips = transaction.prepare("SELECT id, name, sha256 FROM clip ORDER BY name, id")?;
            let mut rows = clips.query([])?;
            while let Some(row) = rows.next()? {
                clip_ids.push(row.get::<_, i64>(0)?);
                read.clips.push(RatedClip {
                    name: row.get(1)?,
                    sha256: row.get(2)?,
                });
            }
            let mut raters = transaction.prepare("SELECT id, name FROM rater ORDER BY key")?;
            let mut rows = raters.query([])?;
            while let Some(row) = rows.next()? {
                rater_ids.push(row.get::<_, i64>(0)?);
                read.raters.push(row.get(1)?);
            }
            let mut ratings = transaction.prepare(
                "SELECT clip, rater, rated, seconds, adherence, responsibility, physics
                 FROM rating WHERE withdrawn IS NULL ORDER BY id",
            )?;
            let mut rows = ratings.query([])?;
            while let Some(row) = rows.next()? {
                let index = |ids: &[i64], id: i64| ids.iter().position(|&i| i == id);
                let places = (index(&clip_ids, row.get(0)?), index(&rater_ids, row.get(1)?));
                // Foreign keys guarantee this for every row.
                let (Some(clip), Some(rater)) = places else {
                    continue;
                };
                read.ratings.push(Rating {
                    clip,
                    rater,
                    rated: row.get(2)?,
                    seconds: row.get(3)?,
                    scores: scores(row, 4)?,
                });
            }
            Ok(read)
        };
        read(&mut store).map_err(|f| f.at(db))
    }
}

/// The three columns from `first` on.
fn scores(row: &Row, first: usize) -> rusqlite::Result<Scores> {
    Ok(Scores {
        adherence: row.get(first)?,
        responsibility: row.get(first + 1)?,
        physics: row.get(first + 2)?,
    })
}
