//! The distribution that generation starts from: Gaussian paths with the covariance of the training paths.
//!
//! Flow matching may start from any distribution that can be sampled. From white noise the model would have to learn
//! that tracks are smooth. Paths from a Gaussian process with the covariance of the demonstrations are as smooth as the
//! demonstrations, and stay so under an approximate flow.

use nn_kit::normal;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use crate::latent::{CHANNELS, Latent};

/// Added to the variance of the steps, px², so that a channel that never moves still has a covariance to factorize.
const FLOOR: f64 = 1e-4;

/// Second-order statistics of the training clips, which define the model's normalization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Autocovariance of the steps from frame to frame, px²: one row per lag (0 to `max_frames` − 2), one number per
    /// channel.
    pub autocovariance: Vec<Latent>,
}

impl Statistics {
    /// Computes the statistics of clips of latents, each in its own frame of reference.
    ///
    /// γ(k) = Σ d_i · d_(i+k) / n over the n steps d_i of all clips. Dividing by n for every lag (the biased estimate)
    /// keeps the covariance positive semi-definite.
    pub fn of(clips: &[Vec<Latent>], max_frames: usize) -> Self {
        let mut autocovariance = vec![[0.0; CHANNELS]; max_frames.max(2) - 1];
        let mut n = 0.0;
        for clip in clips {
            let steps: Vec<Latent> = clip
                .windows(2)
                .map(|p| std::array::from_fn(|k| p[1][k] - p[0][k]))
                .collect();
            n += steps.len() as f64;
            for (lag, sum) in autocovariance.iter_mut().enumerate().take(steps.len()) {
                for (a, b) in steps.iter().zip(&steps[lag..]) {
                    for k in 0..CHANNELS {
                        sum[k] += a[k] * b[k];
                    }
                }
            }
        }
        for sum in autocovariance.iter_mut().flatten() {
            *sum /= f64::max(n, 1.0);
        }
        for variance in &mut autocovariance[0] {
            *variance += FLOOR;
        }
        Self { autocovariance }
    }

    /// Checks that the statistics are valid for clips of this length.
    ///
    /// # Errors
    /// The defect.
    pub fn check(&self, max_frames: usize) -> Result<(), String> {
        if self.max_frames() != max_frames {
            return Err(format!(
                "{} lags; expected {}",
                self.autocovariance.len(),
                max_frames - 1
            ));
        }
        if self.autocovariance.iter().flatten().any(|x| !x.is_finite()) {
            return Err("a number is not finite".to_string());
        }
        if self.autocovariance[0].iter().any(|x| *x <= 0.0) {
            return Err("a variance is not above 0".to_string());
        }
        Ok(())
    }

    /// Maximum clip length, frames.
    pub fn max_frames(&self) -> usize {
        self.autocovariance.len() + 1
    }

    /// Root mean square of a step, px.
    pub fn step(&self) -> Latent {
        self.autocovariance[0].map(f64::sqrt)
    }

    /// Root mean square of the distance from the start at the middle of the longest clip, px.
    pub fn spread(&self) -> Latent {
        let m = self.max_frames() / 2;
        std::array::from_fn(|k| {
            let sum: f64 = (0..m)
                .flat_map(|i| (0..m).map(move |j| i.abs_diff(j)))
                .map(|lag| self.autocovariance[lag][k])
                .sum();
            sum.max(self.autocovariance[0][k]).sqrt()
        })
    }
}

/// Sampler of paths with the covariance of [`Statistics`].
#[derive(Clone, Debug)]
pub struct Source {
    /// Lower Cholesky factor of the steps' covariance for each channel, row by row (row i has i + 1 numbers).
    factors: [Vec<Vec<f64>>; CHANNELS],
}

impl Source {
    /// Factorizes the covariance of the steps of the longest clip; shorter clips use its leading rows.
    pub fn new(statistics: &Statistics) -> Self {
        let n = statistics.autocovariance.len();
        let factors = std::array::from_fn(|k| cholesky(n, |i, j| statistics.autocovariance[i.abs_diff(j)][k]));
        Self { factors }
    }

