//! Plays the extracted actions of a clip in the exact environment and compares the result with the clip.

use super::path::{BlockPath, apart, block_path, turned};
use super::{ReplayError, ReplayStart};
use eval::{POSE_ANGLE_DEGREES, POSE_DISTANCE};
use pusht_env::{Action, EnvConfig, Pose, PushT, State, coverage};
use pusht_vision::{InitialMotion, Tracked};
use serde::{Deserialize, Serialize};

/// Result of the replay of one clip.
///
/// Step t leads from frame `start.frame` + t to the next; entry t of the errors compares the states after it. The T's pose is
/// its origin and angle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// The start state.
    pub start: ReplayStart,
    /// Simulated agent x, y, T x, y (px), angle (rad) after each step, as [`State::to_row`].
    pub path: Vec<[f64; 5]>,
    /// Distance of the agents after each step, px; `None` where the clip shows none.
    pub agent_error: Vec<Option<f64>>,
    /// Distance of the T's origins after each step, px; `None` where the clip shows no T.
    pub position_error: Vec<Option<f64>>,
    /// Difference of the T's angles after each step, rad, 0 to π; `None` where the clip shows no T.
    pub angle_error: Vec<Option<f64>>,
    /// Steps until clip and replay diverge: before the first error above 20 px or 20°; all steps if they do not.
    #[serde(alias = "horizon")]
    pub steps_to_divergence: usize,
    /// Whether they diverge; if false, the clip ended first.
    #[serde(alias = "parted")]
    pub diverged: bool,
    /// The T's path in the clip until the divergence.
    pub followed: BlockPath,
    /// The T's path in the whole clip.
    pub shown: BlockPath,
    /// The T's path in the whole replay.
    pub simulated: BlockPath,
    /// The T's final poses.
    pub end: ReplayEnd,
}

/// The T in the last frame that shows it, and at the same step of the replay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayEnd {
    /// Pose in the clip.
    pub clip: Pose,
    /// Pose in the replay.
    pub replay: Pose,
    /// Coverage of the clip's goal in the clip.
    pub clip_coverage: f64,
    /// Coverage of the clip's goal in the replay.
    pub replay_coverage: f64,
}

impl ReplayEnd {
    fn new(clip: Pose, replay: Pose, goal: Pose) -> Self {
        Self {
            clip,
            replay,
            clip_coverage: coverage(clip, goal),
            replay_coverage: coverage(replay, goal),
        }
    }

    /// The same for another goal pose.
    #[must_use]
    pub fn with_goal(self, goal: Pose) -> Self {
        Self::new(self.clip, self.replay, goal)
    }

    /// The same with the clip's own final pose as the goal: the share of the clip's final T that the replay's T covers.
    /// It does not depend on the task's goal and is stricter: two T that both miss the goal agree on a coverage of 0.
    #[must_use]
    pub fn with_own_goal(self) -> Self {
        self.with_goal(self.clip)
    }

    /// |coverage in the clip − coverage in the replay|.
    pub fn coverage_error(&self) -> f64 {
        (self.clip_coverage - self.replay_coverage).abs()
    }
}

/// Plays `actions` (action t is taken at frame t) from the start state of the clip, estimated from the track
/// ([`ReplayStart::estimate`]), and compares the result with the track. Frames after the effect of the last action are
/// ignored.
///
/// `track` has one entry per frame, from [`pusht_vision::Tracker::track_video`]. `actions` come from an inverse
/// dynamics method, such as `ClosedForm` of the crate `idm`, or are recorded. `start` states whether the agent is at
/// rest in frame 0. `goal` is the goal pose of the clip.
///
/// # Errors
/// No frame that shows agent and T with an action after it, more actions than frames, numbers that are not finite.
pub fn replay(track: &[Tracked], actions: &[Action], start: InitialMotion, goal: Pose) -> Result<Replay, ReplayError> {
    replay_from(ReplayStart::estimate(track, start)?, track, actions, goal)
}

/// As [`replay`], from a given start.
///
/// # Errors
/// As [`replay`]; a start frame outside of the clip.
pub fn replay_from(
    start: ReplayStart,
    track: &[Tracked],
    actions: &[Action],
    goal: Pose,
) -> Result<Replay, ReplayError> {
    let (first, frames) = (start.frame, track.len());
    if actions.len() > frames {
        return Err(ReplayError::TooMany {
            actions: actions.len(),
            frames,
        });
    }
    if first >= frames {
        return Err(ReplayError::Outside { first, frames });
    }
    // The last frame's action, if any, has no effect that the clip shows.
    let played = &actions[first.min(actions.len())..actions.len().min(frames - 1)];
    if played.is_empty() {
        return Err(ReplayError::NoActions { first });
    }
    let shown = &track[first..=first + played.len()];
    let finite = |p: Pose| p.x.is_finite() && p.y.is_finite() && p.angle.is_finite();
    if let Some(frame) = shown.iter().position(|t| t.block.is_some_and(|p| !finite(p))) {
        return Err(ReplayError::NotFinite { frame: first + frame });
    }
    let path = simulate(&start, played, goal)?;
    Ok(compare(start, shown, &path, goal))
}

/// The state after each action.
fn simulate(start: &ReplayStart, actions: &[Action], goal: Pose) -> Result<Vec<State>, ReplayError> {
    let mut env = PushT::new(EnvConfig::gym_pusht().with_goal(goal).with_max_steps(None))?;
    env.set_state(start.state)?;
    env.set_agent_velocity(start.velocity)?;
    let step = |&action| {
        env.step(action)?;
        Ok(env.state())
    };
    actions.iter().map(step).collect()
}

/// `shown` has one frame more than `path`: the start.
fn compare(start: ReplayStart, shown: &[Tracked], path: &[State], goal: Pose) -> Replay {
    let after = || shown[1..].iter().zip(path);
    let poses = || after().map(|(t, s)| Some((t.block?, s.block)));
    let position_error: Vec<Option<f64>> = poses().map(|p| p.map(|(clip, replay)| apart(clip, replay))).collect();
    let angle_error: Vec<Option<f64>> = poses().map(|p| p.map(|(clip, replay)| turned(clip, replay))).collect();
    let agents = after().map(|(t, s)| t.agent.map(|a| (a[0] - s.agent[0]).hypot(a[1] - s.agent[1])));
    let largest_turn = POSE_ANGLE_DEGREES.to_radians();
    let diverges = |at: &usize| {
        position_error[*at].is_some_and(|e| e > POSE_DISTANCE) || angle_error[*at].is_some_and(|e| e > largest_turn)
    };
    let diverged = (0..path.len()).find(diverges);
    let steps_to_divergence = diverged.unwrap_or(path.len());
    let simulated: Vec<Tracked> = [start.state].iter().chain(path).map(|&s| s.into()).collect();
    let seen = shown.iter().zip(&simulated).rev();
    let (clip, replay) = seen
        .filter_map(|(t, s)| t.block.zip(s.block))
        .next()
        .unwrap_or((start.state.block, start.state.block));
    Replay {
        start,
        path: path.iter().map(|s| s.to_row()).collect(),
        agent_error: agents.collect(),
        position_error,
        angle_error,
        steps_to_divergence,
        diverged: diverged.is_some(),
        followed: block_path(&shown[..=steps_to_divergence]),
        shown: block_path(shown),
        simulated: block_path(&simulated),
        end: ReplayEnd::new(clip, replay, goal),
    }
}
