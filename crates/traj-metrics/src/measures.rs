//! All measures of a set of action sequences and of its floors, as one table of a report.

use crate::autocorrelation::velocity_autocorrelation;
use crate::directness::{Directness, set_directness, window_directness};
use crate::distance::{label_variance, paired_l2};
use crate::error::{MetricError, check_set};
use crate::floors::{constant_floor, next_position_floor, white_noise_floor};
use crate::smoothness::{Order, Smoothness, smoothness};
use crate::{MeanSd, Point};
use serde::{Deserialize, Serialize};

/// The measures of one set of action sequences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SequenceMeasures {
    /// Number of sequences.
    pub episodes: usize,
    /// Number of actions in all of them.
    pub actions: usize,
    /// Norms of the first differences, px/step; averaged over episodes.
    pub velocity: Smoothness,
    /// Norms of the second differences, px/step²; averaged over episodes.
    pub acceleration: Smoothness,
    /// Norms of the third differences, px/step³; averaged over episodes.
    pub jerk: Smoothness,
    /// Path length over displacement of whole episodes.
    pub directness: Directness,
    /// Directness of windows of 16 steps.
    pub directness_16: Directness,
    /// Directness of windows of 32 steps.
    pub directness_32: Directness,
    /// Population variance of x and y over all actions, px².
    pub label_variance: [f64; 2],
    /// Lag-1 autocorrelation of velocity; none if nothing moves.
    pub velocity_autocorrelation: Option<f64>,
}

impl SequenceMeasures {
    /// Measures sequences of at least 4 actions each (as many as jerk needs).
    ///
    /// # Errors
    /// No sequences; one with fewer than 4 actions; a coordinate that is NaN or infinite.
    pub fn of<S: AsRef<[Point]>>(set: &[S]) -> Result<Self, MetricError> {
        check_set(set, Order::Jerk.points_needed(), "jerk")?;
        Ok(Self {
            episodes: set.len(),
            actions: set.iter().map(|t| t.as_ref().len()).sum(),
            velocity: smoothness(set, Order::Velocity)?,
            acceleration: smoothness(set, Order::Acceleration)?,
            jerk: smoothness(set, Order::Jerk)?,
            directness: set_directness(set)?,
            directness_16: window_directness(set, 16)?,
            directness_32: window_directness(set, 32)?,
            label_variance: label_variance(set)?,
            velocity_autocorrelation: velocity_autocorrelation(set)?,
        })
    }
}

/// A floor: its own measures, and its distance from the actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    /// Measures of the floor's sequences.
    pub measures: SequenceMeasures,
    /// L2 distance to the actions, px, over all steps.
    pub l2: MeanSd,
}

/// The measures of a set of action sequences and of its floors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionMeasures {
    /// Measures of the actions.
    pub actions: SequenceMeasures,
    /// The mean action, at every step.
    pub constant: Floor,
    /// Gaussian draws with the mean and the variance of the actions.
    pub white_noise: Floor,
    /// The agent's next position, if positions are known. It has one step less per episode.
    pub next_position: Option<Floor>,
}

impl ActionMeasures {
    /// Measures `actions[episode][t]` and, if known, the agent's `positions[episode][t]` before each of them. `seed` is
    /// that of the white noise.
    ///
    /// # Errors
    /// No episodes, one with fewer than 4 actions (5 if positions are given), numbers of positions other than those of
    /// actions, or a coordinate that is NaN or infinite.
    pub fn of<S: AsRef<[Point]>>(actions: &[S], positions: Option<&[S]>, seed: u64) -> Result<Self, MetricError> {
        let floor = |sequences: Vec<Vec<Point>>, actions: &[&[Point]]| {
            Ok(Floor {
                measures: SequenceMeasures::of(&sequences)?,
                l2: paired_l2(&sequences, actions)?,
            })
        };
        let measures = SequenceMeasures::of(actions)?;
        let actions: Vec<&[Point]> = actions.iter().map(AsRef::as_ref).collect();
        let next_position = match positions {
            Some(positions) => {
                check_lengths(&actions, positions)?;
                check_set(positions, Order::Jerk.points_needed() + 1, "the jerk of next positions")?;
                let shorter: Vec<&[Point]> = actions.iter().map(|a| &a[..a.len() - 1]).collect();
                Some(floor(next_position_floor(positions)?, &shorter)?)
            }
            None => None,
        };
        Ok(Self {
            constant: floor(constant_floor(&actions)?, &actions)?,
            white_noise: floor(white_noise_floor(&actions, seed)?, &actions)?,
            next_position,
            actions: measures,
        })
    }
}

fn check_lengths<S: AsRef<[Point]>>(actions: &[&[Point]], positions: &[S]) -> Result<(), MetricError> {
    if actions.len() != positions.len() {
        let (left, right) = (actions.len(), positions.len());
        return Err(MetricError::Unequal {
            what: "episodes of actions and of positions",
            left,
            right,
        });
    }
    for (trajectory, (a, p)) in actions.iter().zip(positions).enumerate() {
        let (left, right) = (a.len(), p.as_ref().len());
        if left != right {
            return Err(MetricError::UnequalTrajectories {
                trajectory,
                left,
                right,
            });
        }
    }
    Ok(())
}
