//! Flips and rotations of frames, actions, states and goal together.

mod pixels;
mod transform;

pub use pixels::{FrameTransform, NotSquare};
pub use transform::Transform;

use pusht_env::Frame;

use crate::Episode;

impl Transform {
    /// Transforms a whole episode: frames, actions, states and goal. Its provenance stays that of the original.
    ///
    /// # Errors
    /// Frames that are not square, or not all of one size.
    pub fn episode(&self, episode: &Episode) -> Result<Episode, NotSquare> {
        let size = episode.frames.first().map_or(0, Frame::width);
        let pixels = FrameTransform::new(self, size);
        Ok(Episode {
            frames: episode
                .frames
                .iter()
                .map(|f| pixels.frame(f))
                .collect::<Result<_, _>>()?,
            actions: episode.actions.iter().map(|&a| self.action(a)).collect(),
            states: episode
                .states
                .as_ref()
                .map(|states| states.iter().map(|&s| self.state(s)).collect()),
            goal: self.pose(episode.goal),
            provenance: episode.provenance.clone(),
        })
    }
}
