//! The last touch on a sampled clip: the agent's track is smoothed, and moved out of the T.
//!
//! The flow's error is a jitter of the agent of about a px, which inverse dynamics would magnify more than threefold,
//! and an agent that is at times inside the T. Both are taken off here; the T's track stays as it was sampled.

use pusht_env::State;

use crate::contact::{gap_at, seen_from};

/// Weights of the running mean: the fourth row of Pascal's triangle, a Gaussian of one frame.
const WEIGHTS: [f64; 5] = [1.0, 4.0, 6.0, 4.0, 1.0];
/// Smoothing may move the agent into the T again; after this many rounds little of it is left.
const ROUNDS: usize = 2;
/// Moves along the steepest way out; corners need more than one.
const MOVES: usize = 8;
/// Step of the numerical slope, px.
const SLOPE: f64 = 0.01;

/// Settles the frames after the first and, with `pinned`, before the last.
pub fn settle(clip: &mut [State], pinned: bool) {
    let free = 1..clip.len() - usize::from(pinned);
    for _ in 0..ROUNDS {
        for state in &mut clip[free.clone()] {
            move_out(state);
        }
        let track: Vec<[f64; 2]> = clip.iter().map(|s| s.agent).collect();
        for i in free.clone() {
            clip[i].agent = smoothed(&track, i);
        }
    }
}

/// The weighted mean around frame i; the window narrows towards both ends of the clip.
fn smoothed(track: &[[f64; 2]], i: usize) -> [f64; 2] {
    let reach = (WEIGHTS.len() / 2).min(i).min(track.len() - 1 - i);
    let weights = &WEIGHTS[WEIGHTS.len() / 2 - reach..=WEIGHTS.len() / 2 + reach];
    let total: f64 = weights.iter().sum();
    let near = weights.iter().zip(&track[i - reach..]);
    near.fold([0.0; 2], |sum, (w, p)| {
        [sum[0] + w * p[0] / total, sum[1] + w * p[1] / total]
    })
}

/// Moves an agent that overlaps the T to the nearest place where it touches it.
fn move_out(state: &mut State) {
    let mut p = seen_from(state.block, state.agent);
    if gap_at(p) >= 0.0 {
        return;
    }
    for _ in 0..MOVES {
        let depth = -gap_at(p);
        if depth < SLOPE {
            break;
        }
        let slope = [0, 1].map(|k| {
            let (mut low, mut high) = (p, p);
            low[k] -= SLOPE;
            high[k] += SLOPE;
            gap_at(high) - gap_at(low)
        });
        let length = slope[0].hypot(slope[1]).max(1e-9);
        p = [p[0] + depth * slope[0] / length, p[1] + depth * slope[1] / length];
    }
    let (s, c) = state.block.angle.sin_cos();
    state.agent = [state.block.x + c * p[0] - s * p[1], state.block.y + s * p[0] + c * p[1]];
}

#[cfg(test)]
mod tests {
    use pusht_env::Pose;

    use super::*;
    use crate::contact::gap;

    fn clip(agent: impl Fn(usize) -> [f64; 2]) -> Vec<State> {
        (0..9)
            .map(|i| State {
                agent: agent(i),
                block: Pose::new(200.0, 200.0, 0.7),
            })
            .collect()
    }

    #[test]
    fn a_steady_agent_away_from_the_t_is_left_alone_and_jitter_is_damped() {
        let steady = clip(|i| [10.0 * i as f64, 400.0]);
        let mut settled = steady.clone();
        settle(&mut settled, true);
        for (a, b) in settled.iter().zip(&steady) {
            assert!((a.agent[0] - b.agent[0]).abs() < 1e-9 && (a.agent[1] - b.agent[1]).abs() < 1e-9);
        }
        let mut jitter = clip(|i| [10.0 * i as f64, if i % 2 == 0 { 401.0 } else { 399.0 }]);
        settle(&mut jitter, true);
        assert!(jitter[2..7].iter().all(|s| (s.agent[1] - 400.0).abs() < 0.2));
    }

    #[test]
    fn an_agent_inside_the_t_is_moved_to_its_surface_and_prescribed_frames_stay() {
        let mut settled = clip(|_| [200.0, 210.0]);
        let first = settled[0];
        assert!(gap(&first) < -15.0);
        settle(&mut settled, true);
        assert_eq!((settled[0], settled[8]), (first, first));
        assert!(gap(&settled[4]) > -0.1, "{}", gap(&settled[4]));
    }
}
