//! Stages on disk: each writes its artefacts into a folder of its own, which takes its final name only when it is
//! complete, with the hash of everything it was made from beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::PipelineError;

/// Written last into a finished stage's folder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StageManifest {
    /// Hash of the stage's settings and of the stages before it.
    pub(crate) inputs: String,
    /// Wall-clock seconds it took, earlier processes that were stopped included.
    pub(crate) seconds: f64,
    /// The build of the program that made it; see [`program`].
    #[serde(default)]
    pub(crate) program: String,
}

const MANIFEST: &str = "stage.json";
/// Seconds that stopped processes have spent on an unfinished stage.
const SPENT: &str = "seconds";

/// A finished stage: where its files lie, and the hash that later stages build on.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) dir: PathBuf,
    pub(crate) hash: String,
    pub(crate) seconds: f64,
    pub(crate) origin: Origin,
}

/// Who made a finished stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This process.
    Made,
    /// An earlier run of this program.
    Kept,
    /// An earlier run of another build of it, whose code may have been another.
    OtherBuild,
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
            origin: if manifest.program == program() {
                Origin::Kept
            } else {
                Origin::OtherBuild
            },
        });
    }
    let partial = root.join(format!("{name}.unfinished"));
    let owner = partial.join("inputs");
    if partial.exists() && fs::read_to_string(&owner).ok().as_deref() != Some(hash.as_str()) {
        fs::remove_dir_all(&partial).map_err(io(&partial))?;
    }
    fs::create_dir_all(&partial).map_err(io(&partial))?;
    fs::write(&owner, &hash).map_err(io(&owner))?;
    let spent = partial.join(SPENT);
    let before: f64 = fs::read_to_string(&spent)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0);
    let start = Instant::now();
    let seconds = || before + start.elapsed().as_secs_f64();
    work(&partial).inspect_err(|_| {
        // Only for the record; the stage's own error is what matters.
        let _ = fs::write(&spent, seconds().to_string());
    })?;
    let manifest = StageManifest {
        inputs: hash.clone(),
        seconds: seconds(),
        program: program().to_owned(),
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
        origin: Origin::Made,
    })
}

/// Tells builds of the program apart: the beginning of its file's hash. Empty where the file cannot be read.
fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let file = std::env::current_exe().and_then(fs::read).unwrap_or_default();
        let digest = Sha256::digest(file);
        digest.iter().take(6).map(|b| format!("{b:02x}")).collect()
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
    pusht_jobs::write_bytes(path, bytes).map_err(io(path))
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
    fn a_stage_knows_who_made_it_and_counts_the_time_of_stopped_processes() {
        let root = tempfile::tempdir().unwrap();
        let wait = || std::thread::sleep(std::time::Duration::from_millis(30));
        let run = |fails: bool| {
            stage(root.path(), "s", &1, |dir| {
                wait();
                if fails {
                    return Err(PipelineError::Interrupted { run: dir.to_owned() });
                }
                Ok(())
            })
        };
        assert!(run(true).is_err());
        let made = run(false).unwrap();
        assert!(made.seconds >= 0.06, "{}", made.seconds);
        assert_eq!((made.origin, run(false).unwrap().origin), (Origin::Made, Origin::Kept));
        let manifest = root.path().join("s").join(MANIFEST);
        let text = fs::read_to_string(&manifest).unwrap().replace(program(), "other");
        fs::write(&manifest, text).unwrap();
        assert_eq!(run(false).unwrap().origin, Origin::OtherBuild);
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
