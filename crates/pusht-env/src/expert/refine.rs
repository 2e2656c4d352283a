//! The fine half of planning: the cross-entropy method over the strokes' parameters, with every sample simulated
//! exactly as it would be carried out.
//!
//! R. Rubinstein, "The Cross-Entropy Method for Combinatorial and Continuous Optimization", 1999: sample, keep the
//! best, fit mean and spread to them, repeat.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::Expert;
use super::plan::Moment;
use super::stroke::{RUN_UP, Stroke};

/// A sequence of strokes and its simulated cost.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub strokes: Vec<Stroke>,
    pub cost: f64,
}

const GENERATIONS: usize = 3;
const SAMPLES: usize = 32;
const ELITE: usize = 6;
/// Longest plan, steps.
const HORIZON: u32 = 160;

/// Contact point along the side, px; tilt, rad; bend, rad per 100 px; length, px.
type Parameters = [f64; 4];
/// Spread of the first generation, and the share of it that is always kept.
const SPREAD: Parameters = [6.0, 0.2, 0.3, 6.0];
const LEAST_SPREAD: f64 = 0.05;

/// Improves a sequence of strokes; `None` if no sample succeeds or leaves less than `progress` of the current distance.
pub(super) fn refine(now: &Moment, strokes: &[Stroke], progress: f64, seed: u64, expert: &Expert) -> Option<Plan> {
    let mut rng = Pcg64::seed_from_u64(seed);
    let cost = |strokes: &[Stroke]| {
        let end = now.after(strokes, &expert.router, &expert.config, HORIZON)?;
        (end.is_success() || end.distance() < progress * now.distance()).then(|| end.cost())
    };
    let mut best = Plan {
        strokes: strokes.to_vec(),
        cost: cost(strokes).unwrap_or(f64::INFINITY),
    };
    let mut mean: Vec<Parameters> = strokes.iter().map(parameters).collect();
    let mut spread = vec![SPREAD; strokes.len()];
    for _ in 0..GENERATIONS {
        let mut samples: Vec<Plan> = Vec::with_capacity(SAMPLES);
        for _ in 0..SAMPLES {
            let mut tried = strokes.to_vec();
            for ((stroke, m), s) in tried.iter_mut().zip(&mean).zip(&spread) {
                *stroke = with_parameters(stroke, &std::array::from_fn(|i| m[i] + s[i] * normal(&mut rng)));
            }
            if let Some(cost) = cost(&tried) {
                samples.push(Plan { strokes: tried, cost });
            }
        }
        samples.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        samples.truncate(ELITE);
        let Some(first) = samples.first() else { break };
        if first.cost < best.cost {
            best = first.clone();
        }
        let n = samples.len() as f64;
        for (k, (mean, spread)) in mean.iter_mut().zip(&mut spread).enumerate() {
            for i in 0..mean.len() {
                let values = || samples.iter().map(|plan| parameters(&plan.strokes[k])[i]);
                mean[i] = values().sum::<f64>() / n;
                let variance = values().map(|v| (v - mean[i]).powi(2)).sum::<f64>() / n;
                spread[i] = variance.sqrt().max(LEAST_SPREAD * SPREAD[i]);
            }
        }
    }
    best.cost.is_finite().then_some(best)
}

fn parameters(s: &Stroke) -> Parameters {
    [s.along, s.tilt, s.bend, s.length]
}

fn with_parameters(s: &Stroke, &[along, tilt, bend, length]: &Parameters) -> Stroke {
    let reach = s.reach();
    Stroke {
        place: s.place,
        along: along.clamp(reach.from, reach.to),
        tilt: tilt.clamp(-0.9, 0.9),
        bend: bend.clamp(-1.5, 1.5),
        length: length.max(RUN_UP),
    }
}

/// A standard normal sample (Box–Muller).
fn normal(rng: &mut Pcg64) -> f64 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}
