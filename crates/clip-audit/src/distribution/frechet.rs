//! The Fréchet distance between two sets of trajectories (Dowson and Landau 1982), as FID uses it on image features
//! (Heusel et al. 2017), here on features that are computed, not learned.

use super::DistributionError;
use super::features::{FEATURES, WINDOW_FRAMES, windows};
use super::gaussian::{Gaussian, Sums};
use pusht_vision::Tracked;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, Estimate, quartiles};

/// Window features of a set of clips.
#[derive(Clone, Debug, Default)]
pub struct TrajectorySet {
    clips: Vec<Sums>,
    unseen: usize,
}

impl TrajectorySet {
    /// Adds a clip's windows. Windows with a frame that does not show both agent and T are left out.
    ///
    /// # Errors
    /// A position that is not finite.
    pub fn add(&mut self, track: &[Tracked]) -> Result<(), DistributionError> {
        let (found, unseen) = windows(track)?;
        self.unseen += unseen;
        let mut sums = Sums::zero(FEATURES);
        found.iter().for_each(|row| sums.push(row));
        if !found.is_empty() {
            self.clips.push(sums);
        }
        Ok(())
    }

    /// Number of clips with at least one window.
    pub fn clips(&self) -> usize {
        self.clips.len()
    }

    /// Number of windows of all clips.
    pub fn windows(&self) -> usize {
        self.clips.iter().map(|c| c.count as usize).sum()
    }

    /// Number of windows left out because some of their frames do not show both agent and T.
    pub fn unseen(&self) -> usize {
        self.unseen
    }

    /// Mean of each feature, in the units of [`FEATURE_SCALES`](super::FEATURE_SCALES), and its standard deviation.
    ///
    /// # Errors
    /// Fewer than two clips or windows.
    pub fn moments(&self) -> Result<[[f64; 2]; FEATURES], DistributionError> {
        self.check("the set")?;
        let g = self.gaussian();
        Ok(std::array::from_fn(|i| {
            [g.mean[i], g.covariance.at(i, i).max(0.0).sqrt()]
        }))
    }

    fn gaussian(&self) -> Gaussian {
        Gaussian::of(FEATURES, self.clips.iter())
    }

    /// The Gaussian of the clips `picks`, which may repeat.
    fn gaussian_of(&self, picks: &[usize]) -> Gaussian {
        Gaussian::of(FEATURES, picks.iter().map(|&i| &self.clips[i]))
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
}

/// Splits the indices of `count` clips at random into `first` indices and the rest, by `seed`.
///
/// # Errors
/// Fewer than two clips in either part.
pub fn split_clips(count: usize, first: usize, seed: u64) -> Result<[Vec<usize>; 2], DistributionError> {
    check_split(count, first, count.saturating_sub(first))?;
    let mut order = shuffled(count, &mut Pcg64::seed_from_u64(seed));
    let rest = order.split_off(first);
    Ok([order, rest])
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

/// The Fréchet distance between Gaussians of the windows' features; dimensionless, 0 for equal sets.
///
/// # Errors
/// A set of fewer than two clips or windows.
pub fn frechet(a: &TrajectorySet, b: &TrajectorySet) -> Result<f64, DistributionError> {
    a.check("the first set")?;
    b.check("the second set")?;
    Ok(a.gaussian().distance(&b.gaussian()))
}

/// The distance with an interval by bootstrap over the clips of both sets.
///
/// Drawing with replacement adds sampling noise to both sets and so increases every drawn distance. To correct for
/// this, the drawn distances are shifted so that their mean is the distance of the sets themselves, and cut off at 0.
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
        a.gaussian_of(&sets[0]).distance(&b.gaussian_of(&sets[1]))
    })?;
    let lift = drawn.iter().sum::<f64>() / drawn.len() as f64 - value;
    let moved: Vec<f64> = drawn.iter().map(|d| (d - lift).max(0.0)).collect();
    Ok(Estimate {
        value,
        bounds: Some(bootstrap.bounds(&moved)?),
    })
}

/// Null distribution: distances between random disjoint subsets of one set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NullDistances {
    /// Numbers of clips of the two subsets.
    pub sizes: [usize; 2],
    /// One distance per split, ascending.
    pub distances: Vec<f64>,
}

impl NullDistances {
    /// Draws `splits` pairs of subsets of `sizes` clips.
    ///
    /// # Errors
    /// Subsets of fewer than two clips or of more than the set has; no splits.
    pub fn draw(real: &TrajectorySet, sizes: [usize; 2], splits: usize, seed: u64) -> Result<Self, DistributionError> {
        real.check("the real set")?;
        let [first, second] = sizes;
        check_split(real.clips(), first, second)?;
        let mut rng = Pcg64::seed_from_u64(seed);
        let mut distances: Vec<f64> = (0..splits)
            .map(|_| {
                let order = shuffled(real.clips(), &mut rng);
                let (one, rest) = order.split_at(first);
                real.gaussian_of(one).distance(&real.gaussian_of(&rest[..second]))
            })
            .collect();
        if distances.is_empty() {
            return Err(traj_metrics::MetricError::Empty.into());
        }
        distances.sort_by(f64::total_cmp);
        Ok(Self { sizes, distances })
    }

    /// The median distance.
    ///
    /// # Errors
    /// No distances (a file that was edited).
    pub fn median(&self) -> Result<f64, DistributionError> {
        Ok(quartiles(&self.distances)?[1])
    }

    /// Share of splits with at least this distance, counting `distance` itself as one of them: the p value of a
    /// permutation test.
    pub fn share_beyond(&self, distance: f64) -> f64 {
        let beyond = self.distances.iter().filter(|&&d| d >= distance).count();
        (beyond + 1) as f64 / (self.distances.len() + 1) as f64
    }
}
