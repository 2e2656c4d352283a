//! What an experiment is: a preset in TOML, over which a file and single settings are laid.

use std::path::Path;

use bc_policy::PolicyConfig;
use idm::LearnedConfig;
use pusht_data::SplitProtocol;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use video_gen::PixelTrainSettings;

use crate::PipelineError;

mod video;

pub use video::{OtherGenerator, VideoChoice, VideoConfig};

/// The presets, smallest first: name and TOML text, each a documented experiment.
pub const PRESETS: [(&str, &str); 4] = [
    ("smoke", include_str!("../presets/smoke.toml")),
    ("cpu", include_str!("../presets/cpu.toml")),
    ("strong", include_str!("../presets/strong.toml")),
    ("paper", include_str!("../presets/paper.toml")),
];

/// One experiment. `presets/*.toml` say what each setting means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the run and of its folder under `runs/`.
    pub name: String,
    /// Every arm trains one policy a seed.
    pub seeds: Vec<u64>,
    /// Where demonstrations come from when no `--data` is given.
    pub demonstrations: Demonstrations,
    /// What is held out.
    pub split: SplitConfig,
    /// The policy that every arm trains.
    pub policy: PolicyConfig,
    /// Other policies, trained on the data of the arm `demo` with the first seed, for the comparison of policies.
    #[serde(default)]
    pub other_policies: Vec<PolicyConfig>,
    /// Inverse dynamics.
    pub idm: IdmConfig,
    /// The video model and its clips.
    pub video: VideoConfig,
    /// Closed-loop roll-outs.
    pub rollout: RolloutConfig,
}

/// Demonstrations of the expert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demonstrations {
    /// How many.
    pub episodes: usize,
    /// Seed of the first start; the others follow.
    pub first_seed: u64,
}

/// Training, validation and test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitConfig {
    /// By frame (as the paper) or by episode (no neighbours leak).
    pub protocol: SplitProtocol,
    /// Seed of the draw.
    pub seed: u64,
}

/// Inverse dynamics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdmConfig {
    /// Which one labels the arms `idm`, `generated` and `mixed`.
    pub labels: Labeller,
    /// The learned model, which is trained in any case: its errors stand in the table of extractions.
    pub learned: LearnedConfig,
}

/// Which inverse dynamics labels videos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Labeller {
    /// Tracked positions, inverted.
    ClosedForm,
    /// The learned model, every action at its own frame.
    Learned,
    /// The learned model, its eight actions reduced to one by their mean, as the paper did.
    LearnedMean,
    /// The same by their sum.
    LearnedSum,
    /// The same by the first.
    LearnedFirst,
}

/// Closed-loop roll-outs, by the paper's protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutConfig {
    /// Episodes a policy; start seeds follow from `first_seed`.
    pub episodes: usize,
    /// Control steps an episode.
    pub steps: usize,
    /// Seed of the first start.
    pub first_seed: u64,
    /// Episodes of the expert (it plans with the simulator and is slow).
    pub expert_episodes: usize,
}

