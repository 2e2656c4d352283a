//! Replays from every k-th frame of a clip.

use super::start::Starts;
use super::{Replay, ReplayError, replay_from};
use pusht_env::{Action, Pose};
use pusht_vision::{InitialMotion, Tracked};

/// One replay from every `every`-th frame of a clip that shows both agent and T and has an action after it. Each start
/// state is estimated from the whole track; the state is not reset within a replay.
///
/// # Errors
/// As [`replay`](super::replay); `every` of 0.
pub fn restarts(
    track: &[Tracked],
    actions: &[Action],
    start: InitialMotion,
    goal: Pose,
    every: usize,
) -> Result<Vec<Replay>, ReplayError> {
    if every == 0 {
        return Err(ReplayError::Every);
    }
    let starts = Starts::new(track, start)?;
    let last = actions.len().min(track.len().saturating_sub(1));
    (0..last)
        .step_by(every)
        .filter(|&frame| track[frame].state().is_some())
        .map(|frame| replay_from(starts.at(frame)?, track, actions, goal))
        .collect()
}
