//! Actions from what Python passes: numpy arrays of any real type and layout, lists, tuples.

use numpy::ndarray::ArrayView1;
use numpy::{
    PyArray1, PyArray2, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::errors::value_error;

/// Upper end of the action space, px; the lower end is 0.
const BOARD: f64 = 512.0;

/// What becomes of an action outside of the action space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// It is a target all the same, as in gym-pusht.
    Allow,
    /// It is refused.
    Error,
    /// It is moved to the nearest one inside.
    Clip,
}

impl Outside {
    pub fn new(name: &str) -> PyResult<Self> {
        Ok(match name {
            "allow" => Self::Allow,
            "error" => Self::Error,
            "clip" => Self::Clip,
            other => {
                return Err(value_error(format_args!(
                    "unknown out_of_space {other:?}; expected 'allow', 'error' or 'clip'"
                )));
            }
        })
    }

    /// The target to steer to, in px.
    pub fn apply(self, target: [f64; 2]) -> PyResult<[f64; 2]> {
        match self {
            Self::Clip if !target.iter().any(|c| c.is_nan()) => Ok(target.map(|c| c.clamp(0.0, BOARD))),
            Self::Error if !target.iter().all(|c| (0.0..=BOARD).contains(c)) => Err(value_error(format_args!(
                "the action {target:?} is outside of the action space: x and y are positions in [0, 512] px \
                 (out_of_space='allow' accepts it, 'clip' moves it inside)"
            ))),
            _ => Ok(target),
        }
    }
}

/// One action, [x, y].
pub fn one(action: &Bound<'_, PyAny>) -> PyResult<[f64; 2]> {
    if let Ok(array) = action.cast::<PyArray1<f32>>()
        && let (2, Some(x), Some(y)) = (array.len(), array.get_owned(0), array.get_owned(1))
    {
        return Ok([f64::from(x), f64::from(y)]);
    }
    let array = real_array(action, "an action")?;
    if array.shape() != [2] {
        return Err(PyValueError::new_err(format!(
            "an action is an array of shape (2,), a target position [x, y] in px; got one of shape {}",
            shape(array.shape())
        )));
    }
    let array = array.readonly();
    let numbers = array.as_array();
    Ok([numbers[[0]], numbers[[1]]])
}

/// One action for each of `envs` environments.
pub fn many(actions: &Bound<'_, PyAny>, envs: usize) -> PyResult<Vec<[f64; 2]>> {
    if let Ok(array) = actions.cast::<PyArray2<f32>>()
        && array.shape() == [envs, 2]
    {
        let array = array.readonly();
        let row = |row: ArrayView1<'_, f32>| [f64::from(row[0]), f64::from(row[1])];
        return Ok(array.as_array().rows().into_iter().map(row).collect());
    }
    pairs(actions, "the actions", Some(envs))
}

/// Rows of two numbers; `what` names them in errors.
pub fn pairs(rows: &Bound<'_, PyAny>, what: &str, count: Option<usize>) -> PyResult<Vec<[f64; 2]>> {
    let array = real_array(rows, what)?;
    let fits = array.ndim() == 2 && array.shape()[1] == 2 && count.is_none_or(|count| array.shape()[0] == count);
    if !fits {
        let count = count.map_or_else(|| "n".to_owned(), |count| count.to_string());
        return Err(PyValueError::new_err(format!(
            "{what} are an array of shape ({count}, 2), one row [x, y] in px each; got one of shape {}",
            shape(array.shape())
        )));
    }
    let array = array.readonly();
    let rows = array.as_array();
    Ok((0..array.shape()[0]).map(|i| [rows[[i, 0]], rows[[i, 1]]]).collect())
}

/// An array of doubles of whatever real numbers these are.
pub fn real_array<'py>(numbers: &Bound<'py, PyAny>, what: &str) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    if let Ok(array) = numbers.cast::<PyArrayDyn<f64>>() {
        return Ok(array.clone());
    }
    static ASARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = numbers.py();
    let asarray = ASARRAY.import(py, "numpy", "asarray")?;
    let refused =
        |found: String| PyTypeError::new_err(format!("{what}: expected an array of real numbers, got {found}"));
    let kind = |array: &Bound<'py, PyAny>| -> PyResult<Bound<'py, PyUntypedArray>> {
        Ok(array.cast::<PyUntypedArray>()?.clone())
    };
    let array = asarray
        .call1((numbers,))
        .and_then(|array| kind(&array))
        .map_err(|_| refused(numbers.get_type().to_string()))?;
    if !matches!(array.dtype().kind(), b'f' | b'i' | b'u') {
        return Err(refused(format!("one of dtype {}", array.dtype())));
    }
    let doubles = asarray.call1((array, "float64"))?;
    Ok(doubles.cast_into::<PyArrayDyn<f64>>()?)
}

/// A shape as Python writes it.
pub fn shape(sides: &[usize]) -> String {
    match sides {
        [side] => format!("({side},)"),
        sides => format!(
            "({})",
            sides.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        ),
    }
}
