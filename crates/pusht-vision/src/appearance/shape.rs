//! The T's shape: the best affine image of a T, and the gray that does not belong to it.
//!
//! A model image of the T that depends on the depth of a point in it, m(p) = S((depth(q) + 2)/b) with q = B (p − c) +
//! centroid and a cubic step S of half width b, is fitted to the opacity of the T's gray by damped Gauss–Newton over
//! the centroid c and the matrix B, with Cauchy weights. For a rigid T, B is a rotation. Blur, noise and sampling of a
//! 96 × 96 frame move the border equally to both sides and do not change B; growing, squeezing and shearing do.

use pusht_env::Pose;

use super::empty::Board;
use super::pixel_class::{PixelClass, Seen, along, norm, sub};
use crate::board::{BLOCK_FILL, BLOCK_PIXELS, SIDE, WHITE, each_within, pixels_within};
use crate::geometry::{self, CENTROID, REACH};

/// Half widths of the step, px, and the maximum number of iterations with each. The last one is the width of a border
/// after 3 × 3 smoothing.
const STAGES: [(f64, usize); 2] = [(24.0, 3), (12.0, 6)];

/// Half the width of the T's outline, which is drawn to both sides of its border, px.
const OUTLINE: f64 = 2.0;

/// Error in opacity from which a pixel has less weight.
const OUTLIER: f64 = 0.3;

/// Length that scales the entries of the matrix to px: about the T's radius of gyration.
const LEVER: f64 = 44.0;

/// Damping added to the diagonal of the normal equations, which is about 10 for a clearly visible T.
const DAMPING: f64 = 0.05;

/// Distance from the agent's center within which pixels are ignored, px: the agent's radius plus smoothing.
const AGENT_REACH: f64 = 24.0;

/// Depth from which a pixel is clearly inside or outside the T, px.
const CLEAR: f64 = 9.0;

/// Opacity up to which gray outside the T, or missing gray inside, is attributed to blur or noise.
const TRACE: f32 = 0.25;

/// Opacities between those of the board and those of a T.
const FAINT: std::ops::Range<f32> = 0.1..0.8;

/// Shape, opacity and color of the T in a frame.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Shape {
    /// Stretch of the T's best affine image along its principal axes, larger first: `[1, 1]` for a rigid T.
    pub stretch: [f64; 2],
    /// Shear of that image along the T's bar, per px along its stem: 0 for a rigid T; 0 in files of before.
    #[serde(default)]
    pub shear: f64,
    /// Gray area outside that image, over the area of a T.
    pub stray: f64,
    /// Missing gray area inside it, over the area of a T.
    pub missing: f64,
    /// Translucent gray area, borders left out, over the area of a T.
    pub translucent: f64,
    /// Visible share of the T's border.
    pub visible: f64,
    /// Mean opacity inside.
    pub opacity: f64,
    /// Mean color inside, relative to the frame's white.
    #[serde(alias = "colour")]
    pub color: [f32; 3],
}

impl Shape {
    /// Color error of the T, levels, without the part that is fading to white.
    pub fn off_color(&self) -> f64 {
        let (opacity, off) = along(sub(self.color, WHITE), sub(BLOCK_FILL, WHITE));
        let darker = (opacity - 1.0).max(0.0) * norm(sub(BLOCK_FILL, WHITE));
        f64::from(off.hypot(darker))
    }
}

/// An affine image of the T.
#[derive(Clone, Copy)]
struct Affine {
    center: [f64; 2],
    /// From board to body coordinates.
    matrix: [[f64; 2]; 2],
}

impl Affine {
    fn rigid(pose: Pose) -> Self {
        let (s, c) = pose.angle.sin_cos();
        Self {
            center: geometry::centroid(pose),
            matrix: [[c, s], [-s, c]],
        }
    }

    fn body(&self, p: [f64; 2]) -> [f64; 2] {
        let r = [p[0] - self.center[0], p[1] - self.center[1]];
        [0, 1].map(|i| CENTROID[i] + self.matrix[i][0] * r[0] + self.matrix[i][1] * r[1])
    }

