//! Zip archives, unpacked into a folder that they cannot leave.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use pusht_jobs::{Cancelled, JobContext};
use zip::ZipArchive;
use zip::result::ZipError;

/// How much an archive may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackLimits {
    /// Most bytes of all files together, unpacked.
    pub most_bytes: u64,
    /// Most files and folders.
    pub most_files: usize,
}

/// Errors of unpacking an archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// A file that is no zip archive, or a damaged one.
    #[error("{path:?} is no complete zip archive ({reason}); download it again")]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// The error of the reader.
        reason: String,
    },
    /// A file in the archive that is not unpacked.
    #[error("{path:?}: {entry:?} {reason}; nothing was unpacked")]
    Entry {
        /// The archive.
        path: PathBuf,
        /// The file in it.
        entry: String,
        /// Why it is refused.
        reason: &'static str,
    },
    /// An archive above the limits.
    #[error("{path:?} holds more than {limit}; nothing was unpacked")]
    TooLarge {
        /// The archive.
        path: PathBuf,
        /// The limit.
        limit: String,
    },
    /// A file or folder cannot be read or written.
    #[error("{path:?}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Unpacks the zip archive `path` into the empty folder `into`; the caller removes that folder if this fails. Returns the number of files.
///
/// # Errors
/// A damaged archive; entries that leave the folder, are links, encrypted or named twice; more than the limits allow.
pub fn unpack_zip(path: &Path, into: &Path, limits: UnpackLimits, ctx: &mut JobContext) -> Result<usize, ArchiveError> {
    let damaged = |error: ZipError| ArchiveError::Damaged {
        path: path.to_path_buf(),
        reason: error.to_string(),
    };
    let too_large = |limit: String| ArchiveError::TooLarge {
        path: path.to_path_buf(),
        limit,
    };
    let file = pusht_jobs::open_file(path).map_err(io_at(path))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    if archive.len() > limits.most_files {
        return Err(too_large(format!("{} files", limits.most_files)));
    }
    let task = ctx.task("unpack", archive.len(), "file");
    let (mut files, mut left) = (0, limits.most_bytes);
    for index in 0..archive.len() {
        task.check()?;
        let mut entry = archive.by_index(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        let refuse = |reason| ArchiveError::Entry {
            path: path.to_path_buf(),
            entry: name.clone(),
            reason,
        };
        let plain = crate::paths::stays_inside(name.trim_end_matches('/'));
        let place = match entry.enclosed_name() {
            Some(inside) if plain => into.join(inside),
            _ => return Err(refuse("leaves the folder into which the archive is unpacked")),
        };
        if entry.is_symlink() {
            return Err(refuse("is a link, which is not unpacked"));
        }
        if entry.encrypted() {
            return Err(refuse("is encrypted"));
        }
        if entry.is_dir() {
            fs::create_dir_all(&place).map_err(io_at(&place))?;
            continue;
        }
        let folder = place.parent().unwrap_or(into);
        fs::create_dir_all(folder).map_err(io_at(folder))?;
        let out = match File::create_new(&place) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(refuse("is in the archive twice"));
            }
            out => out.map_err(io_at(&place))?,
        };
        // What an archive says about its sizes is not trusted.
        let mut out = BufWriter::new(out);
        let copied = io::copy(&mut entry.by_ref().take(left.saturating_add(1)), &mut out);
        let copied = copied.map_err(|error| ArchiveError::Damaged {
            path: path.to_path_buf(),
            reason: format!("{name}: {error}"),
        })?;
        left = left
            .checked_sub(copied)
            .ok_or_else(|| too_large(format!("{} bytes", limits.most_bytes)))?;
        out.flush().map_err(io_at(&place))?;
        files += 1;
        task.add(1);
    }
    task.finish(&pusht_jobs::counted(files, "file"));
    Ok(files)
}

/// For `map_err`.
fn io_at(path: &Path) -> impl FnOnce(io::Error) -> ArchiveError + '_ {
    |source| ArchiveError::Io {
        path: path.to_path_buf(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zip::write::SimpleFileOptions;

    const LIMITS: UnpackLimits = UnpackLimits {
        most_bytes: 1 << 20,
        most_files: 10,
    };

    fn archive(folder: &Path, entries: &[(&str, &[u8])]) -> PathBuf {
        let path = folder.join("a.zip");
        let mut writer = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap();
        path
    }

    fn unpack(path: &Path, limits: UnpackLimits) -> Result<Vec<String>, String> {
        let into = tempfile::tempdir().unwrap();
        let count =
            unpack_zip(path, into.path(), limits, &mut JobContext::silent()).map_err(|error| error.to_string())?;
        let mut names = Vec::new();
        for entry in fs::read_dir(into.path()).unwrap() {
            names.push(entry.unwrap().file_name().to_string_lossy().into_owned());
        }
        names.sort();
        assert!(count >= names.len());
        Ok(names)
    }

    #[test]
    fn files_are_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(
            folder.path(),
            &[("a.txt", b"a"), ("b/.zgroup", b"{}"), ("b/c/0.0", &[7; 5000])],
        );
        assert_eq!(unpack(&path, LIMITS).unwrap(), ["a.txt", "b"]);
    }

    #[test]
    fn nothing_leaves_the_folder() {
        for name in [
            "../out.txt",
            "/tmp/out.txt",
            "a/../../out.txt",
            "a\\..\\..\\out.txt",
            "C:/out.txt",
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = archive(folder.path(), &[(name, b"x")]);
            let error = unpack(&path, LIMITS).unwrap_err();
            assert!(error.contains("leaves the folder"), "{name}: {error}");
            assert!(!folder.path().join("out.txt").exists());
        }
    }

    #[test]
    fn links_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        let mut writer = zip::ZipWriter::new(File::create(&path).unwrap());
        writer.add_symlink("a", "/etc", SimpleFileOptions::default()).unwrap();
        writer.finish().unwrap();
        assert!(unpack(&path, LIMITS).unwrap_err().contains("is a link"));
    }

    #[test]
    fn limits_hold_for_what_is_really_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), &[("a", &vec![0; 2 << 20])]);
        assert!(
            fs::metadata(&path).unwrap().len() < 10_000,
            "an archive that unpacks to far more"
        );
        assert!(unpack(&path, LIMITS).unwrap_err().contains("more than 1048576 bytes"));
        let names: Vec<String> = (0..11).map(|i| format!("f{i}")).collect();
        let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
        assert!(
            unpack(&archive(folder.path(), &entries), LIMITS)
                .unwrap_err()
                .contains("more than 10 files")
        );
    }

    #[test]
    fn damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), &[("a", &[1; 1000])]);
        let whole = fs::read(&path).unwrap();
        for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).unwrap();
            let error = unpack(&path, LIMITS).unwrap_err();
            assert!(error.contains("no complete zip archive"), "{cut}: {error}");
        }
        // The packed bytes begin behind the local header of 30 bytes and the name.
        for at in 31..34 {
            let mut changed = whole.clone();
            changed[at] ^= 0xff;
            fs::write(&path, changed).unwrap();
            assert!(unpack(&path, LIMITS).is_err(), "{at}");
        }
        fs::write(&path, "<html>not found</html>").unwrap();
        assert!(unpack(&path, LIMITS).unwrap_err().contains("no complete zip archive"));
    }
}
