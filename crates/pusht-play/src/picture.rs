//! The board as an image for the page.

use pusht_data::Simulation;
use pusht_env::{Frame, PushT, Renderer};

use crate::PlayError;

/// Side of the image: the surface that the references draw, px.
const SIDE: u32 = 512;

/// Draws the board.
#[derive(Debug)]
pub(crate) struct Picture {
    renderer: Renderer,
    frame: Frame,
}

impl Picture {
    pub(crate) fn new(simulation: Simulation) -> Result<Self, PlayError> {
        let renderer = Renderer::new(SIDE, simulation.fill_rule).map_err(failed)?;
        let frame = Frame::new(SIDE, SIDE);
        Ok(Self { renderer, frame })
    }

    /// The current state as a PNG file.
    pub(crate) fn png(&mut self, env: &PushT) -> Result<Vec<u8>, PlayError> {
        self.renderer
            .render_into(&env.scene(), &mut self.frame)
            .map_err(failed)?;
        video_io::png_bytes(&self.frame).map_err(failed)
    }
}

fn failed(reason: impl ToString) -> PlayError {
    PlayError::Picture {
        reason: reason.to_string(),
    }
}
