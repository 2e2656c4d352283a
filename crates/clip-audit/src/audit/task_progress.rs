//! Task progress in a clip by every published criterion.

use pusht_env::{Pose, coverage, reward};
use pusht_vision::geometry::{apart, centroid};
use serde::{Deserialize, Serialize};

use eval::{SOLVED_COVERAGE, pose_reached};

/// The weight of an angle in [`TaskProgress::gained`], px: about the T's radius of gyration.
const LEVER: f64 = 60.0;

/// Progress of the T toward its goal over the frames that show it. `docs/evaluation.md` defines the criteria.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskProgress {
    /// Coverage in the first frame that shows a T.
    pub first_coverage: f64,
    /// Coverage in the last frame that shows a T.
    pub last_coverage: f64,
    /// Largest coverage after the first frame.
    pub max_coverage: f64,
    /// Mean reward after the first frame.
    pub mean_reward: f64,
    /// The largest reward after the first frame.
    pub max_reward: f64,
    /// Coverage above 0.95 in any frame after the first.
    pub solved: bool,
    /// The T's origin within 20 px of the goal's and its angle within 20° in any frame after the first.
    pub pose_reached: bool,
    /// Whether the T is there in the last frame.
    pub pose_kept: bool,
    /// Reduction of the T's distance from the goal, as a share of the initial distance; negative if the distance grows.
    /// The distance is √(d² + (60 px · angle)²) with the distance d of the centroids.
    pub gained: f64,
}

/// Progress over the T's poses in a clip, without the frames that show no T; `None` if there is no pose.
pub(crate) fn task_progress(poses: &[Pose], goal: Pose) -> Option<TaskProgress> {
    let (first, last) = (*poses.first()?, *poses.last()?);
    let after = if poses.len() > 1 { &poses[1..] } else { poses };
    let covered: Vec<f64> = after.iter().map(|&pose| coverage(pose, goal)).collect();
    let rewards = covered.iter().map(|&c| reward(c));
    let max_coverage = covered.iter().copied().fold(0.0, f64::max);
    let (before, now) = (away(first, goal), away(last, goal));
    Some(TaskProgress {
        first_coverage: coverage(first, goal),
        last_coverage: coverage(last, goal),
        max_coverage,
        mean_reward: rewards.clone().sum::<f64>() / covered.len() as f64,
        max_reward: rewards.fold(0.0, f64::max),
        solved: max_coverage > SOLVED_COVERAGE,
        pose_reached: after.iter().any(|&pose| pose_reached(pose, goal)),
        pose_kept: pose_reached(last, goal),
        gained: if before > 0.0 { 1.0 - now / before } else { 0.0 },
    })
}

fn turned(pose: Pose, goal: Pose) -> f64 {
    pusht_vision::unwrap_angle(0.0, pose.angle - goal.angle).abs()
}

fn away(pose: Pose, goal: Pose) -> f64 {
    apart(centroid(pose), centroid(goal)).hypot(LEVER * turned(pose, goal))
}