impl Config {
    /// A preset, then the settings of a file, then single settings `key=value` with dotted keys.
    ///
    /// # Errors
    /// An unknown preset or key, a value of the wrong kind, or settings that make no experiment.
    pub fn load(preset: &str, file: Option<&Path>, settings: &[String]) -> Result<Self, PipelineError> {
        let Some((_, text)) = PRESETS.iter().find(|(name, _)| *name == preset) else {
            let known = PRESETS.map(|(name, _)| name).join(", ");
            return Err(PipelineError::UnknownPreset {
                name: preset.to_owned(),
                known,
            });
        };
        let mut table = defaults(preset)?;
        overlay(&mut table, parse(text, preset)?);
        let mut origin = format!("preset {preset}");
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(crate::stage::io(path))?;
            origin = path.display().to_string();
            overlay(&mut table, parse(&text, &origin)?);
            read(&table, &origin)?;
        }
        for setting in settings {
            let origin = format!("--set {setting}");
            overlay(&mut table, parse_setting(setting, &origin)?);
            read(&table, &origin)?;
        }
        let config = read(&table, &origin)?;
        config.check()?;
        Ok(config)
    }

    /// The same experiment on clips that are there already: the videos below `folder`, at `fps` frames a second where
    /// their files say it wrongly.
    ///
    /// # Errors
    /// Settings that make no experiment.
    pub fn on_clips(mut self, folder: &Path, fps: Option<u32>) -> Result<Self, PipelineError> {
        self.video = VideoConfig {
            model: VideoChoice::Clips(folder.to_path_buf()),
            others: Vec::new(),
            sampling: video_gen::Sampling::default(),
            prompt: None,
            fps,
            ..self.video
        };
        self.check()?;
        Ok(self)
    }

    /// As TOML, for the record of the run.
    ///
    /// # Errors
    /// Never for a configuration that was loaded.
    pub fn to_toml(&self) -> Result<String, PipelineError> {
        toml::to_string_pretty(self).map_err(|e| PipelineError::Config {
            origin: self.name.clone(),
            reason: e.to_string(),
        })
    }

    fn check(&self) -> Result<(), PipelineError> {
        let positive = [
            ("demonstrations.episodes", self.demonstrations.episodes),
            ("rollout.episodes", self.rollout.episodes),
            ("rollout.steps", self.rollout.steps),
        ];
        for (key, value) in positive {
            if value == 0 {
                return wrong(key, "is 0; expected at least 1");
            }
        }
        // Bad training settings are found now and not when the stage is reached.
        let checks: [(&str, Result<(), String>); 2] = [
            ("policy", self.policy.check().map_err(|e| e.to_string())),
            ("idm.learned", self.idm.learned.train.check().map_err(|e| e.to_string())),
        ];
        for (section, result) in checks {
            if let Err(reason) = result {
                return wrong(section, &reason);
            }
        }
        for (index, policy) in self.other_policies.iter().enumerate() {
            let section = format!("other_policies[{index}]");
            policy.check().or_else(|error| wrong(&section, &error.to_string()))?;
            if self.other_policies[..index]
                .iter()
                .any(|before| before.kind == policy.kind)
            {
                return wrong(&section, "is of a kind that was there before; expected each kind once");
            }
        }
        self.video.check()?;
        if self.policy.train.steps_per_epoch.is_none() {
            return wrong(
                "policy.train.steps_per_epoch",
                "is missing; arms of different size need the same number of updates",
            );
        }
        if self.seeds.is_empty() {
            return wrong(
                "seeds",
                "is empty; expected at least one seed (three or more give intervals over seeds)",
            );
        }
        let mut seeds = self.seeds.clone();
        seeds.sort_unstable();
        seeds.dedup();
        if seeds.len() != self.seeds.len() {
            return wrong("seeds", "names a seed twice; expected different seeds");
        }
        if self.name.is_empty() || self.name.contains(['/', '\\']) || self.name.starts_with('.') {
            return wrong("name", "names the run's folder; expected a plain folder name");
        }
        if self.rollout.expert_episodes > self.rollout.episodes {
            return wrong(
                "rollout.expert_episodes",
                "is larger than rollout.episodes; the expert is paired by start",
            );
        }
        Ok(())
    }
}

/// Settings that presets do not spell out, so that one of them can be set by itself.
fn defaults(origin: &str) -> Result<Table, PipelineError> {
    let pixel = Value::try_from(PixelTrainSettings::small()).map_err(|e| PipelineError::Config {
        origin: origin.to_owned(),
        reason: e.to_string(),
    })?;
    let video = Table::from_iter([("pixel".to_owned(), pixel)]);
    Ok(Table::from_iter([("video".to_owned(), Value::Table(video))]))
}

