//! Results on the disk.

use std::path::Path;

use anyhow::{Context, Result};

/// Writes a file whole or not at all; the error names it.
pub fn save(path: &Path, text: &str) -> Result<()> {
    pusht_jobs::write_bytes(path, text.as_bytes()).with_context(|| path.display().to_string())
}
