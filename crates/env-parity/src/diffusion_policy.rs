//! Resets and rollouts of diffusion_policy's environment.

use std::path::Path;

use pusht_env::{EnvConfig, PushT, Renderer, Seeding, draw_marker};

use crate::npz::{Array, Npz};
use crate::renders::{channels_first, compare_image};
use crate::rollouts::{COVERAGE_LIMIT, STATE};
use crate::tally::Tally;
use crate::{ParityError, json, state_row};

pub(crate) fn compare_resets(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
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
        for (name, config, recorded) in [
            ("after_reset_legacy", EnvConfig::diffusion_policy(), &legacy),
            (
                "after_reset_nonlegacy",
                EnvConfig::diffusion_policy_non_legacy(),
                &modern,
            ),
        ] {
            let mut env = PushT::new(config).map_err(&refused)?;
            env.reset(s).map_err(&refused)?;
            tally.compare(name, 0.0, &state_row(&env), recorded.row(i));
        }
    }
    Ok(())
}

pub(crate) fn compare_rollouts(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
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
    let img: Array<f32> = npz.array("img", &[n, None, Some(3), Some(96), Some(96)])?;
    let img_step: Array<i64> = npz.array("img_step", &[n, Some(img.shape[1])])?;
    let cache: Array<u8> = npz.array("cache", &[n, None, Some(96), Some(96), Some(3)])?;

    let refused = ParityError::value(path);
    let config = EnvConfig::diffusion_policy();
    let mut env = PushT::new(config).map_err(&refused)?;
    let mut renderer = Renderer::new(96, config.fill_rule).map_err(|e| ParityError::unreadable(path, &e))?;
    for i in 0..state.len() {
        env.reset(seed.data[i] as u64).map_err(&refused)?;
        // The video frames were recorded at the same steps as the observations, except for the reset, which has none.
        let mut next_cache = 0;
        for t in 0..=steps {
            if t > 0 {
                let a = action.at(i, t - 1);
                let result = env.step([a[0], a[1]]).map_err(&refused)?;
                tally.compare("reward", COVERAGE_LIMIT, &[result.reward], reward.at(i, t - 1));
                tally.equal("done", f64::from(result.terminated), f64::from(done.at(i, t - 1)[0]));
                tally.equal(
                    "n_contacts",
                    f64::from(env.info().n_contacts),
                    n_contacts.at(i, t - 1)[0] as f64,
                );
            }
            tally.compare("state", 0.0, &state_row(&env), state.at(i, t));
            for k in (0..img.shape[1]).filter(|&k| img_step.at(i, k)[0] == t as i64) {
                let mut frame = renderer.render(&env.scene());
                let recorded: Vec<f64> = img.at(i, k).iter().map(|&v| f64::from(v)).collect();
                tally.compare("img", 0.0, &channels_first(&frame), &recorded);
                if t > 0 && next_cache < cache.shape[1] {
                    let a = action.at(i, t - 1);
                    draw_marker(&mut frame, [a[0], a[1]]);
                    compare_image(tally, "cache", &frame, cache.at(i, next_cache));
                    next_cache += 1;
                }
            }
        }
        tally.equal("cache frames", next_cache as f64, cache.shape[1] as f64);
    }
    let seeds: Vec<f64> = seed.data.iter().map(|&s| s as f64).collect();
    json::compare(path, "seeds", &seeds, tally)
}
