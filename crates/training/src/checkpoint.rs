//! Checkpoints: everything a run needs to resume, in one folder each, with a manifest that names the run and the hash
//! of each file.
//!
//! A folder is written under another name, synced to disk and renamed, so that an existing one is complete, whenever
//! the process is killed. The newest are kept, and the best.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use burn::module::{Module, ParamGroup};
use burn::optim::ModuleOptimizer;
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use pusht_jobs::{STAGING_PREFIX, StagedFolder, hash_bytes, open_file, read_rest, write_bytes};
use serde::{Deserialize, Serialize};

use crate::identity::RunIdentity;
use crate::{Curve, Ema, TrainingError};

const MODEL: &str = "model.bpk";
const OPTIMIZER: &str = "optimizer.bpk";
const AVERAGE: &str = "average.bpk";
const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 2;
/// Prefix of folders that are being deleted.
const UNFINISHED: &str = "unfinished-";

/// Manifest of a checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// Hash of settings, model and data of the run.
    pub(crate) run: String,
    /// The same as named values, for the error about a checkpoint of another run.
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, String>,
    /// SHA-256 of the run's inputs; `None` in checkpoints of earlier versions, and if the hash above covers them.
    #[serde(default)]
    pub(crate) inputs: Option<String>,
    /// Number of updates done.
    pub(crate) step: usize,
    /// Number of epochs finished.
    pub(crate) epoch: usize,
    pub(crate) average_updates: usize,
    pub(crate) best: Option<Best>,
    pub(crate) curve: Curve,
    /// Losses since the last row of the curve.
    pub(crate) losses: Vec<f64>,
    /// SHA-256 by file name.
    pub(crate) files: BTreeMap<String, String>,
}

/// The best epoch so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    /// Number of the epoch, from 1.
    pub(crate) epoch: usize,
    /// Number of updates done at its end.
    pub(crate) step: usize,
    pub(crate) valid: Option<f64>,
}

/// The checkpoint folder of a run, locked against other processes.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
    run: RunIdentity,
    keep: usize,
    /// Unlocked when it is closed, also by a kill.
    _lock: File,
}

/// State from which a run resumes.
pub(crate) struct Resumed<M> {
    pub(crate) model: M,
    pub(crate) optimizer: ModuleOptimizer,
    pub(crate) ema: Option<Ema<M>>,
    pub(crate) best: Option<M>,
    pub(crate) manifest: Manifest,
}

/// Creates the folder of a run if it is missing; called before the work to avoid a wasted hour.
///
/// # Errors
/// A file of that name, or a folder that cannot be created.
pub fn out_folder(path: &Path) -> Result<(), TrainingError> {
    if path.is_file() {
        return Err(TrainingError::NotAFolder {
            path: path.to_path_buf(),
        });
    }
    std::fs::create_dir_all(path).map_err(TrainingError::io("creating", path))
}

