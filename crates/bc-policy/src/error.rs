//! Errors of policies.

use pusht_env::{Modality, Observation, PolicyError};
use training::{ModelFileError, TrainingError};

/// Errors from training, loading and running policies.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BcError {
    /// A setting is out of its range.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// The given value.
        found: String,
        /// Allowed values.
        expected: &'static str,
    },
    /// The kind of policy is not in the registry.
    #[error("policy kind is {found:?}; expected {known}")]
    UnknownKind {
        /// The given value.
        found: String,
        /// The names of all kinds.
        known: String,
    },
    /// The policy does not read the setting.
    #[error("the policy {policy} does not read {key}; {readers}")]
    UnreadSetting {
        /// The policy's kind.
        policy: &'static str,
        /// The setting's key.
        key: String,
        /// The kinds that read it, as text.
        readers: String,
    },
    /// A split refers to a row that is not in the data.
    #[error(
        "the split refers to row {row} of episode {episode}, which is not in the data; split the data you train on"
    )]
    NoSuchRow {
        /// Index of the episode.
        episode: usize,
        /// Its row.
        row: usize,
    },
    /// An episode is not valid.
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
    /// A number is not finite.
    #[error("episode {episode}, row {row}: the {what} is not finite; leave the episode out or repair it")]
    NotFinite {
        /// Index of the episode.
        episode: usize,
        /// First bad row.
        row: usize,
        /// `state` or `action`.
        what: &'static str,
    },
    /// A frame is not 96×96 px.
    #[error("a frame is {width}×{height} px; policies on images read 96×96: resize the frames")]
    FrameSize {
        /// px.
        width: u32,
        /// px.
        height: u32,
    },
    /// Frames cannot be loaded.
    #[error(transparent)]
    Loader(#[from] pusht_data::LoaderError),
    /// An error of the tracker.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
    /// Agent or T is seen in no frame of a video.
    #[error("episode {episode}: the {what} is seen in none of its frames; leave the episode out")]
    NeverSeen {
        /// Index of the episode.
        episode: usize,
        /// `agent` or `T`.
        what: &'static str,
    },
    /// Agent or T was never seen in an environment.
    #[error("environment {env}: the {what} is not seen in the frame, and was not before")]
    Hidden {
        /// Index of the environment.
        env: usize,
        /// `agent` or `T`.
        what: &'static str,
    },
    /// An error of the training loop.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// An error of the policy's file.
    #[error(transparent)]
    File(#[from] ModelFileError),
    /// A folder is not a LeRobot diffusion policy, or not a supported one.
    #[error("{path:?} cannot be used as a diffusion policy of LeRobot: {reason}")]
    Checkpoint {
        /// The file.
        path: std::path::PathBuf,
        /// Which setting or tensor, and what was expected.
        reason: String,
    },
    /// An error of the initial weights.
    #[error(transparent)]
    Weights(#[from] nn_kit::CheckpointError),
    /// The network failed.
    #[error("the network failed: {reason}")]
    Network {
        /// Burn's message.
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

/// Makes the error for an invalid setting.
pub(crate) fn refused(setting: &'static str, found: &impl ToString, expected: &'static str) -> BcError {
    BcError::Config {
        setting,
        found: found.to_string(),
        expected,
    }
}

/// The network failed.
pub(crate) fn network_error(error: impl std::fmt::Display) -> BcError {
    BcError::Network {
        reason: error.to_string(),
    }
}

/// Makes the error of a policy that fails while acting.
pub(crate) fn failed(policy: &str, reason: impl std::fmt::Display) -> PolicyError {
    PolicyError::Failed {
        policy: policy.to_owned(),
        reason: reason.to_string(),
    }
}

/// Makes the error for an observation of another kind.
pub(crate) fn wrong_observation(expected: Modality, found: &Observation) -> PolicyError {
    let found = match found {
        Observation::State(_) => "a state",
        Observation::Keypoints { .. } => "keypoints",
        Observation::Pixels(_) => "an image",
        Observation::PixelsAgentPos { .. } => "an image with the agent's position",
    };
    PolicyError::WrongObservation { expected, found }
}
