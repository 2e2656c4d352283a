//! Rollouts of a world along given paths.

use std::borrow::Borrow;
use std::time::Instant;

use pusht_data::{History, WorldModel, WorldModelError};
use pusht_env::{Action, Frame};
use pusht_jobs::{JobContext, Task, counted};
use serde::{Deserialize, Serialize};

use crate::SIDE;
use crate::error::WorldEvalError;
use crate::request::PathRequest;

/// Rollouts in one batch.
const TOGETHER: usize = 24;
/// Clips whose sampling is timed, and their frames.
const TIMED: [usize; 2] = [20, 48];

/// Rolls a world out along paths, many at once: each clip is the start frame and one frame per action. From the second
/// step on the world sees its own frames only.
///
/// # Errors
/// A failure of the world; a start or an action that it refuses; frames of another number or size than expected; a
/// cancelled job.
pub fn roll_out<R: Borrow<PathRequest>>(
    world: &dyn WorldModel,
    requests: &[R],
    ctx: &mut JobContext,
) -> Result<Vec<Vec<Frame>>, WorldEvalError> {
    let requests: Vec<&PathRequest> = requests.iter().map(Borrow::borrow).collect();
    let frames = requests.iter().map(|request| request.actions.len()).sum();
    let task = ctx.task(&format!("roll out: {}", world.name()), frames, "frame");
    let mut clips: Vec<Vec<Frame>> = Vec::with_capacity(requests.len());
    for some in requests.chunks(TOGETHER) {
        let batch = together(world, some, clips.len(), &task)?;
        clips.extend(batch);
    }
    task.finish(&counted(clips.len(), "clip"));
    Ok(clips)
}

/// Rolls out one batch; `first` is the index of its first clip.
fn together(
    world: &dyn WorldModel,
    requests: &[&PathRequest],
    first: usize,
    task: &Task<'_>,
) -> Result<Vec<Vec<Frame>>, WorldEvalError> {
    let mut clips: Vec<Vec<Frame>> = requests.iter().map(|request| vec![request.start.clone()]).collect();
    let mut numbers: Vec<usize> = (0..requests.len()).collect();
    let mut histories: Vec<History> = requests.iter().map(|request| request.history()).collect();
    for step in 0.. {
        let goes_on: Vec<bool> = numbers.iter().map(|&k| requests[k].actions.len() > step).collect();
        let mut at = goes_on.iter();
        histories.retain(|_| at.next().is_some_and(|&on| on));
        let mut at = goes_on.iter();
        numbers.retain(|_| at.next().is_some_and(|&on| on));
        if numbers.is_empty() {
            break;
        }
        task.check()?;
        let actions: Vec<Action> = numbers.iter().map(|&k| requests[k].actions[step]).collect();
        let next = world.step(&histories, &actions).map_err(|error| match error {
            WorldModelError::Rollout { rollout, reason } => WorldEvalError::Refused {
                world: world.name(),
                clip: first + numbers.get(rollout).copied().unwrap_or(rollout),
                frame: step + 1,
                reason,
            },
            error => error.into(),
        })?;
        if next.len() != numbers.len() {
            return Err(WorldEvalError::Returned {
                world: world.name(),
                expected: numbers.len(),
                found: next.len(),
            });
        }
        for (((&clip, history), &action), frame) in numbers.iter().zip(&mut histories).zip(&actions).zip(next) {
            if frame.dimensions() != (SIDE, SIDE) {
                return Err(WorldEvalError::FrameSize {
                    world: world.name(),
                    clip: first + clip,
                    frame: step + 1,
                    found: frame.dimensions(),
                });
            }
            clips[clip].push(frame.clone());
            history.advance(action, frame);
        }
        task.add(numbers.len());
    }
    Ok(clips)
}

/// How long sampling takes on the machine at hand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplingTime {
    /// Number of clips, rolled out together.
    pub clips: usize,
    /// Frames per clip.
    pub frames: usize,
    /// Wall time, s.
    pub seconds: f64,
    /// Threads that this machine runs at once.
    pub threads: usize,
}

/// Times the sampling of 20 clips of 48 frames, along the given paths, repeated if there are fewer; `None` if no path is
/// that long.
///
/// # Errors
/// As [`roll_out`].
pub fn sampling_time<R: Borrow<PathRequest>>(
    world: &dyn WorldModel,
    requests: &[R],
    ctx: &mut JobContext,
) -> Result<Option<SamplingTime>, WorldEvalError> {
    let [clips, frames] = TIMED;
    let long = requests
        .iter()
        .map(Borrow::borrow)
        .filter(|request| request.frames() >= frames);
    let timed: Vec<PathRequest> = long.take(clips).map(|request| request.first(frames - 1)).collect();
    if timed.is_empty() {
        return Ok(None);
    }
    let timed: Vec<&PathRequest> = timed.iter().cycle().take(clips).collect();
    let begun = Instant::now();
    roll_out(world, &timed, ctx)?;
    Ok(Some(SamplingTime {
        clips,
        frames,
        seconds: begun.elapsed().as_secs_f64(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    }))
}
