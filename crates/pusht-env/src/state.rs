//! Types for positions and poses, shared by the whole workspace.

use serde::{Deserialize, Serialize};

use crate::Pose;

/// Target position of the agent, [x, y] in px of the 512 × 512 board.
pub type Action = [f32; 2];

/// The goal of the reference environments.
pub const GOAL: Pose = Pose::new(256.0, 256.0, std::f64::consts::FRAC_PI_4);

/// Position of the agent and pose of the T, as shown in a frame. Velocities and contacts are not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Agent center, px.
    pub agent: [f64; 2],
    /// Pose of the gray T.
    pub block: Pose,
}

impl State {
    /// A state from `[agent x, agent y, block x, block y, block angle]`, the row order of the reference environments.
    pub const fn from_row(row: [f64; 5]) -> Self {
        Self {
            agent: [row[0], row[1]],
            block: Pose::new(row[2], row[3], row[4]),
        }
    }

    /// The state as `[agent x, agent y, block x, block y, block angle]`.
    pub const fn to_row(self) -> [f64; 5] {
        [
            self.agent[0],
            self.agent[1],
            self.block.x,
            self.block.y,
            self.block.angle,
        ]
    }
}