/// A setting that makes no experiment.
fn wrong<T>(key: &str, reason: &str) -> Result<T, PipelineError> {
    Err(PipelineError::Config {
        origin: key.to_owned(),
        reason: reason.to_owned(),
    })
}

fn parse(text: &str, origin: &str) -> Result<Table, PipelineError> {
    text.parse::<Table>().map_err(|e| PipelineError::Config {
        origin: origin.to_owned(),
        reason: format!("is not TOML: {e}"),
    })
}

fn parse_setting(setting: &str, origin: &str) -> Result<Table, PipelineError> {
    let error = |reason: &str| PipelineError::Config {
        origin: origin.to_owned(),
        reason: reason.to_owned(),
    };
    let (key, value) = setting
        .split_once('=')
        .ok_or_else(|| error("expected key=value, for example video.clips=20"))?;
    // A bare word is a string; everything else is TOML.
    let value = format!("v = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let mut parts = key.trim().rsplit('.');
    let last = parts
        .next()
        .filter(|k| !k.is_empty())
        .ok_or_else(|| error("the key is empty"))?;
    let mut table = Table::from_iter([(last.to_owned(), value)]);
    for part in parts {
        table = Table::from_iter([(part.to_owned(), Value::Table(table))]);
    }
    Ok(table)
}

fn overlay(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => overlay(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn read(table: &Table, origin: &str) -> Result<Config, PipelineError> {
    table
        .clone()
        .try_into()
        .map_err(|e: toml::de::Error| PipelineError::Config {
            origin: origin.to_owned(),
            reason: e.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_loads() {
        for (name, _) in PRESETS {
            assert_eq!(Config::load(name, None, &[]).unwrap().name, name);
        }
    }

    #[test]
    fn settings_are_laid_over_the_preset() {
        let config = Config::load(
            "smoke",
            None,
            &[
                "policy.kind=cnn".into(),
                "seeds=[4, 5]".into(),
                "video.clips = 3".into(),
            ],
        )
        .unwrap();
        assert_eq!(
            (config.policy.kind, config.video.clips),
            (bc_policy::PolicyKind::Cnn, 3)
        );
        assert_eq!(config.seeds, [4, 5]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |settings: &[&str]| {
            let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
            Config::load("smoke", None, &settings).unwrap_err().to_string()
        };
        assert!(error(&["policy.train.epohcs=3"]).contains("epohcs"));
        assert!(error(&["policy.train.epochs=many"]).contains("--set policy.train.epochs=many"));
        assert!(error(&["video.clips=0"]).contains("video.clips"));
        assert!(error(&["seeds=[1, 1]"]).contains("twice"));
        assert!(error(&["policy"]).contains("key=value"));
        assert!(error(&["policy.train.batch_size=0"]).contains("batch_size"));
        assert!(error(&["idm.learned.train.learning_rate=nan"]).contains("idm.learned"));
        assert!(error(&["video.frames=1000"]).contains("max_frames"));
        assert!(error(&["video.model=pixel", "video.frames=20"]).contains("makes clips of 17"));
        let pixel = [
            "video.model=pixel".into(),
            "video.frames=17".into(),
            "video.pixel.fit.epochs=3".into(),
        ];
        let pixel = Config::load("smoke", None, &pixel).unwrap();
        assert_eq!(
            (pixel.video.pixel.fit.epochs, pixel.video.pixel.model),
            (3, PixelTrainSettings::small().model)
        );
        assert!(
            !Config::load("smoke", None, &[])
                .unwrap()
                .to_toml()
                .unwrap()
                .contains("pixel")
        );
        assert!(error(&["video.model=sora"]).contains("names no video model"));
        assert!(error(&["video.prompt=go"]).contains("there already"));
        let unknown = Config::load("huge", None, &[]).unwrap_err().to_string();
        assert!(unknown.contains("smoke, cpu, strong, paper"), "{unknown}");
    }
}
