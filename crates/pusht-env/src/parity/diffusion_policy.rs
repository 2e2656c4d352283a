//! Resets and roll-outs of diffusion_policy's environment.

use std::path::Path;

use super::npz::{Array, Npz};
use super::rollouts::{COVERAGE_LIMIT, STATE};
use super::tally::Tally;
use super::{ParityError, state_row};
use crate::{EnvConfig, PushT, Seeding};

pub(super) fn compare_resets(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
    let mut npz = Npz::open(path)?;
    let seed: Array<i64> = npz.array("seed", &[None])?;
    let n = Some(seed.len());
    let drawn: Array<f64> = npz.array("drawn", &[n, Some(5)])?;
    let legacy: Array<f64> = npz.array("after_reset_legacy", &[n, STATE])?;
    let modern: Array<f64> = npz.array("after_reset_nonlegacy", &[n, STATE])?;
    let refused = ParityError::value(path);
    for i in 0..seed.len() {
        let s = seed.data[i] as u64;
        let state = Seeding::DiffusionPolicy.draw(s).map_err(&refused)?;
        tally.compare("drawn", 0.0, &state.to_row(), drawn.row(i));
        for (name, is_legacy, recorded) in [
            ("after_reset_legacy", true, &legacy),
            ("after_reset_nonlegacy", false, &modern),
        ] {
            let mut env = PushT::new(EnvConfig::diffusion_policy(is_legacy)).map_err(&refused)?;
            env.reset(s).map_err(&refused)?;
            tally.compare(name, 0.0, &state_row(&env), recorded.row(i));
        }
    }
    Ok(())
}

pub(super) fn compare_rollouts(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
    let mut npz = Npz::open(path)?;
    let state: Array<f64> = npz.array("state", &[None, None, STATE])?;
    let n = Some(state.len());
    let steps = state.shape[1].saturating_sub(1);
    let per_step = [n, Some(steps)];
    let action: Array<f32> = npz.array("action", &[n, Some(steps), Some(2)])?;
    let reward: Array<f64> = npz.array("reward", &per_step)?;
    let done: Array<bool> = npz.array("done", &per_step)?;
    let n_contacts: Array<i64> = npz.array("n_contacts", &per_step)?;
    let seed: Array<i64> = npz.array("seed", &[n])?;

    let refused = ParityError::value(path);
    let mut env = PushT::new(EnvConfig::diffusion_policy(true)).map_err(&refused)?;
    for i in 0..state.len() {
        env.reset(seed.data[i] as u64).map_err(&refused)?;
        tally.compare("state", 0.0, &state_row(&env), state.at(i, 0));
        for t in 0..steps {
            let a = action.at(i, t);
            let result = env.step([a[0], a[1]]).map_err(&refused)?;
            tally.compare("state", 0.0, &state_row(&env), state.at(i, t + 1));
            tally.compare("reward", COVERAGE_LIMIT, &[result.reward], reward.at(i, t));
            tally.equal("done", f64::from(result.terminated), f64::from(done.at(i, t)[0]));
            tally.equal(
                "n_contacts",
                f64::from(env.info().n_contacts),
                n_contacts.at(i, t)[0] as f64,
            );
        }
    }
    Ok(())
}
