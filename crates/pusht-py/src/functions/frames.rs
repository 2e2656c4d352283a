//! Frames from numpy arrays.

use numpy::{PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pusht_env::Frame;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::actions::shape;

/// Frames that are converted at a time.
const CHUNK: usize = 64;

/// A video as an array of shape (frames, height, width, 3).
pub struct Frames<'py> {
    array: Bound<'py, PyArrayDyn<u8>>,
    count: usize,
    height: u32,
    width: u32,
}

impl<'py> Frames<'py> {
    /// Checks type and shape.
    pub fn new(frames: &Bound<'py, PyAny>) -> PyResult<Self> {
        let Ok(array) = frames.cast::<PyArrayDyn<u8>>() else {
            let found = match frames.cast::<PyUntypedArray>() {
                Ok(array) => format!("an array of dtype {}", array.dtype()),
                Err(_) => frames.get_type().to_string(),
            };
            return Err(PyTypeError::new_err(format!(
                "frames are an array of dtype uint8 and shape (frames, height, width, 3), got {found}"
            )));
        };
        let misfit = || {
            PyValueError::new_err(format!(
                "frames are an array of shape (frames, height, width, 3), channels last; got one of shape {}",
                shape(array.shape())
            ))
        };
        let &[count, height, width, 3] = array.shape() else {
            return Err(misfit());
        };
        let side = |side: usize| u32::try_from(side).ok().filter(|&side| side > 0).ok_or_else(misfit);
        Ok(Self {
            array: array.clone(),
            count,
            height: side(height)?,
            width: side(width)?,
        })
    }

    /// Width and height, px.
    #[cfg(feature = "policies")]
    pub const fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Number of frames.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// One frame.
    pub fn get(&self, index: usize) -> PyResult<Frame> {
        let array = self.array.try_readonly()?;
        let view = array.as_array();
        if index >= self.count {
            return Err(PyValueError::new_err(format!(
                "there is no frame {index} among {}",
                self.count
            )));
        }
        let pixels = view
            .index_axis(numpy::ndarray::Axis(0), index)
            .iter()
            .copied()
            .collect();
        Frame::from_raw(self.width, self.height, pixels).ok_or_else(|| PyValueError::new_err("the frame is too large"))
    }

    /// All frames.
    pub fn all(&self) -> PyResult<Vec<Frame>> {
        (0..self.count).map(|index| self.get(index)).collect()
    }

    /// Hands out the frames in chunks, without the interpreter's lock; an interrupt ends it between two of them.
    pub fn each_chunk<E: Send>(
        &self,
        mut work: impl FnMut(&[Frame]) -> Result<(), E> + Send,
        error: impl Fn(E) -> PyErr,
    ) -> PyResult<()> {
        self.each_chunk_of(0..self.count, |_, frames| work(frames), error)
    }

    /// The same of some of the frames, whose indices are handed out with them.
    pub fn each_chunk_of<E: Send>(
        &self,
        indices: impl IntoIterator<Item = usize>,
        mut work: impl FnMut(&[usize], &[Frame]) -> Result<(), E> + Send,
        error: impl Fn(E) -> PyErr,
    ) -> PyResult<()> {
        let py = self.array.py();
        let mut indices = indices.into_iter();
        loop {
            let chunk: Vec<usize> = indices.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                return Ok(());
            }
            let frames = chunk.iter().map(|&i| self.get(i)).collect::<PyResult<Vec<_>>>()?;
            py.detach(|| work(&chunk, &frames)).map_err(&error)?;
            py.check_signals()?;
        }
    }
}
