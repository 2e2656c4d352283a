//! A planned clip and what is known of it.

use pusht_data::ClipEnd;
use pusht_env::{Action, Frame};

use super::end_distance::EndDistance;

/// A clip along a planned path.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlannedClip {
    /// The frames, the start included.
    pub frames: Vec<Frame>,
    /// Center of the agent in each frame, px of the 512 board.
    pub agent: Vec<[f64; 2]>,
    /// The action between each frame and the next, one fewer than frames.
    pub actions: Vec<Action>,
    /// How far the last frame of the world model is from the end.
    pub arrival: EndDistance,
    /// Whether the end was reached: with a prescribed last frame, so nearly that it was handed back; otherwise, whether
    /// the T rests within the tolerance of the goal.
    pub arrived: bool,
    /// Whether the last frame is the prescribed one; otherwise it is the world model's own.
    pub end_handed_back: bool,
    /// Whether agent and T were found in the world model's last frame; if not, `arrival` is that of where the T was last
    /// found.
    pub end_tracked: bool,
    /// Frames that the world model computed for the search.
    pub frames_rolled_out: usize,
}

impl PlannedClip {
    /// How near the clip came to its end.
    pub fn end(&self) -> ClipEnd {
        ClipEnd {
            reached: self.arrived,
            px: self.arrival.position,
            degrees: self.arrival.degrees,
            agent_px: self.arrival.agent,
            seen: self.end_tracked,
        }
    }
}
