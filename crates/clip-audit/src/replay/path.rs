//! The T's path in a clip: how far it went, in how many pushes.

use pusht_env::Pose;
use pusht_vision::{Tracked, unwrap_angle};

/// A tracked T that has moved by no more than this from frame to frame stands still, px. The tracker's error between frames
/// that show the same T is below it.
pub const STILL_DISTANCE: f64 = 1.0;

/// The same for its angle, rad.
pub const STILL_ANGLE: f64 = 0.01;

/// A T that stands still for fewer frames than this is still in the same push.
const REST: usize = 3;

/// How far and how often the T was moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BlockPath {
    /// Way of the T's origin, px; steps below [`STILL_DISTANCE`] left out.
    pub length: f64,
    /// Turn, rad, all turns added without sign; steps below [`STILL_ANGLE`] left out.
    pub turn: f64,
    /// Number of pushes: times the T began to move after standing still for three frames.
    pub pushes: usize,
}

/// Of the frames in which the T is seen.
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

/// Difference of the angles the short way round, rad, without sign.
pub(crate) fn turned(a: Pose, b: Pose) -> f64 {
    unwrap_angle(0.0, a.angle - b.angle).abs()
}
