//! World models by name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Result, ensure};
use hub_files::RepoKind;
use pixel_world::PixelWorld;
use pusht_data::WorldModel;
use pusht_env::EnvConfig;
use pusht_jobs::{JobContext, hash_path, plain_path};
use video_gen::PixelVideo;
use world_eval::SimulatorWorld;

use crate::arguments::similar;
use crate::hub;

/// What is expected, for messages.
const EXPECTED: &str = "simulator, pixel (the base that comes with the program), pixel:DIR (a folder of `pusht train video \
                        --model pixel`), or the file of a pixel world";
/// Name of the exact simulator.
const SIMULATOR: &str = "simulator";
/// Name of the pixel world that comes with the program, as `pusht generate` calls it.
const PIXEL: &str = "pixel";
/// Its name in tables.
const BASE_NAME: &str = "pixel base";

/// A world model as named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorldChoice {
    /// `simulator`: the exact simulator.
    Simulator,
    /// `pixel`: the base of the pixel world, which comes with the program.
    Base,
    /// `pixel:DIR`, or the path of a folder or file.
    Pixel(PathBuf),
}

impl FromStr for WorldChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = match text.split_once(':') {
            _ if text == SIMULATOR => return Ok(Self::Simulator),
            _ if text == PIXEL => return Ok(Self::Base),
            Some((PIXEL, path)) => path,
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
            Self::Base => f.write_str(PIXEL),
            Self::Pixel(path) => path.display().fmt(f),
        }
    }
}

/// A world that was loaded.
pub struct LoadedWorld {
    /// The model.
    pub model: Box<dyn WorldModel>,
    /// SHA-256 of its file.
    pub sha256: Option<String>,
}

impl WorldChoice {
    /// Whether it is a model on a device.
    pub const fn has_device(&self) -> bool {
        !matches!(self, Self::Simulator)
    }

    /// Loads it; the simulator gets these settings. `option` is named in errors.
    ///
    /// # Errors
    /// A device that is not there; a file or folder that is missing or holds something else; a failed download.
    pub fn load(&self, option: &str, env: EnvConfig, device: &str, ctx: &mut JobContext) -> Result<LoadedWorld> {
        match self {
            Self::Simulator => Ok(LoadedWorld {
                model: Box::new(SimulatorWorld::new(env)?),
                sha256: None,
            }),
            Self::Base => Ok(LoadedWorld {
                model: Box::new(PixelWorld::base(&training::device(device)?)?),
                sha256: Some(PixelWorld::base_sha256()),
            }),
            Self::Pixel(path) => {
                let path = hub::locate(option, path, RepoKind::Model, &[hub::layouts::pixel_world()], ctx)?;
                let file = world_file(option, &path)?;
                Ok(LoadedWorld {
                    model: Box::new(PixelWorld::load(&file, &training::device(device)?)?),
                    sha256: Some(hash_path(&file)?),
                })
            }
        }
    }

    /// Parts of its name in tables, from which as many of the last ones are taken as tell it apart.
    fn parts(&self) -> Vec<String> {
        match self {
            Self::Simulator => vec![SimulatorWorld::NAME.to_owned()],
            Self::Base => vec![BASE_NAME.to_owned()],
            Self::Pixel(path) => {
                let text = path.display().to_string();
                let text = text.strip_suffix(".safetensors").unwrap_or(&text);
                text.split('/').map(str::to_owned).collect()
            }
        }
    }
}

/// Names of worlds in a table: those of their files, with as many of the folders above as tell them apart.
pub fn world_names(worlds: &[&WorldChoice]) -> Vec<String> {
    let parts: Vec<Vec<String>> = worlds.iter().map(|world| world.parts()).collect();
    let tail = |of: usize, count: usize| &parts[of][parts[of].len().saturating_sub(count)..];
    let name = |world: usize| {
        let alike = |count: usize| {
            let others = (0..parts.len()).filter(|&other| parts[other] != parts[world]);
            others.into_iter().any(|other| tail(other, count) == tail(world, count))
        };
        let most = parts.iter().map(Vec::len).max().unwrap_or(1);
        let count = (1..most).find(|&count| !alike(count)).unwrap_or(most);
        tail(world, count).join("/")
    };
    (0..worlds.len()).map(name).collect()
}

/// The file of the pixel world at a path.
fn world_file(option: &str, path: &Path) -> Result<PathBuf> {
    let shown = path.display();
    ensure!(
        path.exists(),
        "{option} {shown}: no such file or folder{}; expected {EXPECTED}",
        similar(&shown.to_string(), &[SIMULATOR, PIXEL])
            .map_or_else(String::new, |name| format!(", did you mean {name}?"))
    );
    if !path.is_dir() {
        return Ok(path.to_path_buf());
    }
    ensure!(
        !path.join(PixelVideo::FORMER_FILE).exists(),
        "{option} {shown}: the pixel video model of an earlier version, which makes whole clips and is no world model; \
         expected {EXPECTED}"
    );
    let file = path.join(PixelVideo::WORLD_FILE);
    ensure!(
        file.exists(),
        "{option} {shown}: there is no {} in this folder; expected {EXPECTED}",
        PixelVideo::WORLD_FILE
    );
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worlds_are_chosen_by_name() {
        assert_eq!("simulator".parse(), Ok(WorldChoice::Simulator));
        assert_eq!("pixel".parse(), Ok(WorldChoice::Base));
        for text in ["pixel:runs/a", "runs/a", "./runs/a/"] {
            assert_eq!(text.parse(), Ok(WorldChoice::Pixel("runs/a".into())), "{text}");
        }
        for text in ["pixel:pixel", "./pixel"] {
            assert_eq!(text.parse(), Ok(WorldChoice::Pixel("pixel".into())), "{text}");
        }
        for text in ["", "pixel:", "object:a.safetensors"] {
            let error = text.parse::<WorldChoice>().unwrap_err();
            assert!(error.contains("expected simulator, pixel (the base"), "{text}: {error}");
        }
        let load = |text: &str| {
            let world: WorldChoice = text.parse().unwrap();
            world
                .load("--in", EnvConfig::gym_pusht(), "cpu", &mut JobContext::silent())
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

    #[test]
    fn worlds_of_the_same_file_name_are_told_apart() {
        let named = |texts: &[&str]| {
            let worlds: Vec<WorldChoice> = texts.iter().map(|text| text.parse().unwrap()).collect();
            world_names(&worlds.iter().collect::<Vec<_>>())
        };
        assert_eq!(
            named(&["simulator", "pixel", "base.safetensors"]),
            ["exact simulator", "pixel base", "base"]
        );
        assert_eq!(
            named(&["a/x/world.safetensors", "b/x/world.safetensors", "other.safetensors"]),
            ["a/x/world", "b/x/world", "other"]
        );
        assert_eq!(
            named(&["world.safetensors", "a/world.safetensors"]),
            ["world", "a/world"]
        );
        assert_eq!(named(&["runs/v1.2", "runs/v1.3"]), ["v1.2", "v1.3"]);
        // The same world twice is the same.
        assert_eq!(named(&["a/world", "a/world"]), ["world", "world"]);
    }
}
