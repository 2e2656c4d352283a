//! LoRA settings of the transformer.

use nn_kit::ADAPTED_LAYERS;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// LoRA settings, named as in published trainers. Default: rank 32 on queries, keys, values and outputs of both
/// attentions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lora {
    /// Rank of the adapters.
    #[serde(alias = "r")]
    pub rank: usize,
    /// Scale of the adapters; their output is multiplied by alpha / rank.
    #[serde(alias = "lora_alpha")]
    pub alpha: f64,
    /// Suffixes of the names of adapted layers.
    #[serde(alias = "target_modules")]
    pub targets: Vec<String>,
}

impl Default for Lora {
    fn default() -> Self {
        Self {
            rank: 32,
            alpha: 32.0,
            targets: ["to_q", "to_k", "to_v", "to_out.0"].map(String::from).to_vec(),
        }
    }
}

impl Lora {
    /// Returns true if a layer carries an adapter: its name is a target, or ends with one after a dot.
    pub fn covers(&self, layer: &str) -> bool {
        let ends = |target: &String| {
            layer
                .strip_suffix(target.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.targets.iter().any(ends)
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |setting: &'static str, found: String, expected: String| {
            Err(Error::Config {
                setting,
                found,
                expected,
            })
        };
        if self.rank == 0 {
            return refuse("rank", "0".into(), "at least 1".into());
        }
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return refuse("alpha", self.alpha.to_string(), "a number above 0".into());
        }
        let lost = |target: &&String| {
            let alone = Self {
                targets: vec![(*target).clone()],
                ..self.clone()
            };
            !ADAPTED_LAYERS.iter().any(|layer| alone.covers(layer))
        };
        if self.targets.is_empty() {
            return refuse(
                "targets",
                "empty".into(),
                "names of layers (to_q, to_k, to_v, to_out.0)".into(),
            );
        }
        match self.targets.iter().find(lost) {
            Some(target) => refuse(
                "targets",
                target.clone(),
                format!("ends of {}", ADAPTED_LAYERS.join(", ")),
            ),
            None => Ok(()),
        }
    }
}
