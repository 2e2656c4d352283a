//! Journal of a job: a header line with everything that the results depend on, then one line per finished item, in
//! order of completion. A killed job leaves whole lines and at most one truncated line.
//!
//! At most one line is held in memory: of a file, only the positions of its lines are kept.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::write_file;

/// Errors of reading or writing a journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Reading or writing failed.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// An invalid line; line 1 is the header.
    #[error("{path}: line {line} is not readable ({reason})", path = path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

impl JournalError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}

/// Position of a line in its file.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    offset: u64,
    length: usize,
}

impl Place {
    /// Reads the line's bytes, including its line break.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn read(self, file: &mut File) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.length];
        file.seek(SeekFrom::Start(self.offset))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// Content of a journal: the header and the positions of the lines.
#[derive(Debug)]
pub struct JournalScan<H> {
    path: PathBuf,
    /// The first line.
    pub header: H,
    /// Positions by the index of the item; of two lines of one item the later one counts.
    pub places: BTreeMap<usize, Place>,
    /// Bytes of whole lines; the rest is truncated.
    whole: u64,
}

impl<H: DeserializeOwned> JournalScan<H> {
    /// Reads the file once. Every line after the first is a JSON object with a number `index`; a last line without a
    /// line break is truncated and does not count.
    ///
    /// # Errors
    /// A file that cannot be read or is not such a journal.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        #[derive(Deserialize)]
        struct Index {
            index: usize,
        }
        let path = path.as_ref();
        let mut reader = BufReader::new(crate::open_file(path).map_err(JournalError::io(path))?);
        let (mut header, mut places, mut whole, mut line) = (None, BTreeMap::new(), 0, Vec::new());
        for number in 1.. {
            line.clear();
            let length = reader.read_until(b'\n', &mut line).map_err(JournalError::io(path))?;
            if !line.ends_with(b"\n") {
                break;
            }
            let broken = |e: serde_json::Error| JournalError::Line {
                path: path.to_path_buf(),
                line: number,
                reason: e.to_string(),
            };
            if header.is_none() {
                header = Some(serde_json::from_slice(&line).map_err(broken)?);
            } else {
                let Index { index } = serde_json::from_slice(&line).map_err(broken)?;
                places.insert(index, Place { offset: whole, length });
            }
            whole += length as u64;
        }
        let header = header.ok_or_else(|| JournalError::Line {
            path: path.to_path_buf(),
            line: 1,
            reason: "there is no whole line".to_owned(),
        })?;
        Ok(Self {
            path: path.to_path_buf(),
            header,
            places,
            whole,
        })
    }

    /// The lines in the order of their indices, read one at a time.
    ///
    /// # Errors
    /// A file that can no longer be opened; each line has its own error.
    pub fn lines<T: DeserializeOwned>(
        &self,
    ) -> Result<impl Iterator<Item = Result<T, JournalError>> + '_, JournalError> {
        let mut file = crate::open_file(&self.path).map_err(JournalError::io(&self.path))?;
        Ok(self.places.values().map(move |place| {
            let bytes = place.read(&mut file).map_err(JournalError::io(&self.path))?;
            serde_json::from_slice(&bytes).map_err(|e| JournalError::io(&self.path)(e.into()))
        }))
    }
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    out: Mutex<WholeLines<File>>,
}

/// A file of whole lines.
#[derive(Debug)]
struct WholeLines<F> {
    file: F,
    /// Bytes of whole lines.
    whole: u64,
    /// Whether a part of a line could not be removed.
    broken: bool,
}

impl<F: Write + Truncate> WholeLines<F> {
    /// Appends a line. A line of which only a part could be written is removed, so that a later line, for which the disk
    /// may have room again, does not continue it.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other(
                "an earlier line could not be written whole; free some space and run again",
            ));
        }
        let written = self.file.write_all(line);
        match written {
            Ok(()) => self.whole += line.len() as u64,
            Err(_) => self.broken = self.file.truncate(self.whole).is_err(),
        }
        written
    }
}

/// A file that can be cut.
trait Truncate {
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

impl Truncate for File {
    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

impl Journal {
    /// Creates a journal with only its header; an existing file at `path` is replaced.
    ///
    /// # Errors
    /// A path that cannot be written.
    pub fn create(path: impl AsRef<Path>, header: &impl Serialize) -> Result<Self, JournalError> {
        let path = path.as_ref();
        write_file(path, |out| write_line(out, header)).map_err(JournalError::io(path))?;
        Self::open(path, None)
    }

    /// Resumes a journal after `scan`: a truncated last line is removed.
    ///
    /// # Errors
    /// A path that cannot be written.
    pub fn resume<H>(scan: &JournalScan<H>) -> Result<Self, JournalError> {
        Self::open(&scan.path, Some(scan.whole))
    }

