//! Errors of the libraries as Python exceptions.

use std::fmt::Display;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A `ValueError` with the text of an error.
pub fn value_error(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// An exception of `gymnasium.error`, by name.
fn gymnasium_error(py: Python<'_>, name: &str, text: &'static str) -> PyErr {
    let found = py.import("gymnasium.error").and_then(|module| module.getattr(name));
    match found.and_then(|class| Ok(class.cast_into()?)) {
        Ok(class) => PyErr::from_type(class, text),
        Err(error) => error,
    }
}

/// gymnasium's `ResetNeeded` if no episode has begun.
pub fn check_begun(py: Python<'_>, begun: bool) -> PyResult<()> {
    if begun {
        return Ok(());
    }
    Err(gymnasium_error(
        py,
        "ResetNeeded",
        "no episode has begun; call reset() first",
    ))
}
