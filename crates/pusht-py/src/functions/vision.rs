//! Agent and T in frames, and the board in frames of any size.

use numpy::PyArray1;
use pusht_env::{Frame, GOAL, Pose};
use pusht_vision::{Registrar, Registration, Tracked, Tracker, VisionError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::frames::Frames;
use crate::arrays::{row, table};
use crate::errors::value_error;

/// Where the board is in a frame: pixels per board px, offset, residual.
pub type Board = ([f64; 2], [f64; 2], f64);

/// Tracks agent and T in the frames of a video.
#[pyfunction]
#[pyo3(signature = (frames, goal_pose=None, board=None))]
pub fn track<'py>(
    py: Python<'py>,
    frames: &Bound<'py, PyAny>,
    goal_pose: Option<[f64; 3]>,
    board: Option<Board>,
) -> PyResult<Bound<'py, PyDict>> {
    let found = tracked(&Frames::new(frames)?, goal(goal_pose), board)?;
    let missing = f64::NAN;
    let agent = found.iter().flat_map(|t| t.agent.unwrap_or([missing; 2])).collect();
    let pose = |t: &Tracked| t.block.map_or([missing; 3], |block| [block.x, block.y, block.angle]);
    let dict = PyDict::new(py);
    dict.set_item("agent", table(py, agent, 2)?)?;
    dict.set_item("block", table(py, found.iter().flat_map(pose).collect(), 3)?)?;
    dict.set_item(
        "agent_confidence",
        PyArray1::from_iter(py, found.iter().map(|t| t.agent_confidence)),
    )?;
    dict.set_item(
        "block_confidence",
        PyArray1::from_iter(py, found.iter().map(|t| t.block_confidence)),
    )?;
    Ok(dict)
}

/// Agent and T in every frame: 96 × 96 as they are, others with the position of the board.
pub fn tracked(frames: &Frames<'_>, goal: Pose, board: Option<Board>) -> PyResult<Vec<Tracked>> {
    let tracker = Tracker::new(goal).map_err(value_error)?;
    let map = board.map(|(scale, offset, residual)| Registration {
        scale,
        offset,
        residual,
    });
    let mut found: Vec<Tracked> = Vec::with_capacity(frames.count());
    let look = |frame: &Frame, last: Option<&Tracked>| match &map {
        Some(map) => tracker.track_after(&map.resample(frame), last),
        None => tracker.track_after(frame, last),
    };
    frames.each_chunk(
        |chunk| {
            for frame in chunk {
                let tracked = look(frame, found.last())?;
                found.push(tracked);
            }
            Ok(())
        },
        |error: VisionError| value_error(error),
    )?;
    Ok(found)
}

/// Finds the board in the first frame.
#[pyfunction]
#[pyo3(signature = (frames, goal_pose=None))]
pub fn register<'py>(
    py: Python<'py>,
    frames: &Bound<'py, PyAny>,
    goal_pose: Option<[f64; 3]>,
) -> PyResult<Bound<'py, PyDict>> {
    let frame = Frames::new(frames)?.get(0)?;
    let registrar = Registrar::new(goal(goal_pose)).map_err(value_error)?;
    let found = py.detach(|| registrar.register(&frame)).map_err(value_error)?;
    board_of(py, &found)
}

/// The position of the board.
pub fn board_of<'py>(py: Python<'py>, found: &Registration) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("scale", row(py, &found.scale))?;
    dict.set_item("offset", row(py, &found.offset))?;
    dict.set_item("residual", found.residual)?;
    Ok(dict)
}

/// The goal's pose, by default the usual one.
pub fn goal(pose: Option<[f64; 3]>) -> Pose {
    pose.map_or(GOAL, |[x, y, angle]| Pose::new(x, y, angle))
}
