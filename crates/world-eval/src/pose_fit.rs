//! The T's pose in a rendered frame, by rendering.

use pusht_env::Pose;
use pusht_vision::geometry::centroid;

/// Weight of an angle, px: about the distance of the T's outline from its center of gravity.
const LEVER: f64 = 60.0;
/// Steps of the search, px.
const REACH: [f64; 4] = [1.0, 0.5, 0.25, 0.12];
/// Most rounds with one of them.
const ROUNDS: usize = 6;

/// The pose with the lowest cost near `start`: a search along x, y and the angle about the center of gravity, in ever smaller
/// steps, until the cost is 0 or nothing is better.
pub(crate) fn refine(start: Pose, mut cost: impl FnMut(Pose) -> u64) -> Pose {
    let (mut pose, mut least) = (start, cost(start));
    for reach in REACH {
        for _ in 0..ROUNDS {
            let before = least;
            for [x, y, turn] in [
                [reach, 0.0, 0.0],
                [-reach, 0.0, 0.0],
                [0.0, reach, 0.0],
                [0.0, -reach, 0.0],
                [0.0, 0.0, reach / LEVER],
                [0.0, 0.0, -reach / LEVER],
            ] {
                if least == 0 {
                    return pose;
                }
                let tried = shifted(pose, [x, y], turn);
                let found = cost(tried);
                if found < least {
                    (pose, least) = (tried, found);
                }
            }
            if least == before {
                break;
            }
        }
    }
    pose
}

/// The pose with its center of gravity moved, and turned about it.
fn shifted(pose: Pose, by: [f64; 2], turn: f64) -> Pose {
    let center = centroid(pose);
    let angle = pose.angle + turn;
    let offset = centroid(Pose::new(0.0, 0.0, angle));
    Pose::new(center[0] + by[0] - offset[0], center[1] + by[1] - offset[1], angle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::corner_distance;

    #[test]
    fn the_search_ends_at_the_lowest_cost() {
        let wanted = Pose::new(201.3, 222.2, 0.31);
        let cost = |pose: Pose| (1e4 * corner_distance(pose, wanted)) as u64;
        let found = refine(Pose::new(200.0, 223.0, 0.3), cost);
        assert!(corner_distance(found, wanted) < 0.05, "{found:?}");
    }
}
