//! Folder of a stage: it gets its final name only when complete, with a record of its inputs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{Key, StageError};
use crate::{Hasher, absent_is_fine, write_json};

/// Manifest file, written last into a stage's folder.
const MANIFEST: &str = "stage.json";
/// File with the key of an unfinished folder.
const OWNER: &str = "inputs";
/// File with the seconds that stopped processes have spent on an unfinished folder.
const SPENT: &str = "seconds";

/// Origin of a finished stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Run by this process.
    Made,
    /// Kept from an earlier run of this program.
    Kept,
    /// Kept from an earlier run of another build, whose code may differ.
    OtherBuild,
}

/// Record of a finished stage.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The stage's key.
    inputs: Key,
    /// Wall-clock seconds of the stage, including those of earlier processes that were stopped.
    pub(super) seconds: f64,
    /// The build of the program that ran it; see [`program`].
    #[serde(default)]
    program: String,
}

impl Manifest {
    /// Origin of a stage that already existed.
    pub(super) fn origin(&self) -> Origin {
        if self.program == program() {
            Origin::Kept
        } else {
            Origin::OtherBuild
        }
    }
}

/// State of a stage's folder.
pub(super) enum Found {
    Nothing,
    /// A folder left by a stopped process.
    Unfinished,
    /// A stage of this name with other inputs.
    OtherInputs,
    Finished(Manifest),
}

/// The path of a stage with a key.
pub(super) struct Folder {
    pub(super) dir: PathBuf,
    unfinished: PathBuf,
    /// Where a folder of other inputs is moved before it is removed.
    replaced: PathBuf,
    pub(super) key: Key,
}

impl Folder {
    pub(super) fn new(root: &Path, name: &str, key: Key) -> Self {
        Self {
            dir: root.join(name),
            unfinished: root.join(format!("{name}.unfinished")),
            replaced: root.join(format!("{name}.replaced")),
            key,
        }
    }

    /// Inspects the folder.
    pub(super) fn find(&self) -> Result<Found, StageError> {
        if self.dir.exists() {
            let manifest = crate::read_file(self.dir.join(MANIFEST)).ok();
            let manifest: Option<Manifest> = manifest.and_then(|text| serde_json::from_slice(&text).ok());
            let Some(manifest) = manifest else {
                return Err(StageError::NotAStage { path: self.dir.clone() });
            };
            if manifest.inputs == self.key {
                return Ok(Found::Finished(manifest));
            }
        }
        Ok(match (self.is_begun(), self.dir.exists()) {
            (true, _) => Found::Unfinished,
            (false, true) => Found::OtherInputs,
            (false, false) => Found::Nothing,
        })
    }

    /// Whether there is an unfinished folder of this key.
    fn is_begun(&self) -> bool {
        crate::read_text(self.unfinished.join(OWNER)).is_ok_and(|owner| owner == self.key.as_str())
    }

    /// Calls `work` with the unfinished folder, in the state left by an earlier process of the same key, and renames it
    /// to its final path. A finished or unfinished folder of another key is removed.
    pub(super) fn fill<E: From<StageError>>(&self, work: impl FnOnce(&Path) -> Result<(), E>) -> Result<Manifest, E> {
        let dir = &self.unfinished;
        if dir.exists() && !self.is_begun() {
            fs::remove_dir_all(dir).map_err(StageError::io(dir))?;
        }
        fs::create_dir_all(dir).map_err(StageError::io(dir))?;
        fs::write(dir.join(OWNER), self.key.as_str()).map_err(StageError::io(dir))?;
        let spent = dir.join(SPENT);
        let before: f64 = crate::read_text(&spent)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0.0);
        let start = Instant::now();
        let seconds = || before + start.elapsed().as_secs_f64();
        work(dir).inspect_err(|_| {
            // Only for the record; the stage's own error matters more.
            let _ = fs::write(&spent, seconds().to_string());
        })?;
        let manifest = Manifest {
            inputs: self.key.clone(),
            seconds: seconds(),
            program: program().to_owned(),
        };
        self.commit(&manifest)?;
        Ok(manifest)
    }

    /// Gives the folder its final name. Whenever the process is killed, the final name is that of a whole folder or of
    /// none.
    fn commit(&self, manifest: &Manifest) -> Result<(), StageError> {
        // The time is in the manifest now; a finished folder does not depend on where it was interrupted.
        let spent = self.unfinished.join(SPENT);
        absent_is_fine(fs::remove_file(&spent)).map_err(StageError::io(&spent))?;
        write_json(self.unfinished.join(MANIFEST), manifest).map_err(StageError::io(&self.unfinished))?;
        // An earlier process may have been killed here.
        self.remove_replaced()?;
        if self.dir.exists() {
            fs::rename(&self.dir, &self.replaced).map_err(StageError::io(&self.dir))?;
        }
        fs::rename(&self.unfinished, &self.dir).map_err(StageError::io(&self.dir))?;
        self.remove_replaced()
    }

    fn remove_replaced(&self) -> Result<(), StageError> {
        absent_is_fine(fs::remove_dir_all(&self.replaced)).map_err(StageError::io(&self.replaced))
    }
}

/// Identifies the build of the program: the beginning of its file's hash.
pub(super) fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let mut hasher = Hasher::new();
        // If the file cannot be read, all builds count as one.
        hasher.bytes(std::env::current_exe().and_then(fs::read).unwrap_or_default());
        let mut hash = hasher.finish();
        hash.truncate(12);
        hash
    })
}
