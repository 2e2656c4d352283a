//! Coverage of the intervals from predicted deviations.

use pusht_data::{Episode, FrameRef, Labels};
use serde::{Deserialize, Serialize};

use crate::compare::{Pair, pairs};

/// Half width of the 90 % interval of a normal distribution, standard deviations.
pub const Z_90: f64 = 1.6449;

/// Motion of the T's origin per step above which the T counts as moving, px.
const MOVED: f64 = 0.1;

/// Rotation of the T per step above which it counts as moving, rad.
const TURNED: f64 = 0.002;

/// Coverage of the 90 % intervals: how often they contain the recorded action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntervalCoverage {
    /// Subset of the actions: `all`, a quarter by the agent's speed, or by whether the T moves.
    pub of: String,
    /// Number of actions.
    pub actions: usize,
    /// Fraction of their coordinates within [`Z_90`] deviations.
    pub held: f64,
    /// Mean Euclidean error, px.
    pub l2_px: f64,
}

/// One action: its errors divided by their deviation, the agent's motion in its step, whether the T moves.
struct Row {
    ratios: [f64; 2],
    l2: f64,
    speed: Option<f64>,
    contact: Option<bool>,
}

/// Measures the coverage of labels (by the index of their episode) in the rows of `refs`: of all and, where states are
/// known, by the agent's speed and by motion of the T. Empty if no labeled row has a deviation.
pub fn interval_coverage(labels: &[(usize, Labels)], episodes: &[Episode], refs: &[FrameRef]) -> Vec<IntervalCoverage> {
    let row = |pair: Pair<'_>| {
        let deviation = *pair.labels.deviations.as_ref()?.get(pair.at)?;
        let action = pair.labels.actions[pair.at];
        let errors = [0, 1].map(|k| f64::from(action[k]) - f64::from(pair.recorded[k]));
        let states = pair.episode.states.as_deref().unwrap_or_default();
        let step = states.get(pair.row).zip(states.get(pair.row + 1));
        Some(Row {
            ratios: errors.map(|e| e.abs() / f64::from(deviation)),
            l2: errors[0].hypot(errors[1]),
            speed: step.map(|(a, b)| (a.agent[0] - b.agent[0]).hypot(a.agent[1] - b.agent[1])),
            contact: step.map(|(a, b)| {
                let (a, b) = (a.block, b.block);
                let turned = pusht_vision::unwrap_angle(0.0, a.angle - b.angle).abs();
                (a.x - b.x).hypot(a.y - b.y) > MOVED || turned > TURNED
            }),
        })
    };
    let rows: Vec<Row> = pairs(labels, episodes, refs).filter_map(row).collect();
    let mut speeds: Vec<f64> = rows.iter().filter_map(|row| row.speed).collect();
    speeds.sort_by(f64::total_cmp);
    let quarter = |k: usize| match k {
        0 => f64::NEG_INFINITY,
        4 => f64::INFINITY,
        _ => speeds.get(k * speeds.len() / 4).copied().unwrap_or(f64::INFINITY),
    };
    let mut all = vec![of("all", rows.iter())];
    for (k, name) in ["slowest", "slower", "faster", "fastest"].into_iter().enumerate() {
        let within = quarter(k)..quarter(k + 1);
        let part = rows
            .iter()
            .filter(|row| row.speed.is_some_and(|speed| within.contains(&speed)));
        all.push(of(&format!("{name} quarter"), part));
    }
    for (name, contact) in [("T moves", true), ("T rests", false)] {
        all.push(of(name, rows.iter().filter(|row| row.contact == Some(contact))));
    }
    all.into_iter().flatten().collect()
}

/// Coverage of these rows; `None` if there are none.
fn of<'a>(name: &str, rows: impl Iterator<Item = &'a Row>) -> Option<IntervalCoverage> {
    let (mut actions, mut held, mut l2) = (0_usize, 0_usize, 0.0);
    for row in rows {
        actions += 1;
        held += row.ratios.iter().filter(|ratio| **ratio < Z_90).count();
        l2 += row.l2;
    }
    (actions > 0).then(|| IntervalCoverage {
        of: name.to_owned(),
        actions,
        held: held as f64 / (2 * actions) as f64,
        l2_px: l2 / actions as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_data::Provenance;
    use pusht_env::{Frame, GOAL, Pose, State};

    #[test]
    fn intervals_are_counted_by_coordinate_and_by_what_happens() {
        let state = |t: usize| State {
            agent: [(t * t) as f64, 0.0],
            block: Pose {
                x: 200.0 + t.saturating_sub(4) as f64,
                ..GOAL
            },
        };
        let episode = Episode {
            frames: vec![Frame::new(1, 1); 9],
            actions: vec![[0.0, 0.0]; 9],
            states: Some((0..9).map(state).collect()),
            goal: GOAL,
            provenance: Provenance {
                source: "test".into(),
                index: 0,
                seed: None,
                actions: "recorded".into(),
            },
        };
        // Errors of 3 and 0; the interval contains 3 in the second half only.
        let labels = Labels {
            start: 0,
            actions: vec![[3.0, 0.0]; 8],
            deviations: Some((0..8).map(|t| if t < 4 { 1.0 } else { 2.0 }).collect()),
        };
        let refs: Vec<FrameRef> = (0..9).map(|row| FrameRef::new(0, row)).collect();
        let found = interval_coverage(&[(0, labels.clone())], std::slice::from_ref(&episode), &refs);
        let get = |name: &str| found.iter().find(|c| c.of == name).unwrap();
        assert_eq!((get("all").actions, get("all").held, get("all").l2_px), (8, 0.75, 3.0));
        assert_eq!((get("slowest quarter").held, get("fastest quarter").held), (0.5, 1.0));
        assert_eq!((get("T rests").held, get("T moves").held), (0.5, 1.0));
        let unsure = Labels::new(0, labels.actions);
        assert!(interval_coverage(&[(0, unsure)], &[episode], &refs).is_empty());
    }
}
