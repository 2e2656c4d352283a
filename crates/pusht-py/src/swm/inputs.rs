//! What Python passes to stable-worldmodel's environment.

use numpy::{PyArray1, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pusht_env::stable_worldmodel::{FactorValue, SwmFaults};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::actions::{real_array, shape};
use crate::errors::value_error;

/// An action in the precision in which the package computes with it.
pub enum Action {
    /// Of a float32 array.
    Single([f32; 2]),
    /// Of a float64 array, and of integers and lists.
    Double([f64; 2]),
}

impl Action {
    pub fn new(action: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(array) = action.cast::<PyArray1<f32>>()
            && let (2, Some(x), Some(y)) = (array.len(), array.get_owned(0), array.get_owned(1))
        {
            return Ok(Self::Single([x, y]));
        }
        let floats = match action.cast::<PyUntypedArray>() {
            Ok(array) if array.dtype().kind() == b'f' => Some(array.dtype().itemsize()),
            _ => None,
        };
        if let Some(size) = floats.filter(|size| ![4, 8].contains(size)) {
            return Err(PyTypeError::new_err(format!(
                "an action is an array of float32 or float64, got floating-point numbers of {size} bytes; convert it"
            )));
        }
        let array = real_array(action, "an action")?;
        if array.shape() != [2] {
            return Err(value_error(format_args!(
                "an action is an array of shape (2,), [x, y]; got one of shape {}",
                shape(array.shape())
            )));
        }
        let array = array.readonly();
        let numbers = array.as_array();
        let wide = [numbers[[0]], numbers[[1]]];
        // float32 in another byte order.
        Ok(if floats == Some(4) {
            Self::Single(wide.map(|x| x as f32))
        } else {
            Self::Double(wide)
        })
    }
}

/// The value of a factor: name, numbers, and whether they are float32.
#[derive(FromPyObject)]
pub struct Given(String, Vec<f64>, bool);

impl Given {
    pub fn value(&self) -> PyResult<FactorValue> {
        let Self(name, numbers, single) = self;
        let name = name.parse().map_err(value_error)?;
        let value = FactorValue::from_numbers(name, numbers).map_err(value_error)?;
        Ok(if *single { value.in_single() } else { value })
    }
}

/// The package's faults, switched by name; those that are not named are kept.
pub fn faults(switches: &[(String, bool)]) -> PyResult<SwmFaults> {
    let mut faults = SwmFaults::default();
    for (name, kept) in switches {
        let switch = match name.as_str() {
            "tee_ignores_scale" => &mut faults.tee_ignores_scale,
            "start_keeps_leftovers" => &mut faults.start_keeps_leftovers,
            "angle_beyond_turn_succeeds" => &mut faults.angle_beyond_turn_succeeds,
            "marker_is_misplaced" => &mut faults.marker_is_misplaced,
            "marker_outlives_episode" => &mut faults.marker_outlives_episode,
            other => {
                return Err(value_error(format_args!(
                    "there is no fault {other:?}; expected 'tee_ignores_scale', 'start_keeps_leftovers', \
                     'angle_beyond_turn_succeeds', 'marker_is_misplaced' or 'marker_outlives_episode'"
                )));
            }
        };
        *switch = *kept;
    }
    Ok(faults)
}
