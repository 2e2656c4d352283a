//! Batch normalization kernels: each reads and writes every map once or twice, one channel or plane at a time.
//!
//! With mean μ and biased variance σ² of a channel over n numbers, s = γ / √(σ² + ε), x̂ = (x − μ) / √(σ² + ε):
//!
//! y = s (x − μ) + β (+ residual), then ReLU if requested. With g = ∂y where ReLU passes the gradient and 0 elsewhere,
//! ∂residual = g, ∂β = Σ g, ∂γ = Σ g x̂, ∂x = s (g − Σ g / n − x̂ Σ g x̂ / n).
//!
//! Sums over a plane use eight f32 lanes, sums over planes f64, in an order that does not depend on the number of
//! threads.

use burn::backend::flex::FlexTensor;
use burn::tensor::{Shape, TensorData};
use rayon::prelude::*;

/// Minimum number of values per task.
const TASK: usize = 1 << 14;

/// Epsilon, and what follows the normalization.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct After {
    /// Epsilon, added to the variance.
    pub epsilon: f32,
    /// Whether ReLU follows.
    pub positive: bool,
}

/// A map `[batch, channels, plane]`.
#[derive(Clone, Copy)]
struct Map {
    channels: usize,
    plane: usize,
    batch: usize,
}

impl Map {
    fn of(x: &FlexTensor) -> Self {
        let shape = x.layout().shape();
        let (batch, channels) = (shape[0], shape[1]);
        Self {
            channels,
            plane: shape.num_elements() / (batch * channels).max(1),
            batch,
        }
    }

    /// Index ranges of the planes of one channel.
    fn planes(self, channel: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        (0..self.batch).map(move |image| {
            let at = (image * self.channels + channel) * self.plane;
            at..at + self.plane
        })
    }

    /// Number of values per channel.
    fn each(self) -> f64 {
        (self.batch * self.plane) as f64
    }

    /// Number of planes per task.
    fn task(self) -> usize {
        (TASK / self.plane.max(1)).max(1)
    }
}

fn read(x: &FlexTensor) -> FlexTensor {
    x.to_contiguous()
}

fn values(x: &FlexTensor) -> &[f32] {
    x.as_slice().expect("a contiguous tensor of f32 is a slice")
}

fn tensor(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, Shape::from(shape.to_vec())))
}

/// Σ f(x) in eight lanes.
fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    let mut lanes = [0.0_f32; 8];
    let chunks = x.chunks_exact(8);
    for (lane, x) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane += f(*x);
    }
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += f(*x);
        }
    }
    lanes.into_iter().map(f64::from).sum()
}

/// Mean and biased variance of each channel, `[2, channels]`; planes are merged by Chan's formula.
pub(super) fn moments(x: &FlexTensor) -> FlexTensor {
    let (map, x) = (Map::of(x), read(x));
    let x = values(&x);
    let of_channel = |channel: usize| {
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        let n = map.plane as f64;
        for plane in map.planes(channel) {
            let plane = &x[plane];
            let own = sum(plane, |x| x) / n;
            let center = own as f32;
            let around = sum(plane, |x| (x - center).powi(2));
            let apart = own - mean;
            squares += around + apart * apart * count * n / (count + n);
            mean += apart * n / (count + n);
            count += n;
        }
        (mean as f32, (squares / count) as f32)
    };
    let task = (map.task() / map.batch.max(1)).max(1);
    let moments: Vec<(f32, f32)> = (0..map.channels)
        .into_par_iter()
        .with_min_len(task)
        .map(of_channel)
        .collect();
    let (means, variances): (Vec<f32>, Vec<f32>) = moments.into_iter().unzip();
    tensor([means, variances].concat(), &[2, map.channels])
}

/// Mean, 1 / √(σ² + ε), s and β of each channel.
struct Channels<'a> {
    mean: &'a [f32],
    inverse: Vec<f32>,
    scale: Vec<f32>,
    beta: &'a [f32],
}

impl<'a> Channels<'a> {
    fn new(moments: &'a FlexTensor, gamma: &FlexTensor, beta: &'a FlexTensor, epsilon: f32) -> Self {
        let (mean, variance) = values(moments).split_at(values(moments).len() / 2);
        let inverse: Vec<f32> = variance.iter().map(|v| 1.0 / (v + epsilon).sqrt()).collect();
        let scale = values(gamma).iter().zip(&inverse).map(|(g, i)| g * i).collect();
        Self {
            mean,
            inverse,
            scale,
            beta: values(beta),
        }
    }

    /// Returns the function x ↦ y without residual and ReLU; it gives the same bits wherever it is used.
    fn line(&self, channel: usize) -> impl Fn(f32) -> f32 + use<> {
        let (mean, scale, beta) = (self.mean[channel], self.scale[channel], self.beta[channel]);
        move |x| (x - mean) * scale + beta
    }
}

/// Computes y, with the shape of x.
pub(super) fn normalize(
    x: &FlexTensor,
    gamma: &FlexTensor,
    beta: &FlexTensor,
    moments: &FlexTensor,
    residual: Option<&FlexTensor>,
    after: After,
) -> FlexTensor {
    let (map, shape) = (Map::of(x), x.layout().shape().to_vec());
    let (x, gamma, beta, moments) = (read(x), read(gamma), read(beta), read(moments));
    let (residual, x) = (residual.map(read), values(&x));
    let residual = residual.as_ref().map(values);
    let channels = Channels::new(&moments, &gamma, &beta, after.epsilon);
    let floor = if after.positive { 0.0 } else { f32::NEG_INFINITY };
    let mut y = vec![0.0_f32; x.len()];
    y.par_chunks_exact_mut(map.plane.max(1))
        .with_min_len(map.task())
        .enumerate()
        .for_each(|(index, y)| {
            let line = channels.line(index % map.channels);
            let at = index * map.plane..(index + 1) * map.plane;
            match residual {
                Some(residual) => {
                    for ((y, x), residual) in y.iter_mut().zip(&x[at.clone()]).zip(&residual[at]) {
                        *y = clip(line(*x) + residual, floor);
                    }
                }
                None => {
                    for (y, x) in y.iter_mut().zip(&x[at]) {
                        *y = clip(line(*x), floor);
                    }
                }
            }
        });
    tensor(y, &shape)
}

