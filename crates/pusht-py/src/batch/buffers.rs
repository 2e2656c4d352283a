//! The numpy arrays into which observations are written.
//!
//! A step returns arrays that nothing else will write to, as gymnasium demands, without allocating 7 MB of images each
//! time: an array that was handed out is used again when its last reader is gone, which its reference count tells.

use numpy::{Element, PyArray, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pusht_env::{Modality, ObsArrays};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

/// Sets of arrays that are kept; a reader who holds more gets new ones.
const KEPT: usize = 4;

/// The arrays of one batch of observations.
enum Arrays {
    Numbers(Py<PyArrayDyn<f64>>),
    Corners(Py<PyArrayDyn<f64>>, Py<PyArrayDyn<f64>>),
    Pixels(Py<PyArrayDyn<u8>>),
    PixelsAgents(Py<PyArrayDyn<u8>>, Py<PyArrayDyn<f64>>),
}

/// Arrays for the observations of a vectorized environment.
pub struct Buffers {
    envs: usize,
    modality: Modality,
    /// Height and width.
    picture: [usize; 2],
    kept: Vec<Arrays>,
}

impl Buffers {
    pub const fn new(envs: usize, modality: Modality, [width, height]: [u32; 2]) -> Self {
        Self {
            envs,
            modality,
            picture: [height as usize, width as usize],
            kept: Vec::new(),
        }
    }

    /// Lets `write` fill arrays that nobody reads, and returns them as a batch of observations.
    pub fn fill<'py>(
        &mut self,
        py: Python<'py>,
        write: impl FnOnce(ObsArrays<'_>) -> PyResult<()>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let place = self.kept.iter().position(|arrays| self.is_free(py, arrays));
        let arrays = match place {
            Some(place) => self.kept.swap_remove(place),
            None => self.allocate(py),
        };
        match &arrays {
            Arrays::Numbers(state) => {
                let mut state = state.bind(py).try_readwrite()?;
                write(ObsArrays::State(state.as_slice_mut()?))?;
            }
            Arrays::Corners(corners, agents) => {
                let mut corners = corners.bind(py).try_readwrite()?;
                let mut agents = agents.bind(py).try_readwrite()?;
                write(ObsArrays::Keypoints {
                    environment_state: corners.as_slice_mut()?,
                    agent_pos: agents.as_slice_mut()?,
                })?;
            }
            Arrays::Pixels(pixels) => {
                let mut pixels = pixels.bind(py).try_readwrite()?;
                write(ObsArrays::Pixels(pixels.as_slice_mut()?))?;
            }
            Arrays::PixelsAgents(pixels, agents) => {
                let mut pixels = pixels.bind(py).try_readwrite()?;
                let mut agents = agents.bind(py).try_readwrite()?;
                write(ObsArrays::PixelsAgentPos {
                    pixels: pixels.as_slice_mut()?,
                    agent_pos: agents.as_slice_mut()?,
                })?;
            }
        }
        let observations = match &arrays {
            Arrays::Numbers(state) => state.bind(py).clone().into_any(),
            Arrays::Corners(corners, agents) => {
                parts(agents, intern!(py, "environment_state"), corners.bind(py).as_any())?
            }
            Arrays::Pixels(pixels) => pixels.bind(py).clone().into_any(),
            Arrays::PixelsAgents(pixels, agents) => parts(agents, intern!(py, "pixels"), pixels.bind(py).as_any())?,
        };
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push(arrays);
        Ok(observations)
    }

    fn allocate(&self, py: Python<'_>) -> Arrays {
        let [height, width] = self.picture;
        let pixels = || zeros(py, &[self.envs, height, width, 3]);
        let numbers = |columns| zeros(py, &[self.envs, columns]);
        match self.modality {
            Modality::State => Arrays::Numbers(numbers(5)),
            Modality::Keypoints => Arrays::Corners(numbers(16), numbers(2)),
            Modality::Pixels => Arrays::Pixels(pixels()),
            Modality::PixelsAgentPos => Arrays::PixelsAgents(pixels(), numbers(2)),
        }
    }

    /// Whether nobody else has these arrays, and nobody has changed their shape while having them.
    fn is_free(&self, py: Python<'_>, arrays: &Arrays) -> bool {
        let [height, width] = self.picture;
        let pictures = [self.envs, height, width, 3];
        match arrays {
            Arrays::Numbers(state) => unused(py, state, &[self.envs, 5]),
            Arrays::Corners(corners, agents) => {
                unused(py, corners, &[self.envs, 16]) && unused(py, agents, &[self.envs, 2])
            }
            Arrays::Pixels(pixels) => unused(py, pixels, &pictures),
            Arrays::PixelsAgents(pixels, agents) => {
                unused(py, pixels, &pictures) && unused(py, agents, &[self.envs, 2])
            }
        }
    }
}

/// Two parts of a batch of observations, in the order of gymnasium's spaces, which sort names.
fn parts<'py>(
    agents: &Py<PyArrayDyn<f64>>,
    name: &Bound<'py, PyString>,
    other: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = other.py();
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "agent_pos"), agents)?;
    dict.set_item(name, other)?;
    Ok(dict.into_any())
}

fn zeros<T: Element>(py: Python<'_>, shape: &[usize]) -> Py<PyArrayDyn<T>> {
    PyArray::zeros(py, shape, false).unbind()
}

fn unused<T: Element>(py: Python<'_>, array: &Py<PyArrayDyn<T>>, shape: &[usize]) -> bool {
    let array = array.bind(py);
    is_ours_alone(array.as_any()).unwrap_or(false)
        && array.shape() == shape
        && array.is_c_contiguous()
        && array.try_readwrite().is_ok()
}

/// Whether this reference to an object is the only one: it has as many as an object that was just made.
fn is_ours_alone(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    static GETREFCOUNT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let count = GETREFCOUNT.import(py, "sys", "getrefcount")?;
    let new = zeros::<u8>(py, &[1]);
    let readers = |object: &Bound<'_, PyAny>| count.call1((object,))?.extract::<usize>();
    Ok(readers(object)? == readers(new.bind(py).as_any())?)
}
