//! The clips of a database.

use std::path::Path;

use pusht_jobs::counted;
use rusqlite::params;

use super::{Store, now};
use crate::RatingError;
use crate::clips::Clip;

impl Store {
    /// Updates the clips from a folder: new ones are added, renamed ones get their new name. Changes are reported to
    /// `note`.
    ///
    /// It fails for a folder without any clip of the database, and for a clip whose file has other content than when it
    /// was rated. Clips of the database that are not in the folder keep their ratings and are not shown.
    pub(crate) fn take_up(
        &mut self,
        clips: &[Clip],
        folder: &Path,
        note: &mut dyn FnMut(String),
    ) -> Result<(), RatingError> {
        let db = self.path.clone();
        self.write(|transaction| {
            // Content, name, and number of valid ratings.
            let known: Vec<(String, String, i64)> = transaction
                .prepare(
                    "SELECT sha256, name, (SELECT count(*) FROM rating WHERE clip = clip.id AND withdrawn IS NULL)
                     FROM clip ORDER BY name",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<Result<_, _>>()?;
            let here = |sha256: &str| clips.iter().find(|c| c.sha256 == sha256);
            let missing: Vec<_> = known.iter().filter(|k| here(&k.0).is_none()).collect();
            if let Some((_, clip, ratings)) = missing
                .iter()
                .find(|(_, name, ratings)| *ratings > 0 && clips.iter().any(|c| c.name == *name))
            {
                return Err(RatingError::ClipReplaced {
                    db,
                    clip: clip.clone(),
                    ratings: *ratings,
                }
                .into());
            }
            if !known.is_empty() && missing.len() == known.len() {
                return Err(RatingError::OtherClips {
                    db,
                    folder: folder.into(),
                    clips: known.len(),
                    first: known[0].1.clone(),
                }
                .into());
            }
            for (_, name, ratings) in missing {
                note(format!(
                    "{name}: no longer there; its {ratings} ratings are kept, it is not shown"
                ));
            }
            let mut added = 0;
            for clip in clips {
                match known.iter().find(|k| k.0 == clip.sha256) {
                    Some((_, name, _)) if *name == clip.name => {}
                    Some((_, name, _)) => {
                        note(format!("{name}: now called {}", clip.name));
                        transaction.execute(
                            "UPDATE clip SET name = ?2 WHERE sha256 = ?1",
                            params![clip.sha256, clip.name],
                        )?;
                    }
                    None => {
                        added += 1;
                        transaction.execute(
                            "INSERT INTO clip (sha256, name, added) VALUES (?1, ?2, ?3)",
                            params![clip.sha256, clip.name, now(transaction)?],
                        )?;
                    }
                }
            }
            if added > 0 && !known.is_empty() {
                let are = if added == 1 { "is" } else { "are" };
                note(format!("{} {are} new in this database", counted(added, "clip")));
            }
            Ok(())
        })
    }

    /// Renames a clip to the name under which it was found.
    pub(crate) fn rename(&mut self, clip: &Clip) -> Result<(), RatingError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE clip SET name = ?2 WHERE sha256 = ?1 AND name != ?2",
                params![clip.sha256, clip.name],
            )?;
            Ok(())
        })
    }
}
