//! Settings under the names of earlier versions, so that their runs can be resumed.

use serde::Serialize;
use serde_json::value::RawValue;
use training::TrainConfig;

use crate::Config;

/// Saved settings of a run of any version, converted to current names.
pub(crate) fn renamed(settings: String) -> String {
    let Some((source, text)) = settings.split_once('\n') else {
        return settings;
    };
    let config = toml::from_str::<Config>(text).ok();
    match config.and_then(|config| config.to_toml().ok()) {
        Some(text) => format!("{source}\n{text}"),
        None => settings,
    }
}

/// The settings of a training as hashed in the key of its stage, so that finished stages stay valid: under the names
/// that [`TrainConfig`] had, and `tracked.n_action_steps` as `execute`, its name until schema 2 of the report.
pub(crate) fn hashed(settings: impl Serialize) -> Option<Box<RawValue>> {
    let text = TrainConfig::with_former_keys(&serde_json::to_string(&settings).ok()?);
    let renamed = text.split_once("\"tracked\":{").and_then(|(before, rest)| {
        let (section, after) = rest.split_once('}')?;
        let section = section.replace("\"n_action_steps\"", "\"execute\"");
        Some(format!("{before}\"tracked\":{{{section}}}{after}"))
    });
    RawValue::from_string(renamed.unwrap_or(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Section {
        horizon: usize,
        n_action_steps: usize,
    }

    #[derive(Serialize)]
    struct Settings {
        kind: &'static str,
        tracked: Section,
        diffusion: Section,
    }

    const SECTION: Section = Section {
        horizon: 16,
        n_action_steps: 8,
    };

    #[test]
    fn one_section_is_hashed_under_the_name_of_before() {
        let policy = Settings {
            kind: "tracked",
            tracked: SECTION,
            diffusion: SECTION,
        };
        let text = hashed(policy).unwrap();
        assert_eq!(
            serde_json::to_string(&(&text, 1)).unwrap(),
            r#"[{"kind":"tracked","tracked":{"horizon":16,"execute":8},"diffusion":{"horizon":16,"n_action_steps":8}},1]"#
        );
        assert_eq!(hashed(SECTION).unwrap().get(), r#"{"horizon":16,"n_action_steps":8}"#);
    }

    #[test]
    fn settings_of_before_are_those_of_today() {
        let today = Config::load("smoke", None, &[]).unwrap().to_toml().unwrap();
        let before = today
            .replacen("n_action_steps = 8", "execute = 8", 1)
            .replace("final_learning_rate_fraction", "final_learning_rate");
        assert_ne!(before, today);
        let source = "# Demonstrations: the expert's";
        assert_eq!(renamed(format!("{source}\n{before}")), format!("{source}\n{today}"));
        assert_eq!(
            renamed("neither line\nnor settings".to_owned()),
            "neither line\nnor settings"
        );
    }
}
