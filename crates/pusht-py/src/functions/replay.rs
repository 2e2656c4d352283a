//! Whether the exact simulator reproduces a clip from its actions.

use clip_audit::{Replay, ReplayStart, replay_from};
use numpy::PyArray1;
use pusht_env::{Action, State};
use pusht_vision::InitialMotion;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::frames::Frames;
use super::vision::{Board, goal, tracked};
use crate::actions::pairs;
use crate::arrays::table;
use crate::errors::value_error;
use crate::json::object;

/// Plays actions from the start of a clip and compares the result with the clip.
#[pyfunction]
#[pyo3(signature = (frames, actions, at_rest=false, start_state=None, goal_pose=None, board=None))]
pub fn replay<'py>(
    py: Python<'py>,
    frames: &Bound<'py, PyAny>,
    actions: &Bound<'py, PyAny>,
    at_rest: bool,
    start_state: Option<[f64; 5]>,
    goal_pose: Option<[f64; 3]>,
    board: Option<Board>,
) -> PyResult<Bound<'py, PyDict>> {
    let frames = Frames::new(frames)?;
    let actions: Vec<Action> = pairs(actions, "the actions", None)?
        .into_iter()
        .map(|action| action.map(|x| x as f32))
        .collect();
    let goal = goal(goal_pose);
    let track = tracked(&frames, goal, board)?;
    let motion = if at_rest {
        InitialMotion::Rest
    } else {
        InitialMotion::Moving
    };
    let played = py.detach(|| {
        let start = match start_state {
            Some(state) => ReplayStart::at_rest(0, State::from_row(state)),
            None => ReplayStart::estimate(&track, motion)?,
        };
        replay_from(start, &track, &actions, goal)
    });
    py.check_signals()?;
    written(py, &played.map_err(value_error)?)
}

fn written<'py>(py: Python<'py>, played: &Replay) -> PyResult<Bound<'py, PyDict>> {
    let errors = |errors: &[Option<f64>]| PyArray1::from_iter(py, errors.iter().map(|e| e.unwrap_or(f64::NAN)));
    let path = played.path.iter().flatten().copied().collect();
    let end = object(py, &played.end)?;
    end.set_item("coverage_error", played.end.coverage_error())?;
    let dict = PyDict::new(py);
    dict.set_item("start", object(py, &played.start)?)?;
    dict.set_item("path", table(py, path, 5)?)?;
    dict.set_item("agent_error", errors(&played.agent_error))?;
    dict.set_item("position_error", errors(&played.position_error))?;
    dict.set_item("angle_error", errors(&played.angle_error))?;
    dict.set_item("steps_to_divergence", played.steps_to_divergence)?;
    dict.set_item("diverged", played.diverged)?;
    dict.set_item("followed", object(py, &played.followed)?)?;
    dict.set_item("shown", object(py, &played.shown)?)?;
    dict.set_item("simulated", object(py, &played.simulated)?)?;
    dict.set_item("end", end)?;
    Ok(dict)
}