    /// Singular values of the inverse, larger first.
    fn stretch(&self) -> [f64; 2] {
        let [[a, b], [c, d]] = self.matrix;
        let (e, f) = ((a + d).hypot(c - b) / 2.0, (a - d).hypot(c + b) / 2.0);
        [1.0 / (e - f).abs().max(1e-3), 1.0 / (e + f).max(1e-3)]
    }

    /// Shear along the bar, per px along the stem.
    fn shear(&self) -> f64 {
        let [[a, b], [c, d]] = self.matrix;
        -(a * c + b * d) / (c * c + d * d).max(1e-6)
    }

    /// Radius around the center that holds the T, board px.
    fn reach(&self) -> f64 {
        REACH * self.stretch()[0].clamp(0.8, 2.0)
    }
}

/// The step S from 0 to 1 over −1 … 1, and its derivative.
fn step(t: f64) -> (f64, f64) {
    if t.abs() >= 1.0 {
        return (if t > 0.0 { 1.0 } else { 0.0 }, 0.0);
    }
    (0.5 + 0.75 * t - 0.25 * t * t * t, 0.75 * (1.0 - t * t))
}

/// Opacity and weight of a pixel.
fn gray(class: PixelClass) -> (f64, f64) {
    match class {
        PixelClass::Board | PixelClass::Ground(_) => (0.0, 1.0),
        PixelClass::Gray(opacity) => (f64::from(opacity.min(1.0)), 1.0),
        PixelClass::Blue | PixelClass::Tick | PixelClass::Other(_) => (0.0, 0.0),
    }
}

/// Measures the T near `pose` with agents at `agents`.
pub(crate) fn shape(seen: &Seen, board: &Board, pose: Pose, agents: &[[f64; 2]]) -> Shape {
    let mut hidden = board.wall.clone();
    for &agent in agents {
        for at in pixels_within(agent, AGENT_REACH) {
            hidden[at] = true;
        }
    }
    for at in (0..SIDE * SIDE).filter(|&at| seen.classes[at] == PixelClass::Blue) {
        for near in neighbors(at) {
            hidden[near] = true;
        }
    }
    let image = fit(seen, &hidden, Affine::rigid(pose));
    let (mut stray, mut missing, mut border) = (0.0, 0.0, [0.0; 2]);
    let (mut opacity, mut color, mut inside) = (0.0, [0.0; 3], 0.0);
    let mut near = vec![false; SIDE * SIDE];
    each_within(image.center, image.reach() + CLEAR, |at, p| {
        let depth = -geometry::to_block(image.body(p)).0;
        near[at] = depth > -CLEAR;
        if depth.abs() < CLEAR {
            border[0] += 1.0;
            border[1] += if hidden[at] { 0.0 } else { 1.0 };
        }
        if depth > CLEAR && !hidden[at] {
            let (seen_opacity, _) = gray(seen.classes[at]);
            inside += 1.0;
            opacity += seen_opacity;
            for c in 0..3 {
                color[c] += seen.smooth[at][c];
            }
            // Over all of the T: the inside also represents the border next to it.
            missing += lack(seen.classes[at]);
        }
    });
    for at in 0..SIDE * SIDE {
        if let (false, PixelClass::Gray(opacity)) = (near[at] || hidden[at], seen.classes[at]) {
            stray += f64::from((opacity - TRACE).max(0.0) / (1.0 - TRACE));
        }
    }
    let count = f64::max(inside, 1.0);
    Shape {
        stretch: image.stretch(),
        shear: image.shear(),
        stray: stray / BLOCK_PIXELS,
        missing: missing / count,
        translucent: translucent(seen, &hidden) / BLOCK_PIXELS,
        visible: if border[0] > 0.0 { border[1] / border[0] } else { 0.0 },
        opacity: opacity / count,
        color: color.map(|c| c / count as f32),
    }
}

/// The pixel and its existing neighbors of eight.
fn neighbors(at: usize) -> impl Iterator<Item = usize> {
    let near = |i: usize| i.saturating_sub(1)..(i + 2).min(SIDE);
    near(at / SIDE).flat_map(move |y| near(at % SIDE).map(move |x| y * SIDE + x))
}

