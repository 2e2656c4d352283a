//! The settings of an experiment.

use bc_policy::PolicyConfig;
use idm::LearnedConfig;
use pusht_data::SplitProtocol;
use serde::{Deserialize, Serialize, Serializer};

use super::video::VideoConfig;
use crate::arm_names::FORMER_ARMS;

/// Settings of an experiment. The comments in `presets/*.toml` describe each setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the run and of its folder under `runs/`.
    pub name: String,
    /// Training seeds; every arm trains one policy per seed.
    pub seeds: Vec<u64>,
    /// Names of the arms; those that the verdict needs must be among them.
    #[serde(default = "former_arms", skip_serializing_if = "is_former")]
    pub arms: Vec<String>,
    /// Demonstrations of the expert, used if no `--data` is given.
    pub demonstrations: Demonstrations,
    /// Split into training, validation and test part.
    pub split: SplitConfig,
    /// The policy that every arm trains.
    #[serde(serialize_with = "policy_as_before")]
    pub policy: PolicyConfig,
    /// Other policies, trained on the data of the arm `demo` with the first seed, for the comparison of policies.
    #[serde(default, serialize_with = "policies_as_before")]
    pub other_policies: Vec<PolicyConfig>,
    /// Settings of the inverse dynamics.
    pub idm: IdmConfig,
    /// The video model and its clips.
    pub video: VideoConfig,
    /// Closed-loop rollouts.
    pub rollout: RolloutConfig,
}

fn former_arms() -> Vec<String> {
    FORMER_ARMS.map(str::to_owned).to_vec()
}

fn is_former(arms: &[String]) -> bool {
    arms == FORMER_ARMS
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Serializes the settings of all kinds of policy, as in records of earlier versions.
fn policy_as_before<S: Serializer>(policy: &PolicyConfig, serializer: S) -> Result<S::Ok, S::Error> {
    policy.as_before().serialize(serializer)
}

fn policies_as_before<S: Serializer>(policies: &[PolicyConfig], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(policies.iter().map(PolicyConfig::as_before))
}

/// Demonstrations of the expert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demonstrations {
    /// Number of episodes.
    pub episodes: usize,
    /// Seed of the first start; the others follow.
    pub first_seed: u64,
    /// Number of further episodes, held back as the pool of real clips. Of recorded demonstrations the pool gets as large
    /// a part of the episodes, drawn with the seed of the split.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pool: usize,
}

/// Split into training, validation and test part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitConfig {
    /// By frame (as in the paper) or by episode (without leakage between neighboring frames).
    pub protocol: SplitProtocol,
    /// Seed of the split.
    pub seed: u64,
}

/// Settings of the inverse dynamics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdmConfig {
    /// Inverse dynamics that labels the arms `idm`, `generated` and `mixed`.
    pub labels: Labeler,
    /// The learned model; it is always trained, for the table of extraction errors.
    pub learned: LearnedConfig,
}

/// Inverse dynamics that labels videos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Labeler {
    /// The closed form, on tracked positions.
    ClosedForm,
    /// The learned model, every action at its own frame.
    Learned,
    /// The learned model, its eight actions reduced to their mean, as in the paper.
    LearnedMean,
    /// The learned model, its eight actions reduced to their sum.
    LearnedSum,
    /// The learned model, its eight actions reduced to the first.
    LearnedFirst,
}

/// Settings of the closed-loop rollouts, scored by the paper's protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutConfig {
    /// Episodes per policy; start seeds count from `first_seed`.
    pub episodes: usize,
    /// Control steps per episode.
    pub steps: usize,
    /// Seed of the first start.
    pub first_seed: u64,
    /// Episodes of the expert (slow, as it plans with the simulator).
    pub expert_episodes: usize,
}
