//! Atomic writes: files and folders are written under a temporary name, then renamed.

use std::fs;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use tempfile::{NamedTempFile, TempDir};

/// Writes a file under a temporary name in the same folder, syncs and renames it, so that an existing file is complete;
/// an older file is replaced. Output of `write` is buffered. The folder is created if it is missing.
///
/// # Errors
/// The error of `write` or of the file system; nothing is left behind.
pub fn write_file(path: impl AsRef<Path>, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = StagedFile::beside(path)?;
    write(&mut file)?;
    file.commit()
}

/// Writes bytes to a file with [`write_file`].
///
/// # Errors
/// Those of [`write_file`].
pub fn write_bytes(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    write_file(path, |out| out.write_all(bytes))
}

/// Writes a value as indented JSON with [`write_file`].
///
/// # Errors
/// Those of [`write_file`], or a value that cannot be JSON.
pub fn write_json(path: impl AsRef<Path>, value: &impl Serialize) -> io::Result<()> {
    write_bytes(path, &serde_json::to_vec_pretty(value)?)
}

/// Normalizes the spelling of a path: removes `.` and doubled or trailing slashes.
pub fn plain_path(path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    let parts = path.components().filter(|part| *part != Component::CurDir);
    let plain: PathBuf = parts.collect();
    if plain.as_os_str().is_empty() {
        path.to_path_buf()
    } else {
        plain
    }
}

/// Whether the file at `path` begins with these bytes; `false` for one that cannot be read. For recognizing formats.
pub fn begins_with(path: impl AsRef<Path>, prefix: impl AsRef<[u8]>) -> bool {
    let prefix = prefix.as_ref();
    let mut start = vec![0; prefix.len()];
    crate::open_file(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok()) && start == prefix
}

/// Creates the folder of a job, or accepts one that the same kind of job has written: empty, or with one of the names `ours` in it.
/// A folder of something else is refused, so that results are never mixed with other files.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] for a folder that holds something else; what the file system reports.
pub fn claim_folder(path: impl AsRef<Path>, ours: &[&str]) -> io::Result<()> {
    let path = path.as_ref();
    fs::create_dir_all(path)?;
    if ours.iter().any(|name| path.join(name).exists()) {
        return Ok(());
    }
    let Some(other) = fs::read_dir(path)?.next().transpose()? else {
        return Ok(());
    };
    let reason = format!(
        "it holds {:?} and nothing that this command writes; choose a new or empty folder",
        other.file_name()
    );
    Err(io::Error::new(io::ErrorKind::AlreadyExists, reason))
}

/// The result of a removal, to which it makes no difference whether there was anything to remove.
///
/// # Errors
/// The error of `removed`, unless it is [`io::ErrorKind::NotFound`].
pub fn absent_is_fine(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Prefix of the names of files and folders that are being written; those that a killed process left can be deleted.
pub const STAGING_PREFIX: &str = ".writing-";

/// Buffered file under a temporary name. [`commit`](Self::commit) renames it to its final path; without it, the file is
/// removed on drop.
#[derive(Debug)]
pub struct StagedFile {
    place: PathBuf,
    out: BufWriter<NamedTempFile>,
}

impl StagedFile {
    /// Creates an empty file in the same folder as `place`, which is created if it is missing.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn beside(place: impl AsRef<Path>) -> io::Result<Self> {
        let place = place.as_ref();
        let out = BufWriter::new(builder(0o666).tempfile_in(folder_of(place)?)?);
        Ok(Self {
            place: place.to_path_buf(),
            out,
        })
    }

    /// Temporary path of the file.
    pub fn path(&self) -> &Path {
        self.out.get_ref().path()
    }

    /// Syncs the file and renames it to its final path; an older file is replaced.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn commit(self) -> io::Result<()> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&self.place).map_err(|e| e.error)?;
        Ok(())
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Seek for StagedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.out.seek(to)
    }
}

/// Folder under a temporary name. [`commit`](Self::commit) or [`replace`](Self::replace) renames it to its final path;
/// without either, the folder is removed on drop.
#[derive(Debug)]
pub struct StagedFolder {
    place: PathBuf,
    temp: TempDir,
}

