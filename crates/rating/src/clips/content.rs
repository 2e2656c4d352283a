//! A cheap check whether a clip's content may have changed.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use pusht_jobs::is_hidden;
use video_io::is_png_file;

/// Sizes, times and identities of a clip's files. If they are the same, the content is taken to be unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<(PathBuf, u64, Option<SystemTime>, u64)>);

impl Stamp {
    /// The stamp of the file, or of all PNG files of the folder, at `path`; an error if any of it lies outside `root`.
    pub(crate) fn of(path: &Path, root: &Path) -> io::Result<Self> {
        // A path that is no longer canonical goes through a new link.
        let inside = |path: &Path| -> io::Result<PathBuf> {
            let real = path.canonicalize()?;
            match real.starts_with(root) {
                true => Ok(real),
                false => Err(io::Error::other(format!(
                    "it leads out of the folder of clips, to {}",
                    real.display()
                ))),
            }
        };
        let real = inside(path)?;
        let metadata = fs::metadata(&real)?;
        if !metadata.is_dir() {
            return Ok(Self(vec![line(real, &metadata)]));
        }
        let mut lines = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if is_png_file(entry.path()) && !is_hidden(entry.path()) {
                let metadata = fs::metadata(inside(&entry.path())?)?;
                lines.push(line(entry.path(), &metadata));
            }
        }
        lines.sort();
        Ok(Self(lines))
    }
}

fn line(path: PathBuf, metadata: &Metadata) -> (PathBuf, u64, Option<SystemTime>, u64) {
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let file = 0;
    (path, metadata.len(), metadata.modified().ok(), file)
}
