//! Summary of an experiment with policies that were trained on the clips. The experiment itself is run elsewhere.

use eval::{Arm, Role, Verdict};
use serde::{Deserialize, Serialize};
use traj_metrics::Interval;

/// Summary of an experiment whose arm `generated` was trained on the clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policies {
    /// Page of the experiment, relative to the folder of the report.
    pub page: String,
    /// A warning shown before the results, if any.
    pub warning: Option<String>,
    /// The verdict of the experiment.
    pub verdict: Verdict,
    /// Scores of all arms, including floors and the ceiling.
    pub arms: Vec<ArmScore>,
}

/// Scores of one arm. Intervals are over training seeds and starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmScore {
    /// Name of the arm.
    pub name: String,
    /// Short description.
    pub what: String,
    /// Role in the experiment.
    pub role: Role,
    /// Training frames; `None` for floors and the ceiling.
    pub frames: Option<usize>,
    /// Mean reward per step.
    pub mean_reward: Interval,
    /// Maximum reward of an episode.
    pub max_reward: Interval,
    /// Share of episodes solved.
    pub solved: Interval,
}

impl Policies {
    /// Summarizes an experiment whose page is at `page`.
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