/// Returns the larger number; NaN stays NaN, as in PyTorch.
fn clip(y: f32, floor: f32) -> f32 {
    if y < floor { floor } else { y }
}

/// Gradients of [`normalize`] with the statistics of `x`.
pub(super) struct Gradients {
    pub x: FlexTensor,
    pub gamma: FlexTensor,
    pub beta: FlexTensor,
    /// g, if there is a residual.
    pub y: Option<FlexTensor>,
}

/// Computes the gradients. `y` is the output, given if there was a residual.
pub(super) fn gradients(
    x: &FlexTensor,
    gamma: &FlexTensor,
    beta: &FlexTensor,
    moments: &FlexTensor,
    y: Option<&FlexTensor>,
    grad: &FlexTensor,
    after: After,
) -> Gradients {
    let (map, shape) = (Map::of(x), x.layout().shape().to_vec());
    let (x, gamma, beta, moments, grad) = (read(x), read(gamma), read(beta), read(moments), read(grad));
    let (x, grad) = (values(&x), values(&grad));
    let channels = Channels::new(&moments, &gamma, &beta, after.epsilon);

    // g is stored only if it is a result; without a residual the sign of y follows from x.
    let passed: Option<Vec<f32>> = y.map(|y| {
        let y = read(y);
        let mut passed = grad.to_vec();
        if after.positive {
            let tasks = passed.par_chunks_mut(TASK).zip(values(&y).par_chunks(TASK));
            tasks.for_each(|(passed, y)| {
                for (passed, y) in passed.iter_mut().zip(y) {
                    *passed = if *y > 0.0 { *passed } else { 0.0 };
                }
            });
        }
        passed
    });
    let grad = passed.as_deref().unwrap_or(grad);
    let masked = after.positive && passed.is_none();

    let sums = |channel: usize| {
        let (line, mean) = (channels.line(channel), channels.mean[channel]);
        let (mut plain, mut centered) = (0.0, 0.0);
        for plane in map.planes(channel) {
            let pairs = (&x[plane.clone()], &grad[plane]);
            let (p, c) = if masked {
                sum_pairs(pairs, |x, g| if line(x) > 0.0 { g } else { 0.0 }, mean)
            } else {
                sum_pairs(pairs, |_, g| g, mean)
            };
            plain += p;
            centered += c;
        }
        (plain, centered)
    };
    let task = (map.task() / map.batch.max(1)).max(1);
    let sums: Vec<(f64, f64)> = (0..map.channels).into_par_iter().with_min_len(task).map(sums).collect();

    let mut toward = vec![0.0_f32; x.len()];
    toward
        .par_chunks_exact_mut(map.plane.max(1))
        .with_min_len(map.task())
        .enumerate()
        .for_each(|(index, toward)| {
            let channel = index % map.channels;
            let (line, mean, scale) = (channels.line(channel), channels.mean[channel], channels.scale[channel]);
            let inverse = f64::from(channels.inverse[channel]);
            let shift = (sums[channel].0 / map.each()) as f32;
            let slope = (sums[channel].1 * inverse * inverse / map.each()) as f32;
            let at = index * map.plane..(index + 1) * map.plane;
            let pairs = x[at.clone()].iter().zip(&grad[at]);
            let toward = toward.iter_mut().zip(pairs);
            if masked {
                for (t, (x, g)) in toward {
                    let g = if line(*x) > 0.0 { *g } else { 0.0 };
                    *t = scale * (g - shift - (x - mean) * slope);
                }
            } else {
                for (t, (x, g)) in toward {
                    *t = scale * (g - shift - (x - mean) * slope);
                }
            }
        });
    let of_gamma = sums.iter().zip(&channels.inverse);
    let of_gamma = of_gamma.map(|((_, centered), inverse)| (centered * f64::from(*inverse)) as f32);
    Gradients {
        gamma: tensor(of_gamma.collect(), &[map.channels]),
        beta: tensor(sums.iter().map(|(plain, _)| *plain as f32).collect(), &[map.channels]),
        x: tensor(toward, &shape),
        y: passed.map(|passed| tensor(passed, &shape)),
    }
}

/// Σ g and Σ g (x − μ) in eight lanes, with g = f(x, grad).
fn sum_pairs((x, grad): (&[f32], &[f32]), f: impl Fn(f32, f32) -> f32, mean: f32) -> (f64, f64) {
    let (mut plain, mut centered) = ([0.0_f32; 8], [0.0_f32; 8]);
    let (xs, grads) = (x.chunks_exact(8), grad.chunks_exact(8));
    let rest = xs.remainder().iter().zip(grads.remainder());
    for ((plain, centered), (x, g)) in plain.iter_mut().zip(&mut centered).zip(rest) {
        let g = f(*x, *g);
        *plain += g;
        *centered += g * (x - mean);
    }
    for (x, g) in xs.zip(grads) {
        for lane in 0..8 {
            let g = f(x[lane], g[lane]);
            plain[lane] += g;
            centered[lane] += g * (x[lane] - mean);
        }
    }
    let total = |lanes: [f32; 8]| lanes.into_iter().map(f64::from).sum();
    (total(plain), total(centered))
}
