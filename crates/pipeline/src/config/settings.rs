//! The settings of an experiment.

use bc_policy::PolicyConfig;
use idm::LearnedConfig;
use pusht_data::SplitProtocol;
use serde::{Deserialize, Serialize, Serializer};

use super::video::VideoConfig;

/// One experiment. `presets/*.toml` say what each setting means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the run and of its folder under `runs/`.
    pub name: String,
    /// Every arm trains one policy a seed.
    pub seeds: Vec<u64>,
    /// Where demonstrations come from when no `--data` is given.
    pub demonstrations: Demonstrations,
    /// What is held out.
    pub split: SplitConfig,
    /// The policy that every arm trains.
    #[serde(serialize_with = "policy_as_before")]
    pub policy: PolicyConfig,
    /// Other policies, trained on the data of the arm `demo` with the first seed, for the comparison of policies.
    #[serde(default, serialize_with = "policies_as_before")]
    pub other_policies: Vec<PolicyConfig>,
    /// Inverse dynamics.
    pub idm: IdmConfig,
    /// The video model and its clips.
    pub video: VideoConfig,
    /// Closed-loop roll-outs.
    pub rollout: RolloutConfig,
}

/// The record of a run has the settings of all kinds of policy, as it always had.
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
    /// How many.
    pub episodes: usize,
    /// Seed of the first start; the others follow.
    pub first_seed: u64,
}

/// Training, validation and test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitConfig {
    /// By frame (as the paper) or by episode (no neighbors leak).
    pub protocol: SplitProtocol,
    /// Seed of the draw.
    pub seed: u64,
}

/// Inverse dynamics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdmConfig {
    /// Which one labels the arms `idm`, `generated` and `mixed`.
    pub labels: Labeler,
    /// The learned model, which is trained in any case: its errors stand in the table of extractions.
    pub learned: LearnedConfig,
}

/// Which inverse dynamics labels videos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Labeler {
    /// Tracked positions, inverted.
    ClosedForm,
    /// The learned model, every action at its own frame.
    Learned,
    /// The learned model, its eight actions reduced to one by their mean, as the paper did.
    LearnedMean,
    /// The same by their sum.
    LearnedSum,
    /// The same by the first.
    LearnedFirst,
}

/// Closed-loop roll-outs, by the paper's protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutConfig {
    /// Episodes a policy; start seeds follow from `first_seed`.
    pub episodes: usize,
    /// Control steps an episode.
    pub steps: usize,
    /// Seed of the first start.
    pub first_seed: u64,
    /// Episodes of the expert (it plans with the simulator and is slow).
    pub expert_episodes: usize,
}
