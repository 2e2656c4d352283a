//! The real episodes that clips are compared with.

use clip_audit::{DistributionReport, NullDistances, TrajectorySet, split_clips};
use pusht_data::Source;
use pusht_vision::{Tracked, Tracker};
use rayon::prelude::*;
use traj_metrics::Bootstrap;

use crate::VerdictsError;

/// Number of random splits of the real set, and of bootstrap resamples.
const SPLITS: usize = 1000;
const RESAMPLES: usize = 2000;

/// Trajectories of real episodes: two random halves, and all.
pub struct RealSet {
    half: TrajectorySet,
    other: TrajectorySet,
    all: TrajectorySet,
}

impl RealSet {
    /// Tracks the frames of all episodes in parallel.
    ///
    /// # Errors
    /// Episodes that cannot be read or have frames of another size than 96 × 96; fewer than four of them.
    pub fn read(source: &Source) -> Result<Self, VerdictsError> {
        let read = |index: usize| {
            let episode = source.episode(index)?;
            Ok::<_, VerdictsError>(Tracker::new(episode.goal)?.track_video(&episode.frames)?)
        };
        let tracks: Vec<Vec<Tracked>> = (0..source.len()).into_par_iter().map(read).collect::<Result<_, _>>()?;
        let set = |of: &[usize]| {
            let mut set = TrajectorySet::default();
            of.iter().try_for_each(|&i| set.add(&tracks[i]))?;
            Ok::<_, VerdictsError>(set)
        };
        let [half, other] = split_clips(tracks.len(), tracks.len() / 2, 0)?;
        let all: Vec<usize> = (0..tracks.len()).collect();
        Ok(Self {
            half: set(&half)?,
            other: set(&other)?,
            all: set(&all)?,
        })
    }

    /// Compares one half of the real set with the other half and with `clips`.
    ///
    /// # Errors
    /// Fewer than two clips that show agent and T long enough.
    pub fn compare(&self, clips: &TrajectorySet) -> Result<DistributionReport, VerdictsError> {
        let bootstrap = Bootstrap {
            resamples: RESAMPLES,
            ..Bootstrap::default()
        };
        let null = NullDistances::draw(&self.all, [self.half.clips(), self.other.clips()], SPLITS, 0)?;
        let others = [("its other half", &self.other), ("these clips", clips)];
        Ok(DistributionReport::new(
            ("half of the real set", &self.half),
            &others,
            null,
            &bootstrap,
        )?)
    }
}
