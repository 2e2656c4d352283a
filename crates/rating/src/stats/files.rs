//! Reads audit scores, writes reports.

use std::io::Write;
use std::path::Path;

use pusht_jobs::{begins_with, claim_folder, write_file};

use super::audit::AuditScores;
use super::report::RatingReport;
use crate::ratings::CSV_HEADER;
use crate::{RatingError, Ratings};

/// Reads an audit's scores: JSON such as `{"clip.mp4": {"adherence": 2, "responsibility": 1, "physics": 4.5}}`, as
/// `pusht audit` writes them to `scores.json`.
///
/// # Errors
/// A file that cannot be read or holds no scores.
pub fn read_audit_scores(path: impl AsRef<Path>) -> Result<AuditScores, RatingError> {
    let path = path.as_ref();
    let bytes = pusht_jobs::read_file(path).map_err(RatingError::io(path))?;
    serde_json::from_slice(&bytes).map_err(|error| RatingError::NoScores {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}

impl Ratings {
    /// Writes `report.json`, `report.md` and all ratings as `ratings.csv` to `folder`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write_report(&self, report: &RatingReport, folder: impl AsRef<Path>) -> Result<(), RatingError> {
        let folder = folder.as_ref();
        claim_folder(folder, &["ratings.csv", "report.md"]).map_err(RatingError::io(folder))?;
        self.save_csv(folder.join("ratings.csv"))?;
        let path = folder.join("report.json");
        let json = |out: &mut dyn Write| {
            serde_json::to_writer_pretty(&mut *out, report)?;
            writeln!(out)
        };
        write_file(&path, json).map_err(RatingError::io(&path))?;
        let path = folder.join("report.md");
        write_file(&path, |out| write!(out, "{report}")).map_err(RatingError::io(&path))
    }

    /// Writes all ratings as CSV ([`Ratings::write_csv`]) to a file; an earlier export is replaced.
    ///
    /// # Errors
    /// A path that cannot be written.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> Result<(), RatingError> {
        let path = path.as_ref();
        if path.exists() && !begins_with(path, CSV_HEADER) {
            return Err(RatingError::NoExport {
                path: path.to_path_buf(),
            });
        }
        write_file(path, |out| self.write_csv(out)).map_err(RatingError::io(path))
    }
}
