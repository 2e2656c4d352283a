//! Extraction of actions from frames.

use pusht_env::{Action, Frame};

/// Actions for consecutive frames of a video.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// The frame that the first action belongs to; action i belongs to frame `start + i` (the action taken there).
    pub start: usize,
    /// Consecutive actions; frames before `start` and after the last one have none.
    pub actions: Vec<Action>,
    /// Standard deviation of each action's error, px per axis; `None` if the model does not estimate it.
    pub deviations: Option<Vec<f32>>,
}

impl Labels {
    /// Labels with unknown errors.
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
    /// Name for reports, reduction included.
    fn name(&self) -> String;

    /// Labels one video at 10 Hz.
    ///
    /// # Errors
    /// Too few frames, frames of a size that it cannot read, or frames in which it finds no agent.
    fn label(&self, video: &[Frame]) -> Result<Labels, IdmError>;
}

/// Errors of an inverse dynamics model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdmError {
    /// A video shorter than the window.
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
    /// A failure of the model itself.
    #[error("{idm} failed: {reason}")]
    Failed {
        /// Name of the inverse dynamics.
        idm: String,
        /// What went wrong.
        reason: String,
    },
}
