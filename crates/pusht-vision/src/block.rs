//! The pose of the T: a smooth model image of the T, fitted to the frame by damped Gauss–Newton.
//!
//! Across the T's border the model changes, over a few px, from the background to the dark outline (2 px to both sides
//! of the border) and then to the lighter fill; it depends on the signed distance to the border only. The distance's
//! gradient in pose is the border's normal, so each sample near the border pulls the border toward itself.

use crate::board::{BLOCK_EDGE, BLOCK_FILL, sample, samples_within};
use crate::geometry::{CENTROID, Rectangle, centroid, into_body, to_rectangle};
use pusht_env::{BAR, Pose, STEM};

/// Half the width of the outline, px.
const EDGE: f64 = 2.0;

/// Radius of the circle around [`CENTROID`] that holds the T and its outline, px.
pub(crate) const REACH: f64 = 84.0;

/// Mean offset of the drawn T from the true one, px: corners are rounded to integers, and lines of even width lie half
/// a pixel to one side. Measured on images of random poses.
const DRAWN_OFFSET: [f64; 2] = [0.12, 0.27];

/// Error in green from which a sample has less weight, levels.
const OUTLIER: f64 = 25.0;

/// One stage of a fit.
#[derive(Clone, Copy)]
pub(crate) struct Stage {
    /// Smoothing of the model image, px; wide at first, so that distant borders have an effect.
    blur: f64,
    /// Interval between samples, in frame rows and columns.
    every: usize,
    /// Maximum number of iterations.
    steps: usize,
}

const fn stage(blur: f64, every: usize, steps: usize) -> Stage {
    Stage { blur, every, steps }
}

/// Stages of a fit from any start.
pub(crate) const FAR: &[Stage] = &[stage(24.0, 2, 3), stage(10.0, 2, 3), stage(4.0, 1, 2), stage(3.0, 1, 8)];

/// Stages of a fit that starts close to the solution.
pub(crate) const NEAR: &[Stage] = &[stage(24.0, 2, 1), stage(10.0, 2, 3), stage(4.0, 1, 2), stage(3.0, 1, 8)];

/// Step length below which a stage ends, px.
const CONVERGED: f64 = 0.02;

/// Data of a fit. The green channel is fitted: T 163 and 136, goal 238, board 255. Samples of weight 0 are ignored.
pub(crate) struct Target<'a> {
    pub(crate) green: &'a [f32],
    pub(crate) background: &'a [[f32; 3]],
    pub(crate) weight: &'a [f32],
}

/// Position of a sample relative to the T.
pub(crate) struct OnBlock {
    /// Signed distance to the border of the rectangle it belongs to, px, negative inside.
    pub(crate) distance: f64,
    /// Gradient of the distance in body coordinates.
    normal: [f64; 2],
}

/// Position of a point in body coordinates relative to the T.
pub(crate) fn on_block(q: [f64; 2]) -> OnBlock {
    const ACROSS: Rectangle = Rectangle::of(&BAR);
    const DOWN: Rectangle = Rectangle::of(&STEM);
    let (bar, stem) = (to_rectangle(&ACROSS, q), to_rectangle(&DOWN, q));
    let (distance, normal) = if bar.0 < stem.0 { bar } else { stem };
    OnBlock { distance, normal }
}

/// A ramp from 0 to 1 of the given width around 0, and its derivative.
fn ramp(x: f64, width: f64) -> (f64, f64) {
    let t = x / width;
    if t <= -0.5 {
        (0.0, 0.0)
    } else if t >= 0.5 {
        (1.0, 0.0)
    } else {
        let u = t + 0.5;
        (u * u * (3.0 - 2.0 * u), 6.0 * u * (1.0 - u) / width)
    }
}

/// Shares of outline and fill in a sample, by its distance, and their derivatives in distance.
pub(crate) fn shares(distance: f64, blur: f64) -> ([f64; 2], [f64; 2]) {
    let (any, d_any) = ramp(EDGE - distance, blur);
    let (fill, d_fill) = ramp(-EDGE - distance, blur);
    ([any - fill, fill], [d_fill - d_any, -d_fill])
}

