//! The note beside the recordings, `rollouts.json`.

use std::collections::BTreeMap;
use std::path::Path;

use pusht_env::EnvConfig;
use pusht_env::stable_worldmodel::{ActionMode, FactorName, FactorSet, FactorValue, ResetOptions, SwmConfig, SwmState};
use serde::Deserialize;

use super::refused;
use crate::ParityError;

/// The note.
#[derive(Deserialize)]
pub(super) struct Note {
    pub rollouts: Vec<Rollout>,
    #[serde(default)]
    pub extra: Vec<Extra>,
}

/// One rollout.
#[derive(Deserialize)]
pub(super) struct Rollout {
    /// Kind of rollout, for the names of comparisons.
    pub set: String,
    pub seed: u64,
    variation: Vec<String>,
    variation_values: BTreeMap<String, Numbers>,
    given_state: Option<[f64; 7]>,
    given_goal_state: Option<[f64; 7]>,
    relative: bool,
    pub factors: BTreeMap<String, Numbers>,
    pub reset_state: [f64; 7],
    pub goal_state: [f64; 7],
    pub goal_pose: [f64; 3],
}

/// A picture of another size than those of the rollouts, after eight steps.
#[derive(Deserialize)]
pub(super) struct Extra {
    pub image: String,
    pub render_action: bool,
    pub with_target: bool,
    pub seed: u64,
    pub state: [f64; 7],
    pub action: [f64; 2],
}

/// The value of a factor.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Numbers {
    One(f64),
    Some(Vec<f64>),
}

impl Numbers {
    pub fn as_slice(&self) -> &[f64] {
        match self {
            Self::One(x) => std::slice::from_ref(x),
            Self::Some(all) => all,
        }
    }
}

impl Note {
    /// Reads the note beside a recording.
    pub fn beside(path: &Path) -> Result<Self, ParityError> {
        let path = path.with_file_name("rollouts.json");
        let text = std::fs::read_to_string(&path).map_err(|e| ParityError::unreadable(&path, &e))?;
        serde_json::from_str(&text).map_err(|e| ParityError::unreadable(&path, &e))
    }
}

impl Rollout {
    /// A rollout that sets start and goal after its reset, as the package's evaluation does.
    pub fn sets_state(&self) -> bool {
        self.set == "goal_25"
    }

    pub fn config(&self) -> SwmConfig {
        EnvConfig::stable_worldmodel().with_actions(if self.relative {
            ActionMode::Relative
        } else {
            ActionMode::Absolute
        })
    }

    /// Options of its reset.
    pub fn options(&self, path: &Path) -> Result<ResetOptions, ParityError> {
        let refused = refused(path);
        let mut values = Vec::new();
        for (name, numbers) in &self.variation_values {
            let factor: FactorName = name.parse().map_err(&refused)?;
            let value = FactorValue::from_numbers(factor, numbers.as_slice()).map_err(&refused)?;
            values.push(value);
        }
        Ok(ResetOptions {
            variation: FactorSet::from_names(&self.variation).map_err(&refused)?,
            values,
            state: self.given_state.map(SwmState::from_row),
            goal_state: self.given_goal_state.map(SwmState::from_row),
        })
    }
}
