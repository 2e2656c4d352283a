//! The info dicts of gym-pusht, and those of gymnasium's vector environments.

use numpy::ndarray::Array2;
use numpy::{Element, PyArray1, PyArray2};
use pusht_env::{Info, Pose};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::arrays::row;

/// The info dict of one environment; a reset has no coverage.
pub fn single<'py>(py: Python<'py>, info: &Info, coverage: bool) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "pos_agent"), row(py, &info.pos_agent))?;
    dict.set_item(intern!(py, "vel_agent"), row(py, &info.vel_agent))?;
    dict.set_item(intern!(py, "block_pose"), row(py, &numbers(info.block_pose)))?;
    dict.set_item(intern!(py, "goal_pose"), row(py, &numbers(info.goal_pose)))?;
    dict.set_item(intern!(py, "n_contacts"), info.n_contacts)?;
    dict.set_item(intern!(py, "is_success"), info.is_success)?;
    if coverage {
        dict.set_item(intern!(py, "coverage"), info.coverage)?;
    }
    Ok(dict)
}

/// What one environment of several reports.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub info: Info,
    /// Whether it comes from a step; a reset has no coverage.
    pub stepped: bool,
}

/// The infos of several environments as one dict: an array for each key, and a mask of those that have it under `_key`.
pub fn batch<'py>(py: Python<'py>, entries: &[Option<Entry>]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    if entries.iter().all(Option::is_none) {
        return Ok(dict);
    }
    let has: Vec<bool> = entries.iter().map(Option::is_some).collect();
    let put =
        |key: &Bound<'py, PyString>, mask_key: &Bound<'py, PyString>, values: Bound<'py, PyAny>, mask: &[bool]| {
            dict.set_item(key, values)?;
            dict.set_item(mask_key, row(py, mask))
        };
    let agent = columns(py, entries, |info| info.pos_agent);
    put(intern!(py, "pos_agent"), intern!(py, "_pos_agent"), agent, &has)?;
    let velocity = columns(py, entries, |info| info.vel_agent);
    put(intern!(py, "vel_agent"), intern!(py, "_vel_agent"), velocity, &has)?;
    let block = columns(py, entries, |info| numbers(info.block_pose));
    put(intern!(py, "block_pose"), intern!(py, "_block_pose"), block, &has)?;
    let goal = columns(py, entries, |info| numbers(info.goal_pose));
    put(intern!(py, "goal_pose"), intern!(py, "_goal_pose"), goal, &has)?;
    let contacts = column(py, entries, |entry| i64::from(entry.info.n_contacts));
    put(intern!(py, "n_contacts"), intern!(py, "_n_contacts"), contacts, &has)?;
    let success = column(py, entries, |entry| entry.info.is_success);
    put(intern!(py, "is_success"), intern!(py, "_is_success"), success, &has)?;
    let stepped: Vec<bool> = entries.iter().map(|e| e.is_some_and(|e| e.stepped)).collect();
    if stepped.contains(&true) {
        let coverage = column(py, entries, |e| if e.stepped { e.info.coverage } else { 0.0 });
        put(intern!(py, "coverage"), intern!(py, "_coverage"), coverage, &stepped)?;
    }
    Ok(dict)
}

/// One number of each environment; 0 for those without an entry.
fn column<'py, T: Element + Default>(
    py: Python<'py>,
    entries: &[Option<Entry>],
    of: impl Fn(&Entry) -> T,
) -> Bound<'py, PyAny> {
    let values: Vec<T> = entries
        .iter()
        .map(|e| e.as_ref().map(&of).unwrap_or_default())
        .collect();
    PyArray1::from_vec(py, values).into_any()
}

/// N numbers of each environment; 0 for those without an entry.
fn columns<'py, const N: usize>(
    py: Python<'py>,
    entries: &[Option<Entry>],
    of: impl Fn(&Info) -> [f64; N],
) -> Bound<'py, PyAny> {
    let value = |e: &Option<Entry>| e.as_ref().map_or([0.0; N], |e| of(&e.info));
    let rows: Vec<[f64; N]> = entries.iter().map(value).collect();
    PyArray2::from_owned_array(py, Array2::from(rows)).into_any()
}

const fn numbers(pose: Pose) -> [f64; 3] {
    [pose.x, pose.y, pose.angle]
}
