//! What can go wrong with policies.

use pusht_env::{Modality, Observation, PolicyError};
use training::{ModelFileError, TrainingError};

/// Why there is no policy, or no action.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BcError {
    /// A setting out of its range.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// As given.
        found: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A kind of policy that is not in the registry.
    #[error("policy kind is {found:?}; expected {known}")]
    UnknownKind {
        /// As given.
        found: String,
        /// The names of all kinds.
        known: String,
    },
    /// A setting of another kind of policy.
    #[error("the policy {policy} does not read {key}; {readers}")]
    UnreadSetting {
        /// The policy's kind.
        policy: &'static str,
        /// The setting's key.
        key: String,
        /// Who reads it, in words.
        readers: String,
    },
    /// A reference into episodes that are not there.
    #[error(
        "the split refers to row {row} of episode {episode}, which is not in the data; split the data you train on"
    )]
    NoSuchRow {
        /// Index of the episode.
        episode: usize,
        /// Its row.
        row: usize,
    },
    /// An episode that cannot be learned from.
    #[error(transparent)]
    Episode(#[from] pusht_data::EpisodeError),
    /// States and actions of one episode differ in number, or there are none of them.
    #[error("episode {episode} has {states} states and {actions} actions; expected as many of each, and at least one")]
    Sequence {
        /// Index of the episode.
        episode: usize,
        /// States found.
        states: usize,
        /// Actions found.
        actions: usize,
    },
    /// Numbers that are not finite.
    #[error("episode {episode}, row {row}: the {what} is not finite; leave the episode out or repair it")]
    NotFinite {
        /// Index of the episode.
        episode: usize,
        /// First bad row.
        row: usize,
        /// `state` or `action`.
        what: &'static str,
    },
    /// A frame of another size.
    #[error("a frame is {width}×{height} px; the policies on pictures read 96×96: resize the frames")]
    FrameSize {
        /// px.
        width: u32,
        /// px.
        height: u32,
    },
    /// Frames that cannot be loaded.
    #[error(transparent)]
    Loader(#[from] pusht_data::LoaderError),
    /// The tracker.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
    /// A video without agent or T.
    #[error("episode {episode}: the {what} is seen in none of its frames; leave the episode out")]
    NeverSeen {
        /// Its index.
        episode: usize,
        /// `agent` or `T`.
        what: &'static str,
    },
    /// Nothing to act on.
    #[error("environment {env}: the {what} is not seen in the frame, and was not before")]
    Hidden {
        /// Its number.
        env: usize,
        /// `agent` or `T`.
        what: &'static str,
    },
    /// The training loop.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// The policy's file.
    #[error(transparent)]
    File(#[from] ModelFileError),
    /// A folder that is no diffusion policy of LeRobot, or one that there is no policy for here.
    #[error("{path:?} cannot be used as a diffusion policy of LeRobot: {reason}")]
    Checkpoint {
        /// The file.
        path: std::path::PathBuf,
        /// Which setting or tensor, and what was expected.
        reason: String,
    },
    /// Weights to start from.
    #[error(transparent)]
    Weights(#[from] nn_kit::CheckpointError),
    /// The network did not run.
    #[error("the network failed: {reason}")]
    Network {
        /// What Burn says.
        reason: String,
    },
}

/// Refuses a number outside of `low..=high`.
pub(crate) fn within(
    setting: &'static str,
    value: usize,
    low: usize,
    high: usize,
    expected: &'static str,
) -> Result<(), BcError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(refused(setting, &value, expected))
}

/// A setting that cannot work.
pub(crate) fn refused(setting: &'static str, found: &impl ToString, expected: &'static str) -> BcError {
    BcError::Config {
        setting,
        found: found.to_string(),
        expected,
    }
}

/// The network did not run.
pub(crate) fn network_error(error: impl std::fmt::Display) -> BcError {
    BcError::Network {
        reason: error.to_string(),
    }
}

/// A policy that fails while it acts.
pub(crate) fn failed(policy: &str, reason: impl std::fmt::Display) -> PolicyError {
    PolicyError::Failed {
        policy: policy.to_owned(),
        reason: reason.to_string(),
    }
}

/// An observation that was not asked for.
pub(crate) fn wrong_observation(expected: Modality, found: &Observation) -> PolicyError {
    let found = match found {
        Observation::State(_) => "a state",
        Observation::Keypoints { .. } => "keypoints",
        Observation::Pixels(_) => "a picture",
        Observation::PixelsAgentPos { .. } => "a picture with the agent's position",
    };
    PolicyError::WrongObservation { expected, found }
}
