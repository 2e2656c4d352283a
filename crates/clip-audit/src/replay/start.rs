//! The start state of a replay, estimated from the clip's first frames.

use super::ReplayError;
use super::path::{STILL_ANGLE, STILL_DISTANCE, apart, turned};
use pusht_env::{Pose, State};
use pusht_vision::{ActionSmoother, InitialMotion, SmoothedTrack, Tracked, unwrap_angle};

/// The start of a replay.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ReplayStart {
    /// Index of the frame that shows it.
    pub frame: usize,
    /// State of agent and T.
    pub state: State,
    /// Velocity of the agent, px/s. The T has none: the environment stops it at every substep.
    pub velocity: [f64; 2],
}

impl ReplayStart {
    /// A known state at rest.
    pub const fn at_rest(frame: usize, state: State) -> Self {
        Self {
            frame,
            state,
            velocity: [0.0; 2],
        }
    }

    /// Estimates the start at the first frame that shows both agent and T.
    ///
    /// Agent: position and velocity of the track smoothed by [`ActionSmoother`], regardless of the source of the
    /// actions; with [`InitialMotion::Rest`] the velocity of frame 0 is zero. T: the mean of its poses over the frames
    /// before it first moves, as the agent hides a different part of it in each.
    ///
    /// # Errors
    /// No such frame, or positions that are not finite.
    pub fn estimate(track: &[Tracked], start: InitialMotion) -> Result<Self, ReplayError> {
        let frame = track.iter().position(|t| t.state().is_some());
        let frame = frame.ok_or(ReplayError::NoStart { frames: track.len() })?;
        Starts::new(track, start)?.at(frame)
    }
}

/// Estimates starts at any frame of one clip; the agent's track is smoothed once.
pub(crate) struct Starts<'a> {
    track: &'a [Tracked],
    /// Frame of the first smoothed position.
    first: usize,
    agent: SmoothedTrack,
}

impl<'a> Starts<'a> {
    pub(crate) fn new(track: &'a [Tracked], start: InitialMotion) -> Result<Self, ReplayError> {
        let frames = track.len();
        let agents: Vec<Option<[f64; 2]>> = track.iter().map(|t| t.agent).collect();
        let first = agents.iter().position(Option::is_some);
        let first = first.ok_or(ReplayError::NoStart { frames })?;
        let start = if first == 0 { start } else { InitialMotion::Moving };
        let agent = ActionSmoother::default().smooth(&agents[first..], start)?;
        Ok(Self { track, first, agent })
    }

    /// The start at a frame that shows both agent and T.
    pub(crate) fn at(&self, frame: usize) -> Result<ReplayStart, ReplayError> {
        let frames = self.track.len();
        let seen = self.track.get(frame).and_then(Tracked::state);
        let seen = seen.ok_or(ReplayError::NoStart { frames })?;
        Ok(ReplayStart {
            frame,
            state: State {
                agent: self.agent.positions[frame - self.first],
                block: still_pose(&self.track[frame..], seen.block).ok_or(ReplayError::NotFinite { frame })?,
            },
            velocity: self.agent.velocities[frame - self.first],
        })
    }
}

/// Mean pose over the frames until the T first leaves `first`; `None` if that is not finite.
fn still_pose(track: &[Tracked], first: Pose) -> Option<Pose> {
    let still = |pose: &Pose| apart(*pose, first) <= STILL_DISTANCE && turned(*pose, first) <= STILL_ANGLE;
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for pose in track.iter().map_while(|t| t.block.filter(still)) {
        let row = [pose.x, pose.y, unwrap_angle(first.angle, pose.angle)];
        for (sum, value) in sum.iter_mut().zip(row) {
            *sum += value;
        }
        count += 1.0;
    }
    let [x, y, angle] = sum.map(|s| s / count);
    (count > 0.0).then_some(Pose { x, y, angle })
}
