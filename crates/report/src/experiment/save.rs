//! Writes and reads `report.json` and `report.html`.

use super::{Assets, ExperimentReport, PaperRow, REPORT_SCHEMA, render_html};
use pusht_jobs::write_file;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// `report.json`: the report, and the comparison with the paper, which is derived from it.
#[derive(Serialize)]
struct File<'a> {
    #[serde(flatten)]
    report: &'a ExperimentReport,
    beside_the_paper: Vec<PaperRow>,
}

impl ExperimentReport {
    /// Writes `report.json` and `report.html` into the run's folder, which already holds the images. Each is written to
    /// a temporary file and renamed.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), ReportError> {
        let file = File {
            report: self,
            beside_the_paper: self.beside_the_paper(),
        };
        let path = folder.join("report.json");
        write_file(&path, |w| Ok(serde_json::to_writer(w, &file)?)).map_err(|e| ReportError::io(&path, e))?;
        let (path, page) = (
            folder.join("report.html"),
            render_html(self, &Assets::read(self, folder)),
        );
        write_file(&path, |w| w.write_all(page.as_bytes())).map_err(|e| ReportError::io(&path, e))
    }

    /// Reads `report.json` of a run's folder.
    ///
    /// # Errors
    /// No such file, or one that is not a report of this version.
    pub fn read(folder: &Path) -> Result<Self, ReportError> {
        let path = folder.join("report.json");
        let bytes = pusht_jobs::read_file(&path).map_err(|e| ReportError::io(&path, e))?;
        let foreign = |reason: String| ReportError::Foreign {
            path: path.clone(),
            reason,
        };
        let report: Self = serde_json::from_slice(&bytes).map_err(|e| foreign(e.to_string()))?;
        if !(1..=REPORT_SCHEMA).contains(&report.schema) {
            return Err(foreign(format!("schema {} instead of {REPORT_SCHEMA}", report.schema)));
        }
        // Fields of earlier versions are read under their old names.
        Ok(Self {
            schema: REPORT_SCHEMA,
            ..report
        })
    }
}

/// Errors from writing or reading a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        source: std::io::Error,
    },
    /// The file is not a report of this version.
    #[error("{path} is not a report of this version: {reason}; finish the run with `pipeline` again", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

impl ReportError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
