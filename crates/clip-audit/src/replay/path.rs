//! The T's path in a clip: its length and the number of pushes.

use pusht_env::Pose;
use pusht_vision::{Tracked, unwrap_angle};

/// Motion per frame up to which a tracked T counts as still, px. The tracker's error between frames that show the same
/// T is smaller.
pub const STILL_DISTANCE: f64 = 1.0;

/// Rotation per frame up to which a tracked T counts as still, rad.
pub const STILL_ANGLE: f64 = 0.01;

/// Number of still frames that end a push.
const REST: usize = 3;

/// Path length of the T and number of pushes.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BlockPath {
    /// Path length of the T's origin, px, without steps below [`STILL_DISTANCE`].
    pub length: f64,
    /// Sum of absolute rotations, rad, without steps below [`STILL_ANGLE`].
    pub turn: f64,
    /// Number of pushes: times the T began to move after standing still for three frames.
    pub pushes: usize,
}

/// The path over the frames that show the T.
pub fn block_path(track: &[Tracked]) -> BlockPath {
    let mut path = BlockPath::default();
    let mut last: Option<Pose> = None;
    let mut still = REST;
    for pose in track.iter().filter_map(|t| t.block) {
        let Some(before) = last.replace(pose) else {
            continue;
        };
        let (way, turn) = (apart(pose, before), turned(pose, before));
        let moves = way > STILL_DISTANCE || turn > STILL_ANGLE;
        if moves {
            path.pushes += usize::from(still >= REST);
            path.length += if way > STILL_DISTANCE { way } else { 0.0 };
            path.turn += if turn > STILL_ANGLE { turn } else { 0.0 };
        }
        still = if moves { 0 } else { still + 1 };
    }
    path
}

/// Distance of the origins, px.
pub(crate) fn apart(a: Pose, b: Pose) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// Smallest absolute difference of the angles, rad.
pub(crate) fn turned(a: Pose, b: Pose) -> f64 {
    unwrap_angle(0.0, a.angle - b.angle).abs()
}
