//! Inverse dynamics without learning: the agent's positions determine its target positions.

use pusht_data::{IdmError, InverseDynamics, Labels};
use pusht_env::{Frame, GOAL, Pose};
use pusht_vision::{ActionSmoother, InitialMotion, Tracker, VisionError};

/// Closed-form inverse dynamics: tracks the agent and inverts its equation of motion, with a model of the tracking
/// error ([`ActionSmoother`]).
#[derive(Clone, Copy, Debug)]
pub struct ClosedForm {
    /// The goal drawn on the board.
    pub goal: Pose,
    /// Whether videos begin at rest (episodes) or in motion (clips).
    pub start: InitialMotion,
    /// The smoother; standard deviations that it does not give are estimated from each video.
    pub smoother: ActionSmoother,
}

impl ClosedForm {
    /// Creates it for videos of boards with the reference goal.
    pub fn new(start: InitialMotion) -> Self {
        Self {
            goal: GOAL,
            start,
            smoother: ActionSmoother::default(),
        }
    }

    /// Computes actions from a track of agent positions, one per frame, `None` where no agent is seen. Frames before
    /// the first position and the last frame get no action.
    ///
    /// # Errors
    /// Fewer than two frames from the first position on, or a position that is not finite.
    pub fn label_track(&self, track: &[Option<[f64; 2]>]) -> Result<Labels, IdmError> {
        let start = track.iter().position(Option::is_some).unwrap_or(track.len());
        let seen = &track[start..];
        if seen.len() < 2 {
            return Err(IdmError::TooShort {
                idm: self.name(),
                found: seen.len(),
                needed: 2,
            });
        }
        let smoothed = self.smoother.smooth(seen, self.start).map_err(|e| self.failed(&e))?;
        Ok(Labels {
            start,
            actions: smoothed.actions,
            deviations: Some(smoothed.action_std.into_iter().map(|x| x as f32).collect()),
        })
    }

    fn failed(&self, reason: &dyn std::fmt::Display) -> IdmError {
        IdmError::Failed {
            idm: self.name(),
            reason: reason.to_string(),
        }
    }
}

impl InverseDynamics for ClosedForm {
    fn name(&self) -> String {
        "closed form".to_owned()
    }

    fn label(&self, video: &[Frame]) -> Result<Labels, IdmError> {
        let tracker = Tracker::new(self.goal).map_err(|e| self.failed(&e))?;
        let tracked = tracker.track_video(video).map_err(|e: VisionError| {
            let wrong = video.iter().position(|f| f.dimensions() != (96, 96)).unwrap_or(0);
            IdmError::Frame {
                frame: wrong,
                reason: e.to_string(),
            }
        })?;
        let track: Vec<_> = tracked.iter().map(|t| t.agent).collect();
        if !video.is_empty() && track.iter().all(Option::is_none) {
            let reason = "neither it nor any later frame shows the agent (a blue disc)".to_owned();
            return Err(IdmError::Frame { frame: 0, reason });
        }
        self.label_track(&track)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_vision::agent_step;

    #[test]
    fn a_track_gives_its_actions_from_where_the_agent_is_first_seen() {
        let action = |t: usize| [300.0 + 8.0 * t as f64, 200.0];
        let mut track = vec![None, Some([300.0, 200.0])];
        let (mut p, mut v) = ([300.0, 200.0], [0.0, 0.0]);
        for t in 0..20 {
            (p, v) = agent_step(p, v, action(t));
            track.push(Some(p));
        }
        let labels = ClosedForm::new(InitialMotion::Rest).label_track(&track).unwrap();
        assert_eq!((labels.start, labels.actions.len()), (1, 20));
        for (t, found) in labels.actions.iter().enumerate() {
            let wanted = action(t);
            assert!(
                (f64::from(found[0]) - wanted[0]).abs() < 2.0,
                "{t}: {found:?} {wanted:?}"
            );
        }
    }

    #[test]
    fn videos_without_an_agent_are_refused() {
        let idm = ClosedForm::new(InitialMotion::Moving);
        let mut white = Frame::new(96, 96);
        white.fill(255);
        let text = idm.label(&[white.clone(), white]).unwrap_err().to_string();
        assert!(text.contains("agent"), "{text}");
        assert!(matches!(idm.label(&[]), Err(IdmError::TooShort { .. })));
        let small = idm.label(&[Frame::new(64, 64)]).unwrap_err().to_string();
        assert!(small.contains("96 × 96"), "{small}");
    }
}
