//! SiLU of group normalization and its gradients, group by group of each image, so that the values stay in the cache.
//!
//! With x̂ = (x − mean) / √(variance + ε) over a group, z = γ x̂ + β and σ the logistic function, the layer is z σ(z).

use rayon::prelude::*;

use crate::pointwise::exp;
use crate::simd::{Work, vectorized};

/// Values that are added up side by side.
const LANES: usize = 16;

/// Settings and parameters of a layer.
#[derive(Clone, Copy)]
pub(super) struct Layer<'a> {
    pub(super) gamma: &'a [f32],
    pub(super) beta: &'a [f32],
    pub(super) groups: usize,
    pub(super) epsilon: f32,
    /// Values of a channel of one image.
    pub(super) plane: usize,
}

/// Gradients of input, γ and β.
pub(super) struct Grads {
    pub(super) x: Vec<f32>,
    pub(super) gamma: Vec<f32>,
    pub(super) beta: Vec<f32>,
}

impl Layer<'_> {
    /// Channels of a group.
    fn channels(&self) -> usize {
        self.gamma.len() / self.groups
    }

    /// The output for x, `[batch, channels, plane]`.
    pub(super) fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; x.len()];
        let length = self.channels() * self.plane;
        y.par_chunks_exact_mut(length)
            .zip(x.par_chunks_exact(length))
            .with_min_len(4)
            .enumerate()
            .for_each(|(index, (y, x))| {
                let group = self.group(index);
                vectorized(Forward { group, x, y });
            });
        y
    }

    /// The gradients for those of the output.
    pub(super) fn backward(&self, x: &[f32], dy: &[f32]) -> Grads {
        let channels = self.channels();
        let length = channels * self.plane;
        let mut dx = vec![0.0; x.len()];
        // Of each image and group: the gradients of γ, then those of β.
        let mut sums = vec![0.0; 2 * x.len() / self.plane];
        dx.par_chunks_exact_mut(length)
            .zip(x.par_chunks_exact(length))
            .zip(dy.par_chunks_exact(length))
            .zip(sums.par_chunks_exact_mut(2 * channels))
            .with_min_len(4)
            .enumerate()
            .for_each(|(index, (((dx, x), dy), sums))| {
                let group = self.group(index);
                vectorized(Backward { group, x, dy, dx, sums });
            });
        let (mut gamma, mut beta) = (vec![0.0; self.gamma.len()], vec![0.0; self.gamma.len()]);
        for (index, sums) in sums.chunks_exact(2 * channels).enumerate() {
            let first = index % self.groups * channels;
            for channel in 0..channels {
                gamma[first + channel] += sums[channel];
                beta[first + channel] += sums[channels + channel];
            }
        }
        Grads { x: dx, gamma, beta }
    }

    /// The parameters of a group, counted over all images.
    fn group(&self, index: usize) -> Group<'_> {
        let channels = self.channels();
        let first = index % self.groups * channels;
        Group {
            gamma: &self.gamma[first..first + channels],
            beta: &self.beta[first..first + channels],
            epsilon: self.epsilon,
            plane: self.plane,
        }
    }
}

/// Parameters of one group.
#[derive(Clone, Copy)]
struct Group<'a> {
    gamma: &'a [f32],
    beta: &'a [f32],
    epsilon: f32,
    plane: usize,
}

impl Group<'_> {
    /// Mean and 1 / √(variance + ε).
    #[inline(always)]
    fn moments(&self, x: &[f32]) -> [f32; 2] {
        let each = 1.0 / x.len() as f32;
        let mean = sum(x, |x| x) * each;
        let variance = sum(x, |x| (x - mean) * (x - mean)) * each;
        [mean, 1.0 / (variance + self.epsilon).sqrt()]
    }
}

/// The sum of `f` over values, in a fixed order.
#[inline(always)]
fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        for i in 0..LANES {
            sums[i] += f(chunk[i]);
        }
    }
    total(sums) + rest.iter().map(|x| f(*x)).sum::<f32>()
}

#[inline(always)]
fn total(mut sums: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            sums[i] += sums[i + width];
        }
        width /= 2;
    }
    sums[0]
}

#[inline(always)]
fn logistic(z: f32) -> f32 {
    1.0 / (1.0 + exp(-z))
}

struct Forward<'a> {
    group: Group<'a>,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Work for Forward<'_> {
    #[inline(always)]
    fn run(self) {
        let [mean, scale] = self.group.moments(self.x);
        let plane = self.group.plane;
        let planes = self.x.chunks_exact(plane).zip(self.y.chunks_exact_mut(plane));
        for (channel, (x, y)) in planes.enumerate() {
            let (gamma, beta) = (self.group.gamma[channel], self.group.beta[channel]);
            for (x, y) in x.iter().zip(y) {
                let z = (x - mean) * scale * gamma + beta;
                *y = z * logistic(z);
            }
        }
    }
}

struct Backward<'a> {
    group: Group<'a>,
    x: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
    sums: &'a mut [f32],
}

impl Backward<'_> {
    /// Writes ∂z of a value to `dz` and returns its part of the gradients of γ and β.
    #[inline(always)]
    fn value(x_hat: f32, gamma: f32, beta: f32, dy: f32, dz: &mut f32) -> [f32; 2] {
        let z = x_hat * gamma + beta;
        let s = logistic(z);
        *dz = dy * (s + z * s * (1.0 - s));
        [*dz * x_hat, *dz]
    }
}

impl Work for Backward<'_> {
    #[inline(always)]
    fn run(self) {
        let [mean, scale] = self.group.moments(self.x);
        let (plane, channels) = (self.group.plane, self.group.gamma.len());
        // Means over the group of ∂x̂ x̂ and ∂x̂.
        let mut means = [0.0; 2];
        for channel in 0..channels {
            let at = channel * plane..(channel + 1) * plane;
            let (gamma, beta) = (self.group.gamma[channel], self.group.beta[channel]);
            let (x, x_rest) = self.x[at.clone()].as_chunks::<LANES>();
            let (dy, dy_rest) = self.dy[at.clone()].as_chunks::<LANES>();
            let (dx, dx_rest) = self.dx[at].as_chunks_mut::<LANES>();
            let mut lanes = [[0.0; LANES]; 2];
            for ((x, dy), dx) in x.iter().zip(dy).zip(dx) {
                for i in 0..LANES {
                    let [to_gamma, to_beta] = Self::value((x[i] - mean) * scale, gamma, beta, dy[i], &mut dx[i]);
                    lanes[0][i] += to_gamma;
                    lanes[1][i] += to_beta;
                }
            }
            let mut sums = lanes.map(total);
            for ((x, dy), dx) in x_rest.iter().zip(dy_rest).zip(dx_rest) {
                let parts = Self::value((x - mean) * scale, gamma, beta, *dy, dx);
                sums = [sums[0] + parts[0], sums[1] + parts[1]];
            }
            (self.sums[channel], self.sums[channels + channel]) = (sums[0], sums[1]);
            means = [means[0] + gamma * sums[0], means[1] + gamma * sums[1]];
        }
        let each = 1.0 / self.x.len() as f32;
        let [with_x, alone] = means.map(|sum| sum * each);
        for channel in 0..channels {
            let at = channel * plane..(channel + 1) * plane;
            let gamma = self.group.gamma[channel];
            for (x, dx) in self.x[at.clone()].iter().zip(&mut self.dx[at]) {
                *dx = scale * (gamma * *dx - alone - (x - mean) * scale * with_x);
            }
        }
    }
}
