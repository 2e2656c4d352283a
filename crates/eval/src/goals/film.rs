//! Films of rollouts to goals.

use pusht_env::{Frame, PushT, Renderer, Scene, draw_marker};

use super::error::GoalError;
use super::record::GoalRecord;

impl GoalRecord {
    /// The frames of an episode, `size` px per side: the start, then one after every step with that step's target as a cross;
    /// the goal on the right of each.
    ///
    /// # Errors
    /// An episode out of range, a size that cannot be rendered, or a record that the environment refuses.
    pub fn film(&self, episode: usize, size: u32) -> Result<Vec<Frame>, GoalError> {
        let Some(played) = self.episodes.get(episode) else {
            return Err(GoalError::NoEpisode {
                episode,
                episodes: self.episodes.len(),
            });
        };
        let mut renderer = Renderer::new(size, self.env.fill_rule)?;
        let goal = renderer.render(&Scene::new(played.goal.agent, played.goal.block, self.env.goal));
        let mut env = PushT::new(self.env)?;
        if let Some(&start) = played.states.first() {
            env.set_motion(start, played.velocity)?;
        }
        let mut frames = vec![beside(&renderer.render(&env.scene()), &goal)];
        for action in &played.actions {
            env.step(*action)?;
            let mut frame = renderer.render(&env.scene());
            draw_marker(&mut frame, *action);
            frames.push(beside(&frame, &goal));
        }
        Ok(frames)
    }
}

/// Two frames of the same size side by side, with a gap of 4 px.
fn beside(left: &Frame, right: &Frame) -> Frame {
    const GAP: u32 = 4;
    let (width, height) = left.dimensions();
    let mut pair = Frame::new(2 * width + GAP, height);
    pair.fill(255);
    for (frame, offset) in [(left, 0), (right, width + GAP)] {
        for (x, y, pixel) in frame.enumerate_pixels() {
            pair.put_pixel(x + offset, y, *pixel);
        }
    }
    pair
}
