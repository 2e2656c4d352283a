//! Coverage and reward of single poses.

use std::path::Path;

use pusht_env::{GOAL, Pose, SUCCESS_COVERAGE, coverage, reward};

use crate::npz::{Array, Npz};
use crate::rollouts::COVERAGE_LIMIT;
use crate::tally::Tally;
use crate::{ParityError, json};

pub(crate) fn compare(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
    let mut npz = Npz::open(path)?;
    let pose: Array<f64> = npz.array("pose", &[None, Some(3)])?;
    let n = [Some(pose.len())];
    let recorded: Array<f64> = npz.array("coverage", &n)?;
    let recorded_reward: Array<f64> = npz.array("reward", &n)?;
    let success: Array<bool> = npz.array("success", &n)?;
    let mut all = Vec::new();
    for i in 0..pose.len() {
        let p = pose.row(i);
        let found = coverage(Pose::new(p[0], p[1], p[2]), GOAL);
        tally.compare("coverage", COVERAGE_LIMIT, &[found], recorded.row(i));
        tally.compare("reward", COVERAGE_LIMIT, &[reward(found)], recorded_reward.row(i));
        tally.equal(
            "success",
            f64::from(found > SUCCESS_COVERAGE),
            f64::from(success.data[i]),
        );
        all.push(found);
    }
    json::compare(path, "coverage", &all, tally)?;
    json::compare(path, "poses", &pose.data, tally)
}
