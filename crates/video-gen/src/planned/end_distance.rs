//! How far agent and T are from a prescribed end.

use pusht_env::{Pose, bar_vertices, stem_vertices};
use pusht_vision::geometry::{apart, centroid};
use pusht_vision::unwrap_angle;
use serde::{Deserialize, Serialize};

/// Distances of agent and T from a prescribed end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EndDistance {
    /// Mean displacement of the T's eight corners, px of the 512 board.
    pub corners: f64,
    /// Distance of the T's center of area, px.
    pub position: f64,
    /// Angle between the two poses of the T, degrees, 0 to 180.
    pub degrees: f64,
    /// Distance of the agent, px, if its place is prescribed.
    pub agent: Option<f64>,
}

impl EndDistance {
    /// The distances of an agent and a T from those of the end.
    pub fn new(agent: [f64; 2], block: Pose, end: Pose, end_agent: Option<[f64; 2]>) -> Self {
        Self {
            corners: corners_apart(block, end),
            position: apart(centroid(block), centroid(end)),
            degrees: (unwrap_angle(end.angle, block.angle) - end.angle).abs().to_degrees(),
            agent: end_agent.map(|there| apart(agent, there)),
        }
    }

    /// Whether the T is within these limits, px and degrees.
    pub fn within(&self, px: f64, degrees: f64) -> bool {
        self.position <= px && self.degrees <= degrees
    }
}

/// Mean displacement of the T's corners, px.
pub(super) fn corners_apart(a: Pose, b: Pose) -> f64 {
    let corners = |pose| [bar_vertices(pose), stem_vertices(pose)];
    let (a, b) = (corners(a), corners(b));
    let pairs = a.as_flattened().iter().zip(b.as_flattened());
    pairs.map(|(a, b)| apart(*a, *b)).sum::<f64>() / 8.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_turns_do_not_count() {
        let turned = Pose::new(100.0, 100.0, 6.2);
        let found = EndDistance::new([0.0; 2], turned, Pose::new(100.0, 100.0, -0.083), Some([3.0, 4.0]));
        assert!(found.degrees < 0.02 && found.corners < 0.1, "{found:?}");
        assert_eq!(found.agent, Some(5.0));
        assert!(found.within(20.0, 20.0));
    }
}