/// Number of pixels that are faintly gray together with all their neighbors. Borders do not count: across them opacity
/// rises from 0 to 1 within three pixels.
fn translucent(seen: &Seen, hidden: &[bool]) -> f64 {
    let faint = |at: usize| matches!(seen.classes[at], PixelClass::Gray(opacity) if FAINT.contains(&opacity));
    let all = (0..SIDE * SIDE).filter(|&at| faint(at) && neighbors(at).all(|near| faint(near) && !hidden[near]));
    all.count() as f64
}

fn lack(class: PixelClass) -> f64 {
    match class {
        PixelClass::Board | PixelClass::Ground(_) => 1.0,
        PixelClass::Gray(opacity) => f64::from((1.0 - opacity - TRACE).max(0.0) / (1.0 - TRACE)),
        PixelClass::Blue | PixelClass::Tick | PixelClass::Other(_) => 0.0,
    }
}

fn fit(seen: &Seen, hidden: &[bool], start: Affine) -> Affine {
    let mut image = start;
    for (blur, steps) in STAGES {
        for _ in 0..steps {
            let Some(change) = gauss_newton(seen, hidden, &image, blur) else {
                return start;
            };
            for k in 0..2 {
                image.center[k] += change[k];
                for j in 0..2 {
                    image.matrix[k][j] += change[2 + 2 * k + j] / LEVER;
                }
            }
            let [long, short] = image.stretch();
            if !(long < 4.0 && short > 0.25) {
                return start;
            }
            if change.iter().all(|c| c.abs() < 0.05) {
                break;
            }
        }
    }
    image
}

/// One Gauss–Newton step in (center, matrix row by row times [`LEVER`]).
fn gauss_newton(seen: &Seen, hidden: &[bool], image: &Affine, blur: f64) -> Option<[f64; 6]> {
    let mut normal = [[0.0; 6]; 6];
    let mut right = [0.0; 6];
    each_within(image.center, image.reach() + blur, |at, p| {
        let (opacity, weight) = gray(seen.classes[at]);
        if hidden[at] || weight == 0.0 {
            return;
        }
        let q = image.body(p);
        let (distance, n) = geometry::to_block(q);
        let (model, slope) = step((OUTLINE - distance) / blur);
        if slope == 0.0 {
            return;
        }
        let residual = opacity - model;
        let robust = weight / (1.0 + (residual / OUTLIER).powi(2));
        let r = [p[0] - image.center[0], p[1] - image.center[1]];
        let g = -slope / blur;
        let m = &image.matrix;
        let gradient = [
            -g * (n[0] * m[0][0] + n[1] * m[1][0]),
            -g * (n[0] * m[0][1] + n[1] * m[1][1]),
            g * n[0] * r[0] / LEVER,
            g * n[0] * r[1] / LEVER,
            g * n[1] * r[0] / LEVER,
            g * n[1] * r[1] / LEVER,
        ];
        for a in 0..6 {
            right[a] += robust * gradient[a] * residual;
            for b in 0..=a {
                normal[a][b] += robust * gradient[a] * gradient[b];
            }
        }
    });
    for a in 0..6 {
        normal[a][a] += DAMPING * if a < 2 { 1.0 } else { 0.2 };
    }
    solve(normal, right)
}

/// Solves a symmetric positive definite system, given by its lower half, by Cholesky decomposition.
fn solve(mut m: [[f64; 6]; 6], mut r: [f64; 6]) -> Option<[f64; 6]> {
    for i in 0..6 {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| m[i][k] * m[j][k]).sum();
            let rest = m[i][j] - sum;
            if i == j {
                if rest <= 0.0 {
                    return None;
                }
                m[i][i] = rest.sqrt();
            } else {
                m[i][j] = rest / m[j][j];
            }
        }
        let sum: f64 = (0..i).map(|k| m[i][k] * r[k]).sum();
        r[i] = (r[i] - sum) / m[i][i];
    }
    for i in (0..6).rev() {
        let sum: f64 = (i + 1..6).map(|k| m[k][i] * r[k]).sum();
        r[i] = (r[i] - sum) / m[i][i];
    }
    Some(r)
}
