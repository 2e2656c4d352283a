//! What policies make of the clips: the experiment's answer in short. The experiment itself is run elsewhere.

use eval::{Arm, Role, Verdict};
use serde::{Deserialize, Serialize};
use traj_metrics::Interval;

/// An experiment whose arm `generated` was trained on the clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policies {
    /// The experiment's own page, relative to the folder of the report.
    pub page: String,
    /// What must be known before anything else.
    pub warning: Option<String>,
    /// The answer.
    pub verdict: Verdict,
    /// All arms, floors and the ceiling included.
    pub arms: Vec<ArmScore>,
}

/// An arm of it. Intervals are over training seeds and starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmScore {
    /// Its name.
    pub name: String,
    /// What it is in a few words.
    pub what: String,
    /// What it is for.
    pub role: Role,
    /// Training frames; none of floors and the ceiling.
    pub frames: Option<usize>,
    /// Mean reward per step.
    pub mean_reward: Interval,
    /// Maximum reward of an episode.
    pub max_reward: Interval,
    /// Share of episodes solved.
    pub solved: Interval,
}

impl Policies {
    /// In short what an experiment says whose page lies at `page`.
    pub fn new(page: &str, warning: Option<String>, verdict: Verdict, arms: &[Arm]) -> Self {
        let arms = arms.iter().map(|arm| ArmScore {
            name: arm.name.clone(),
            what: arm.what.clone(),
            role: arm.role,
            frames: arm.data.as_ref().map(|data| data.frames),
            mean_reward: arm.mean_reward,
            max_reward: arm.max_reward,
            solved: arm.success,
        });
        Self {
            page: page.to_owned(),
            warning,
            verdict,
            arms: arms.collect(),
        }
    }
}
