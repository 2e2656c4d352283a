//! The gray pixels of a frame and the hidden ones, for the fit of the T.

use crate::block;
use crate::board::{Background, SIDE, point, sample, samples_within};
use crate::geometry::{centroid, into_body};
use pusht_env::Pose;
use std::f64::consts::{FRAC_PI_2, PI};

/// Distance from the agent's center within which pixels are ignored, board px.
const AGENT_REACH: f64 = 24.0;

/// Fewest gray pixels for a search for the T; a whole T has about 240.
const LEAST_GRAY: f64 = 30.0;

/// One frame, prepared for the fit of the T.
pub(crate) struct Seen {
    pub(crate) green: Vec<f32>,
    /// 0 where agent, ticks or walls may hide the T, otherwise 1.
    pub(crate) weight: Vec<f32>,
    /// Similarity to the T's two grays, 0 to 1.
    gray: Vec<f32>,
    gray_sum: f64,
    /// Board position and gray of the clearly gray pixels.
    clear: Vec<[f64; 3]>,
}

impl Seen {
    pub(crate) fn new(colors: &[[f32; 3]], background: &Background, agent: Option<[f64; 2]>) -> Self {
        let mut weight: Vec<f32> = background
            .wall
            .iter()
            .map(|&wall| if wall { 0.0 } else { 1.0 })
            .collect();
        if let Some([x, y]) = agent {
            for row in samples_within(y - AGENT_REACH, y + AGENT_REACH) {
                let half = (AGENT_REACH.powi(2) - (sample(row) - y).powi(2)).max(0.0).sqrt();
                let columns = samples_within(x - half, x + half);
                weight[row * SIDE..(row + 1) * SIDE][columns].fill(0.0);
            }
        }
        let mut gray = vec![0.0; colors.len()];
        let mut clear = Vec::with_capacity(300);
        for (row, positions) in colors.chunks_exact(SIDE).enumerate() {
            let line = row * SIDE..(row + 1) * SIDE;
            let cells = weight[line.clone()].iter_mut().zip(&mut gray[line]).zip(positions);
            for (column, ((weight, gray), &[red, _, blue])) in cells.enumerate() {
                // The T is blue over red by 34 to 41; board, goal and walls are not, ticks are red over blue.
                let over = blue - red;
                if over < -25.0 {
                    *weight = 0.0;
                }
                *gray = *weight * (over * (1.0 / 36.0)).clamp(0.0, 1.0);
                if *gray > 0.3 {
                    clear.push([sample(column), sample(row), f64::from(*gray)]);
                }
            }
        }
        Self {
            green: colors.iter().map(|c| c[1]).collect(),
            weight,
            gray_sum: gray.iter().map(|&g| f64::from(g)).sum(),
            gray,
            clear,
        }
    }

    /// Centroid and angle of the T from the moments of the gray.
    pub(crate) fn moments(&self) -> Option<([f64; 2], f64)> {
        let mut sum = [0.0; 3];
        for &[x, y, g] in &self.clear {
            sum = [sum[0] + g * x, sum[1] + g * y, sum[2] + g];
        }
        if sum[2] < LEAST_GRAY {
            return None;
        }
        let center = [sum[0] / sum[2], sum[1] / sum[2]];
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for &[x, y, g] in &self.clear {
            let [x, y] = [x - center[0], y - center[1]];
            (xx, xy, yy) = (xx + g * x * x, xy + g * x * y, yy + g * y * y);
        }
        // The long axis is the stem's, which is the body's y axis.
        let long = 0.5 * (2.0 * xy).atan2(xx - yy);
        // From the centroid the stem reaches further than the bar: the third moment is positive along it.
        let (s, c) = long.sin_cos();
        let skew: f64 = self
            .clear
            .iter()
            .map(|&[x, y, g]| g * (c * (x - center[0]) + s * (y - center[1])).powi(3))
            .sum();
        let stem = if skew < 0.0 { long + PI } else { long };
        Some((center, stem - FRAC_PI_2))
    }

    /// Intersection over union of gray and T.
    pub(crate) fn overlap(&self, pose: Pose) -> f64 {
        let body = into_body(pose);
        let (mut both, mut either, mut drawn_all, mut drawn_seen) = (0.0, self.gray_sum, 0.0, 0.0);
        let center = centroid(pose);
        let [columns, rows] = center.map(|c| samples_within(c - block::REACH, c + block::REACH));
        for at in rows.flat_map(|row| columns.clone().map(move |column| row * SIDE + column)) {
            let q = body(point(at));
            let ([edge, fill], _) = block::shares(block::on_block(q).distance, 1.5);
            let drawn = edge + fill;
            let (gray, weight) = (f64::from(self.gray[at]), f64::from(self.weight[at]));
            both += gray.min(weight * drawn);
            either += (weight * drawn - gray).max(0.0);
            drawn_all += drawn;
            drawn_seen += weight * drawn;
        }
        if either == 0.0 || drawn_all == 0.0 {
            return 0.0;
        }
        both / either * (drawn_seen / drawn_all).sqrt()
    }
}