    /// Draws a path of `frames` frames that starts at zero; with `pinned` its line from first to last frame is
    /// subtracted, so that it also ends at zero.
    pub fn draw(&self, frames: usize, pinned: bool, rng: &mut Pcg64) -> Vec<Latent> {
        let mut path = vec![[0.0; CHANNELS]; frames];
        for (k, factor) in self.factors.iter().enumerate() {
            let white = normal(frames - 1, rng);
            for i in 1..frames {
                let step: f64 = factor[i - 1].iter().zip(&white).map(|(l, w)| l * f64::from(*w)).sum();
                path[i][k] = path[i - 1][k] + step;
            }
        }
        if pinned && frames > 1 {
            let end = path[frames - 1];
            for (i, z) in path.iter_mut().enumerate() {
                for k in 0..CHANNELS {
                    z[k] -= end[k] * i as f64 / (frames - 1) as f64;
                }
            }
        }
        path
    }
}

/// Lower Cholesky factor of a positive semi-definite matrix; negative diagonal values from rounding count as zero.
fn cholesky(n: usize, matrix: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(n);
    for i in 0..n {
        let mut row = vec![0.0; i + 1];
        for j in 0..=i {
            let other = if j == i { &row } else { &rows[j] };
            let dot: f64 = (0..j).map(|m| row[m] * other[m]).sum();
            let rest = matrix(i, j) - dot;
            row[j] = if j == i {
                rest.max(0.0).sqrt()
            } else if rows[j][j] > 0.0 {
                rest / rows[j][j]
            } else {
                0.0
            };
        }
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn drawn_paths_have_the_covariance_of_the_training_paths() {
        let mut rng = Pcg64::seed_from_u64(1);
        // Correlated steps: autocovariance 4 · 0.8^lag.
        let clips: Vec<Vec<Latent>> = (0..400)
            .map(|_| {
                let (mut step, mut at) = (2.0 * f64::from(normal(1, &mut rng)[0]), 0.0);
                let walk = (0..32).map(|_| {
                    at += step;
                    step = 0.8 * step + 1.2 * f64::from(normal(1, &mut rng)[0]);
                    [at; CHANNELS]
                });
                walk.collect()
            })
            .collect();
        let statistics = Statistics::of(&clips, 32);
        let source = Source::new(&statistics);
        let drawn: Vec<Vec<Latent>> = (0..2000).map(|_| source.draw(32, false, &mut rng)).collect();
        let again = Statistics::of(&drawn, 32);
        for lag in [0, 1, 5] {
            for k in 0..CHANNELS {
                let (a, b) = (statistics.autocovariance[lag][k], again.autocovariance[lag][k]);
                assert!((a - b).abs() < 0.35, "lag {lag}: {a} {b}");
            }
        }
    }

    #[test]
    fn paths_begin_at_zero_and_pinned_ones_end_there() {
        let clips = vec![(0..9).map(|i| [f64::from(i * i); CHANNELS]).collect()];
        let source = Source::new(&Statistics::of(&clips, 9));
        let mut rng = Pcg64::seed_from_u64(2);
        for frames in [2, 5, 9] {
            let path = source.draw(frames, true, &mut rng);
            assert_eq!((path[0], path.len()), ([0.0; CHANNELS], frames));
            assert!(path[frames - 1].iter().all(|x| x.abs() < 1e-9));
            assert_eq!(source.draw(frames, false, &mut rng)[0], [0.0; CHANNELS]);
        }
    }

    #[test]
    fn a_channel_that_never_moves_can_be_drawn() {
        let source = Source::new(&Statistics::of(&[vec![[3.0; CHANNELS]; 8]], 8));
        let path = source.draw(8, false, &mut Pcg64::seed_from_u64(3));
        assert!(path.iter().flatten().all(|x| x.abs() < 1.0));
    }

    #[test]
    fn damaged_statistics_are_refused() {
        let good = Statistics::of(&[vec![[3.0; CHANNELS]; 8]], 8);
        assert_eq!(good.check(8), Ok(()));
        assert!(good.check(9).is_err());
        let mut bad = good.clone();
        bad.autocovariance[2][1] = f64::NAN;
        assert!(bad.check(8).unwrap_err().contains("finite"));
    }
}
