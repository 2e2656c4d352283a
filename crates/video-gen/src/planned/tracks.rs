//! Training data: situations of demonstrations, each with an end that the same demonstration reached.
//!
//! Hindsight (Andrychowicz et al. 2017): every later frame is an end that the demonstrator's path led to, so that a few
//! dozen episodes with one goal teach ways to everywhere.

use burn::tensor::{Device, Tensor};
use nn_kit::normal;
use pusht_env::State;
use pusht_vision::geometry::moved;
use rand::RngExt;
use rand_pcg::Pcg64;

use super::condition::{CONDITIONS, End, Situation, condition, into_axes, mirrored};
use super::net::PATH;
use super::whitening::{AHEAD, Whitening};

/// Share of the items whose end prescribes the agent and the number of steps.
const TIMED: f64 = 0.4;
/// Share of the others whose end is that of the episode.
const LAST: f64 = 0.5;
/// Furthest prescribed end, steps.
const FURTHEST: usize = 96;
/// Movement of a corner below which the T counts as being at its end, px.
const THERE: f64 = 4.0;
/// Noise on positions, px, and on angles, rad: what the tracker is off by.
const JITTER: (f64, f64) = (1.0, 0.012);

/// Tracks of agent and T.
#[derive(Clone, Debug, Default)]
pub struct PathTracks {
    episodes: Vec<Track>,
    /// Episode and frame of every item.
    items: Vec<(usize, usize)>,
}

#[derive(Clone, Debug)]
struct Track {
    states: Vec<State>,
    /// For every frame the first from which on the T is there.
    arrival: Vec<usize>,
}

impl PathTracks {
    /// Collects tracks; those of fewer than 2 frames have no items.
    pub fn new(tracks: Vec<Vec<State>>) -> Self {
        let mut all = Self::default();
        for states in tracks {
            let number = all.episodes.len();
            all.items
                .extend((0..states.len().saturating_sub(1)).map(|at| (number, at)));
            let arrival = (0..states.len()).map(|end| arrival(&states, end)).collect();
            all.episodes.push(Track { states, arrival });
        }
        all
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The paths of all items, one row for each axis of the T.
    pub fn paths(&self) -> Vec<[f64; AHEAD]> {
        let rows = self.items.iter().flat_map(|&(episode, at)| {
            let states = &self.episodes[episode].states;
            ahead(states, at, states[at].block.angle)
        });
        rows.collect()
    }
}

fn arrival(states: &[State], end: usize) -> usize {
    let there = states[end].block;
    let away = states[..end].iter().rposition(|s| moved(s.block, there) > THERE);
    away.map_or(0, |at| at + 1)
}

/// Displacements of the agent after frame `at`, in the axes of a T at this angle; after the last frame it rests.
fn ahead(states: &[State], at: usize, angle: f64) -> [[f64; AHEAD]; 2] {
    let from = states[at].agent;
    let mut rows = [[0.0; AHEAD]; 2];
    for k in 0..AHEAD {
        let to = states[(at + 1 + k).min(states.len() - 1)].agent;
        let step = into_axes(angle, [to[0] - from[0], to[1] - from[1]]);
        (rows[0][k], rows[1][k]) = (step[0], step[1]);
    }
    rows
}

/// A training batch.
#[derive(Clone, Debug)]
pub struct PathBatch {
    /// Whitened paths, `[batch, 16]`.
    pub data: Tensor<2>,
    /// Conditions of the flow, `[batch, 33]`.
    pub condition: Tensor<2>,
    /// Conditions of the steps left, `[batch, 33]`.
    pub untimed: Tensor<2>,
    /// ln(1 + steps left), `[batch, 1]`.
    pub left: Tensor<2>,
    /// Noise, `[batch, 16]`.
    pub noise: Tensor<2>,
    /// Times of the flow, `[batch]`.
    pub time: Tensor<1>,
}

/// Draws an end for each item, mirrors half of them, and adds what the flow needs.
pub fn draw(
    tracks: &PathTracks,
    whitening: &Whitening,
    items: &[usize],
    device: &Device,
    rng: &mut Pcg64,
) -> PathBatch {
    let size = items.len();
    let (mut data, mut conditions, mut untimed, mut left) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for &item in items {
        let (episode, at) = tracks.items[item];
        let Track { states, arrival } = &tracks.episodes[episode];
        let before = states[at.saturating_sub(1)].agent;
        let state = states[at];
        let mut now = Situation {
            agent: state.agent,
            moved: [0, 1].map(|k| state.agent[k] - before[k]),
            block: state.block,
        };
        let last = states.len() - 1;
        let timed = rng.random::<f64>() < TIMED;
        let mut to = if timed {
            rng.random_range(at + 1..=last.min(at + FURTHEST))
        } else if rng.random::<f64>() < LAST {
            last
        } else {
            rng.random_range(at + 1..=last)
        };
        // The way to an end where the T is already can be any.
        if !timed && arrival[to] <= at {
            to = last;
        }
        let mut end = End {
            block: states[to].block,
            agent: timed.then_some(states[to].agent),
            left: timed.then_some(to - at),
        };
        let noise = normal(8, rng);
        for (pose, noise) in [(&mut now.block, &noise[..3]), (&mut end.block, &noise[3..6])] {
            pose.x += JITTER.0 * f64::from(noise[0]);
            pose.y += JITTER.0 * f64::from(noise[1]);
            pose.angle += JITTER.1 * f64::from(noise[2]);
        }
        let mirror = rng.random::<bool>();
        let mut path: Vec<[f64; 2]> = (at + 1..=at + AHEAD).map(|i| states[i.min(last)].agent).collect();
        if mirror {
            (now, end) = (now.mirrored(), end.mirrored());
            path.iter_mut().for_each(|p| *p = mirrored(*p));
        }
        let mut rows = [[0.0; AHEAD]; 2];
        for (k, p) in path.iter().enumerate() {
            let step = into_axes(now.block.angle, [p[0] - now.agent[0], p[1] - now.agent[1]]);
            (rows[0][k], rows[1][k]) = (step[0], step[1]);
        }
        data.extend(rows.iter().flat_map(|row| whitening.whiten(row)).map(|x| x as f32));
        conditions.extend(condition(&now, &end));
        untimed.extend(condition(&now, &end.untimed()));
        left.push((arrival[to].saturating_sub(at) as f64).ln_1p() as f32);
    }
    let tensor = |values: &[f32], width: usize| Tensor::<1>::from_floats(values, device).reshape([size, width]);
    let times: Vec<f32> = normal(size, rng)
        .into_iter()
        .map(|x| 1.0 / (1.0 + (-x).exp()))
        .collect();
    PathBatch {
        data: tensor(&data, PATH),
        condition: tensor(&conditions, CONDITIONS),
        untimed: tensor(&untimed, CONDITIONS),
        left: tensor(&left, 1),
        noise: tensor(&normal(size * PATH, rng), PATH),
        time: Tensor::from_floats(times.as_slice(), device),
    }
}
