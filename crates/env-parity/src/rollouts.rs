//! Rollouts of gym-pusht: state, observations, reward, contacts.

use std::path::Path;

use pusht_env::{EnvConfig, PushT, Seeding, State};

use crate::npz::{Array, Npz};
use crate::tally::Tally;
use crate::{ParityError, json, state_row};

/// Number of columns of a recorded state.
pub(crate) const STATE: Option<usize> = Some(10);

/// Largest difference of coverage and reward, which the reference computes with another library.
pub(crate) const COVERAGE_LIMIT: f64 = 1e-12;

pub(crate) fn compare(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
    let mut npz = Npz::open(path)?;
    let state: Array<f64> = npz.array("state", &[None, None, STATE])?;
    let (n, rows) = (Some(state.len()), Some(state.shape[1]));
    let steps = state.shape[1].saturating_sub(1);
    let per_step = [n, Some(steps)];
    let obs: Array<f64> = npz.array("obs", &[n, rows, Some(5)])?;
    let keypoints: Array<f64> = npz.array("keypoints", &[n, rows, Some(16)])?;
    let lines: Array<f64> = npz.array("contact_lines", &[n, rows, None, Some(4)])?;
    let line_count: Array<i64> = npz.array("contact_count", &[n, rows])?;
    let action: Array<f32> = npz.array("action", &[n, Some(steps), Some(2)])?;
    let reward: Array<f64> = npz.array("reward", &per_step)?;
    let coverage: Array<f64> = npz.array("coverage", &per_step)?;
    let terminated: Array<bool> = npz.array("terminated", &per_step)?;
    let points: Array<i64> = npz.array("n_contact_points", &per_step)?;
    let n_contacts: Array<i64> = npz.array("n_contacts", &per_step)?;
    let seed: Array<i64> = npz.array("seed", &[n])?;
    let reset_state: Array<f64> = npz.array("reset_state", &[n, Some(5)])?;
    let from_seed: Array<bool> = npz.array("from_seed", &[n])?;

    let refused = ParityError::value(path);
    let mut env = PushT::new(EnvConfig::gym_pusht()).map_err(&refused)?;
    let mut starts = Vec::new();
    for i in 0..state.len() {
        let start = reset_state.row(i);
        if from_seed.data[i] {
            let drawn = Seeding::GymPusht.draw(seed.data[i] as u64).map_err(&refused)?;
            tally.compare("reset_state", 0.0, &drawn.to_row(), start);
            starts.extend(drawn.to_row());
        } else {
            starts.extend(start);
        }
        env.reset_to(State::from_row(std::array::from_fn(|k| start[k])))
            .map_err(&refused)?;
        for t in 0..=steps {
            if t > 0 {
                let a = action.at(i, t - 1);
                let result = env.step([a[0], a[1]]).map_err(&refused)?;
                let info = env.info();
                let at = i * steps + t - 1;
                tally.compare("reward", COVERAGE_LIMIT, &[result.reward], &reward.data[at..=at]);
                tally.compare("coverage", COVERAGE_LIMIT, &[info.coverage], &coverage.data[at..=at]);
                tally.equal("terminated", f64::from(info.is_success), f64::from(terminated.data[at]));
                tally.equal(
                    "n_contact_points",
                    f64::from(env.contact_points()),
                    points.data[at] as f64,
                );
                tally.equal("n_contacts", f64::from(info.n_contacts), n_contacts.data[at] as f64);
            }
            tally.compare("state", 0.0, &state_row(&env), state.at(i, t));
            tally.compare("obs", 0.0, &env.state_observation(), obs.at(i, t));
            tally.compare("keypoints", 0.0, &env.keypoints(), keypoints.at(i, t));
            compare_lines(tally, &env, lines.at(i, t), line_count.at(i, t)[0]);
        }
    }
    json::compare(path, "reset_states", &starts, tally)?;
    let flags: Vec<f64> = from_seed.data.iter().map(|&b| f64::from(b)).collect();
    json::compare(path, "from_seed", &flags, tally)?;
    let seeds: Vec<f64> = seed.data.iter().map(|&s| s as f64).collect();
    json::compare(path, "seeds", &seeds, tally)
}

/// Compares contact lines. Recorded lines are padded with NaN.
fn compare_lines(tally: &mut Tally, env: &PushT, lines: &[f64], count: i64) {
    let ticks = env.scene().contacts;
    tally.equal("contact_count", ticks.len() as f64, count as f64);
    let found: Vec<f64> = ticks.iter().flat_map(|t| [t.from, t.to]).flatten().collect();
    let kept = found.len().min(lines.len());
    tally.compare("contact_lines", 0.0, &found[..kept], &lines[..kept]);
}
