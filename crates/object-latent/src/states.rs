//! Conversion between frames and states: by the tracker for inputs, the renderer for outputs.

use pusht_data::{Episode, VideoModelError, VideoRequest};
use pusht_env::{FillRule, Frame, Pose, RenderError, Renderer, Scene, State};
use pusht_vision::{Tracked, Tracker, VisionError, known_states, unwrap_angle};

use crate::error::VideoGenError;
use crate::sample::StateRequest;

/// Side of the frames, px.
pub const SIDE: u32 = 96;

/// The states of a training episode: its own if it has them, otherwise tracked in its frames. Angles are continuous
/// from frame to frame.
///
/// # Errors
/// A state that is not finite, or a frame in which agent or T is not seen.
pub fn episode_states(episode: &Episode) -> Result<Vec<State>, VideoGenError> {
    let index = episode.provenance.index;
    let refuse = |frame, reason| VideoGenError::Frame { index, frame, reason };
    let known = known_states(&episode.frames, episode.states.as_deref(), episode.goal)
        .map_err(|error| refuse(error.frame, error.reason))?;
    let state = |(frame, known): (usize, &Tracked)| known.state().ok_or_else(|| refuse(frame, unseen()));
    let mut states: Vec<State> = known.iter().enumerate().map(state).collect::<Result<_, _>>()?;
    for i in 1..states.len() {
        states[i].block.angle = unwrap_angle(states[i - 1].block.angle, states[i].block.angle);
    }
    Ok(states)
}

/// Whether all numbers of a state are finite.
pub fn finite(state: &State) -> bool {
    state.to_row().iter().all(|x| x.is_finite())
}

/// Tracks the first and last frame of a request.
pub fn read(tracker: &Tracker, index: usize, request: &VideoRequest) -> Result<StateRequest, VideoModelError> {
    let state = |what: &str, frame: &Frame| {
        let refuse = |reason: String| VideoModelError::Request {
            request: index,
            reason: format!("{what} frame: {reason}"),
        };
        let tracked = tracker
            .track(frame)
            .map_err(|error: VisionError| refuse(error.to_string()))?;
        tracked.state().ok_or_else(|| refuse(unseen()))
    };
    let start = state("start", &request.start)?;
    let end = request.end.as_ref().map(|end| state("end", end)).transpose()?;
    Ok(StateRequest {
        start,
        end,
        frames: request.frames,
        seed: request.seed,
    })
}

fn unseen() -> String {
    "no blue agent or no gray T is seen in it; expected a PushT image with both on the board".to_string()
}

/// Renders the frames of a clip; those that the request prescribes are returned unchanged.
pub fn draw(request: &VideoRequest, states: &[State], goal: Pose, rule: FillRule) -> Result<Vec<Frame>, RenderError> {
    let mut renderer = Renderer::new(SIDE, rule)?;
    let last = states.len() - 1;
    Ok(states
        .iter()
        .enumerate()
        .map(|(i, state)| match (&request.end, i) {
            (_, 0) => request.start.clone(),
            (Some(end), i) if i == last => end.clone(),
            _ => renderer.render(&Scene::new(state.agent, state.block, goal)),
        })
        .collect())
}
