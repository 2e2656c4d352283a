//! `pusht bench env`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use env_parity::RecordedActions;
use pusht_env::Modality;
use serde_json::json;

use crate::outcome::Outcome;

/// Time the environment on recorded actions, on one core
///
/// benches/compare_gym_pusht.py times the Python package gym-pusht on the same actions.
#[derive(Args)]
pub(crate) struct Env {
    /// Actions of all episodes, concatenated: float32, little-endian, x and y
    #[arg(long, value_name = "FILE")]
    actions: PathBuf,
    /// Steps per episode; episode i starts from seed i
    #[arg(long, value_name = "N")]
    steps: usize,
    /// Seconds to measure each of the two kinds of observations
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    seconds: f64,
}

impl Env {
    pub(crate) fn run(self) -> Result<Outcome> {
        let path = || self.actions.display().to_string();
        let budget =
            Duration::try_from_secs_f64(self.seconds).with_context(|| format!("--seconds {}", self.seconds))?;
        let bytes = pusht_jobs::read_file(&self.actions).with_context(path)?;
        let recorded = RecordedActions::from_bytes(&bytes, self.steps).with_context(path)?;
        let state = recorded.play(Modality::State, budget)?;
        let pixels = recorded.play(Modality::Pixels, budget)?.steps_per_second;
        let text = format!(
            "{:.0} steps per second with states, {pixels:.0} with pixels",
            state.steps_per_second
        );
        let json = json!({ "state": state.steps_per_second, "pixels": pixels, "last_states": state.last_states });
        Ok(Outcome::new(text, &json)?)
    }
}