/// Fits a pose.
pub(crate) fn fit(target: &Target<'_>, start: Pose, stages: &[Stage]) -> Pose {
    let mut pose = start;
    for &stage in stages {
        for _ in 0..stage.steps {
            let step = gauss_newton(target, pose, stage);
            // Steps beyond the width of the blurred border are shortened.
            let length = step[0].hypot(step[1]).max(step[2].abs() * 60.0);
            let scale = (1.5 * (stage.blur + 4.0) / length).min(1.0);
            // The angle turns about the centroid, which decouples it from the position.
            let center = centroid(pose);
            pose = with_centroid(
                [center[0] + scale * step[0], center[1] + scale * step[1]],
                pose.angle + scale * step[2],
            );
            if length < CONVERGED {
                break;
            }
        }
    }
    pose
}

/// The true pose of a T that is drawn at `pose`.
pub(crate) fn true_pose(pose: Pose) -> Pose {
    Pose {
        x: pose.x - DRAWN_OFFSET[0],
        y: pose.y - DRAWN_OFFSET[1],
        ..pose
    }
}

/// The pose with this centroid and angle.
pub(crate) fn with_centroid(at: [f64; 2], angle: f64) -> Pose {
    let (s, c) = angle.sin_cos();
    Pose::new(at[0] + s * CENTROID[1], at[1] - c * CENTROID[1], angle)
}

/// One Gauss–Newton step in (centroid x, y, angle).
fn gauss_newton(target: &Target<'_>, pose: Pose, stage: Stage) -> [f64; 3] {
    let Stage { blur, every, .. } = stage;
    let (s, c) = pose.angle.sin_cos();
    let body = into_body(pose);
    let center = centroid(pose);
    let reach = REACH + blur;
    let mut normal = [[0.0; 3]; 3];
    let mut right = [0.0; 3];
    for j in samples_within(center[1] - reach, center[1] + reach).step_by(every) {
        let y = sample(j);
        for i in samples_within(center[0] - reach, center[0] + reach).step_by(every) {
            let at = j * crate::board::SIDE + i;
            let weight = f64::from(target.weight[at]);
            if weight == 0.0 {
                continue;
            }
            let q = body([sample(i), y]);
            let place = on_block(q);
            let ([edge, fill], [d_edge, d_fill]) = shares(place.distance, blur);
            if d_edge == 0.0 && d_fill == 0.0 {
                continue;
            }
            let behind = f64::from(target.background[at][1]);
            let [edge_green, fill_green] = [f64::from(BLOCK_EDGE[1]) - behind, f64::from(BLOCK_FILL[1]) - behind];
            let residual = f64::from(target.green[at]) - (behind + edge * edge_green + fill * fill_green);
            let slope = d_edge * edge_green + d_fill * fill_green;
            let n = place.normal;
            // distance(q), q = Rᵀ(p − centroid) + CENTROID: its derivatives in centroid and angle.
            let lever = [q[0] - CENTROID[0], q[1] - CENTROID[1]];
            let gradient = [
                -slope * (c * n[0] - s * n[1]),
                -slope * (s * n[0] + c * n[1]),
                slope * (n[0] * lever[1] - n[1] * lever[0]),
            ];
            let robust = weight / (1.0 + (residual / OUTLIER).powi(2));
            for a in 0..3 {
                right[a] += robust * gradient[a] * residual;
                for b in 0..3 {
                    normal[a][b] += robust * gradient[a] * gradient[b];
                }
            }
        }
    }
    // Levenberg's damping, small compared with a clearly visible T (about 1e5 px⁻²).
    for (a, damping) in [50.0, 50.0, 50.0 * 1600.0].into_iter().enumerate() {
        normal[a][a] += damping;
    }
    solve(normal, right)
}

/// Solves a symmetric positive definite 3 × 3 system by Cramer's rule.
fn solve(m: [[f64; 3]; 3], r: [f64; 3]) -> [f64; 3] {
    let det = |m: &[[f64; 3]; 3]| {
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    };
    let d = det(&m);
    [0, 1, 2].map(|column| {
        let mut replaced = m;
        for row in 0..3 {
            replaced[row][column] = r[row];
        }
        det(&replaced) / d
    })
}
