//! Actions of a video, and which of them can be trusted.

use labeling::{FrameLabels, RejectReason, TrackedFrames};
use numpy::PyArray1;
use pusht_env::State;
use pusht_vision::{ActionSmoother, Registrar, Registration, Tracked, Tracker, VisionError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use video_io::resampled_indices;

use super::frames::Frames;
use super::vision::{board_of, goal};
use crate::arrays::table;
use crate::errors::value_error;
use crate::json::object;
use crate::threads::interruptible;

/// Frame rate of the labels, frames per second.
const HZ: u32 = 10;

/// Labels the frames of a video of `fps` frames per second as `pusht label` does.
#[pyfunction]
#[pyo3(signature = (frames, fps, goal_pose=None))]
pub fn label<'py>(
    py: Python<'py>,
    frames: &Bound<'py, PyAny>,
    fps: u32,
    goal_pose: Option<[f64; 3]>,
) -> PyResult<Bound<'py, PyDict>> {
    let (frames, goal) = (Frames::new(frames)?, goal(goal_pose));
    let registrar = Registrar::new(goal).map_err(value_error)?;
    let tracker = Tracker::new(goal).map_err(value_error)?;
    let mut seen = TrackedFrames::default();
    let (mut board, mut last) = (None, None);
    let shown = resampled_indices(frames.count(), fps, HZ);
    frames.each_chunk_of(
        shown.iter().copied(),
        |indices, chunk| {
            for (&index, frame) in indices.iter().zip(chunk) {
                let map = match board {
                    Some(map) => map,
                    None => *board.insert(registrar.register(frame)?),
                };
                let frame = map.resample(frame);
                let repeated = last.replace(index) == Some(index);
                let tracked = tracker.track_after(&frame, seen.last())?;
                seen.push(&frame, tracked, repeated)?;
            }
            Ok(())
        },
        |error: VisionError| value_error(error),
    )?;
    let labels = interruptible(py, |_| seen.closed_form(&ActionSmoother::default()))?.map_err(value_error)?;
    written(py, &labels, board.as_ref(), &shown)
}

fn written<'py>(
    py: Python<'py>,
    labels: &FrameLabels,
    board: Option<&Registration>,
    shown: &[usize],
) -> PyResult<Bound<'py, PyDict>> {
    let missing = |reason: &Option<RejectReason>| reason.map(|reason| reason.to_string());
    let actions = labels.actions.iter().flat_map(|a| a.unwrap_or([f32::NAN; 2]));
    let states = labels.tracked.iter().flat_map(known);
    let deviation = |(t, action): (usize, &Option<_>)| {
        let known = action.and(labels.deviations.as_ref());
        known.and_then(|all| all.get(t)).copied().unwrap_or(f32::NAN)
    };
    let segments = labels
        .segments
        .iter()
        .flat_map(|rows| [rows.start as i64, rows.end as i64]);
    let dict = PyDict::new(py);
    dict.set_item("actions", table(py, actions.collect(), 2)?)?;
    dict.set_item(
        "trusted",
        PyArray1::from_iter(py, labels.reasons.iter().map(Option::is_none)),
    )?;
    dict.set_item("reasons", PyList::new(py, labels.reasons.iter().map(missing))?)?;
    dict.set_item(
        "deviations",
        PyArray1::from_iter(py, labels.actions.iter().enumerate().map(deviation)),
    )?;
    dict.set_item("states", table(py, states.collect(), 5)?)?;
    dict.set_item(
        "agent_confidence",
        PyArray1::from_iter(py, labels.tracked.iter().map(|t| t.agent_confidence)),
    )?;
    dict.set_item(
        "block_confidence",
        PyArray1::from_iter(py, labels.tracked.iter().map(|t| t.block_confidence)),
    )?;
    dict.set_item("segments", table(py, segments.collect(), 2)?)?;
    dict.set_item("frames", PyArray1::from_iter(py, shown.iter().map(|&i| i as i64)))?;
    dict.set_item("registration", board.map(|board| board_of(py, board)).transpose()?)?;
    dict.set_item("measures", object(py, &labels.measures().map_err(value_error)?)?)?;
    Ok(dict)
}

/// The tracked state; NaN for what is not seen.
fn known(tracked: &Tracked) -> [f64; 5] {
    let [x, y] = tracked.agent.unwrap_or([f64::NAN; 2]);
    let block = tracked.block.map(|block| State { agent: [x, y], block }.to_row());
    block.unwrap_or([x, y, f64::NAN, f64::NAN, f64::NAN])
}
