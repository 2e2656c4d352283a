//! The file of the unfinished episode, appended to as it is played: a header, then one line for each step or undo. A
//! killed server leaves whole lines and at most one truncated line.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use pusht_data::Simulation;
use pusht_env::Action;
use serde::{Deserialize, Serialize};

use crate::{PlayError, PlaySettings};

const FORMAT: &str = "pusht-unfinished-episode";
const VERSION: u32 = 1;
/// Lines after which the file is synced to disk: a second.
const SYNC: usize = 10;
/// Length of the longest line, bytes; longer ones are not read.
const MOST_LINE: u64 = 1 << 12;

/// A policy, as episodes name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyName {
    pub name: String,
    /// SHA-256 of its file.
    pub sha256: Option<String>,
}

/// One step of an episode.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub action: Action,
    /// Whether a person chose the action.
    pub human: bool,
}

/// What determines an episode besides its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JournalHeader {
    format: String,
    version: u32,
    pub simulation: Simulation,
    pub seed: u64,
    /// The policy that the person could take over from.
    pub policy: Option<PolicyName>,
}

impl JournalHeader {
    pub(crate) fn new(simulation: Simulation, seed: u64, policy: Option<PolicyName>) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            simulation,
            seed,
            policy,
        }
    }
}

/// Every line after the header.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Step(Step),
    /// An undo: only the first steps remain.
    Keep {
        keep: usize,
    },
}

/// The file of the unfinished episode.
#[derive(Debug)]
pub(crate) struct EpisodeJournal {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    whole: u64,
    /// Lines since the last sync.
    unsynced: usize,
    /// Whether a part of a line could not be removed.
    is_broken: bool,
}

impl EpisodeJournal {
    /// Begins the file of another episode, after these steps; it replaces that of the last one.
    pub(crate) fn create(path: &Path, header: &JournalHeader, steps: &[Step]) -> Result<Self, PlayError> {
        let unwritable = |e: serde_json::Error| PlayError::io(path)(e.into());
        let mut bytes = serde_json::to_vec(header).map_err(unwritable)?;
        bytes.push(b'\n');
        for &step in steps {
            serde_json::to_writer(&mut bytes, &Line::Step(step)).map_err(unwritable)?;
            bytes.push(b'\n');
        }
        pusht_jobs::write_bytes(path, &bytes).map_err(PlayError::io(path))?;
        Self::open(path, bytes.len() as u64)
    }

    /// Reads a file and opens it for more steps; `None` if there is none. A truncated last line is removed.
    pub(crate) fn resume(path: &Path) -> Result<Option<(Self, JournalHeader, Vec<Step>)>, PlayError> {
        let file = match pusht_jobs::open_file(path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(PlayError::io(path)(e)),
        };
        let mut lines = Lines::new(path, file);
        let header = lines.header()?;
        let mut steps = Vec::new();
        while let Some(text) = lines.next()? {
            match serde_json::from_slice(&text) {
                Ok(Line::Step(step)) if step.action.iter().any(|x| !x.is_finite()) => {
                    return Err(lines.refuse(format!("the target {:?} is not finite", step.action)));
                }
                Ok(Line::Step(step)) if steps.len() < PlaySettings::MOST_STEPS => steps.push(step),
                Ok(Line::Keep { keep }) if keep <= steps.len() => steps.truncate(keep),
                Ok(_) => return Err(lines.refuse("it does not continue the lines above".to_owned())),
                Err(e) => return Err(lines.refuse(e.to_string())),
            }
        }
        let journal = Self::open(path, lines.whole)?;
        Ok(Some((journal, header, steps)))
    }

    fn open(path: &Path, whole: u64) -> Result<Self, PlayError> {
        let open = || {
            let file = OpenOptions::new().append(true).open(path)?;
            file.set_len(whole)?;
            file.sync_data()?;
            Ok(file)
        };
        Ok(Self {
            path: path.to_path_buf(),
            file: open().map_err(PlayError::io(path))?,
            whole,
            unsynced: 0,
            is_broken: false,
        })
    }

