//! The Fréchet distance between two sets of trajectories (Dowson and Landau 1982), as FID uses it on features of pictures
//! (Heusel et al. 2017), here on features that are computed, not learned.

use super::DistributionError;
use super::features::{FEATURES, WINDOW_FRAMES, windows};
use super::symmetric::{Square, eigen, product, root};
use pusht_vision::Tracked;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, Estimate, quartiles};

/// Sums over the windows of one clip: number, features, products of features.
#[derive(Clone, Debug)]
struct Sums {
    count: f64,
    first: [f64; FEATURES],
    second: Square<FEATURES>,
}

impl Sums {
    const ZERO: Self = Self {
        count: 0.0,
        first: [0.0; FEATURES],
        second: [[0.0; FEATURES]; FEATURES],
    };

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        for i in 0..FEATURES {
            self.first[i] += other.first[i];
            for j in 0..FEATURES {
                self.second[i][j] += other.second[i][j];
            }
        }
    }
}

/// Mean and covariance of the features of many windows.
struct Gaussian {
    mean: [f64; FEATURES],
    covariance: Square<FEATURES>,
}

impl Gaussian {
    /// The covariance is the sample's (divided by n − 1).
    fn of<'a>(clips: impl Iterator<Item = &'a Sums>) -> Self {
        let mut all = Sums::ZERO;
        for clip in clips {
            all.add(clip);
        }
        let n = all.count;
        let mean = all.first.map(|s| s / n);
        let covariance =
            std::array::from_fn(|i| std::array::from_fn(|j| (all.second[i][j] - n * mean[i] * mean[j]) / (n - 1.0)));
        Self { mean, covariance }
    }

    /// |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁^½ Σ₂ Σ₁^½)^½).
    fn distance(&self, other: &Self) -> f64 {
        let apart: f64 = (0..FEATURES).map(|i| (self.mean[i] - other.mean[i]).powi(2)).sum();
        let trace = |a: &Square<FEATURES>| (0..FEATURES).map(|i| a[i][i]).sum::<f64>();
        let half = root(self.covariance);
        let inner = product(&product(&half, &other.covariance), &half);
        let (values, _) = eigen(inner);
        let common: f64 = values.iter().map(|x| x.max(0.0).sqrt()).sum();
        (apart + trace(&self.covariance) + trace(&other.covariance) - 2.0 * common).max(0.0)
    }
}

/// Features of the windows of a number of clips.
#[derive(Clone, Debug, Default)]
pub struct TrajectorySet {
    clips: Vec<Sums>,
    unseen: usize,
}

impl TrajectorySet {
    /// Adds a clip's windows. A clip without a window in which agent and T are seen throughout adds nothing.
    ///
    /// # Errors
    /// A position that is not finite.
    pub fn add(&mut self, track: &[Tracked]) -> Result<(), DistributionError> {
        let (found, unseen) = windows(track)?;
        self.unseen += unseen;
        let mut sums = Sums::ZERO;
        for row in &found {
            sums.count += 1.0;
            for i in 0..FEATURES {
                sums.first[i] += row[i];
                for j in 0..FEATURES {
                    sums.second[i][j] += row[i] * row[j];
                }
            }
        }
        if !found.is_empty() {
            self.clips.push(sums);
        }
        Ok(())
    }

    /// Clips with a window.
    pub fn clips(&self) -> usize {
        self.clips.len()
    }

    /// Windows of all clips.
    pub fn windows(&self) -> usize {
        self.clips.iter().map(|c| c.count as usize).sum()
    }

    /// Windows left out because agent or T is not seen in some of their frames.
    pub fn unseen(&self) -> usize {
        self.unseen
    }

    /// Mean of each feature, in the units of [`FEATURE_SCALES`](super::FEATURE_SCALES), and its standard deviation.
    ///
    /// # Errors
    /// Fewer than two clips or windows.
    pub fn moments(&self) -> Result<[[f64; 2]; FEATURES], DistributionError> {
        self.check("the set")?;
        let g = Gaussian::of(self.clips.iter());
        Ok(std::array::from_fn(|i| [g.mean[i], g.covariance[i][i].max(0.0).sqrt()]))
    }

    fn check(&self, set: &'static str) -> Result<(), DistributionError> {
        let (clips, windows) = (self.clips(), self.windows());
        if clips < 2 || windows < 2 {
            return Err(DistributionError::TooFew {
                set,
                clips,
                windows,
                length: WINDOW_FRAMES,
            });
        }
        Ok(())
    }

