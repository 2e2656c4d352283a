//! Images of states.

use numpy::{PyArray4, PyArrayMethods};
use pusht_env::{ContactTick, Renderer, Scene, State};
use pyo3::prelude::*;

use crate::errors::value_error;
use crate::settings;

/// States that are drawn at a time.
const CHUNK: usize = 256;

/// Images of states, one row `[agent x, agent y, block x, block y, block angle]` each; `contacts` are lines of 4 numbers
/// `[x, y, x, y]`, drawn in each of them.
#[pyfunction]
#[pyo3(signature = (states, width, height, protocol, goal_pose=None, contacts=Vec::new()))]
pub fn render<'py>(
    py: Python<'py>,
    states: Vec<[f64; 5]>,
    width: i64,
    height: i64,
    protocol: &str,
    goal_pose: Option<[f64; 3]>,
    contacts: Vec<[f64; 4]>,
) -> PyResult<Bound<'py, PyArray4<u8>>> {
    let config = settings::config(protocol, None, goal_pose, None)?;
    let [width, height] = settings::dimensions(width, height)?;
    let mut renderer = Renderer::with_dimensions(width, height, config.fill_rule).map_err(value_error)?;
    let contacts: Vec<ContactTick> = contacts
        .into_iter()
        .map(|[a, b, c, d]| ContactTick {
            from: [a, b],
            to: [c, d],
        })
        .collect();
    let array = PyArray4::<u8>::zeros(py, [states.len(), height as usize, width as usize, 3], false);
    let size = 3 * height as usize * width as usize;
    {
        let mut pixels = array.try_readwrite()?;
        let pixels = pixels.as_slice_mut()?;
        for (states, pixels) in states.chunks(CHUNK).zip(pixels.chunks_mut(CHUNK * size)) {
            py.detach(|| {
                for (state, image) in states.iter().zip(pixels.chunks_exact_mut(size)) {
                    let State { agent, block } = State::from_row(*state);
                    let contacts = contacts.clone();
                    renderer.render_into(
                        &Scene {
                            agent,
                            block,
                            goal: config.goal,
                            contacts,
                        },
                        image,
                    )?;
                }
                Ok(())
            })
            .map_err(|error: pusht_env::RenderError| value_error(error))?;
            py.check_signals()?;
        }
    }
    Ok(array)
}
