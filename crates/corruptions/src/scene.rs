//! Corruptions of the scene: frames are rendered from changed states.

use std::f64::consts::TAU;
use std::ops::Range;

use pusht_env::{AGENT_RADIUS, BAR, Frame, Quad, STEM, State};
use pusht_vision::geometry::{CENTROID, apart, distance, moved, to_board};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::clip::Clip;
use crate::corruption::Corruption;
use crate::dynamics;
use crate::error::CorruptionError;
use crate::paint::{Disc, Drawing, Painter, Part};
use crate::pose::turned;

/// Number of frames of a gradual change.
const RAMP: f64 = 10.0;

/// Gap between agent and T from which there is certainly no contact, px.
const ALONE: f64 = 10.0;

/// Fewest frames of a drift.
const MIN_SEGMENT_FRAMES: usize = 8;

/// Smallest distance of positions from the border of the board, px.
const BORDER: f64 = 22.0;

pub(crate) fn apply(
    corruption: Corruption,
    clip: &Clip,
    amount: f64,
    seed: u64,
) -> Result<Option<Vec<Frame>>, CorruptionError> {
    let mut rng = Pcg64::seed_from_u64(seed);
    let count = clip.frames.len();
    // Always drawn, so that the random numbers do not depend on the kind.
    let (start, angle) = (rng.random_range(count / 4..count / 2), rng.random_range(0.0..TAU));
    let since = |t: usize| (t as f64 - start as f64).max(0.0);
    let ramp = |t: usize| (since(t) / RAMP).min(1.0);
    let painter = Painter::new(clip.size(), clip.goal)?;
    let redraw = |from: usize, drawing: &dyn Fn(usize, State) -> Drawing| {
        let frame = |t: usize| {
            if t < from {
                clip.frames[t].clone()
            } else {
                painter.draw(&drawing(t, clip.states[t]))
            }
        };
        Ok(Some((0..count).map(frame).collect()))
    };
    let agents: Vec<[f64; 2]> = clip.states.iter().map(|s| s.agent).collect();
    let centers: Vec<[f64; 2]> = clip.states.iter().map(|s| to_board(s.block, CENTROID)).collect();
    match corruption {
        Corruption::AgentSplit => {
            let way = heading(&agents[start..], amount, angle);
            redraw(start, &|t, state| {
                let mut drawing = scene(state);
                let other = shifted(state.agent, way, ramp(t));
                drawing.agents.push(solid(other));
                drawing
            })
        }
        Corruption::AgentGone => {
            let (frames, opacity) = if amount < 1.0 {
                (1, amount)
            } else {
                (amount as usize, 0.0)
            };
            redraw(start, &|t, state| {
                let mut drawing = scene(state);
                if t < start + frames {
                    drawing.agents[0].opacity = opacity as f32;
                }
                drawing
            })
        }
        Corruption::BlockSplit => redraw(start, &|t, state| {
            let gap = amount * ramp(t);
            scene_of(state, [BAR, shifted_quad(&STEM, [0.0, gap])])
        }),
        Corruption::BlockBend => redraw(start, &|t, state| {
            let slide = amount * ramp(t) * if seed.is_multiple_of(2) { 1.0 } else { -1.0 };
            scene_of(state, [BAR, shifted_quad(&STEM, [slide, 0.0])])
        }),
        Corruption::BlockGrowth => redraw(0, &|t, state| {
            let factor = 1.0 + amount * t as f64 / (count - 1) as f64;
            let grown = |quad: &Quad| quad.map(|q| [0, 1].map(|k| CENTROID[k] + factor * (q[k] - CENTROID[k])));
            scene_of(state, [grown(&BAR), grown(&STEM)])
        }),
        Corruption::BlockDrift => {
            let Some(alone) = untouched(&clip.states) else {
                return Ok(None);
            };
            let way = heading(&centers[alone.start..], amount, angle);
            let turn = amount / 300.0 * (angle - TAU / 2.0).signum();
            redraw(alone.start, &|t, state| {
                let along = ((t - alone.start) as f64 / (alone.len() - 1) as f64).min(1.0);
                scene(drifted(state, way, turn, along))
            })
        }
        Corruption::Teleport if seed.is_multiple_of(2) => {
            let way = heading(&agents[start..], amount, angle);
            redraw(start, &|_, state| {
                let agent = shifted(state.agent, way, 1.0);
                scene(State { agent, ..state })
            })
        }
        Corruption::Teleport => {
            let way = heading(&centers[start..], amount, angle);
            redraw(start, &|_, state| scene(drifted(state, way, 0.0, 1.0)))
        }
        Corruption::GoalMoved => {
            let way = heading(&[to_board(clip.goal, CENTROID)], amount, angle);
            let at_once = seed.is_multiple_of(2);
            let goal = |t: usize| {
                let along = if at_once { 1.0 } else { ramp(t) };
                turned(clip.goal, way, amount / 150.0, along)
            };
            let mut frames = clip.frames[..start].to_vec();
            let (mut shown, mut painter) = (clip.goal, painter);
            for t in start..count {
                if goal(t) != shown {
                    shown = goal(t);
                    painter = Painter::new(clip.size(), shown)?;
                }
                frames.push(painter.draw(&scene(clip.states[t])));
            }
            Ok(Some(frames))
        }
        Corruption::ColorShift => {
            let toward = [0.0, TAU / 3.0, 2.0 * TAU / 3.0].map(|third| (angle + third).cos());
            redraw(0, &|t, state| {
                let levels = amount * (2.0 * t as f64 / count as f64).min(1.0);
                let mut drawing = scene(state);
                for part in &mut drawing.parts {
                    let change = |c: usize| (levels * toward[c]) as f32;
                    part.fill = [0, 1, 2].map(|c| (part.fill[c] + change(c)).clamp(0.0, 255.0));
                    part.edge = [0, 1, 2].map(|c| (part.edge[c] + change(c)).clamp(0.0, 255.0));
                }
                drawing
            })
        }
        Corruption::BlockCounterturn | Corruption::BlockSlide | Corruption::BlockStuck => {
            match dynamics::states(corruption, clip, amount, start)? {
                Some((first, states)) => redraw(first, &|t, _| scene(states[t])),
                None => Ok(None),
            }
        }
        Corruption::AgentFrozen => {
            let last = clip.states[count - 1].block;
            // The latest frame from which the T moves that far.
            let from = (1..count).rev().find(|&t| moved(clip.states[t].block, last) >= amount);
            let Some(from) = from else {
                return Ok(None);
            };
            redraw(from, &|_, state| {
                let agent = clip.states[from].agent;
                scene(State { agent, ..state })
            })
        }
        Corruption::CrossFade | Corruption::Blur | Corruption::Noise | Corruption::Compression => Ok(None),
    }
}

