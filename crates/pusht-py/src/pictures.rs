//! Images of scenes as numpy arrays.

use numpy::{PyArray3, PyArrayMethods};
use pusht_env::{FillRule, Frame, Renderer, Scene, draw_cross};
use pyo3::prelude::*;

use crate::arrays::image;
use crate::errors::value_error;

/// An image of a scene, drawn into a new array.
pub fn draw<'py>(py: Python<'py>, renderer: &mut Renderer, scene: &Scene) -> PyResult<Bound<'py, PyAny>> {
    let (width, height) = renderer.dimensions();
    let array = PyArray3::<u8>::zeros(py, [height as usize, width as usize, 3], false);
    renderer
        .render_into(scene, array.readwrite().as_slice_mut()?)
        .map_err(value_error)?;
    Ok(array.into_any())
}

/// Draws videos' images: the scene, and a cross at the last action.
#[derive(Clone, Debug, Default)]
pub struct Camera {
    renderer: Option<Renderer>,
}

impl Camera {
    /// The image, with the cross at `cross`, [x, y] in px of the image.
    pub fn shoot<'py>(
        &mut self,
        py: Python<'py>,
        scene: &Scene,
        [width, height]: [u32; 2],
        rule: FillRule,
        cross: Option<[i32; 2]>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let fits = self
            .renderer
            .as_ref()
            .is_some_and(|r| r.dimensions() == (width, height) && r.rule() == rule);
        if !fits {
            self.renderer = Some(Renderer::with_dimensions(width, height, rule).map_err(value_error)?);
        }
        let mut frame = self
            .renderer
            .as_mut()
            .map_or_else(Frame::default, |renderer| renderer.render(scene));
        if let Some(at) = cross {
            draw_cross(&mut frame, at);
        }
        Ok(image(py, frame)?.into_any())
    }
}