    /// Appends a step. A server that is killed afterwards has it; a machine that loses its power has all but the last
    /// second.
    pub(crate) fn step(&mut self, step: Step) -> Result<(), PlayError> {
        self.append(Line::Step(step), self.unsynced + 1 >= SYNC)
    }

    /// Appends that only the first `keep` steps remain.
    pub(crate) fn keep(&mut self, keep: usize) -> Result<(), PlayError> {
        self.append(Line::Keep { keep }, true)
    }

    /// Writes everything to disk.
    pub(crate) fn sync(&mut self) -> Result<(), PlayError> {
        self.unsynced = 0;
        self.file.sync_data().map_err(PlayError::io(&self.path))
    }

    /// Appends a line, and writes everything to disk if `sync`. After an error the file is as before, or refuses further
    /// lines: a part of a line must not run into the next one, for which the disk may have room again.
    fn append(&mut self, line: Line, sync: bool) -> Result<(), PlayError> {
        if self.is_broken {
            let reason = "an earlier line could not be written whole; free some space and start the program again";
            return Err(PlayError::io(&self.path)(std::io::Error::other(reason)));
        }
        let mut bytes = serde_json::to_vec(&line).map_err(|e| PlayError::io(&self.path)(e.into()))?;
        bytes.push(b'\n');
        let written = self.file.write_all(&bytes);
        let written = written.and_then(|()| if sync { self.file.sync_data() } else { Ok(()) });
        if let Err(e) = written {
            self.is_broken = self.file.set_len(self.whole).is_err();
            return Err(PlayError::io(&self.path)(e));
        }
        self.whole += bytes.len() as u64;
        self.unsynced = if sync { 0 } else { self.unsynced + 1 };
        Ok(())
    }
}

/// Reads whole lines of bounded length.
struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<File>,
    number: usize,
    /// Bytes of whole lines.
    whole: u64,
}

impl<'a> Lines<'a> {
    fn new(path: &'a Path, file: File) -> Self {
        Self {
            path,
            reader: BufReader::new(file),
            number: 0,
            whole: 0,
        }
    }

    /// The next whole line, with its line break.
    fn next(&mut self) -> Result<Option<Vec<u8>>, PlayError> {
        let mut line = Vec::new();
        self.number += 1;
        let mut limited = std::io::Read::take(&mut self.reader, MOST_LINE);
        let read = limited.read_until(b'\n', &mut line);
        let length = read.map_err(PlayError::io(self.path))? as u64;
        if line.ends_with(b"\n") {
            self.whole += length;
            Ok(Some(line))
        } else if length == MOST_LINE {
            Err(self.refuse(format!("a line of more than {MOST_LINE} bytes")))
        } else {
            Ok(None)
        }
    }

    fn header(&mut self) -> Result<JournalHeader, PlayError> {
        let Some(text) = self.next()? else {
            return Err(self.refuse("there is no whole line".to_owned()));
        };
        let value: serde_json::Value = serde_json::from_slice(&text).map_err(|e| self.refuse(e.to_string()))?;
        if value["format"] != FORMAT {
            return Err(self.refuse(format!("its format is {}", value["format"])));
        }
        if value["version"] != VERSION {
            let found = &value["version"];
            return Err(self.refuse(format!("it has version {found}, this program reads {VERSION}")));
        }
        serde_json::from_value(value).map_err(|e| self.refuse(e.to_string()))
    }

    fn refuse(&self, reason: String) -> PlayError {
        PlayError::Journal {
            path: self.path.to_path_buf(),
            line: self.number,
            reason,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A journal on a device without room.
    pub(crate) fn on_a_full_disk() -> EpisodeJournal {
        let path = PathBuf::from("/dev/full");
        EpisodeJournal {
            file: OpenOptions::new().append(true).open(&path).unwrap(),
            path,
            whole: 0,
            unsynced: 0,
            is_broken: false,
        }
    }

    #[test]
    fn a_part_of_a_line_that_cannot_be_removed_ends_the_file() {
        let mut journal = on_a_full_disk();
        let error = journal.keep(0).unwrap_err().to_string();
        assert!(error.contains("No space left"), "{error}");
        let error = journal.keep(0).unwrap_err().to_string();
        assert!(error.contains("start the program again"), "{error}");
    }
}
