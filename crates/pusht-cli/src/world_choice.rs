//! World models by name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Result, ensure};
use pixel_world::PixelWorld;
use pusht_data::WorldModel;
use pusht_env::EnvConfig;
use pusht_jobs::{hash_path, plain_path};
use video_gen::PixelVideo;
use world_eval::SimulatorWorld;

use crate::arguments::similar;

/// What is expected, for messages.
const EXPECTED: &str =
    "simulator, pixel:DIR (a folder of `pusht train video --model pixel`), or the file of a pixel world";
/// Name of the exact simulator.
const SIMULATOR: &str = "simulator";

/// A world model as named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WorldChoice {
    /// `simulator`: the exact simulator.
    Simulator,
    /// `pixel:DIR`, or the path of a folder or file.
    Pixel(PathBuf),
}

impl FromStr for WorldChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = match text.split_once(':') {
            _ if text == SIMULATOR => return Ok(Self::Simulator),
            Some(("pixel", path)) => path,
            Some((kind @ ("object" | "ltx" | "cosmos" | "planner"), _)) => {
                return Err(format!(
                    "{kind} is no world model in which one acts; expected {EXPECTED}"
                ));
            }
            _ => text,
        };
        if path.is_empty() {
            return Err(format!("expected {EXPECTED}"));
        }
        Ok(Self::Pixel(plain_path(Path::new(path))))
    }
}

impl fmt::Display for WorldChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulator => f.write_str(SIMULATOR),
            Self::Pixel(path) => path.display().fmt(f),
        }
    }
}

/// A world that was loaded.
pub(crate) struct LoadedWorld {
    pub(crate) model: Box<dyn WorldModel>,
    /// SHA-256 of its file.
    pub(crate) sha256: Option<String>,
}

impl WorldChoice {
    /// Whether it is a model on a device.
    pub(crate) const fn has_device(&self) -> bool {
        matches!(self, Self::Pixel(_))
    }

    /// Loads it; the simulator gets these settings. `option` is named in errors.
    pub(crate) fn load(&self, option: &str, env: EnvConfig, device: &str) -> Result<LoadedWorld> {
        let Self::Pixel(path) = self else {
            return Ok(LoadedWorld {
                model: Box::new(SimulatorWorld::new(env)?),
                sha256: None,
            });
        };
        let shown = path.display();
        ensure!(
            path.exists(),
            "{option} {shown}: no such file or folder{}; expected {EXPECTED}",
            similar(&shown.to_string(), &[SIMULATOR])
                .map_or_else(String::new, |name| format!(", did you mean {name}?"))
        );
        let file = if path.is_dir() {
            ensure!(
                !path.join(PixelVideo::FORMER_FILE).exists(),
                "{option} {shown}: the pixel video model of an earlier version, which makes whole clips and is no world \
                 model; expected {EXPECTED}"
            );
            path.join(PixelVideo::WORLD_FILE)
        } else {
            path.clone()
        };
        ensure!(
            file.exists(),
            "{option} {shown}: there is no {} in this folder; expected {EXPECTED}",
            PixelVideo::WORLD_FILE
        );
        let device = training::device(device)?;
        Ok(LoadedWorld {
            model: Box::new(PixelWorld::load(&file, &device)?),
            sha256: Some(hash_path(&file)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worlds_are_chosen_by_name() {
        assert_eq!("simulator".parse(), Ok(WorldChoice::Simulator));
        for text in ["pixel:runs/a", "runs/a", "./runs/a/"] {
            assert_eq!(text.parse(), Ok(WorldChoice::Pixel("runs/a".into())), "{text}");
        }
        for text in ["", "pixel:", "object:a.safetensors"] {
            let error = text.parse::<WorldChoice>().unwrap_err();
            assert!(error.contains("expected simulator, pixel:DIR"), "{text}: {error}");
        }
        let load = |text: &str| {
            let world: WorldChoice = text.parse().unwrap();
            world
                .load("--in", EnvConfig::gym_pusht(), "cpu")
                .err()
                .unwrap()
                .to_string()
        };
        assert!(load("simulater").contains("--in simulater: no such file or folder, did you mean simulator?"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        assert!(load(&path).contains("there is no world.safetensors in this folder"));
        std::fs::write(folder.path().join(PixelVideo::FORMER_FILE), "{}").unwrap();
        assert!(load(&format!("pixel:{path}")).contains("of an earlier version"));
    }
}
