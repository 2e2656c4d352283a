//! Atomic writes of files and folders by [`pusht_jobs`], with this crate's errors.

use std::io::Write;
use std::path::Path;

use crate::DataError;

/// Writes a file with [`pusht_jobs::write_file`].
pub(crate) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), DataError> {
    pusht_jobs::write_file(path, write).map_err(|e| DataError::unwritable(path, &e))
}

/// Writes a folder that must not exist yet; after an error nothing remains.
#[cfg(any(feature = "lerobot", feature = "zarr"))]
pub(crate) fn write_folder(path: &Path, write: impl FnOnce(&Path) -> Result<(), DataError>) -> Result<(), DataError> {
    let failed = |e: std::io::Error| DataError::unwritable(path, &e);
    if path.exists() {
        // Checked before the work, not after it.
        return Err(DataError::unwritable(
            path,
            "it exists already; remove it or choose another name",
        ));
    }
    let folder = pusht_jobs::StagedFolder::beside(path).map_err(failed)?;
    write(folder.path())?;
    folder.commit().map_err(failed)
}
