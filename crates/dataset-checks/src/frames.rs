//! Whether the frames show the states of their rows, as the tracker sees them.

use std::f64::consts::TAU;

use pusht_env::{Frame, State};
use pusht_vision::{Tracker, VisionError, wrap};

use crate::{DatasetFault, Numbered, distance};

/// Largest distances between a state and its frame: px of the agent, px of the T, rad of the T.
const UNSEEN: [f64; 3] = [20.0, 25.0, 0.4];
/// Rows of each episode whose frames are compared with their states.
const LOOKED_AT: usize = 3;
/// Most episodes whose frames are looked at.
const EPISODES: usize = 1000;
/// Least confidence of the tracker.
const CLEAR: f64 = 0.5;
/// Frames without agent or T after which no more are looked at if they are all so far.
const ALL_MISSED: usize = 48;

/// What a frame shows, beside the states of its row and of its neighbors.
struct Look {
    row: usize,
    agent_px: f64,
    block_px: f64,
    angle: f64,
    in_degrees: bool,
    /// Distance of the agent from the states of the rows before, of the row and after, px, if it moves.
    around: Option<[f64; 3]>,
}

impl Look {
    fn is_off(&self) -> bool {
        self.agent_px > UNSEEN[0] || self.block_px > UNSEEN[1] || self.angle > UNSEEN[2]
    }

    fn size(&self) -> f64 {
        self.agent_px / UNSEEN[0] + self.block_px / UNSEEN[1] + self.angle / UNSEEN[2]
    }
}

/// In how many frames agent and T are found.
#[derive(Default)]
struct Found {
    looked_at: usize,
    clear: usize,
    /// Only with red and blue exchanged.
    exchanged: usize,
}

impl Found {
    /// Tracks a frame and counts it; `None` without a clear agent and T.
    fn track(&mut self, tracker: &Tracker, frame: &Frame) -> Result<Option<State>, VisionError> {
        let shown = |frame: &Frame| -> Result<Option<State>, VisionError> {
            let seen = tracker.track(frame)?;
            let is_clear = seen.agent_confidence.min(seen.block_confidence) >= CLEAR;
            Ok(seen.state().filter(|_| is_clear))
        };
        let found = shown(frame)?;
        self.looked_at += 1;
        if found.is_some() {
            self.clear += 1;
        } else {
            let mut exchanged = frame.clone();
            exchanged.pixels_mut().for_each(|pixel| pixel.0.swap(0, 2));
            self.exchanged += usize::from(shown(&exchanged)?.is_some());
        }
        Ok(found)
    }

    fn fault(&self) -> Option<DatasetFault> {
        let missed = self.looked_at - self.clear;
        (2 * missed > self.looked_at).then_some(DatasetFault::Unrecognized {
            missed,
            looked_at: self.looked_at,
            exchanged: 2 * self.exchanged > missed,
        })
    }
}

pub(crate) fn unseen(episodes: &[Numbered<'_>]) -> Result<Option<DatasetFault>, VisionError> {
    let episodes: Vec<_> = episodes.iter().filter(|rows| !rows.of.frames.is_empty()).collect();
    let step = episodes.len().div_ceil(EPISODES).max(1);
    let mut found = Found::default();
    let (mut worst, mut more, mut around): (Option<(usize, Look)>, usize, Vec<[f64; 3]>) = (None, 0, Vec::new());
    for rows in episodes.iter().step_by(step) {
        if found.clear == 0 && found.looked_at >= ALL_MISSED {
            break;
        }
        let looks = looks(rows, &mut found)?;
        around.extend(looks.iter().filter_map(|look| look.around));
        // Two of three, as the tracker may be wrong once.
        if looks.iter().filter(|look| look.is_off()).count() < 2 {
            continue;
        }
        let furthest = looks.into_iter().max_by(|a, b| a.size().total_cmp(&b.size()));
        match worst {
            None => worst = furthest.map(|look| (rows.index, look)),
            Some(_) => more += 1,
        }
    }
    if let Some(fault) = found.fault() {
        return Ok(Some(fault));
    }
    if let Some((episode, look)) = worst {
        return Ok(Some(DatasetFault::Unseen {
            episode,
            row: look.row,
            agent_px: look.agent_px,
            block_px: look.block_px,
            degrees: look.angle.to_degrees(),
            in_degrees: look.in_degrees,
            more,
        }));
    }
    let mean = |index: usize| around.iter().map(|px| px[index]).sum::<f64>() / around.len().max(1) as f64;
    let [before, own, after] = [mean(0), mean(1), mean(2)];
    let shifted = around.len() >= 2 * LOOKED_AT && own > 3.0 && before.min(after) < own / 2.0;
    Ok(shifted.then_some(DatasetFault::Shifted {
        rows: if after < before { 1 } else { -1 },
        px: own,
    }))
}

/// Tracks frames of an episode; those in which agent and T are found, beside their states.
fn looks(rows: &Numbered<'_>, all: &mut Found) -> Result<Vec<Look>, VisionError> {
    let tracker = Tracker::new(rows.of.goal)?;
    let states = rows.of.states.as_deref();
    let mut found = Vec::new();
    for part in 1..=LOOKED_AT {
        let row = rows.of.frames.len() * part / (LOOKED_AT + 1);
        let shown = match all.track(&tracker, &rows.of.frames[row]) {
            Err(VisionError::FrameSize { .. }) => return Ok(Vec::new()),
            shown => shown?,
        };
        let (Some(shown), Some(states)) = (shown, states) else {
            continue;
        };
        let Some(state) = states.get(row) else {
            continue;
        };
        let off = |angle: f64| {
            let turned = wrap(shown.block.angle - angle);
            turned.min(TAU - turned)
        };
        let recorded = state.block.angle;
        let neighbors = row
            .checked_sub(1)
            .and_then(|before| Some([states.get(before)?, state, states.get(row + 1)?]));
        let moves = |around: &[&State; 3]| distance(around[0].agent, around[2].agent) > 6.0;
        found.push(Look {
            row,
            agent_px: distance(shown.agent, state.agent),
            block_px: distance([shown.block.x, shown.block.y], [state.block.x, state.block.y]),
            angle: off(recorded),
            in_degrees: off(recorded) > UNSEEN[2] && off(recorded.to_radians()) < UNSEEN[2] / 2.0,
            around: neighbors
                .filter(moves)
                .map(|around| around.map(|state| distance(shown.agent, state.agent))),
        });
    }
    Ok(found)
}
