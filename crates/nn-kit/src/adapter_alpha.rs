//! Alpha and rank of adapters as files state them: the output of an adapter is multiplied by alpha / rank, or by
//! alpha / √rank (rank-stabilized LoRA, Kalajdzievski 2023).

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::weights_file::refuse_pointer;
use crate::{AdapterScale, Checkpoint, CheckpointError};

/// Key of the configuration in the header of a safetensors file, as diffusers writes it.
pub(crate) const METADATA: &str = "lora_adapter_metadata";
/// File with the configuration beside the adapters, as peft writes it.
const CONFIG_FILE: &str = "adapter_config.json";

/// Keys of the rank in the header of a safetensors file, as kohya and others write it.
const RANK_KEYS: [&str; 3] = ["ss_network_dim", "r", "rank"];

/// peft's configuration of adapters, as far as it affects their output.
#[derive(Clone, Debug, Default, Deserialize)]
struct Config {
    r: Option<usize>,
    lora_alpha: Option<f64>,
    #[serde(default)]
    rank_pattern: BTreeMap<String, usize>,
    #[serde(default)]
    alpha_pattern: BTreeMap<String, f64>,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    use_dora: bool,
}

/// What a file states about all its adapters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stated {
    config: Config,
    /// Where it is stated.
    source: String,
    /// Why alpha in the header cannot be used.
    problem: Option<String>,
}

impl Stated {
    /// Reads the header of the file, or peft's configuration beside it.
    pub(crate) fn read(path: &Path, file: &Checkpoint) -> Result<Self, CheckpointError> {
        let refuse = |source: &str, reason: String| CheckpointError::Tensors {
            path: path.to_path_buf(),
            reason: format!("{source}: {reason}"),
        };
        let header = file.metadata();
        if let Some(text) = header.get(METADATA) {
            let source = format!("{METADATA} in its header");
            let config = serde_json::from_str(text).map_err(|error| refuse(&source, error.to_string()))?;
            return Self::new(config, &source).map_err(|reason| refuse(&source, reason));
        }
        let header = match Numbers::read(header) {
            Ok(numbers) => numbers,
            // Only an error if alpha of some layer is nowhere else.
            Err(problem) => {
                return Ok(Self {
                    problem: Some(problem),
                    ..Self::default()
                });
            }
        };
        let config = Config {
            r: header.rank,
            lora_alpha: header.alpha.map(|(_, alpha)| alpha),
            ..Config::default()
        };
        if let Some((key, _)) = header.alpha {
            return Ok(Self {
                config,
                source: format!("{key} in its header"),
                problem: None,
            });
        }
        let beside = path.with_file_name(CONFIG_FILE);
        match pusht_jobs::read_file(&beside) {
            Ok(bytes) => {
                refuse_pointer(&beside)?;
                let source = format!("{CONFIG_FILE} beside it");
                let config = serde_json::from_slice(&bytes).map_err(|error| refuse(&source, error.to_string()))?;
                Self::new(config, &source).map_err(|reason| refuse(&source, reason))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self {
                config,
                source: "its header".to_string(),
                problem: None,
            }),
            Err(error) => Err(refuse(CONFIG_FILE, error.to_string())),
        }
    }

    /// Reads a configuration; diffusers puts the name of the adapted model before each key (`transformer.r`).
    fn new(config: Map<String, Value>, source: &str) -> Result<Self, String> {
        let mut plain = Map::new();
        for (key, value) in config {
            let own = key.rsplit('.').next().unwrap_or(&key);
            if plain.insert(own.to_string(), value).is_some() {
                return Err(format!("{own} is stated for several models; expected adapters of one"));
            }
        }
        plain.retain(|_, value| !value.is_null());
        let config: Config = serde_json::from_value(plain.into()).map_err(|error| error.to_string())?;
        let keys = config.rank_pattern.keys().chain(config.alpha_pattern.keys());
        let is_plain = |key: &&String| key.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
        if let Some(key) = keys.into_iter().find(|key| !is_plain(key)) {
            return Err(format!("the pattern {key:?} is not the name of a layer, or its end"));
        }
        if config.use_dora {
            return Err("use_dora is true; expected LoRA without DoRA".into());
        }
        Ok(Self {
            config,
            source: source.to_string(),
            problem: None,
        })
    }

