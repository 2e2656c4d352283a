//! Episodes as dicts of arrays, and errors of data sets as exceptions.

use numpy::{PyArray1, PyArrayMethods};
use pusht_data::{DataError, Episode};
use pusht_env::Frame;
use pyo3::exceptions::{PyFileExistsError, PyFileNotFoundError, PyIndexError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{row, table};
use crate::errors::value_error;

/// The exception of an error, with its text.
pub fn data_error(error: &DataError) -> PyErr {
    let text = error.to_string();
    match error {
        DataError::NotFound { .. } => PyFileNotFoundError::new_err(text),
        DataError::Exists { .. } => PyFileExistsError::new_err(text),
        DataError::OutOfRange { .. } => PyIndexError::new_err(text),
        _ => value_error(text),
    }
}

/// Frames of one size, one after the other.
#[derive(Debug, Default)]
pub struct Pixels {
    bytes: Vec<u8>,
    width: u32,
    height: u32,
}

impl Pixels {
    /// Joins frames; an episode's are of one size.
    pub fn of(frames: Vec<Frame>) -> Self {
        let (width, height) = frames.first().map_or((0, 0), Frame::dimensions);
        let mut bytes = Vec::with_capacity(frames.iter().map(|frame| frame.as_raw().len()).sum());
        for frame in frames {
            bytes.extend_from_slice(frame.as_raw());
        }
        Self { bytes, width, height }
    }

    /// Adds a frame, unless it is of another size.
    pub fn push(&mut self, frame: &Frame) -> bool {
        if self.bytes.is_empty() {
            (self.width, self.height) = frame.dimensions();
        }
        let fits = frame.dimensions() == (self.width, self.height);
        if fits {
            self.bytes.extend_from_slice(frame.as_raw());
        }
        fits
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// An array of shape (frames, height, width, 3).
    pub fn array(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let (height, width) = (self.height as usize, self.width as usize);
        let count = self.bytes.len() / (3 * height * width).max(1);
        let array = PyArray1::from_vec(py, self.bytes).reshape([count, height, width, 3])?;
        Ok(array.into_any())
    }
}

/// An episode whose frames are `pixels`.
pub fn episode<'py>(py: Python<'py>, episode: &Episode, pixels: Pixels) -> PyResult<Bound<'py, PyDict>> {
    let states = episode.states.as_ref().map(|states| {
        let numbers = states.iter().flat_map(|state| state.to_row()).collect();
        table(py, numbers, 5)
    });
    let actions = episode.actions.as_flattened().to_vec();
    let dict = PyDict::new(py);
    dict.set_item("frames", pixels.array(py)?)?;
    dict.set_item("actions", table(py, actions, 2)?)?;
    dict.set_item("states", states.transpose()?)?;
    dict.set_item(
        "goal_pose",
        row(py, &[episode.goal.x, episode.goal.y, episode.goal.angle]),
    )?;
    dict.set_item("source", &episode.provenance.source)?;
    dict.set_item("index", episode.provenance.index)?;
    dict.set_item("seed", episode.provenance.seed)?;
    dict.set_item("actions_from", &episode.provenance.actions)?;
    Ok(dict)
}
