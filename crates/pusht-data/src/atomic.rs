//! Files and folders that are there whole or not at all: written beside, then renamed.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::DataError;

/// Writes a file beside its place and renames it; what `write` writes is buffered and synced before. The folder is made
/// where it is missing.
///
/// # Errors
/// What `write` or the file system says.
pub fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), DataError> {
    let failed = |e: std::io::Error| DataError::unwritable(path, &e);
    let file = builder(0o666).tempfile_in(folder_of(path)?).map_err(failed)?;
    let mut out = BufWriter::new(file);
    write(&mut out).map_err(failed)?;
    let file = out.into_inner().map_err(|e| failed(e.into_error()))?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// Writes a folder that does not exist yet beside its place and renames it; after an error nothing is there.
///
/// # Errors
/// What `write` says, a folder that exists, or a place that cannot be written.
pub fn write_folder<E: From<DataError>>(path: &Path, write: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
    if path.exists() {
        let reason = "it exists already; remove it or choose another name";
        return Err(DataError::unwritable(path, reason).into());
    }
    let failed = |e: std::io::Error| DataError::unwritable(path, &e);
    let folder = builder(0o777).tempdir_in(folder_of(path)?).map_err(failed)?;
    write(folder.path())?;
    std::fs::rename(folder.path(), path).map_err(failed)?;
    // Renamed: nothing is left to remove.
    let _ = folder.keep();
    Ok(())
}

/// The folder that `path` is in, made where it is missing.
fn folder_of(path: &Path) -> Result<&Path, DataError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(|e| DataError::unwritable(path, &e))?;
    Ok(folder)
}

/// Temporary files are private unless told otherwise; these are ordinary files, under the user's umask.
#[cfg_attr(not(unix), expect(unused_variables, reason = "permissions are a Unix matter"))]
fn builder(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    builder
}
