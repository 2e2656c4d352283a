//! Episodes: given actions, and those of the expert.

use numpy::PyArray1;
use pusht_env::{EnvError, Expert, ExpertConfig, PushT, State};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::actions::pairs;
use crate::arrays::table;
use crate::errors::value_error;
use crate::settings;

/// Steps between two looks for an interrupt.
const CHUNK: usize = 10_000;

/// Plays actions from the start of `seed` or from `state`: states (one more than actions), rewards, coverage, success.
#[pyfunction]
#[pyo3(signature = (actions, protocol, reset_order=None, goal_pose=None, seed=None, state=None))]
pub fn simulate<'py>(
    py: Python<'py>,
    actions: &Bound<'py, PyAny>,
    protocol: &str,
    reset_order: Option<&str>,
    goal_pose: Option<[f64; 3]>,
    seed: Option<u64>,
    state: Option<[f64; 5]>,
) -> PyResult<Bound<'py, PyDict>> {
    let targets = pairs(actions, "the actions", None)?;
    let config = settings::config(protocol, reset_order, goal_pose, None)?;
    let mut env = PushT::new(config).map_err(value_error)?;
    match (seed, state) {
        (Some(seed), None) => env.reset(seed),
        (None, Some(state)) => env.reset_to(State::from_row(state)),
        _ => {
            return Err(value_error(
                "an episode begins with a seed or in a state: pass one of the two",
            ));
        }
    }
    .map_err(value_error)?;
    let mut states = env.state().to_row().to_vec();
    let (mut rewards, mut coverage, mut success) = (Vec::new(), Vec::new(), Vec::new());
    for targets in targets.chunks(CHUNK) {
        let played: Result<(), EnvError> = py.detach(|| {
            for &target in targets {
                let step = env.step_toward(target)?;
                states.extend_from_slice(&env.state().to_row());
                rewards.push(step.reward);
                coverage.push(step.coverage);
                success.push(step.terminated);
            }
            Ok(())
        });
        played.map_err(value_error)?;
        py.check_signals()?;
    }
    let dict = PyDict::new(py);
    dict.set_item("states", table(py, states, 5)?)?;
    dict.set_item("rewards", PyArray1::from_vec(py, rewards))?;
    dict.set_item("coverage", PyArray1::from_vec(py, coverage))?;
    dict.set_item("success", PyArray1::from_vec(py, success))?;
    Ok(dict)
}

/// An episode of the scripted expert from the start of `seed`, until success or for `max_steps` steps.
#[pyfunction]
#[pyo3(signature = (seed, max_steps, protocol, goal_pose=None))]
pub fn expert_episode<'py>(
    py: Python<'py>,
    seed: u64,
    max_steps: usize,
    protocol: &str,
    goal_pose: Option<[f64; 3]>,
) -> PyResult<Bound<'py, PyDict>> {
    let config = settings::config(protocol, None, goal_pose, None)?;
    let expert = Expert::new(ExpertConfig::default()).map_err(value_error)?;
    let played = py
        .detach(|| expert.demonstrate(config, seed, max_steps))
        .map_err(value_error)?;
    py.check_signals()?;
    let states = played.states.iter().flat_map(|state| state.to_row()).collect();
    let dict = PyDict::new(py);
    dict.set_item("actions", table(py, played.actions.into_flattened(), 2)?)?;
    dict.set_item("states", table(py, states, 5)?)?;
    dict.set_item("rewards", PyArray1::from_vec(py, played.rewards))?;
    dict.set_item("success", played.success)?;
    Ok(dict)
}
