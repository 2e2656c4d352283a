//! Writes LeRobot data sets.

use std::path::PathBuf;

use numpy::PyUntypedArrayMethods;
use pusht_data::{DataError, Episode, Provenance};
use pusht_env::{Pose, State};
use pusht_jobs::{CancelFlag, Cancelled, JobContext, Silent};
use pyo3::prelude::*;
use pyo3::types::PyIterator;

use super::convert::data_error;
use crate::actions::{pairs, real_array, shape};
use crate::errors::value_error;
use crate::functions::frames::Frames;

/// What Python hands over of an episode: frames, actions, states, goal, source, index, seed, origin of the actions.
type Parts<'py> = (
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Option<Bound<'py, PyAny>>,
    [f64; 3],
    String,
    usize,
    Option<u64>,
    String,
);

/// Writes episodes to a new folder as they come; returns their number. Nothing is left at `path` after an exception.
#[pyfunction]
pub fn write_lerobot(py: Python<'_>, path: PathBuf, episodes: Bound<'_, PyIterator>) -> PyResult<usize> {
    if path.exists() {
        return Err(data_error(&DataError::Exists { path }));
    }
    let episodes = episodes.unbind();
    let mut raised: Option<PyErr> = None;
    let next = || {
        Python::attach(|py| {
            let found = py.check_signals().and_then(|()| {
                let item = episodes.bind(py).clone().next().transpose()?;
                item.map(|item| episode(&item)).transpose()
            });
            match found {
                Ok(episode) => episode.map(Ok),
                Err(error) => {
                    raised = Some(error);
                    Some(Err(DataError::from(Cancelled)))
                }
            }
        })
    };
    let written = py.detach(|| {
        let mut ctx = JobContext::new(Box::new(Silent), CancelFlag::new());
        pusht_data::write_lerobot(path, std::iter::from_fn(next), 0, &mut ctx)
    });
    match (raised, written) {
        (Some(error), _) => Err(error),
        (None, written) => written.map_err(|error| data_error(&error)),
    }
}

fn episode(item: &Bound<'_, PyAny>) -> PyResult<Episode> {
    let (frames, actions, states, [x, y, angle], source, index, seed, origin): Parts<'_> = item.extract()?;
    let frames = Frames::new(&frames)?.all()?;
    let actions = pairs(&actions, "the actions", None)?;
    let states = states.map(|states| rows(&states)).transpose()?;
    Ok(Episode {
        frames,
        actions: actions.into_iter().map(|action| action.map(|c| c as f32)).collect(),
        states,
        goal: Pose::new(x, y, angle),
        provenance: Provenance {
            source,
            index,
            seed,
            actions: origin,
        },
    })
}

/// States, one row each.
fn rows(states: &Bound<'_, PyAny>) -> PyResult<Vec<State>> {
    use numpy::PyArrayMethods;
    let array = real_array(states, "the states")?;
    if array.ndim() != 2 || array.shape()[1] != 5 {
        return Err(value_error(format_args!(
            "the states are an array of shape (n, 5), one row [agent x, agent y, block x, block y, block angle] each; got \
             one of shape {}",
            shape(array.shape())
        )));
    }
    let array = array.readonly();
    let rows = array.as_array();
    let state = |i: usize| {
        let row: [f64; 5] = std::array::from_fn(|k| rows[[i, k]]);
        if row.iter().all(|x| x.is_finite()) {
            return Ok(State::from_row(row));
        }
        Err(value_error(format_args!(
            "row {i} of the states, {row:?}, is not finite"
        )))
    };
    (0..rows.shape()[0]).map(state).collect()
}
