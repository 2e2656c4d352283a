//! Human demonstrations of diffusion_policy's public dataset, replayed from their actions.

use std::path::Path;

use pusht_env::{EnvConfig, PushT, Renderer};

use crate::npz::{Array, Npz};
use crate::renders::compare_image;
use crate::rollouts::{COVERAGE_LIMIT, STATE};
use crate::tally::Tally;
use crate::{ParityError, json, state_row};

/// Largest difference of states, which the dataset stores as float32.
const FLOAT32_LIMIT: f64 = 2e-5;

pub(crate) fn compare(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
    let mut npz = Npz::open(path)?;
    let mut episodes: Vec<u64> = npz
        .names()
        .iter()
        .filter_map(|name| name.strip_prefix("ep")?.strip_suffix("_action")?.parse().ok())
        .collect();
    episodes.sort_unstable();
    if episodes.is_empty() {
        return Err(ParityError::unreadable(path, &"it holds no array ep<N>_action"));
    }
    let refused = ParityError::value(path);
    let config = EnvConfig::diffusion_policy();
    let mut env = PushT::new(config).map_err(&refused)?;
    let mut renderer = Renderer::new(96, config.fill_rule).map_err(|e| ParityError::unreadable(path, &e))?;
    for &episode in &episodes {
        let name = |array: &str| format!("ep{episode}_{array}");
        let action: Array<f32> = npz.array(&name("action"), &[None, Some(2)])?;
        let steps = action.len();
        let state: Array<f64> = npz.array(&name("state64"), &[Some(steps + 1), STATE])?;
        let stored: Array<f32> = npz.array(&name("dataset_state"), &[Some(steps), Some(5)])?;
        let reward: Array<f64> = npz.array(&name("reward"), &[Some(steps)])?;
        let img: Array<u8> = npz.array(&name("img"), &[None, Some(96), Some(96), Some(3)])?;
        let img_index: Array<i64> = npz.array(&name("img_index"), &[Some(img.len())])?;
        // Every episode of the dataset starts from the seed equal to its index.
        env.reset(episode).map_err(&refused)?;
        for t in 0..steps {
            tally.compare("state64", 0.0, &state_row(&env), state.row(t));
            let row: Vec<f64> = stored.row(t).iter().map(|&v| f64::from(v)).collect();
            tally.compare("dataset_state", FLOAT32_LIMIT, &env.state_observation(), &row);
            for k in (0..img.len()).filter(|&k| img_index.data[k] == t as i64) {
                compare_image(tally, "img", &renderer.render(&env.scene()), img.row(k));
            }
            let a = action.row(t);
            let result = env.step([a[0], a[1]]).map_err(&refused)?;
            tally.compare("reward", COVERAGE_LIMIT, &[result.reward], reward.row(t));
        }
        tally.compare("state64", 0.0, &state_row(&env), state.row(steps));
    }
    let found: Vec<f64> = episodes.iter().map(|&e| e as f64).collect();
    json::compare(path, "episodes", &found, tally)
}