impl StagedFolder {
    /// Creates an empty folder next to `place`, whose parents are created if they are missing.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn beside(place: impl AsRef<Path>) -> io::Result<Self> {
        let place = place.as_ref();
        let temp = builder(0o777).tempdir_in(folder_of(place)?)?;
        Ok(Self {
            place: place.to_path_buf(),
            temp,
        })
    }

    /// Temporary path of the folder, to which to write.
    pub fn path(&self) -> &Path {
        self.temp.path()
    }

    /// Renames the folder to its final path.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if the path exists, or the error of the file system.
    pub fn commit(self) -> io::Result<()> {
        if self.place.exists() {
            let reason = "it exists already; remove it or choose another name";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, reason));
        }
        sync_folder(self.temp.path())?;
        fs::rename(self.temp.path(), &self.place)?;
        // Renamed: nothing is left to remove.
        let _ = self.temp.keep();
        sync_folder(folder_of(&self.place)?)
    }

    /// Renames the folder to its final path. An older folder is moved aside first, restored if that fails, and removed
    /// last.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn replace(self) -> io::Result<()> {
        if !self.place.exists() {
            return self.commit();
        }
        let old = builder(0o777).tempdir_in(folder_of(&self.place)?)?;
        let aside = old.path().join("old");
        fs::rename(&self.place, &aside)?;
        fs::rename(self.temp.path(), &self.place).inspect_err(|_| {
            // If that fails too, the first error is reported.
            let _ = fs::rename(&aside, &self.place);
        })?;
        let _ = self.temp.keep();
        old.close()
    }
}

/// Syncs the names in a folder to disk, if the system supports it.
///
/// # Errors
/// A folder that cannot be opened or synced.
pub fn sync_folder(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref();
    #[cfg(unix)]
    fs::File::open(path)?.sync_all()?;
    let _ = path;
    Ok(())
}

/// The parent folder of `path`, created if it is missing.
fn folder_of(path: &Path) -> io::Result<&Path> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    Ok(folder)
}

/// Temporary files are private by default; these are ordinary files, under the user's umask.
#[cfg_attr(not(unix), expect(unused_variables, reason = "permissions are a Unix matter"))]
fn builder(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(STAGING_PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_leaves_the_earlier_file_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b.txt");
        write_bytes(&path, b"one").unwrap();
        let failed = write_file(&path, |out| {
            out.write_all(b"tw")?;
            Err(io::Error::other("full"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "full");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(names(&root.path().join("a")), ["b.txt"]);
    }

    #[cfg(unix)]
    #[test]
    fn files_have_the_permissions_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let (ours, plain) = (root.path().join("ours"), root.path().join("plain"));
        write_bytes(&ours, b"").unwrap();
        fs::write(&plain, b"").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn formats_are_recognized_by_their_first_bytes() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("x");
        fs::write(&file, "abc").unwrap();
        assert!(begins_with(&file, "ab") && begins_with(&file, "abc"));
        assert!(!begins_with(&file, "abcd") && !begins_with(&file, "b"));
        assert!(!begins_with(root.path(), "ab") && !begins_with(root.path().join("y"), "ab"));
    }

    #[test]
    fn a_folder_of_something_else_is_not_claimed() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("a/b");
        claim_folder(&place, &["clips.jsonl"]).unwrap();
        fs::write(place.join("thesis.tex"), "").unwrap();
        let error = claim_folder(&place, &["clips.jsonl"]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(error.to_string().contains("thesis.tex"), "{error}");
        fs::write(place.join("clips.jsonl"), "").unwrap();
        claim_folder(&place, &["clips.jsonl"]).unwrap();
    }

    #[test]
    fn a_folder_takes_its_place_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("made");
        let fill = |text: &str| {
            let folder = StagedFolder::beside(&place).unwrap();
            fs::write(folder.path().join("x"), text).unwrap();
            folder
        };
        drop(fill("dropped"));
        assert_eq!(names(root.path()), [""; 0]);
        fill("one").commit().unwrap();
        let taken = fill("two").commit().unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(place.join("x")).unwrap(), "one");
        fill("three").replace().unwrap();
        assert_eq!(fs::read_to_string(place.join("x")).unwrap(), "three");
        assert_eq!(names(root.path()), ["made"]);
    }
}
