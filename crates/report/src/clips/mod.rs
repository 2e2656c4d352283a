//! The report of a folder of clips.

mod clip;
mod markdown;
mod page;
mod policies;

use std::path::Path;

use clip_review::Verdicts;
use pusht_jobs::write_bytes;

use crate::ReportError;

/// Writes `report.html` into the folder that holds the film strips.
///
/// # Errors
/// The file cannot be written.
pub fn write_clips(verdicts: &Verdicts, folder: &Path) -> Result<(), ReportError> {
    let path = folder.join("report.html");
    write_bytes(&path, page::clips_page(verdicts, folder).as_bytes()).map_err(|e| ReportError::io(&path, e))
}
