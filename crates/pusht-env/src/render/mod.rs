//! Images of the board, equal to the references' in every pixel.
//!
//! The references draw a 512 × 512 surface with pygame and resize it with OpenCV. This module does the same, but only
//! with those rows and columns of the surface that the image reads, and only within the boxes around moving parts; the
//! rest comes from a cached background.

mod canvas;
mod grid;
mod marker;
mod resample;
mod shapes;
mod swm;
mod tick;

use crate::{AGENT_RADIUS, Frame, Pose, Quad, Scene, WALL_RADIUS, WALLS, bar_vertices, stem_vertices};
use canvas::{Canvas, Color, Region, rgb};
use grid::{BOARD, Grid};
pub use marker::{draw_cross, draw_marker};
use shapes::{Disc, Point, fat_segment, polygon};
pub use swm::SwmRenderer;

const WHITE: Color = rgb(255, 255, 255);
const GOAL_FILL: Color = rgb(144, 238, 144);
const BLOCK_FILL: Color = rgb(143, 163, 184);
const BLOCK_EDGE: Color = rgb(119, 136, 153);
const AGENT_EDGE: Color = rgb(65, 105, 225);
const AGENT_FILL: Color = rgb(78, 126, 255);
const WALL: Color = rgb(211, 211, 211);
const TICK: Color = rgb(231, 76, 60);

/// Radius of the agent's lighter inner disc, px.
const AGENT_INNER_RADIUS: i32 = 11;

/// Side of the largest image, px.
const MAX_SIZE: u32 = 4096;

/// pygame release whose polygon filling is used for the T and the goal. About thirty pixels of a 96 × 96 image differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FillRule {
    /// pygame 2.6 and later: gym-pusht and unified_video_action.
    #[default]
    Pygame26,
    /// pygame 2.5 and earlier: diffusion_policy, and the images of its public dataset.
    Pygame25,
}

/// Renders images of one size, square or not; the whole board is stretched to it.
///
/// It caches the background of the last goal pose; a scene with another goal costs a new background. Use one renderer
/// per goal if goals alternate.
///
/// # Example
///
/// ```
/// use pusht_env::{FillRule, GOAL, Pose, Renderer, Scene};
///
/// let mut renderer = Renderer::new(96, FillRule::default())?;
/// let frame = renderer.render(&Scene::new([120.0, 80.0], Pose::new(240.0, 300.0, 0.8), GOAL));
/// assert_eq!(frame.dimensions(), (96, 96));
/// # Ok::<(), pusht_env::RenderError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Renderer {
    width: u32,
    height: u32,
    rule: FillRule,
    goal: Option<Pose>,
    /// White, goal and walls.
    background: Canvas,
    /// `background` as a finished image.
    background_picture: Vec<u8>,
    /// The surface being drawn on; equals `background` outside `dirty`.
    canvas: Canvas,
    dirty: Vec<Region>,
    agent_discs: [Disc; 2],
    end_disc: Disc,
}

/// Errors of rendering.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A size of 0, or above the limit.
    #[error(
        "images of {width} × {height} px cannot be rendered; expected sides of 1 to {MAX_SIZE} (96 for observations)"
    )]
    Size {
        /// The requested width, px.
        width: u32,
        /// The requested height, px.
        height: u32,
    },
    /// A buffer of the wrong length for the image.
    #[error("the buffer holds {found} bytes; an image of {width} × {height} px needs {expected} (three per pixel)")]
    Buffer {
        /// Width of the image, px.
        width: u32,
        /// Height of the image, px.
        height: u32,
        /// Bytes needed.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
}

impl Renderer {
    /// A renderer of `size` × `size` images: 96 for observations, 512 for the surface itself, 680 for videos.
    ///
    /// # Errors
    /// A size of 0 or above 4096.
    pub fn new(size: u32, rule: FillRule) -> Result<Self, RenderError> {
        Self::with_dimensions(size, size, rule)
    }

    /// A renderer of `width` × `height` images.
    ///
    /// # Errors
    /// A side of 0 or above 4096.
    pub fn with_dimensions(width: u32, height: u32, rule: FillRule) -> Result<Self, RenderError> {
        if ![width, height].iter().all(|side| (1..=MAX_SIZE).contains(side)) {
            return Err(RenderError::Size { width, height });
        }
        let background = Canvas::new(Grid::new(width, height), WHITE);
        Ok(Self {
            width,
            height,
            rule,
            goal: None,
            canvas: background.clone(),
            background,
            background_picture: vec![255; 3 * width as usize * height as usize],
            dirty: Vec::new(),
            agent_discs: [Disc::new(AGENT_RADIUS as i32), Disc::new(AGENT_INNER_RADIUS)],
            end_disc: Disc::new(WALL_RADIUS as i32),
        })
    }

