//! Loading of a configuration: a preset, overridden by a file and single settings.

use std::collections::BTreeMap;
use std::path::Path;

use bc_policy::PolicyConfig;
use pusht_jobs::SettingLayers;
use video_gen::{PixelVideoSettings, SamplingOptions};

use super::settings::Config;
use super::video::{VideoChoice, VideoConfig};
use crate::PipelineError;

/// The presets, smallest first: name and TOML text, each a documented experiment.
pub const PRESETS: [(&str, &str); 4] = [
    ("smoke", include_str!("../../presets/smoke.toml")),
    ("cpu", include_str!("../../presets/cpu.toml")),
    ("strong", include_str!("../../presets/strong.toml")),
    ("paper", include_str!("../../presets/paper.toml")),
];

impl Config {
    /// Loads a preset, overridden by the settings of a file and then by single settings `key=value` with dotted keys.
    ///
    /// # Errors
    /// An unknown preset or key, a value of the wrong kind, or invalid settings.
    pub fn load(preset: &str, file: Option<&Path>, settings: &[String]) -> Result<Self, PipelineError> {
        let Some((_, text)) = PRESETS.iter().find(|(name, _)| *name == preset) else {
            let known = PRESETS.map(|(name, _)| name).join(", ");
            return Err(PipelineError::UnknownPreset {
                name: preset.to_owned(),
                known,
            });
        };
        // Defaults of settings that presets do not list, so that one of them can be set alone.
        let defaults = BTreeMap::from([("video", BTreeMap::from([("pixel", PixelVideoSettings::default())]))]);
        let mut layers = SettingLayers::new(&defaults, preset)?.with_former_keys(PolicyConfig::FORMER_KEYS);
        layers.lay(text, &format!("preset {preset}"))?;
        let mut config = read(&layers)?;
        if let Some(path) = file {
            let text = pusht_jobs::read_text(path).map_err(|error| PipelineError::Config {
                origin: format!("--config {}", path.display()),
                reason: format!("{error}; expected a TOML file of settings"),
            })?;
            layers.lay(&text, &path.display().to_string())?;
            config = read(&layers)?;
        }
        for setting in settings {
            layers.set(setting)?;
            config = read(&layers)?;
        }
        config.check()?;
        Ok(config)
    }

    /// The same experiment on existing clips: the videos below `folder`; `fps` replaces the frame rate in the files.
    ///
    /// # Errors
    /// Invalid settings.
    pub fn on_clips(mut self, folder: &Path, fps: Option<u32>) -> Result<Self, PipelineError> {
        self.video = VideoConfig {
            model: VideoChoice::Clips(folder.to_path_buf()),
            others: Vec::new(),
            sampling: SamplingOptions::default(),
            prompt: None,
            fps,
            ..self.video
        };
        self.check()?;
        Ok(self)
    }

    /// Formats the configuration as TOML, for the record of the run.
    ///
    /// # Errors
    /// None for a configuration from [`Config::load`].
    pub fn to_toml(&self) -> Result<String, PipelineError> {
        toml::to_string_pretty(self).map_err(|e| PipelineError::Config {
            origin: self.name.clone(),
            reason: e.to_string(),
        })
    }
}

fn read(layers: &SettingLayers) -> Result<Config, PipelineError> {
    let mut config: Config = layers.read()?;
    config.video.read_sampling()?;
    Ok(config)
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
            (config.policy.kind(), config.video.clips),
            (bc_policy::PolicyKind::CNN, 3)
        );
        assert_eq!(config.seeds, [4, 5]);
    }

    #[test]
    fn sampling_is_kept_in_one_form() {
        let load = |settings: &[&str]| {
            let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
            Config::load("smoke", None, &settings).unwrap()
        };
        let whole = load(&[
            "video.model=ltx:a",
            "video.sampling.guidance=3",
            "video.sampling.size=[256, 320]",
        ]);
        let part = load(&[
            "video.model=ltx:a",
            "video.sampling.guidance=3.0",
            "video.sampling.size={width=320, height=256}",
        ]);
        assert_eq!(whole, part);
        // The form in the keys of stages of earlier runs.
        let text = r#"{"lora":null,"steps":null,"guidance":3.0,"negative_prompt":null,"size":[256,320],"frame_rate":null,"tokens":null,"text":null,"weights":null,"end_frame":null}"#;
        assert_eq!(serde_json::to_string(&whole.video.sampling).unwrap(), text);
        let again: toml::Table = whole.to_toml().unwrap().parse().unwrap();
        assert_eq!(again["video"]["sampling"].as_table().unwrap().len(), 2);
        let layers = SettingLayers::new(&again, "again").unwrap();
        assert_eq!(read(&layers).unwrap(), whole);
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
        let pixel = ["video.model=pixel".into(), "video.pixel.world.fit.epochs=3".into()];
        let pixel = Config::load("smoke", None, &pixel).unwrap();
        assert_eq!(
            (pixel.video.pixel.world.fit.epochs, &pixel.video.pixel.paths),
            (3, &PixelVideoSettings::default().paths)
        );
        assert!(
            !Config::load("smoke", None, &[])
                .unwrap()
                .to_toml()
                .unwrap()
                .contains("pixel")
        );
        assert!(error(&["video.model=sora"]).contains("names no video model"));
        let foreign = error(&["video.model=object:a", "video.sampling.guidance=3"]);
        assert!(
            foreign.contains("video.sampling") && foreign.contains("no guidance"),
            "{foreign}"
        );
        assert!(error(&["video.prompt=go"]).contains("there already"));
        let missing = Config::load("smoke", Some(Path::new("nope.toml")), &[])
            .unwrap_err()
            .to_string();
        assert!(missing.starts_with("--config nope.toml: ") && missing.ends_with("expected a TOML file of settings"));
        let unknown = Config::load("huge", None, &[]).unwrap_err().to_string();
        assert!(unknown.contains("smoke, cpu, strong, paper"), "{unknown}");
    }
}
