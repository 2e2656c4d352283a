//! The info dicts of gym-pusht, and those of gymnasium's vector environments.

use numpy::PyArray1;
use pusht_env::{Info, Pose};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{row, table};

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
    let flat = |of: &dyn Fn(&Info) -> [f64; 3], columns: usize| {
        let mut all = Vec::with_capacity(columns * entries.len());
        for entry in entries {
            let values = entry.map_or([0.0; 3], |entry| of(&entry.info));
            all.extend_from_slice(&values[..columns]);
        }
        table(py, all, columns)
    };
    let pair = |[x, y]: [f64; 2]| [x, y, 0.0];
    let has: Vec<bool> = entries.iter().map(Option::is_some).collect();
    let put = |key: &str, values: Bound<'py, PyAny>, mask: &[bool]| {
        dict.set_item(key, values)?;
        dict.set_item(format!("_{key}"), row(py, mask))
    };
    put("pos_agent", flat(&|info| pair(info.pos_agent), 2)?, &has)?;
    put("vel_agent", flat(&|info| pair(info.vel_agent), 2)?, &has)?;
    put("block_pose", flat(&|info| numbers(info.block_pose), 3)?, &has)?;
    put("goal_pose", flat(&|info| numbers(info.goal_pose), 3)?, &has)?;
    let contacts = entries
        .iter()
        .map(|entry| entry.map_or(0, |entry| i64::from(entry.info.n_contacts)));
    put("n_contacts", PyArray1::from_iter(py, contacts).into_any(), &has)?;
    let success = entries
        .iter()
        .map(|entry| entry.is_some_and(|entry| entry.info.is_success));
    put("is_success", PyArray1::from_iter(py, success).into_any(), &has)?;
    let stepped: Vec<bool> = entries
        .iter()
        .map(|entry| entry.is_some_and(|entry| entry.stepped))
        .collect();
    if stepped.contains(&true) {
        let coverage = |entry: &Option<Entry>| {
            entry
                .filter(|entry| entry.stepped)
                .map_or(0.0, |entry| entry.info.coverage)
        };
        put(
            "coverage",
            PyArray1::from_iter(py, entries.iter().map(coverage)).into_any(),
            &stepped,
        )?;
    }
    Ok(dict)
}

const fn numbers(pose: Pose) -> [f64; 3] {
    [pose.x, pose.y, pose.angle]
}