    /// The first `count` clips in an order drawn from `seed`, and the others: two halves of one set.
    ///
    /// # Errors
    /// Fewer than two clips in either.
    pub fn split(&self, count: usize, seed: u64) -> Result<[Self; 2], DistributionError> {
        let clips = self.clips();
        let rest = clips.saturating_sub(count);
        check_split(clips, count, rest)?;
        let order = shuffled(clips, &mut Pcg64::seed_from_u64(seed));
        let part = |indices: &[usize]| Self {
            clips: indices.iter().map(|&i| self.clips[i].clone()).collect(),
            unseen: 0,
        };
        Ok([part(&order[..count]), part(&order[count..])])
    }
}

fn check_split(clips: usize, first: usize, second: usize) -> Result<(), DistributionError> {
    if first < 2 || second < 2 || first + second > clips {
        return Err(DistributionError::Split { first, second, clips });
    }
    Ok(())
}

/// 0 … n − 1 in an order drawn from `rng` (Fisher and Yates).
fn shuffled(n: usize, rng: &mut Pcg64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, rng.random_range(0..=i));
    }
    order
}

/// The Fréchet distance between Gaussians of the windows' features; 0 for equal sets, without unit.
///
/// # Errors
/// A set of fewer than two clips or windows.
pub fn frechet(a: &TrajectorySet, b: &TrajectorySet) -> Result<f64, DistributionError> {
    a.check("the first set")?;
    b.check("the second set")?;
    Ok(Gaussian::of(a.clips.iter()).distance(&Gaussian::of(b.clips.iter())))
}

/// The distance with an interval by bootstrap over the clips of both sets.
///
/// Drawing with replacement adds sampling noise to both sets and so lifts every drawn distance; the drawn distances are moved
/// down together until their mean is the distance of the sets themselves, and cut at 0.
///
/// # Errors
/// As [`frechet`]; settings that give no interval.
pub fn frechet_interval(
    a: &TrajectorySet,
    b: &TrajectorySet,
    bootstrap: &Bootstrap,
) -> Result<Estimate, DistributionError> {
    let value = frechet(a, b)?;
    let drawn = bootstrap.draws(&[a.clips(), b.clips()], |sets| {
        let draw = |set: &TrajectorySet, picks: &[usize]| Gaussian::of(picks.iter().map(|&i| &set.clips[i]));
        draw(a, &sets[0]).distance(&draw(b, &sets[1]))
    })?;
    let lift = drawn.iter().sum::<f64>() / drawn.len() as f64 - value;
    let moved: Vec<f64> = drawn.iter().map(|d| (d - lift).max(0.0)).collect();
    let [low, high] = bootstrap.bounds(&moved)?;
    Ok(Estimate { value, low, high })
}

/// Distances between random disjoint subsets of one set: what sets of these sizes differ by for no reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NullDistances {
    /// Clips of the two subsets.
    pub sizes: [usize; 2],
    /// One distance a split, ascending.
    pub distances: Vec<f64>,
}

impl NullDistances {
    /// `splits` pairs of subsets of `sizes` clips.
    ///
    /// # Errors
    /// Subsets of fewer than two clips or of more than there are; no splits.
    pub fn draw(real: &TrajectorySet, sizes: [usize; 2], splits: usize, seed: u64) -> Result<Self, DistributionError> {
        real.check("the real set")?;
        let [first, second] = sizes;
        check_split(real.clips(), first, second)?;
        let mut rng = Pcg64::seed_from_u64(seed);
        let mut distances: Vec<f64> = (0..splits)
            .map(|_| {
                let order = shuffled(real.clips(), &mut rng);
                let part = |range: std::ops::Range<usize>| Gaussian::of(order[range].iter().map(|&i| &real.clips[i]));
                part(0..first).distance(&part(first..first + second))
            })
            .collect();
        if distances.is_empty() {
            return Err(traj_metrics::MetricError::Empty.into());
        }
        distances.sort_by(f64::total_cmp);
        Ok(Self { sizes, distances })
    }

    /// The middle distance.
    ///
    /// # Errors
    /// No distances (a file that was edited).
    pub fn median(&self) -> Result<f64, DistributionError> {
        Ok(quartiles(&self.distances)?[1])
    }

    /// Share of splits that are at least this far apart, the one asked about counted among them: the p value of a
    /// permutation test.
    pub fn share_beyond(&self, distance: f64) -> f64 {
        let beyond = self.distances.iter().filter(|&&d| d >= distance).count();
        (beyond + 1) as f64 / (self.distances.len() + 1) as f64
    }
}
