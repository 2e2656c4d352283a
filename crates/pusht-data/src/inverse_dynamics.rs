//! From frames to the actions that made them.

use pusht_env::{Action, Frame};

/// Actions for a run of a video's frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// The frame that the first action belongs to; action i belongs to frame `start + i` (the action taken there).
    pub start: usize,
    /// Consecutive actions; frames before `start` and after the last one have none.
    pub actions: Vec<Action>,
    /// Standard deviation of each action's error, px an axis; `None` where the model does not say.
    pub deviations: Option<Vec<f32>>,
}

impl Labels {
    /// Actions whose error is not known.
    pub fn new(start: usize, actions: Vec<Action>) -> Self {
        Self {
            start,
            actions,
            deviations: None,
        }
    }
}

/// Extracts actions from video.
pub trait InverseDynamics {
    /// A name for reports, reduction included.
    fn name(&self) -> String;

    /// Labels one video of 10 Hz.
    ///
    /// # Errors
    /// Too few frames, frames of a size it cannot read, or frames in which it finds no agent.
    fn label(&self, video: &[Frame]) -> Result<Labels, IdmError>;
}

/// Why a video got no actions.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdmError {
    /// Shorter than the window.
    #[error("the video has {found} frames; {idm} needs at least {needed}")]
    TooShort {
        /// Name of the inverse dynamics.
        idm: String,
        /// Frames found.
        found: usize,
        /// Frames needed.
        needed: usize,
    },
    /// A frame that cannot be read.
    #[error("frame {frame}: {reason}")]
    Frame {
        /// Index in the video.
        frame: usize,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// The model's own failure.
    #[error("{idm} failed: {reason}")]
    Failed {
        /// Name of the inverse dynamics.
        idm: String,
        /// What went wrong.
        reason: String,
    },
}
