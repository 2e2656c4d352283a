//! Errors.

use std::path::PathBuf;

use eval::GoalError;
use pusht_data::DataError;
use pusht_vision::VisionError;

/// Errors of settings and demonstrations.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanningError {
    /// A setting out of range.
    #[error("{setting} is {value}; expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// The value.
        value: f64,
        /// What was expected.
        expected: &'static str,
    },
    /// Demonstrations without states.
    #[error(
        "{path}: the demonstrations have no states, and starts and goals are states; expected a zarr replay buffer with `state` or a \
         set of `pusht demos record` (the LeRobot conversion of the human set has the agent's positions only: use the original)",
        path = path.display()
    )]
    NoStates {
        /// The dataset.
        path: PathBuf,
    },
    /// A recorded state that is not finite.
    #[error("{path}, episode {episode}, row {row}: the state is not finite; expected px and rad", path = path.display())]
    State {
        /// The dataset.
        path: PathBuf,
        /// Index of the episode.
        episode: usize,
        /// Index of the row.
        row: usize,
    },
    /// Settings of the protocol that these demonstrations do not allow.
    #[error("{path}: {source}", path = path.display())]
    Protocol {
        /// The dataset.
        path: PathBuf,
        /// What is wrong.
        source: GoalError,
    },
    /// Demonstrations that cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A goal pose that the tracker refuses.
    #[error(transparent)]
    Vision(#[from] VisionError),
}

/// Refuses a setting that is not within a range.
pub(crate) fn check(
    setting: &'static str,
    value: usize,
    range: std::ops::RangeInclusive<usize>,
    expected: &'static str,
) -> Result<(), PlanningError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(PlanningError::Setting {
        setting,
        value: value as f64,
        expected,
    })
}
