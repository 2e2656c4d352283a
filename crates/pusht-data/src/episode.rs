//! One PushT episode.

use pusht_env::{Action, Frame, Pose, State};
use serde::{Deserialize, Serialize};

/// Origin of an episode; part of every result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The source: a file, `expert`, or the name of the generator.
    pub source: String,
    /// Its index in the source.
    pub index: usize,
    /// The seed of its start, if known.
    pub seed: Option<u64>,
    /// Origin of the actions: `recorded`, or the inverse dynamics that extracted them.
    pub actions: String,
}

/// Frames, actions and, if known, states from one start; 10 Hz. Row t is before action t.
///
/// # Example
///
/// ```
/// use pusht_data::{Episode, Provenance};
/// use pusht_env::{Frame, GOAL};
///
/// let episode = Episode {
///     frames: vec![Frame::new(96, 96); 20],
///     actions: vec![[256.0, 256.0]; 20], // target positions of the agent, px of the 512 board
///     states: None,
///     goal: GOAL,
///     provenance: Provenance { source: "my robot".into(), index: 0, seed: None, actions: "recorded".into() },
/// };
/// episode.check()?;
/// # Ok::<(), pusht_data::EpisodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// The frame before each action.
    pub frames: Vec<Frame>,
    /// As many as frames.
    pub actions: Vec<Action>,
    /// As many as frames, if known.
    pub states: Option<Vec<State>>,
    /// The pose that the T is to be pushed to.
    pub goal: Pose,
    /// Origin of the episode.
    pub provenance: Provenance,
}

impl Episode {
    /// Number of time steps.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether the episode has no time steps; [`Episode::check`] refuses such an episode.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Checks what later steps rely on: at least one row, equal lengths, finite actions, frames of equal size.
    ///
    /// # Errors
    /// The first violation, with its row.
    pub fn check(&self) -> Result<(), EpisodeError> {
        let index = self.provenance.index;
        if self.is_empty() {
            return Err(EpisodeError::Empty { index });
        }
        let states = self.states.as_ref().map_or(self.len(), Vec::len);
        if self.frames.len() != self.len() || states != self.len() {
            return Err(EpisodeError::Lengths {
                index,
                frames: self.frames.len(),
                actions: self.len(),
                states,
            });
        }
        if let Some(row) = self.actions.iter().position(|a| !a.iter().all(|x| x.is_finite())) {
            return Err(EpisodeError::NotFinite {
                index,
                row,
                action: self.actions[row],
            });
        }
        let expected = self.frames[0].dimensions();
        if let Some(row) = self.frames.iter().position(|f| f.dimensions() != expected) {
            return Err(EpisodeError::FrameSize {
                index,
                row,
                expected,
                found: self.frames[row].dimensions(),
            });
        }
        Ok(())
    }
}

/// Errors in the content of one episode.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EpisodeError {
    /// No rows.
    #[error(
        "episode {index} is empty; every episode needs at least one frame with its action: leave it out of the dataset"
    )]
    Empty {
        /// Index in the source.
        index: usize,
    },
    /// A number of actions or states other than that of frames.
    #[error("episode {index} has {frames} frames, {actions} actions and {states} states; expected as many of each")]
    Lengths {
        /// Index in the source.
        index: usize,
        /// Frames found.
        frames: usize,
        /// Actions found.
        actions: usize,
        /// States found (the number of actions if there are none).
        states: usize,
    },
    /// An action that is NaN or infinite.
    #[error("episode {index}, row {row}: the action {action:?} is not finite; expected px of the 512 board")]
    NotFinite {
        /// Index in the source.
        index: usize,
        /// First bad row.
        row: usize,
        /// The action.
        action: Action,
    },
    /// Frames of different sizes in one episode.
    #[error("episode {index}, row {row}: the frame is {found:?} px; expected {expected:?} as in row 0")]
    FrameSize {
        /// Index in the source.
        index: usize,
        /// First bad row.
        row: usize,
        /// Size of row 0, width and height.
        expected: (u32, u32),
        /// Size found.
        found: (u32, u32),
    },
}
