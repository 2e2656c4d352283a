//! Helpers of the tracker's tests.
#![allow(clippy::unwrap_used)]

use std::sync::OnceLock;

use pusht_env::{Frame, GOAL, Pose};
use pusht_vision::{Tracked, Tracker, unwrap_angle};

pub fn track(frame: &Frame) -> Tracked {
    static TRACKER: OnceLock<Tracker> = OnceLock::new();
    TRACKER
        .get_or_init(|| Tracker::new(GOAL).unwrap())
        .track(frame)
        .unwrap()
}

/// Errors of agent, T origin and T angle.
pub fn errors(tracked: &Tracked, agent: [f64; 2], block: Pose) -> [f64; 3] {
    let state = tracked.state().unwrap();
    [
        (state.agent[0] - agent[0]).hypot(state.agent[1] - agent[1]),
        (state.block.x - block.x).hypot(state.block.y - block.y),
        unwrap_angle(0.0, state.block.angle - block.angle).abs(),
    ]
}