impl Checkpoints {
    /// Opens the checkpoints of the run `run` under `out`, of which the newest `keep` are kept.
    pub(crate) fn open(out: &Path, run: RunIdentity, keep: usize) -> Result<Self, TrainingError> {
        out_folder(out)?;
        let folder = out.join("checkpoints");
        std::fs::create_dir_all(&folder).map_err(TrainingError::io("creating", &folder))?;
        let path = folder.join("lock");
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(TrainingError::io("opening", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(TrainingError::Busy { folder }),
            // Training continues on a file system without locks.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(TrainingError::io("locking", &path)(error)),
        }
        let opened = Self {
            folder,
            run,
            keep,
            _lock: lock,
        };
        for name in opened.names()? {
            if name.starts_with(STAGING_PREFIX) || name.starts_with(UNFINISHED) {
                let left = opened.folder.join(name);
                std::fs::remove_dir_all(&left).map_err(TrainingError::io("deleting", &left))?;
            }
        }
        Ok(opened)
    }

    /// Writes a state and deletes the folders that are neither among the newest nor the best. Fills in the manifest's
    /// format, run, settings and hashes. Only the parameters of `part` of the models are kept.
    pub(crate) fn save<M: Module>(
        &self,
        mut manifest: Manifest,
        model: &M,
        optimizer: &ModuleOptimizer,
        ema: Option<&Ema<M>>,
        part: &ParamGroup,
    ) -> Result<(), TrainingError> {
        let target = self.step_folder(manifest.step);
        let staging = StagedFolder::beside(&target).map_err(TrainingError::io("creating a folder in", &self.folder))?;
        let record_error = |error: burn::store::RecordError| {
            TrainingError::io("writing", &target)(std::io::Error::other(error.to_string()))
        };
        let mut files = vec![
            (MODEL, record(model.valid(), part).into_bytes().map_err(record_error)?),
            (OPTIMIZER, optimizer.into_bytes().map_err(record_error)?),
        ];
        if let Some(ema) = ema {
            files.push((AVERAGE, record(ema.model(), part).into_bytes().map_err(record_error)?));
        }
        manifest.format = FORMAT;
        manifest.run.clone_from(&self.run.hash);
        manifest.settings.clone_from(&self.run.settings);
        manifest.inputs.clone_from(&self.run.inputs);
        for (name, bytes) in files {
            manifest.files.insert(name.to_string(), hash_bytes(&*bytes));
            let path = staging.path().join(name);
            write_bytes(&path, &bytes).map_err(TrainingError::io("writing", &path))?;
        }
        let text = serde_json::to_string_pretty(&manifest).expect("a manifest is JSON");
        write_bytes(staging.path().join(MANIFEST), text.as_bytes()).map_err(TrainingError::io("writing", &target))?;
        staging.commit().map_err(TrainingError::io("writing", &target))?;
        self.prune(manifest.best.map(|best| best.step))
    }

    fn prune(&self, best: Option<usize>) -> Result<(), TrainingError> {
        let mut steps = self.steps()?;
        steps.sort_unstable();
        let old = steps.len().saturating_sub(self.keep);
        for &step in steps[..old].iter().filter(|&&step| Some(step) != best) {
            let folder = self.step_folder(step);
            // Renamed first, so that a kill leaves no folder with half of its files.
            let doomed = self.folder.join(format!("{UNFINISHED}{step}"));
            std::fs::rename(&folder, &doomed)
                .and_then(|()| std::fs::remove_dir_all(&doomed))
                .map_err(TrainingError::io("deleting", &folder))?;
        }
        Ok(())
    }

    /// Loads the newest state, if there is one; `fresh` is a model and optimizer of the run's kind. With `partly`,
    /// parameters that a checkpoint lacks are those of `fresh`.
    pub(crate) fn load<M: Module>(
        &self,
        fresh: &M,
        optimizer: ModuleOptimizer,
        ema_decay: Option<f64>,
        partly: bool,
    ) -> Result<Option<Resumed<M>>, TrainingError> {
        let Some(newest) = self.steps()?.into_iter().max() else {
            return Ok(None);
        };
        let manifest = self.manifest(newest)?;
        let weights = |manifest: &Manifest, name: &str| -> Result<M, TrainingError> {
            let (path, bytes) = self.read(manifest, name)?;
            ModuleRecord::from_bytes(bytes)
                .and_then(|record| fresh.valid().try_load_record(record.allow_partial(partly)))
                .map_err(|error| self.unusable(&path, &error.to_string()))
        };
        let model = weights(&manifest, MODEL)?;
        let (path, bytes) = self.read(&manifest, OPTIMIZER)?;
        let optimizer = optimizer
            .from_bytes(bytes)
            .map_err(|error| self.unusable(&path, &error.to_string()))?;
        let ema = match ema_decay {
            Some(decay) => Some(Ema::resume(
                weights(&manifest, AVERAGE)?,
                decay,
                manifest.average_updates,
            )),
            None => None,
        };
        let name = if ema_decay.is_some() { AVERAGE } else { MODEL };
        let best = match manifest.best {
            Some(best) => Some(weights(&self.manifest(best.step)?, name)?),
            None => None,
        };
        Ok(Some(Resumed {
            model,
            optimizer,
            ema,
            best,
            manifest,
        }))
    }

    fn manifest(&self, step: usize) -> Result<Manifest, TrainingError> {
        let path = self.step_folder(step).join(MANIFEST);
        let text = pusht_jobs::read_text(&path).map_err(|error| self.unusable(&path, &error.to_string()))?;
        let manifest: Manifest =
            serde_json::from_str(&text).map_err(|error| self.unusable(&path, &format!("not a manifest: {error}")))?;
        if manifest.format != FORMAT {
            let reason = format!("its format is {}; expected {FORMAT}", manifest.format);
            return Err(self.unusable(&path, &reason));
        }
        if self.run.inputs.is_some() && manifest.inputs.is_none() {
            return Err(TrainingError::UnknownInputs { path });
        }
        let inputs_differ = self.run.inputs.is_some() && manifest.inputs != self.run.inputs;
        if manifest.run != self.run.hash || inputs_differ {
            let short = |hash: &str| hash.chars().take(12).collect::<String>();
            let hashes = || {
                let (found, expected) = (short(&manifest.run), short(&self.run.hash));
                format!("its settings, model or data differ: {found} there, {expected} here")
            };
            return Err(TrainingError::ForeignCheckpoint {
                path,
                difference: self.run.difference(&manifest.settings).unwrap_or_else(hashes),
            });
        }
        Ok(manifest)
    }

    /// Reads a file and checks its hash.
    fn read(&self, manifest: &Manifest, name: &str) -> Result<(PathBuf, Bytes), TrainingError> {
        let path = self.step_folder(manifest.step).join(name);
        let bytes = open_file(&path).and_then(|mut file| read_rest(&mut file));
        let bytes = bytes.map_err(|error| self.unusable(&path, &error.to_string()))?;
        if manifest.files.get(name) != Some(&hash_bytes(&bytes)) {
            return Err(self.unusable(&path, "its SHA-256 is not the one in the manifest"));
        }
        Ok((path, Bytes::from_bytes_vec(bytes)))
    }

    fn unusable(&self, path: &Path, reason: &str) -> TrainingError {
        TrainingError::Checkpoint {
            path: path.to_path_buf(),
            reason: reason.to_string(),
            folder: self.folder.clone(),
        }
    }

    fn step_folder(&self, step: usize) -> PathBuf {
        self.folder.join(format!("step-{step:08}"))
    }

    /// Steps that have a checkpoint folder.
    fn steps(&self) -> Result<Vec<usize>, TrainingError> {
        let steps = self.names()?.into_iter();
        Ok(steps
            .filter_map(|name| name.strip_prefix("step-")?.parse().ok())
            .collect())
    }

    fn names(&self) -> Result<Vec<String>, TrainingError> {
        let entries = std::fs::read_dir(&self.folder).map_err(TrainingError::io("reading", &self.folder))?;
        Ok(entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect())
    }
}

/// Record of the parameters of a part of a model.
fn record<M: Module>(model: M, part: &ParamGroup) -> ModuleRecord {
    model.into_record_group(part.clone())
}