fn solid(center: [f64; 2]) -> Disc {
    Disc { center, opacity: 1.0 }
}

fn scene(state: State) -> Drawing {
    scene_of(state, [BAR, STEM])
}

/// The drawing of a state: quadrilaterals in body coordinates of the T, and the agent.
fn scene_of(state: State, quads: [Quad; 2]) -> Drawing {
    Drawing {
        parts: quads
            .map(|quad| Part::new(quad.map(|q| to_board(state.block, q))))
            .to_vec(),
        agents: vec![solid(state.agent)],
    }
}

fn shifted(p: [f64; 2], way: [f64; 2], share: f64) -> [f64; 2] {
    [0, 1].map(|k| (p[k] + share * way[k]).clamp(BORDER, 512.0 - BORDER))
}

fn shifted_quad(quad: &Quad, by: [f64; 2]) -> Quad {
    quad.map(|q| [q[0] + by[0], q[1] + by[1]])
}

/// The state with the T moved by a share of the displacement `way` and turned about its centroid.
fn drifted(state: State, way: [f64; 2], turn: f64, share: f64) -> State {
    State {
        block: turned(state.block, way, turn, share),
        ..state
    }
}

/// Of eight displacements of this length, the one that is shortened least at the border of the board; the first has the
/// direction `angle`.
fn heading(positions: &[[f64; 2]], length: f64, angle: f64) -> [f64; 2] {
    let lost = |way: [f64; 2]| -> f64 {
        let there = |p: &[f64; 2]| [p[0] + way[0], p[1] + way[1]];
        positions.iter().map(|p| apart(there(p), shifted(*p, way, 1.0))).sum()
    };
    let ways = (0..8).map(|k| {
        let (s, c) = (angle + f64::from(k) * TAU / 8.0).sin_cos();
        [length * c, length * s]
    });
    ways.min_by(|a, b| lost(*a).total_cmp(&lost(*b))).unwrap_or([0.0; 2])
}

/// The longest run of frames in which the agent is away from the T.
fn untouched(states: &[State]) -> Option<Range<usize>> {
    let alone = |s: &State| distance(s.block, s.agent) > AGENT_RADIUS + ALONE;
    let mut best = 0..0;
    let mut from = 0;
    for t in 0..=states.len() {
        if states.get(t).is_none_or(|s| !alone(s)) {
            if t - from > best.len() {
                best = from..t;
            }
            from = t + 1;
        }
    }
    (best.len() >= MIN_SEGMENT_FRAMES).then_some(best)
}
