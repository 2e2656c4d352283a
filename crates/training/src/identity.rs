//! Identity of a run, and differences between two runs.

use std::collections::BTreeMap;

use pusht_jobs::hash_bytes;
use serde_json::Value;

/// Longer settings (such as the lists of a split) are kept as hashes.
const LONGEST: usize = 64;

/// Settings, model and data of a run.
#[derive(Debug)]
pub(crate) struct RunIdentity {
    /// SHA-256 of all of them.
    pub(crate) hash: String,
    /// Each by its name, for errors that name the one that differs.
    pub(crate) settings: BTreeMap<String, String>,
    /// SHA-256 of the inputs; `None` if the identity covers them.
    pub(crate) inputs: Option<String>,
}

impl RunIdentity {
    /// `config`: the training settings as JSON; `identity` and `inputs`: the caller's texts, JSON or not. The inputs
    /// have a hash of their own, so that runs without them are identified as by earlier versions.
    pub(crate) fn new(config: &str, items: usize, identity: &str, inputs: &str) -> Self {
        let mut settings = BTreeMap::new();
        for (name, text) in [("training", config), ("run", identity), ("inputs", inputs)] {
            if name == "inputs" && text.is_empty() {
                continue;
            }
            let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
            collect(name, &value, &mut settings);
        }
        settings.insert("training items".into(), items.to_string());
        Self {
            hash: hash_bytes(format!("{config}\n{items}\n{identity}")),
            settings,
            inputs: (!inputs.is_empty()).then(|| hash_bytes(inputs)),
        }
    }

    /// Describes the first setting that differs in `found`.
    pub(crate) fn difference(&self, found: &BTreeMap<String, String>) -> Option<String> {
        let differs = |(name, here): (&String, &String)| {
            let there = found.get(name)?;
            (there != here).then(|| format!("{name} is {there} there, {here} here"))
        };
        self.settings.iter().find_map(differs)
    }
}

/// Collects the numbers and strings in `value`, by their path. The entries of a short list are named by their index, as
/// the caller's identity is usually a list of different things.
fn collect(name: &str, value: &Value, settings: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| collect(&format!("{name}.{key}"), value, settings)),
        Value::Array(parts) if parts.len() <= 8 => parts
            .iter()
            .enumerate()
            .for_each(|(place, value)| collect(&format!("{name}[{place}]"), value, settings)),
        other => {
            let mut text = other.to_string();
            if text.len() > LONGEST {
                text = format!("#{}", &hash_bytes(&text)[..12]);
            }
            settings.insert(name.into(), text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_that_differs_is_named() {
        let run = |identity: &str| RunIdentity::new(r#"{"epochs":3}"#, 10, identity, "");
        let (a, b) = (
            run(r#"[{"kind":"cnn"},"demos"]"#),
            run(r#"[{"kind":"tracked"},"demos"]"#),
        );
        assert_ne!(a.hash, b.hash);
        let text = b.difference(&a.settings).unwrap();
        assert_eq!(text, r#"run[0].kind is "cnn" there, "tracked" here"#);
        assert_eq!(a.difference(&a.settings), None);
        assert_eq!(a.difference(&BTreeMap::new()), None);
        assert_eq!(run("text").settings["run"], "\"text\"");
    }

    #[test]
    fn inputs_are_named_and_hashed_apart() {
        let run = |inputs: &str| RunIdentity::new("{}", 10, "demos", inputs);
        let (a, b, none) = (run(r#"{"data":"1a"}"#), run(r#"{"data":"2b"}"#), run(""));
        assert_eq!(a.hash, none.hash);
        assert_ne!(a.inputs, b.inputs);
        assert_eq!(none.inputs, None);
        let text = b.difference(&a.settings).unwrap();
        assert_eq!(text, r#"inputs.data is "1a" there, "2b" here"#);
    }
}
