//! Comparison of recorded with simulated episodes, and conversion of recorded datasets to trajectories.

use std::f64::consts::TAU;

use crate::{DataError, Episode, SeededTrajectory, SimulatedSet, Simulation, Source, Start};
use pusht_jobs::{JobContext, counted};

/// Largest accepted difference of states stored as float32.
pub const FLOAT32_STATES: f64 = 2e-5;

/// Difference between two recordings of the same episodes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Difference {
    /// Frames compared.
    pub frames: usize,
    /// Largest difference between values of a state (px, rad; angles modulo 2π); 0 if either has no states, infinite if
    /// the numbers of rows differ.
    pub states: f64,
    /// Pixels that differ in any channel.
    pub pixels: usize,
}

impl Difference {
    /// The difference between two episodes.
    pub fn of(a: &Episode, b: &Episode) -> Self {
        if a.len() != b.len() || a.frames.len() != b.frames.len() {
            return Self {
                frames: 0,
                states: f64::INFINITY,
                pixels: usize::MAX,
            };
        }
        let states = match (&a.states, &b.states) {
            (Some(a), Some(b)) => a
                .iter()
                .zip(b)
                .map(|(a, b)| apart(a.to_row(), b.to_row()))
                .fold(0.0, f64::max),
            _ => 0.0,
        };
        let pixels = a.frames.iter().zip(&b.frames).map(|(a, b)| {
            let pairs = a.as_raw().chunks_exact(3).zip(b.as_raw().chunks_exact(3));
            pairs.filter(|(a, b)| a != b).count() + a.as_raw().len().abs_diff(b.as_raw().len()) / 3
        });
        Self {
            frames: a.frames.len(),
            states,
            pixels: pixels.sum(),
        }
    }

    /// Combines two differences: the larger one of states, the sums of frames and pixels.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            frames: self.frames + other.frames,
            states: self.states.max(other.states),
            pixels: self.pixels.saturating_add(other.pixels),
        }
    }
}

fn apart(a: [f64; 5], b: [f64; 5]) -> f64 {
    let turn = (a[4] - b[4]).rem_euclid(TAU);
    let positions = (0..4).map(|k| (a[k] - b[k]).abs());
    positions.fold(turn.min(TAU - turn), f64::max)
}

impl SimulatedSet {
    /// Turns the first `count` episodes of a recorded dataset whose episode e starts from seed e (as in the public
    /// demonstrations) into trajectories. Every episode is simulated, rendered and compared; the second result is the
    /// difference between the recordings. A dataset that is already simulated keeps its trajectories and is not
    /// compared.
    ///
    /// # Errors
    /// Too many episodes, or one that differs when simulated: by more than 2e-5 in the states (float32) or in any
    /// pixel.
    pub fn recover(
        source: &Source,
        count: usize,
        simulation: Simulation,
        ctx: &mut JobContext,
    ) -> Result<(Self, Difference), DataError> {
        if let Some(set) = source.simulated() {
            let trajectories = set.trajectories.iter().take(count).cloned().collect();
            let chosen = Self {
                trajectories,
                ..set.clone()
            };
            chosen.check()?;
            return Ok((chosen, Difference::default()));
        }
        let trajectory = |index: usize| {
            let actions = source.actions(index)?.to_vec();
            Ok(SeededTrajectory::new(Start::Seed(index as u64), actions))
        };
        let trajectories = (0..count).map(trajectory).collect::<Result<Vec<_>, DataError>>()?;
        let set = Self::new(&source.name(), "recorded", simulation, trajectories)?;
        let total = set.trajectories.iter().map(|r| r.actions.len()).sum();
        let mut difference = Difference::default();
        let task = ctx.task("compare frames", total, "frame");
        // Sixteen episodes at a time, because their frames are held twice.
        for first in (0..set.len()).step_by(16) {
            let range = first..(first + 16).min(set.len());
            let recorded = source.episodes(range.clone(), &mut task.quiet())?;
            let simulated = set.episodes(range.clone(), &mut task.quiet())?;
            for (index, (a, b)) in range.zip(recorded.iter().zip(&simulated)) {
                let d = Difference::of(a, b);
                if d.states > FLOAT32_STATES || d.pixels > 0 {
                    return Err(DataError::Diverges {
                        path: source.path().to_path_buf(),
                        index,
                        states: d.states,
                        pixels: d.pixels,
                        all: a.frames.iter().map(|f| f.as_raw().len() / 3).sum(),
                        environment: simulation.environment(),
                        lossy: source.is_lossy(),
                    });
                }
                difference = difference.and(d);
            }
            task.advance_to(difference.frames, "");
        }
        task.finish(&format!("{} as recorded", counted(difference.frames, "frame")));
        Ok((set, difference))
    }
}