    /// Scale of the adapter of a layer (by diffusers' name) of this rank, and where it is stated; without a statement,
    /// 1. The error says what contradicts the rank.
    pub(crate) fn scale(&self, layer: &str, rank: usize) -> Result<(f64, String), String> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let config = &self.config;
        let stated = pattern(&config.rank_pattern, layer).or(config.r);
        if let Some(stated) = stated.filter(|stated| *stated != rank) {
            return Err(format!("{layer} has rank {rank}, but {} states {stated}", self.source));
        }
        match pattern(&config.alpha_pattern, layer).or(config.lora_alpha) {
            None => Ok((1.0, "alpha is not stated and taken to equal the rank".into())),
            Some(alpha) if !(alpha.is_finite() && alpha > 0.0) => Err(format!(
                "alpha of {layer} is {alpha} in {}; expected a number above 0",
                self.source
            )),
            Some(alpha) if config.use_rslora => {
                let source = format!(
                    "alpha {alpha}, over the root of the rank (use_rslora), from {}",
                    self.source
                );
                Ok((alpha / (rank as f64).sqrt(), source))
            }
            Some(alpha) => Ok((alpha / rank as f64, format!("alpha {alpha} from {}", self.source))),
        }
    }
}

/// The configuration that states these adapters, as diffusers writes it into the header: under [`METADATA`], each key
/// after `prefix`. `None` if every output is multiplied by 1, which is what files without a statement mean.
pub(crate) fn statement(prefix: &str, layers: &BTreeMap<String, AdapterScale>) -> Option<String> {
    let alpha = |layer: &AdapterScale| layer.scale * layer.rank as f64;
    let first = layers.values().next()?;
    if layers.values().all(|layer| layer.scale == 1.0) {
        return None;
    }
    let others = || layers.iter().filter(|(_, layer)| *layer != first);
    let ranks: BTreeMap<&String, usize> = others().map(|(name, layer)| (name, layer.rank)).collect();
    let alphas: BTreeMap<&String, f64> = others().map(|(name, layer)| (name, alpha(layer))).collect();
    let config = serde_json::json!({
        format!("{prefix}r"): first.rank,
        format!("{prefix}lora_alpha"): alpha(first),
        format!("{prefix}rank_pattern"): ranks,
        format!("{prefix}alpha_pattern"): alphas,
    });
    Some(config.to_string())
}

/// The entry for a layer: its name, or the end of its name after a dot.
fn pattern<T: Copy>(patterns: &BTreeMap<String, T>, layer: &str) -> Option<T> {
    let fits = |key: &str| {
        let before = layer.strip_suffix(key);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    patterns.iter().find_map(|(key, value)| fits(key).then_some(*value))
}

/// What the header states in single numbers, as kohya and others write them.
struct Numbers {
    /// Alpha, and the key under which it is.
    alpha: Option<(&'static str, f64)>,
    rank: Option<usize>,
}

impl Numbers {
    /// The error names the key and what is wrong with it.
    fn read(header: &BTreeMap<String, String>) -> Result<Self, String> {
        let alpha = number(header, &["ss_network_alpha", "lora_alpha", "network_alpha", "alpha"])?;
        Ok(Self {
            alpha,
            rank: rank(header)?.map(|(_, rank)| rank),
        })
    }
}

/// The rank in the header and its key.
fn rank(header: &BTreeMap<String, String>) -> Result<Option<(&'static str, usize)>, String> {
    let whole = |(key, rank): (&'static str, f64)| match rank.fract() == 0.0 && (1.0..1e6).contains(&rank) {
        true => Ok((key, rank as usize)),
        false => Err(format!(
            "{key} in its header is {rank}; expected a rank, a whole number from 1"
        )),
    };
    number(header, &RANK_KEYS)?.map(whole).transpose()
}

/// What is wrong with the rank in the header of a file whose adapters have a scale without it: it is no number, or that of
/// none of them.
pub(crate) fn odd_rank(header: &BTreeMap<String, String>, layers: &BTreeMap<String, AdapterScale>) -> Option<String> {
    let counts = "the rank of the tensors is used";
    match rank(header) {
        // kohya's word for ranks that differ from layer to layer.
        _ if RANK_KEYS
            .iter()
            .any(|key| header.get(*key).is_some_and(|text| text.trim() == "Dynamic")) =>
        {
            None
        }
        Err(problem) => Some(format!("{problem}: {counts}")),
        Ok(Some((key, rank))) if layers.values().all(|layer| layer.rank != rank) => Some(format!(
            "{key} in its header is {rank}, which is that of no tensor: {counts}"
        )),
        Ok(_) => None,
    }
}

/// The number under the first of these keys that states one, which no other may contradict. kohya writes `None` for a number
/// that was not given.
fn number(header: &BTreeMap<String, String>, keys: &[&'static str]) -> Result<Option<(&'static str, f64)>, String> {
    let mut found: Option<(&'static str, f64)> = None;
    for &key in keys {
        let text = header.get(key).map_or("", |text| text.trim());
        if ["", "None", "null"].contains(&text) {
            continue;
        }
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        let value = value.ok_or_else(|| {
            format!("{key} in its header is {text:?}; expected a number (write the file again with the right one)")
        })?;
        match found {
            Some((other, stated)) if stated != value => {
                return Err(format!(
                    "its header states {stated} as {other} and {value} as {key}; expected one"
                ));
            }
            Some(_) => {}
            None => found = Some((key, value)),
        }
    }
    Ok(found)
}
