//! Files that are read: every file of a user's passes through [`open_file`], so that a name which leads to a pipe or a
//! device is refused instead of waited for.

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::Path;

use crate::{Cancelled, stop_requested};

/// Largest file that [`read_file`] and [`read_text`] read, bytes.
const MOST: u64 = 1 << 30;

/// Bytes that are read between two looks at [`stop_requested`].
const PART: usize = 1 << 20;

/// Opens a regular file for reading. Whatever else the name leads to is refused before it is opened: opening a named pipe
/// waits for a writer, and a device may never end.
///
/// # Errors
/// A name that does not exist or may not be read; a folder, named pipe, socket or device, by that word.
pub fn open_file(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    require_regular(fs::metadata(path)?.file_type())?;
    File::open(path)
}

/// Reads a regular file of at most 1 GiB: settings, records, tables of contents. Larger files are read in parts, by
/// [`open_file`].
///
/// # Errors
/// Those of [`open_file`]; a larger file; [`Cancelled`] inside the error if the program is to stop.
pub fn read_file(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let file = open_file(path)?;
    let length = file.metadata()?.len();
    if length > MOST {
        let reason = format!("it has {length} bytes; expected a file of at most {MOST}");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    read_rest(&mut file.take(MOST))
}

/// Reads what is left of an open file, of any size: for files whose beginning has shown that they are what is expected.
///
/// # Errors
/// The error of the file system; [`Cancelled`] inside the error if the program is to stop.
pub fn read_rest(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let 1.. = next_part(file, &mut bytes)? {}
    Ok(bytes)
}

/// Reads a regular file of at most 1 GiB as text.
///
/// # Errors
/// Those of [`read_file`]; bytes that are not UTF-8.
pub fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    String::from_utf8(read_file(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

/// Appends the next 1 MiB of a file, or what is left of it; returns its bytes, 0 at the end.
///
/// # Errors
/// The error of the file system; [`Cancelled`] inside the error if the program is to stop.
pub(crate) fn next_part(file: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
    if stop_requested() {
        return Err(io::Error::other(Cancelled));
    }
    file.take(PART as u64).read_to_end(bytes)
}

/// Refuses a folder that holds anything but regular files and folders, such as a named pipe; for folders whose files another
/// library opens. Links to folders are not followed.
///
/// # Errors
/// The first such entry, by name; a folder that cannot be read.
pub fn refuse_special_files(folder: impl AsRef<Path>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let mut kind = entry.file_type()?;
        if kind.is_dir() {
            refuse_special_files(&path)?;
            continue;
        }
        if kind.is_symlink() {
            // A link that leads nowhere is a missing file, which the reader reports.
            let Ok(leads) = fs::metadata(&path) else { continue };
            kind = leads.file_type();
        }
        if !kind.is_dir() {
            require_regular(kind)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
        }
    }
    Ok(())
}

fn require_regular(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let (found, error) = match () {
        () if kind.is_dir() => ("a folder", io::ErrorKind::IsADirectory),
        () => (special(kind), io::ErrorKind::InvalidInput),
    };
    Err(io::Error::new(error, format!("it is {found}; expected a regular file")))
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match () {
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "a special file",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "a special file"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_folders_and_large_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, vec![b'x'; PART + 3]).unwrap();
        assert_eq!(read_file(&path).unwrap().len(), PART + 3);
        assert_eq!(read_text(&path).unwrap().len(), PART + 3);
        fs::write(&path, [0xff]).unwrap();
        assert_eq!(read_text(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
        // A sparse file takes no room.
        File::create(&path).unwrap().set_len(MOST + 1).unwrap();
        let error = read_file(&path).unwrap_err().to_string();
        assert!(error.contains("1073741825 bytes"), "{error}");
        let error = open_file(folder.path()).unwrap_err().to_string();
        assert_eq!(error, "it is a folder; expected a regular file");
        assert_eq!(
            open_file(folder.path().join("none")).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }

    #[cfg(unix)]
    #[test]
    fn pipes_sockets_and_devices_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| open_file(path).unwrap_err().to_string();
        assert_eq!(
            refused(Path::new("/dev/null")),
            "it is a device; expected a regular file"
        );
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert_eq!(refused(&socket), "it is a socket; expected a regular file");
        let pipe = folder.path().join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        // Open for writing as well, so that opening it would not wait.
        let _held = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        assert_eq!(refused(&pipe), "it is a named pipe; expected a regular file");
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("chunk"), "x").unwrap();
        std::os::unix::fs::symlink("nowhere", inner.join("link")).unwrap();
        refuse_special_files(&inner).unwrap();
        std::os::unix::fs::symlink(&pipe, inner.join("linked")).unwrap();
        let error = refuse_special_files(&inner).unwrap_err().to_string();
        assert!(
            error.ends_with("linked: it is a named pipe; expected a regular file"),
            "{error}"
        );
    }
}
