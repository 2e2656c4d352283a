//! Draws scenes that the environment's renderer cannot draw: deformed, split, translucent and recolored Ts, several
//! agents.
//!
//! As in the renderer, colors are those of a 512 × 512 surface, sampled bilinearly at the pixels of the requested size;
//! only the sampled pixels of the surface are computed. On rigid scenes the image equals the renderer's except for
//! about forty pixels of outlines.

use pusht_env::{AGENT_RADIUS, FillRule, Frame, Pose, Quad, RenderError, Renderer, Scene};

const BOARD: usize = 512;
const WALL: [u8; 3] = [211; 3];
const AGENT_EDGE: [f32; 3] = [65.0, 105.0, 225.0];
const AGENT_FILL: [f32; 3] = [78.0, 126.0, 255.0];
const INNER_RADIUS: f64 = 11.0;
pub(crate) const BLOCK_EDGE: [f32; 3] = [119.0, 136.0, 153.0];
pub(crate) const BLOCK_FILL: [f32; 3] = [143.0, 163.0, 184.0];

/// Half the width of the T's outline, px.
const OUTLINE: f64 = 2.0;

/// A quadrilateral in the T's colors.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) quad: Quad,
    pub(crate) fill: [f32; 3],
    pub(crate) edge: [f32; 3],
}

impl Part {
    pub(crate) fn new(quad: Quad) -> Self {
        Self {
            quad: quad.map(|p| p.map(f64::round_ties_even)),
            fill: BLOCK_FILL,
            edge: BLOCK_EDGE,
        }
    }

    /// The color at a point of the surface, if the part is there.
    fn at(&self, p: [f64; 2]) -> Option<[f32; 3]> {
        let mut inside = false;
        for k in 0..4 {
            let (a, b) = (self.quad[k], self.quad[(k + 1) % 4]);
            let along = [b[0] - a[0], b[1] - a[1]];
            let from = [p[0] - a[0], p[1] - a[1]];
            let length = along[0] * along[0] + along[1] * along[1];
            let t = ((from[0] * along[0] + from[1] * along[1]) / length.max(1e-9)).clamp(0.0, 1.0);
            if (from[0] - t * along[0]).hypot(from[1] - t * along[1]) <= OUTLINE {
                return Some(self.edge);
            }
            if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0] + (p[1] - a[1]) / along[1] * along[0] {
                inside = !inside;
            }
        }
        inside.then_some(self.fill)
    }
}

/// An agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disc {
    pub(crate) center: [f64; 2],
    /// Opacity, 1: solid.
    pub(crate) opacity: f32,
}

/// Objects to draw on the board.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    pub(crate) parts: Vec<Part>,
    pub(crate) agents: Vec<Disc>,
}

/// Draws frames of one size over boards with one goal.
pub(crate) struct Painter {
    size: usize,
    board: Frame,
}

impl Painter {
    pub(crate) fn new(size: u32, goal: Pose) -> Result<Self, RenderError> {
        // A pose that is not finite is not drawn.
        let nowhere = Pose::new(f64::NAN, 0.0, 0.0);
        let board = Renderer::new(BOARD as u32, FillRule::default())?.render(&Scene::new([f64::NAN; 2], nowhere, goal));
        Ok(Self {
            size: size as usize,
            board,
        })
    }

    pub(crate) fn draw(&self, drawing: &Drawing) -> Frame {
        let boxes: Vec<[[f64; 2]; 2]> = (drawing.parts.iter().map(|p| around(&p.quad, OUTLINE)))
            .chain(drawing.agents.iter().map(|a| around(&[a.center], AGENT_RADIUS)))
            .collect();
        let places: Vec<(usize, f32)> = (0..self.size).map(|i| self.place(i)).collect();
        let mut raw = Vec::with_capacity(3 * self.size * self.size);
        for &(y, fy) in &places {
            for &(x, fx) in &places {
                let mut sum = [0.0; 3];
                for (dy, wy) in [(0, 1.0 - fy), (1, fy)] {
                    for (dx, wx) in [(0, 1.0 - fx), (1, fx)] {
                        let at = [(x + dx).min(BOARD - 1), (y + dy).min(BOARD - 1)];
                        let color = self.surface(drawing, &boxes, at);
                        for c in 0..3 {
                            sum[c] += wx * wy * color[c];
                        }
                    }
                }
                raw.extend(sum.map(|c| c.round() as u8));
            }
        }
        Frame::from_raw(self.size as u32, self.size as u32, raw).unwrap_or_default()
    }

