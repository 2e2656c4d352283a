//! Stages on disk: each writes its artefacts into a folder of its own, which takes its final name only when it is
//! complete, with the hash of everything it was made from beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use training::TrainingError;

use crate::PipelineError;

/// Written last into a finished stage's folder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StageManifest {
    /// Hash of the stage's settings and of the stages before it.
    pub(crate) inputs: String,
    /// Wall-clock seconds it took.
    pub(crate) seconds: f64,
}

const MANIFEST: &str = "stage.json";

/// A finished stage: where its files lie, and the hash that later stages build on.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) dir: PathBuf,
    pub(crate) hash: String,
    pub(crate) seconds: f64,
}

/// Runs `work` in a folder beside `root/name` and renames it when it returns; or returns the finished stage that is
/// already there with the same inputs. An unfinished folder with the same inputs is handed to `work` as it was left, so
/// that training goes on from its last checkpoint; one with other inputs is removed.
pub(crate) fn stage(
    root: &Path,
    name: &str,
    inputs: &impl Serialize,
    work: impl FnOnce(&Path) -> Result<(), PipelineError>,
) -> Result<Stage, PipelineError> {
    let hash = hash(name, inputs)?;
    let dir = root.join(name);
    if let Some(manifest) = finished(&dir)
        && manifest.inputs == hash
    {
        return Ok(Stage {
            dir,
            hash,
            seconds: manifest.seconds,
        });
    }
    let partial = root.join(format!("{name}.unfinished"));
    let owner = partial.join("inputs");
    if partial.exists() && fs::read_to_string(&owner).ok().as_deref() != Some(hash.as_str()) {
        fs::remove_dir_all(&partial).map_err(io(&partial))?;
    }
    fs::create_dir_all(&partial).map_err(io(&partial))?;
    fs::write(&owner, &hash).map_err(io(&owner))?;
    let start = Instant::now();
    work(&partial)?;
    let manifest = StageManifest {
        inputs: hash.clone(),
        seconds: start.elapsed().as_secs_f64(),
    };
    write_json(&partial.join(MANIFEST), &manifest)?;
    if dir.exists() {
        fs::remove_dir_all(&dir).map_err(io(&dir))?;
    }
    fs::rename(&partial, &dir).map_err(io(&dir))?;
    Ok(Stage {
        dir,
        hash,
        seconds: manifest.seconds,
    })
}

fn finished(dir: &Path) -> Option<StageManifest> {
    serde_json::from_slice(&fs::read(dir.join(MANIFEST)).ok()?).ok()
}

fn hash(name: &str, inputs: &impl Serialize) -> Result<String, PipelineError> {
    let text = serde_json::to_string(inputs).map_err(|e| PipelineError::Stage {
        stage: name.to_owned(),
        reason: e.to_string(),
    })?;
    let mut sha = Sha256::new();
    sha.update(env!("CARGO_PKG_VERSION"));
    sha.update(name);
    sha.update(text);
    Ok(sha.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// Reads an artefact of a finished stage.
pub(crate) fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, PipelineError> {
    let bytes = fs::read(path).map_err(io(path))?;
    serde_json::from_slice(&bytes).map_err(|e| PipelineError::NotARun {
        path: path.to_owned(),
        reason: format!("damaged ({e}); remove the stage's folder and run the experiment again"),
    })
}

/// Writes an artefact beside its final name and renames it.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), PipelineError> {
    let bytes = serde_json::to_vec_pretty(value).map_err(|e| PipelineError::Stage {
        stage: path.display().to_string(),
        reason: e.to_string(),
    })?;
    write(path, &bytes)
}

/// Writes bytes beside their final name and renames them.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), PipelineError> {
    training::write_atomic(path, bytes).map_err(|error| match error {
        TrainingError::Io { path, source, .. } => PipelineError::Io { path, source },
        other => PipelineError::Stage {
            stage: path.display().to_string(),
            reason: other.to_string(),
        },
    })
}

/// Names the path in an I/O error.
pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> PipelineError {
    let path = path.to_owned();
    move |source| PipelineError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_stage_is_skipped_and_changed_inputs_run_it_again() {
        let root = tempfile::tempdir().unwrap();
        let mut runs = 0;
        for inputs in ["a", "a", "b"] {
            stage(root.path(), "s", &inputs, |dir| {
                runs += 1;
                write(&dir.join("x"), inputs.as_bytes())
            })
            .unwrap();
        }
        assert_eq!(runs, 2);
        assert_eq!(fs::read_to_string(root.path().join("s/x")).unwrap(), "b");
    }

    #[test]
    fn an_unfinished_stage_is_continued_only_with_the_same_inputs() {
        let root = tempfile::tempdir().unwrap();
        let fail = |dir: &Path| -> Result<(), PipelineError> {
            write(&dir.join("checkpoint"), b"1")?;
            Err(PipelineError::Interrupted { run: dir.to_owned() })
        };
        assert!(stage(root.path(), "s", &1, fail).is_err());
        assert!(!root.path().join("s").exists());
        stage(root.path(), "s", &1, |dir| {
            assert!(dir.join("checkpoint").exists());
            Ok(())
        })
        .unwrap();
        assert!(stage(root.path(), "s", &2, fail).is_err());
        stage(root.path(), "s", &3, |dir| {
            assert!(!dir.join("checkpoint").exists());
            Ok(())
        })
        .unwrap();
    }
}
