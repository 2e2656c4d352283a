//! Observations as numpy arrays.

use numpy::{Element, PyArray1, PyArray3, PyArrayMethods};
use pusht_env::{Frame, Observation};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A one-dimensional array.
pub fn row<'py, T: Element>(py: Python<'py>, numbers: &[T]) -> Bound<'py, PyAny> {
    PyArray1::from_slice(py, numbers).into_any()
}

/// A table with `columns` columns.
pub fn table<'py, T: Element>(py: Python<'py>, numbers: Vec<T>, columns: usize) -> PyResult<Bound<'py, PyAny>> {
    let rows = numbers.len() / columns;
    Ok(PyArray1::from_vec(py, numbers).reshape([rows, columns])?.into_any())
}

/// An image as an array of shape (height, width, 3).
pub fn image(py: Python<'_>, frame: Frame) -> PyResult<Bound<'_, PyArray3<u8>>> {
    let shape = [frame.height() as usize, frame.width() as usize, 3];
    PyArray1::from_vec(py, frame.into_raw()).reshape(shape)
}

/// Several parts of an observation, by gym-pusht's names.
pub fn parts<'py>(first: Bound<'py, PyAny>, pixels: bool, agent_pos: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = first.py();
    let name = if pixels {
        intern!(py, "pixels")
    } else {
        intern!(py, "environment_state")
    };
    let dict = PyDict::new(py);
    dict.set_item(name, first)?;
    dict.set_item(intern!(py, "agent_pos"), agent_pos)?;
    Ok(dict.into_any())
}

/// An observation as gym-pusht returns it.
pub fn observation(py: Python<'_>, observation: Observation) -> PyResult<Bound<'_, PyAny>> {
    match observation {
        Observation::State(state) => Ok(row(py, &state)),
        Observation::Keypoints {
            environment_state,
            agent_pos,
        } => parts(row(py, &environment_state), false, row(py, &agent_pos)),
        Observation::Pixels(pixels) => Ok(image(py, pixels)?.into_any()),
        Observation::PixelsAgentPos { pixels, agent_pos } => {
            parts(image(py, pixels)?.into_any(), true, row(py, &agent_pos))
        }
    }
}