    /// Sampling position of row or column `i` on the surface: the pixel before, and the weight of the one after.
    fn place(&self, i: usize) -> (usize, f32) {
        let s = ((i as f64 + 0.5) * BOARD as f64 / self.size as f64 - 0.5).clamp(0.0, BOARD as f64 - 1.0);
        (s as usize, (s - s.floor()) as f32)
    }

    fn surface(&self, drawing: &Drawing, boxes: &[[[f64; 2]; 2]], at: [usize; 2]) -> [f32; 3] {
        let base = self.board.get_pixel(at[0] as u32, at[1] as u32).0;
        let mut color = base.map(f32::from);
        if base == WALL {
            return color;
        }
        let p = at.map(|c| c as f64);
        let within = |b: &[[f64; 2]; 2]| (0..2).all(|k| (b[0][k]..=b[1][k]).contains(&p[k]));
        let (part_boxes, agent_boxes) = boxes.split_at(drawing.parts.len());
        for (part, bounds) in drawing.parts.iter().zip(part_boxes) {
            if within(bounds) {
                color = part.at(p).unwrap_or(color);
            }
        }
        for (agent, bounds) in drawing.agents.iter().zip(agent_boxes) {
            if within(bounds) {
                // The renderer's discs have their center between pixels.
                let center = agent.center.map(|c| c.round_ties_even() - 0.5);
                let r = (p[0] - center[0]).hypot(p[1] - center[1]);
                let disc = if r <= INNER_RADIUS {
                    AGENT_FILL
                } else if r <= AGENT_RADIUS {
                    AGENT_EDGE
                } else {
                    continue;
                };
                color = [0, 1, 2].map(|c| color[c] + agent.opacity * (disc[c] - color[c]));
            }
        }
        color
    }
}

fn around(points: &[[f64; 2]], margin: f64) -> [[f64; 2]; 2] {
    let bound = |k: usize, sign: f64| {
        let most = points.iter().map(|p| sign * p[k]).fold(f64::NEG_INFINITY, f64::max);
        sign * (most + margin + 1.0)
    };
    [[bound(0, -1.0), bound(1, -1.0)], [bound(0, 1.0), bound(1, 1.0)]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_env::{GOAL, bar_vertices, stem_vertices};

    #[test]
    fn rigid_scenes_look_as_the_renderer_draws_them() {
        // About forty pixels of outlines, which the renderer draws as pygame does.
        for (size, share) in [(96, 0.006), (256, 0.006)] {
            let painter = Painter::new(size, GOAL).unwrap();
            let mut renderer = Renderer::new(size, FillRule::default()).unwrap();
            for k in 0..5 {
                let block = Pose::new(180.0 + 33.3 * f64::from(k), 250.4, 0.7 * f64::from(k));
                let agent = [90.2 + 70.0 * f64::from(k), 300.0];
                let drawn = painter.draw(&Drawing {
                    parts: vec![Part::new(bar_vertices(block)), Part::new(stem_vertices(block))],
                    agents: vec![Disc {
                        center: agent,
                        opacity: 1.0,
                    }],
                });
                let expected = renderer.render(&Scene::new(agent, block, GOAL));
                let off = (drawn.pixels().zip(expected.pixels()))
                    .filter(|(a, b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 12))
                    .count();
                assert!((off as f64) < share * f64::from(size * size), "{off} pixels of {size}²");
            }
        }
    }
}
