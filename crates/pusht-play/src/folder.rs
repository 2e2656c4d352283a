//! The folder of the recorded episodes, used by one server at a time.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use pusht_data::{SeededTrajectory, SimulatedSet, Simulation, Start};
use pusht_jobs::claim_folder;

use crate::PlayError;

/// The set of saved episodes.
const SET: &str = "demonstrations.jsonl";
/// The unfinished episode.
const JOURNAL: &str = "unfinished.jsonl";
/// Locked while a server runs; contains the token of links for other machines.
const KEY: &str = "server.key";
/// Origin of the episodes in the set.
const SOURCE: &str = "person";
/// Length of a token, characters.
const TOKEN: usize = 32;

/// The folder of the recorded episodes.
#[derive(Debug)]
pub(crate) struct PlayFolder {
    set: PathBuf,
    key: PathBuf,
    journal: PathBuf,
    simulation: Simulation,
    saved: Vec<SeededTrajectory>,
    lock: File,
}

impl PlayFolder {
    /// Opens a folder of earlier episodes, or creates it.
    pub(crate) fn open(path: &Path, simulation: Simulation) -> Result<Self, PlayError> {
        claim_folder(path, &[KEY, SET, JOURNAL]).map_err(|source| PlayError::Folder {
            path: path.to_path_buf(),
            source,
        })?;
        let key = path.join(KEY);
        let lock = private(&key).map_err(PlayError::io(&key))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(PlayError::Busy {
                    path: path.to_path_buf(),
                });
            }
            // Some file systems have no locks.
            Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(e)) => return Err(PlayError::io(&key)(e)),
        }
        let set = path.join(SET);
        let saved = if set.exists() {
            read(&set, simulation)?
        } else {
            Vec::new()
        };
        Ok(Self {
            set,
            key,
            journal: path.join(JOURNAL),
            simulation,
            saved,
            lock,
        })
    }

    /// The file of the saved episodes.
    pub(crate) fn set(&self) -> &Path {
        &self.set
    }

    /// The file of the unfinished episode.
    pub(crate) fn journal(&self) -> &Path {
        &self.journal
    }

    pub(crate) fn saved(&self) -> &[SeededTrajectory] {
        &self.saved
    }

    /// The seed after that of the last saved episode.
    pub(crate) fn next_seed(&self) -> Option<u64> {
        let mut seeds = self.saved.iter().filter_map(|trajectory| match trajectory.start {
            Start::Seed(seed) => Some(seed),
            Start::Reset(_) | Start::State(_) => None,
        });
        seeds.next_back()?.checked_add(1)
    }

    /// Adds an episode to the set: the whole file is written beside and renamed.
    pub(crate) fn save(&mut self, trajectory: SeededTrajectory) -> Result<(), PlayError> {
        let mut all = self.saved.clone();
        all.push(trajectory);
        let mut set = SimulatedSet::new(SOURCE, "recorded", self.simulation, all)?;
        set.settings = serde_json::json!({ "made_by": "pusht demos play", "version": env!("CARGO_PKG_VERSION") });
        set.save(&self.set)?;
        self.saved = set.trajectories().to_vec();
        Ok(())
    }

    /// The token of links for other machines; the first call makes it.
    pub(crate) fn token(&mut self) -> Result<String, PlayError> {
        let mut text = String::new();
        let file = &mut self.lock;
        let read = file.take(1 << 10).read_to_string(&mut text);
        read.map_err(PlayError::io(&self.key))?;
        if text.len() == TOKEN && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(text);
        }
        let mut secret = [0; TOKEN / 2];
        getrandom::fill(&mut secret).map_err(|e| PlayError::Server { reason: e.to_string() })?;
        let token: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.write_all(token.as_bytes())?;
            file.sync_data()
        };
        write(&mut self.lock).map_err(PlayError::io(&self.key))?;
        Ok(token)
    }
}

/// Opens a file, or creates one that only its owner reads.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn read(path: &Path, simulation: Simulation) -> Result<Vec<SeededTrajectory>, PlayError> {
    let set = SimulatedSet::open(path)?;
    if set.source != SOURCE {
        return Err(PlayError::OtherSource {
            path: path.to_path_buf(),
            found: set.source,
        });
    }
    if set.simulation != simulation {
        return Err(PlayError::OtherSimulation {
            path: path.to_path_buf(),
            found: Box::new(set.simulation),
            expected: Box::new(simulation),
        });
    }
    Ok(set.trajectories().to_vec())
}