    /// Width and height of the images, px.
    pub fn dimensions(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The fill rule.
    pub fn rule(&self) -> FillRule {
        self.rule
    }

    /// Renders the scene into a new image.
    pub fn render(&mut self, scene: &Scene) -> Frame {
        let mut frame = Frame::new(self.width, self.height);
        self.draw(scene, &mut frame);
        frame
    }

    /// Renders the scene into a buffer of height × width × 3 bytes, without allocating.
    ///
    /// # Errors
    /// A buffer of another length.
    pub fn render_into(&mut self, scene: &Scene, out: &mut [u8]) -> Result<(), RenderError> {
        let expected = self.background_picture.len();
        if out.len() != expected {
            return Err(RenderError::Buffer {
                width: self.width,
                height: self.height,
                expected,
                found: out.len(),
            });
        }
        self.draw(scene, out);
        Ok(())
    }

    fn draw(&mut self, scene: &Scene, out: &mut [u8]) {
        if self.goal != Some(scene.goal) {
            self.draw_background(scene.goal);
        }
        while let Some(region) = self.dirty.pop() {
            self.canvas.copy_region(&self.background, &region);
        }
        self.draw_block(scene.block);
        self.draw_agent(scene.agent);
        for region in &self.dirty {
            self.canvas.copy_color(&self.background, region, WALL);
        }
        for tick in &scene.contacts {
            if let [Some(from), Some(to)] = [tick.from, tick.to].map(on_grid) {
                tick::anti_aliased_line(&mut self.canvas, from, to, TICK);
                self.dirty.push(around(&self.canvas, &[from, to], 2));
            }
        }
        out.copy_from_slice(&self.background_picture);
        for region in &self.dirty {
            resample::resample(&self.canvas, region, out);
        }
    }

    /// Draws the white ground, goal and walls. The walls lie above the T and the agent, and are restored over them each
    /// time.
    fn draw_background(&mut self, goal: Pose) {
        self.goal = Some(goal);
        let all = self.background.region([0, 0], [BOARD - 1, BOARD - 1]);
        let mut canvas = Canvas::new(self.background.grid().clone(), WHITE);
        for quad in [bar_vertices(goal), stem_vertices(goal)] {
            if let Some(points) = corners(&quad) {
                polygon(&mut canvas, &points, GOAL_FILL, self.rule);
            }
        }
        for [a, b] in WALLS {
            let [a, b] = [a, b].map(|p| p.map(|c| c as i32));
            fat_segment(&mut canvas, a, b, &self.end_disc, WALL, self.rule);
        }
        resample::resample(&canvas, &all, &mut self.background_picture);
        self.canvas.copy_region(&canvas, &all);
        self.background = canvas;
        self.dirty.clear();
    }

    fn draw_block(&mut self, pose: Pose) {
        let [Some(bar), Some(stem)] = [bar_vertices(pose), stem_vertices(pose)].map(|quad| corners(&quad)) else {
            return;
        };
        for points in [&bar, &stem] {
            polygon(&mut self.canvas, points, BLOCK_FILL, self.rule);
            for edge in points.windows(2) {
                fat_segment(
                    &mut self.canvas,
                    edge[0],
                    edge[1],
                    &self.end_disc,
                    BLOCK_EDGE,
                    self.rule,
                );
            }
        }
        let [a, b, c, d, _] = bar;
        let [e, f, g, h, _] = stem;
        let points = [a, b, c, d, e, f, g, h];
        let inside = points.iter().all(|&[x, y]| canvas::on_board(x, y));
        // A line that is clipped at the border may leave its own box there.
        let margin = if inside { 4 } else { BOARD };
        self.dirty.push(around(&self.canvas, &points, margin));
    }

    fn draw_agent(&mut self, center: [f64; 2]) {
        if let Some(center) = on_grid(center) {
            let [outer, inner] = &self.agent_discs;
            outer.fill(&mut self.canvas, center, AGENT_EDGE);
            inner.fill(&mut self.canvas, center, AGENT_FILL);
            self.dirty.push(around(&self.canvas, &[center], AGENT_RADIUS as i32));
        }
    }
}

/// Rounds half to even, as Python does; far-off points are moved closer, where they are invisible as well. None for a
/// point that is not finite, which is not drawn.
fn on_grid(point: [f64; 2]) -> Option<Point> {
    const FAR: f64 = 1e6;
    point
        .iter()
        .all(|c| c.is_finite())
        .then(|| point.map(|c| c.round_ties_even().clamp(-FAR, FAR) as i32))
}

/// The corners on the grid, the first one repeated at the end, as the references pass them to pygame.
fn corners(quad: &Quad) -> Option<[Point; 5]> {
    let [a, b, c, d] = quad.map(on_grid);
    Some([a?, b?, c?, d?, a?])
}

/// The box around some points, with a margin.
fn around(canvas: &Canvas, points: &[Point], margin: i32) -> Region {
    let bound = |axis: usize| {
        let low = points.iter().map(|p| p[axis]).min().unwrap_or(0);
        let high = points.iter().map(|p| p[axis]).max().unwrap_or(0);
        [low - margin, high + margin]
    };
    let ([left, right], [top, bottom]) = (bound(0), bound(1));
    canvas.region([left, top], [right, bottom])
}
