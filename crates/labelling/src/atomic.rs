//! Files that are written beside their final name.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::LabelError;

/// Puts what `write` writes at `path`, in one piece or not at all.
pub(crate) fn write(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> Result<(), LabelError> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    // Readable as any other file; temporary ones are private by default.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let make = || -> io::Result<()> {
        let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        let mut out = BufWriter::new(file.as_file_mut());
        write(&mut out)?;
        out.flush()?;
        drop(out);
        file.persist(path)?;
        Ok(())
    };
    make().map_err(LabelError::io(path))
}
