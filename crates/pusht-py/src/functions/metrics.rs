//! Measures of action sequences.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use traj_metrics::{MeanSd, Order, Point};

use crate::actions::pairs;
use crate::errors::value_error;

/// Mean and standard deviation of velocity, acceleration and jerk over a set of action sequences.
#[pyfunction]
pub fn smoothness<'py>(py: Python<'py>, sequences: Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyDict>> {
    let set = read(&sequences)?;
    let dict = PyDict::new(py);
    for order in [Order::Velocity, Order::Acceleration, Order::Jerk] {
        let found = traj_metrics::smoothness(&set, order).map_err(value_error)?;
        dict.set_item(order.name(), mean_sd(py, found)?)?;
    }
    Ok(dict)
}

/// L2 distance of two sets of action sequences, px.
#[pyfunction]
pub fn l2<'py>(py: Python<'py>, a: Vec<Bound<'py, PyAny>>, b: Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyDict>> {
    mean_sd(
        py,
        traj_metrics::paired_l2(&read(&a)?, &read(&b)?).map_err(value_error)?,
    )
}

fn mean_sd(py: Python<'_>, found: MeanSd) -> PyResult<Bound<'_, PyDict>> {
    let values = PyDict::new(py);
    values.set_item("mean", found.mean)?;
    values.set_item("sd", found.sd)?;
    Ok(values)
}

/// Directness of each of several action sequences; `None` for one that does not move.
#[pyfunction]
pub fn directness(sequences: Vec<Bound<'_, PyAny>>) -> PyResult<Vec<Option<f64>>> {
    let set = read(&sequences)?;
    set.iter()
        .map(|points| traj_metrics::directness(points).map_err(value_error))
        .collect()
}

fn read(sequences: &[Bound<'_, PyAny>]) -> PyResult<Vec<Vec<Point>>> {
    sequences
        .iter()
        .map(|sequence| pairs(sequence, "the actions", None))
        .collect()
}
