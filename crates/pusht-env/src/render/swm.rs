//! Pictures of stable-worldmodel's board: any shapes, sizes and colors.
//!
//! The same drawing as for the other references, without their cached background: everything is drawn each time, on those
//! rows and columns of the 512 × 512 surface that the picture reads.

use super::canvas::{Canvas, Color, rgb};
use super::grid::{BOARD, Grid};
use super::shapes::{Disc, fat_segment, polygon};
use super::{MAX_SIZE, RenderError, TICK, WALL, corners, draw_cross, on_grid, resample, tick};
use crate::stable_worldmodel::{DrawnShape, MarkerPlace, SwmScene};
use crate::{FillRule, Frame, Quad, WALL_RADIUS, WALLS};

/// The package's pygame.
const RULE: FillRule = FillRule::Pygame26;

/// Width of a disc's rim, px.
const RIM: f64 = 4.0;

/// Renders pictures of [`SwmPushT`](crate::stable_worldmodel::SwmPushT), all of one size (224 in the package).
#[derive(Clone, Debug)]
pub struct SwmRenderer {
    size: u32,
    canvas: Canvas,
    end_disc: Disc,
}

impl SwmRenderer {
    /// A renderer of `size` × `size` pictures.
    ///
    /// # Errors
    /// A size of 0 or above 4096.
    pub fn new(size: u32) -> Result<Self, RenderError> {
        if size == 0 || size > MAX_SIZE {
            return Err(RenderError::Size {
                width: size,
                height: size,
            });
        }
        Ok(Self {
            size,
            canvas: Canvas::new(Grid::new(size, size), rgb(255, 255, 255)),
            end_disc: Disc::new(WALL_RADIUS as i32),
        })
    }

    /// Side of the pictures, px.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Renders the scene into a new picture.
    pub fn render(&mut self, scene: &SwmScene) -> Frame {
        let mut frame = Frame::new(self.size, self.size);
        self.draw(scene, &mut frame);
        frame
    }

    /// Renders the scene into a picture of the right size.
    ///
    /// # Errors
    /// A picture of another size.
    pub fn render_into(&mut self, scene: &SwmScene, frame: &mut Frame) -> Result<(), RenderError> {
        if frame.dimensions() != (self.size, self.size) {
            return Err(RenderError::Buffer {
                width: self.size,
                height: self.size,
                expected: 3 * (self.size as usize).pow(2),
                found: frame.len(),
            });
        }
        self.draw(scene, frame);
        Ok(())
    }

    fn draw(&mut self, scene: &SwmScene, frame: &mut Frame) {
        let [r, g, b] = scene.background;
        self.canvas.fill(rgb(r, g, b));
        if let Some(([r, g, b], quads)) = &scene.goal {
            for points in quads.iter().filter_map(corners) {
                polygon(&mut self.canvas, &points, rgb(*r, *g, *b), RULE);
            }
        }
        for (color, shape) in &scene.shapes {
            match shape {
                DrawnShape::Disc { center, radius } => self.disc(*center, *radius, *color),
                DrawnShape::Rectangle(quad) => self.rectangle(quad, *color),
            }
        }
        for [a, b] in WALLS {
            let [a, b] = [a, b].map(|p| p.map(|c| c as i32));
            fat_segment(&mut self.canvas, a, b, &self.end_disc, WALL, RULE);
        }
        for contact in &scene.contacts {
            if let [Some(from), Some(to)] = [contact.from, contact.to].map(on_grid) {
                tick::anti_aliased_line(&mut self.canvas, from, to, TICK);
            }
        }
        let all = self.canvas.region([0, 0], [BOARD - 1, BOARD - 1]);
        resample::resample(&self.canvas, &all, frame);
        match scene.marker {
            Some(MarkerPlace::Pixel(at)) => draw_cross(frame, at),
            Some(MarkerPlace::Board(at)) => {
                draw_cross(frame, at.map(|c| (c / 512.0 * f64::from(self.size)) as i32));
            }
            None => {}
        }
    }

    /// A filled rectangle with an outline.
    fn rectangle(&mut self, quad: &Quad, color: [u8; 3]) {
        let Some(points) = corners(quad) else {
            return;
        };
        polygon(&mut self.canvas, &points, lighter(color), RULE);
        let [r, g, b] = color;
        for edge in points.windows(2) {
            fat_segment(&mut self.canvas, edge[0], edge[1], &self.end_disc, rgb(r, g, b), RULE);
        }
    }

    /// A disc with a rim.
    fn disc(&mut self, center: [f64; 2], radius: f64, [r, g, b]: [u8; 3]) {
        // The engine hands on the distance of the center from a point of the circle, which rounding may change.
        let radius = (center[0] - (center[0] + radius)).abs();
        if let Some(center) = on_grid(center) {
            for (radius, color) in [(radius, rgb(r, g, b)), (radius - RIM, lighter([r, g, b]))] {
                let radius = radius.round_ties_even() as i32;
                if radius > 0 {
                    Disc::new(radius).fill(&mut self.canvas, center, color);
                }
            }
        }
    }
}

/// The color of a fill: a fifth brighter, in float32.
fn lighter(color: [u8; 3]) -> Color {
    let [r, g, b] = color.map(|c| (1.2_f32 * f32::from(c)).min(255.0).round_ties_even() as u8);
    rgb(r, g, b)
}
