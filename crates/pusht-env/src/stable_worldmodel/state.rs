//! The state that observations, goals and resets are made of.

use serde::{Deserialize, Serialize};

use crate::Pose;

/// Position and velocity of the agent, pose of the block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SwmState {
    /// Agent's body origin (a disc's center), px.
    pub agent: [f64; 2],
    /// Pose of the block's body origin. Observed angles are in [0, 2π); those of drawn goals are in [−2π, 2π).
    pub block: Pose,
    /// px/s.
    pub agent_velocity: [f64; 2],
}

impl SwmState {
    /// A state from the package's row: agent x, y, block x, y, angle, agent vx, vy.
    pub const fn from_row(row: [f64; 7]) -> Self {
        Self {
            agent: [row[0], row[1]],
            block: Pose::new(row[2], row[3], row[4]),
            agent_velocity: [row[5], row[6]],
        }
    }

    /// The package's row.
    pub const fn to_row(self) -> [f64; 7] {
        let [x, y] = self.agent;
        let [vx, vy] = self.agent_velocity;
        [x, y, self.block.x, self.block.y, self.block.angle, vx, vy]
    }

    pub(super) fn is_finite(self) -> bool {
        self.to_row().iter().all(|v| v.is_finite())
    }

    /// Euclidean distance of all seven numbers: px, rad and px/s unweighted, angles as they stand.
    pub fn distance(self, other: Self) -> f64 {
        let (a, b) = (self.to_row(), other.to_row());
        norm((0..7).map(|i| a[i] - b[i]))
    }

    /// Whether agent and block are together within 20 px of those of `goal` and the block's angle within π/9. With
    /// `beyond_turn`, angles that differ by more than 2π count as equal, as in the package; else the difference is taken
    /// modulo 2π.
    pub fn reaches(self, goal: Self, beyond_turn: bool) -> bool {
        const TURN: f64 = 2.0 * std::f64::consts::PI;
        let (a, b) = (self.to_row(), goal.to_row());
        let mut angle = (b[4] - a[4]).abs();
        if !beyond_turn {
            angle %= TURN;
        }
        let angle = angle.min(TURN - angle);
        norm((0..4).map(|i| b[i] - a[i])) < 20.0 && angle < std::f64::consts::PI / 9.0
    }
}

fn norm(differences: impl Iterator<Item = f64>) -> f64 {
    differences.map(|d| d * d).sum::<f64>().sqrt()
}
