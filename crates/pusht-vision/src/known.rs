//! Agent and T in the frames of a recording.

use pusht_env::{Frame, Pose, State};

use crate::tracker::{Tracked, Tracker};

/// A frame of a recording of which agent and T cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("frame {frame}: {reason}")]
pub struct UnknownState {
    /// Index of the frame.
    pub frame: usize,
    /// What is wrong with it, and what was expected.
    pub reason: String,
}

/// Agent and T in the frames of a recording: from its recorded states, if it has them, otherwise tracked from frame to
/// frame, where either may be missing.
///
/// # Errors
/// A recorded state that is not finite; without states, a goal that is not finite, or a frame that is not 96 × 96.
pub fn known_states(frames: &[Frame], states: Option<&[State]>, goal: Pose) -> Result<Vec<Tracked>, UnknownState> {
    if let Some(states) = states {
        let finite = |state: &State| state.to_row().iter().all(|x| x.is_finite());
        return match states.iter().position(|state| !finite(state)) {
            Some(frame) => Err(UnknownState {
                frame,
                reason: "the state is not finite; expected px and rad".to_owned(),
            }),
            None => Ok(states.iter().copied().map(Tracked::from).collect()),
        };
    }
    let refuse = |frame, reason: String| UnknownState { frame, reason };
    let tracker = Tracker::new(goal).map_err(|error| refuse(0, error.to_string()))?;
    let mut track: Vec<Tracked> = Vec::with_capacity(frames.len());
    for (index, frame) in frames.iter().enumerate() {
        let seen = tracker.track_after(frame, track.last());
        track.push(seen.map_err(|error| refuse(index, error.to_string()))?);
    }
    Ok(track)
}

#[cfg(test)]
mod tests {
    use pusht_env::{FillRule, GOAL, Renderer, Scene};

    use super::*;

    #[test]
    fn states_are_those_recorded_or_else_tracked() {
        let state = State {
            agent: [120.0, 80.0],
            block: Pose::new(240.0, 300.0, 0.8),
        };
        let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
        let frame = renderer.render(&Scene::new(state.agent, state.block, GOAL));
        let frames = [frame.clone(), frame];
        let recorded = known_states(&frames, Some(&[state, state]), GOAL).unwrap();
        assert_eq!(recorded, [Tracked::from(state); 2]);
        let tracked = known_states(&frames, None, GOAL).unwrap();
        let agent = tracked[1].agent.unwrap();
        assert!((agent[0] - 120.0).hypot(agent[1] - 80.0) < 2.0);
        assert_eq!(tracked, Tracker::new(GOAL).unwrap().track_video(&frames).unwrap());

        let mut wrong = state;
        wrong.block.x = f64::NAN;
        let error = known_states(&frames, Some(&[state, wrong]), GOAL).unwrap_err();
        assert_eq!(
            error.to_string(),
            "frame 1: the state is not finite; expected px and rad"
        );
        let small = [frames[0].clone(), Frame::new(64, 96)];
        let error = known_states(&small, None, GOAL).unwrap_err();
        assert!(error.frame == 1 && error.reason.contains("64 × 96"), "{error}");
    }
}