    fn open(path: &Path, whole: Option<u64>) -> Result<Self, JournalError> {
        let open = || -> io::Result<File> {
            if let Some(whole) = whole {
                OpenOptions::new().write(true).open(path)?.set_len(whole)?;
            }
            OpenOptions::new().append(true).open(path)
        };
        let out = open().and_then(|file| {
            let whole = file.metadata()?.len();
            Ok(WholeLines {
                file,
                whole,
                broken: false,
            })
        });
        Ok(Self {
            path: path.to_path_buf(),
            out: Mutex::new(out.map_err(JournalError::io(path))?),
        })
    }

    /// Appends a line, from any thread. `line` is a JSON object with a number `index`.
    ///
    /// # Errors
    /// A path that cannot be written, for example on a full disk.
    pub fn append(&self, line: &impl Serialize) -> Result<(), JournalError> {
        let mut bytes = Vec::new();
        write_line(&mut bytes, line)
            .and_then(|()| {
                let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
                out.append(&bytes)
            })
            .map_err(JournalError::io(&self.path))
    }

    /// Sorts the lines by their indices, so that the result does not depend on threads and interruptions, and renames the
    /// journal to `path`, on the same file system. Whenever the process is killed, there is a whole journal, or a whole
    /// file at `path` and no journal.
    ///
    /// # Errors
    /// A path that cannot be written.
    pub fn finish<H: DeserializeOwned + Serialize>(
        self,
        path: impl AsRef<Path>,
    ) -> Result<JournalScan<H>, JournalError> {
        let path = path.as_ref();
        let scan = JournalScan::<H>::read(&self.path)?;
        write_file(&self.path, |out| {
            let mut from = crate::open_file(&self.path)?;
            write_line(out, &scan.header)?;
            (scan.places.values()).try_for_each(|place| out.write_all(&place.read(&mut from)?))
        })
        .map_err(JournalError::io(&self.path))?;
        fs::rename(&self.path, path).map_err(JournalError::io(path))?;
        JournalScan::read(path)
    }
}

fn write_line(out: &mut (impl Write + ?Sized), value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Line {
        index: usize,
        text: String,
    }

    fn line(index: usize, text: &str) -> Line {
        Line {
            index,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_killed_job_goes_on_and_the_result_is_in_order() {
        let root = tempfile::tempdir().unwrap();
        let (partial, done) = (root.path().join("x.partial"), root.path().join("x"));
        let journal = Journal::create(&partial, &"header").unwrap();
        journal.append(&line(2, "c")).unwrap();
        journal.append(&line(0, "old")).unwrap();
        drop(journal);
        // Killed within a line.
        let mut file = OpenOptions::new().append(true).open(&partial).unwrap();
        file.write_all(b"{\"index\":7,\"te").unwrap();
        let scan = JournalScan::<String>::read(&partial).unwrap();
        assert_eq!((scan.header.as_str(), scan.places.len()), ("header", 2));
        let journal = Journal::resume(&scan).unwrap();
        journal.append(&line(1, "b")).unwrap();
        journal.append(&line(0, "a")).unwrap();
        let scan = journal.finish::<String>(&done).unwrap();
        let lines: Vec<Line> = scan.lines().unwrap().map(Result::unwrap).collect();
        assert_eq!(lines, [line(0, "a"), line(1, "b"), line(2, "c")]);
        assert!(!partial.exists());
    }

    /// A file on a disk with room for some bytes.
    #[derive(Default)]
    struct Small {
        content: Vec<u8>,
        room: usize,
        is_cut: bool,
    }

    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let some = bytes.len().min(self.room - self.content.len());
            if some == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.content.extend_from_slice(&bytes[..some]);
            Ok(some)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Truncate for Small {
        fn truncate(&mut self, length: u64) -> io::Result<()> {
            if !self.is_cut {
                return Err(io::ErrorKind::Other.into());
            }
            self.content.truncate(length as usize);
            Ok(())
        }
    }

    #[test]
    fn a_line_for_which_the_disk_has_no_room_does_not_run_into_the_next() {
        for is_cut in [true, false] {
            let file = Small {
                room: 8,
                is_cut,
                ..Small::default()
            };
            let mut out = WholeLines {
                file,
                whole: 0,
                broken: false,
            };
            out.append(b"first\n").unwrap();
            assert_eq!(out.append(b"second\n").unwrap_err().kind(), io::ErrorKind::StorageFull);
            // Another thread has freed some space.
            out.file.room = 100;
            assert_eq!(out.append(b"third\n").is_ok(), is_cut);
            let expected: &[u8] = if is_cut { b"first\nthird\n" } else { b"first\nse" };
            assert_eq!(out.file.content, expected);
        }
    }

    #[test]
    fn what_is_no_journal_is_refused_with_the_line() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("x");
        for (text, line) in [
            ("", 1),
            ("\"h\"", 1),
            ("\"h\"\n{}\n", 2),
            ("\"h\"\n{\"index\":1}\nx\n", 3),
        ] {
            fs::write(&path, text).unwrap();
            match JournalScan::<String>::read(&path) {
                Err(JournalError::Line { line: found, .. }) => assert_eq!(found, line, "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }
}
