//! Poses moved and turned.

use pusht_env::Pose;
use pusht_vision::geometry::{CENTROID, to_board};

/// The pose moved by a share of `way`, and turned about its centroid by that share of `turn`.
pub(crate) fn turned(pose: Pose, way: [f64; 2], turn: f64, share: f64) -> Pose {
    let center = to_board(pose, CENTROID);
    let new = Pose::new(0.0, 0.0, pose.angle + share * turn);
    let offset = to_board(new, CENTROID);
    let at = [0, 1].map(|k| center[k] + share * way[k] - offset[k]);
    Pose::new(at[0], at[1], new.angle)
}
