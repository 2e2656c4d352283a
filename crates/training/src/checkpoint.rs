//! Checkpoints: everything a run needs to go on, in one folder per epoch, with a manifest that names the run and the
//! hash of each file.
//!
//! A folder is written under another name and renamed, so that one that exists is whole. The newest and the best are
//! kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Curve, Ema, TrainingError};

const MODEL: &str = "model.bpk";
const OPTIMIZER: &str = "optimizer.bpk";
const AVERAGE: &str = "average.bpk";
const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;

/// What a checkpoint says about itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// Hash of settings, model and data of the run.
    pub(crate) run: String,
    pub(crate) epoch: usize,
    pub(crate) step: usize,
    pub(crate) average_updates: usize,
    pub(crate) best_epoch: usize,
    pub(crate) best_valid: Option<f64>,
    pub(crate) curve: Curve,
    /// SHA-256 by file name.
    pub(crate) files: BTreeMap<String, String>,
}

/// The folder of a run's checkpoints.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
    run: String,
}

/// What a run goes on with.
pub(crate) struct Resumed<M> {
    pub(crate) model: M,
    pub(crate) optimizer: ModuleOptimizer,
    pub(crate) ema: Option<Ema<M>>,
    pub(crate) best: M,
    pub(crate) manifest: Manifest,
}

impl Checkpoints {
    /// Checkpoints of the run with the hash `run` under `out`.
    pub(crate) fn open(out: &Path, run: String) -> Result<Self, TrainingError> {
        let folder = out.join("checkpoints");
        std::fs::create_dir_all(&folder).map_err(TrainingError::io("creating", &folder))?;
        Ok(Self { folder, run })
    }

    /// Writes the state after an epoch and drops the folders that are neither newest nor best.
    pub(crate) fn save<M: Module>(
        &self,
        mut manifest: Manifest,
        model: &M,
        optimizer: &ModuleOptimizer,
        ema: Option<&Ema<M>>,
    ) -> Result<(), TrainingError> {
        let target = self.epoch_folder(manifest.epoch);
        let staging = tempfile::Builder::new()
            .prefix("unfinished-")
            .tempdir_in(&self.folder)
            .map_err(TrainingError::io("creating", &self.folder))?;
        let record_error = |error: burn::store::RecordError| {
            TrainingError::io("writing", &target)(std::io::Error::other(error.to_string()))
        };
        let mut files = vec![
            (MODEL, model.valid().into_record().into_bytes().map_err(record_error)?),
            (OPTIMIZER, optimizer.into_bytes().map_err(record_error)?),
        ];
        if let Some(ema) = ema {
            let bytes = ema.model().clone().into_record().into_bytes().map_err(record_error)?;
            files.push((AVERAGE, bytes));
        }
        manifest.format = FORMAT;
        manifest.run.clone_from(&self.run);
        for (name, bytes) in files {
            manifest.files.insert(name.to_string(), sha256(&bytes));
            write_synced(&staging.path().join(name), &bytes)?;
        }
        let text = serde_json::to_string_pretty(&manifest).expect("a manifest is JSON");
        write_synced(&staging.path().join(MANIFEST), text.as_bytes())?;
        if target.exists() {
            std::fs::remove_dir_all(&target).map_err(TrainingError::io("replacing", &target))?;
        }
        let staging = staging.keep();
        std::fs::rename(&staging, &target).map_err(TrainingError::io("writing", &target))?;
        for epoch in self.epochs()? {
            if epoch != manifest.epoch && epoch != manifest.best_epoch {
                let old = self.epoch_folder(epoch);
                std::fs::remove_dir_all(&old).map_err(TrainingError::io("deleting", &old))?;
            }
        }
        Ok(())
    }

    /// The newest state, if there is one; `fresh` is a model and optimiser of the run's kind.
    pub(crate) fn load<M: Module>(
        &self,
        fresh: &M,
        optimizer: ModuleOptimizer,
        ema_decay: Option<f64>,
    ) -> Result<Option<Resumed<M>>, TrainingError> {
        let Some(newest) = self.epochs()?.into_iter().max() else {
            return Ok(None);
        };
        let manifest = self.manifest(newest)?;
        let weights = |manifest: &Manifest, name: &str| -> Result<M, TrainingError> {
            let (path, bytes) = self.read(manifest, name)?;
            ModuleRecord::from_bytes(bytes)
                .and_then(|record| fresh.valid().try_load_record(record))
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
        let best = weights(&self.manifest(manifest.best_epoch)?, name)?;
        Ok(Some(Resumed {
            model,
            optimizer,
            ema,
            best,
            manifest,
        }))
    }

    fn manifest(&self, epoch: usize) -> Result<Manifest, TrainingError> {
        let path = self.epoch_folder(epoch).join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|error| self.unusable(&path, &error.to_string()))?;
        let manifest: Manifest =
            serde_json::from_str(&text).map_err(|error| self.unusable(&path, &format!("not a manifest: {error}")))?;
        if manifest.format != FORMAT {
            let reason = format!("its format is {}; expected {FORMAT}", manifest.format);
            return Err(self.unusable(&path, &reason));
        }
        if manifest.run != self.run {
            return Err(TrainingError::ForeignCheckpoint {
                path,
                expected: self.run.clone(),
                found: manifest.run,
            });
        }
        Ok(manifest)
    }

    /// The bytes of a file, when they are those that were written.
    fn read(&self, manifest: &Manifest, name: &str) -> Result<(PathBuf, Bytes), TrainingError> {
        let path = self.epoch_folder(manifest.epoch).join(name);
        let bytes = std::fs::read(&path).map_err(|error| self.unusable(&path, &error.to_string()))?;
        if manifest.files.get(name) != Some(&sha256(&bytes)) {
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

    fn epoch_folder(&self, epoch: usize) -> PathBuf {
        self.folder.join(format!("epoch-{epoch:06}"))
    }

    /// Epochs that have a folder.
    fn epochs(&self) -> Result<Vec<usize>, TrainingError> {
        let entries = std::fs::read_dir(&self.folder).map_err(TrainingError::io("reading", &self.folder))?;
        Ok(entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("epoch-")?.parse().ok())
            .collect())
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), TrainingError> {
    use std::io::Write;
    std::fs::File::create(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(TrainingError::io("writing", path))
}
