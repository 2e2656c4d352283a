//! Changes to a path: its end is bent to a point, and complete paths are varied.

use nn_kit::normal;
use pusht_vision::geometry::apart;
use rand_pcg::Pcg64;

/// Rounds in which a complete clip is refined: steps from its end that are varied, and by how much, px. Long and coarse
/// changes first, short and fine ones last.
pub const ROUNDS: [(usize, f64); 8] = [
    (24, 10.0),
    (16, 8.0),
    (16, 8.0),
    (12, 5.0),
    (8, 5.0),
    (16, 4.0),
    (8, 3.0),
    (8, 2.0),
];
/// Distance from the end at which nothing is refined any more, px: what the tracker is off by.
pub const CLOSE: f64 = 2.0;
/// Distance up to which a proposed path is bent, px.
const BENT: f64 = 40.0;

/// Bends a path to end at a point, if it ends near it: what is missing is added in equal parts.
pub fn bend(path: &mut [[f64; 2]], there: [f64; 2]) {
    let Some(&last) = path.last() else { return };
    if apart(last, there) > BENT {
        return;
    }
    let n = path.len() as f64;
    for (i, p) in path.iter_mut().enumerate() {
        for k in 0..2 {
            p[k] += (there[k] - last[k]) * (i + 1) as f64 / n;
        }
    }
}

/// A variant of a path that ends at a point: three sines along each axis, with amplitudes 1, 1/2 and 1/3 times a normal
/// number, vanish at both ends.
pub fn varied(path: &[[f64; 2]], there: [f64; 2], size: f64, rng: &mut Pcg64) -> Vec<[f64; 2]> {
    let waves = normal(6, rng);
    let (n, last) = (path.len() as f64, path.last().copied().unwrap_or(there));
    let vary = |(i, p): (usize, &[f64; 2])| {
        let part = (i + 1) as f64 / n;
        [0, 1].map(|k| {
            let wave = |m: usize| {
                let turns = (m + 1) as f64;
                f64::from(waves[3 * k + m]) * (std::f64::consts::PI * turns * part).sin() / turns
            };
            p[k] + (there[k] - last[k]) * part + size * (0..3).map(wave).sum::<f64>()
        })
    };
    path.iter().enumerate().map(vary).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn paths_end_where_they_should() {
        let path: Vec<[f64; 2]> = (1..=8).map(|i| [f64::from(i) * 5.0, 100.0]).collect();
        let there = [52.0, 90.0];
        let mut bent = path.clone();
        bend(&mut bent, there);
        assert!(apart(bent[7], there) < 1e-9 && apart(bent[0], path[0]) < 2.0);
        let varied = varied(&path, there, 8.0, &mut Pcg64::seed_from_u64(1));
        assert!(apart(varied[7], there) < 1e-9 && apart(varied[3], bent[3]) > 0.5);
    }

    #[test]
    fn a_path_that_ends_far_away_is_left_alone() {
        let mut path = [[10.0, 10.0], [20.0, 10.0]];
        bend(&mut path, [300.0, 10.0]);
        assert_eq!(path, [[10.0, 10.0], [20.0, 10.0]]);
    }
}
