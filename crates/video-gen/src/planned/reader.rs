//! What agent and T are read with.

use pusht_env::{Frame, Pose};
use pusht_vision::{Registrar, Tracked, Tracker, VisionError};

/// Reads agent and T in frames.
pub trait ReadFrame: Send + Sync {
    /// Checks that a given frame shows the whole board upright.
    ///
    /// # Errors
    /// What is wrong with it.
    fn check(&self, frame: &Frame) -> Result<(), String>;

    /// Reads a frame after one with the result `last`.
    ///
    /// # Errors
    /// A frame of another size.
    fn read(&self, frame: &Frame, last: Option<&Tracked>) -> Result<Tracked, VisionError>;
}

/// The tracker.
pub struct Sight {
    tracker: Tracker,
    registrar: Registrar,
}

impl Sight {
    /// For boards with this goal.
    ///
    /// # Errors
    /// A goal pose that is not finite.
    pub fn new(goal: Pose) -> Result<Self, VisionError> {
        Ok(Self {
            tracker: Tracker::new(goal)?,
            registrar: Registrar::new(goal)?,
        })
    }
}

impl ReadFrame for Sight {
    fn check(&self, frame: &Frame) -> Result<(), String> {
        let found = self.registrar.register(frame).map_err(|error| error.to_string())?;
        if found.is_identity() {
            return Ok(());
        }
        let (width, height) = frame.dimensions();
        Err(format!(
            "{width} × {height} px, with the board elsewhere in them; expected 96 × 96 px that show the whole board: \
             register and resample the frame first"
        ))
    }

    fn read(&self, frame: &Frame, last: Option<&Tracked>) -> Result<Tracked, VisionError> {
        self.tracker.track_after(frame, last)
    }
}
