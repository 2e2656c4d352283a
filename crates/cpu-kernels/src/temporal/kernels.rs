//! Arithmetic of the temporal layers on slices, channels last, on the threads of rayon's pool. Samples are cut into
//! chunks of a fixed number, and sums over samples are taken chunk by chunk in order: results do not depend on the
//! number of threads.

use rayon::prelude::*;

use crate::pointwise::{MISH_IS_LINEAR, exp, mish_of, mish_slope};

/// Samples of one task.
const CHUNK: usize = 8;

/// How a window slides over a sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Window {
    /// Windows over a sequence of this length.
    pub(super) fn count(self, length: usize) -> usize {
        (length + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Row of the sequence under place `k` of window `t`, if it is not padding.
    fn row(self, t: usize, k: usize, length: usize) -> Option<usize> {
        (t * self.stride + k)
            .checked_sub(self.padding)
            .filter(|row| *row < length)
    }
}

/// `[batch, length, channels]` to `[batch, windows, channels · kernel]`, the places of a window fastest.
pub(super) fn unfold(x: &[f32], length: usize, channels: usize, window: Window) -> Vec<f32> {
    let windows = window.count(length);
    let (input, output) = (length * channels, windows * channels * window.kernel);
    let mut columns = vec![0.0; x.len() / input * output];
    let tasks = columns.par_chunks_mut(CHUNK * output).zip(x.par_chunks(CHUNK * input));
    tasks.for_each(|(columns, x)| {
        for (columns, x) in columns.chunks_exact_mut(output).zip(x.chunks_exact(input)) {
            for (t, row) in columns.chunks_exact_mut(channels * window.kernel).enumerate() {
                match window.kernel {
                    3 => gather::<3>(row, x, t, length, channels, window),
                    4 => gather::<4>(row, x, t, length, channels, window),
                    5 => gather::<5>(row, x, t, length, channels, window),
                    _ => gather_any(row, x, t, length, channels, window),
                }
            }
        }
    });
    columns
}

/// One window of a kernel whose size the compiler knows.
fn gather<const K: usize>(row: &mut [f32], x: &[f32], t: usize, length: usize, channels: usize, window: Window) {
    let inside = (0..K).all(|k| window.row(t, k, length).is_some());
    if !inside {
        return gather_any(row, x, t, length, channels, window);
    }
    let first = t * window.stride - window.padding;
    let rows: [&[f32]; K] = std::array::from_fn(|k| &x[(first + k) * channels..(first + k + 1) * channels]);
    for (c, out) in row.chunks_exact_mut(K).enumerate() {
        for k in 0..K {
            out[k] = rows[k][c];
        }
    }
}

fn gather_any(row: &mut [f32], x: &[f32], t: usize, length: usize, channels: usize, window: Window) {
    for k in 0..window.kernel {
        if let Some(from) = window.row(t, k, length) {
            let values = &x[from * channels..(from + 1) * channels];
            for (out, value) in row[k..].iter_mut().step_by(window.kernel).zip(values) {
                *out = *value;
            }
        }
    }
}

/// The adjoint of [`unfold`]: every number is added where it came from.
pub(super) fn fold(columns: &[f32], length: usize, channels: usize, window: Window) -> Vec<f32> {
    let windows = window.count(length);
    let (input, output) = (length * channels, windows * channels * window.kernel);
    let mut x = vec![0.0; columns.len() / output * input];
    let tasks = x.par_chunks_mut(CHUNK * input).zip(columns.par_chunks(CHUNK * output));
    tasks.for_each(|(x, columns)| {
        for (x, columns) in x.chunks_exact_mut(input).zip(columns.chunks_exact(output)) {
            for (t, row) in columns.chunks_exact(channels * window.kernel).enumerate() {
                for k in 0..window.kernel {
                    let Some(to) = window.row(t, k, length) else { continue };
                    let sums = &mut x[to * channels..(to + 1) * channels];
                    match window.kernel {
                        3 => scatter::<3>(sums, row, k),
                        4 => scatter::<4>(sums, row, k),
                        5 => scatter::<5>(sums, row, k),
                        kernel => {
                            for (sum, value) in sums.iter_mut().zip(row[k..].iter().step_by(kernel)) {
                                *sum += value;
                            }
                        }
                    }
                }
            }
        }
    });
    x
}

fn scatter<const K: usize>(sums: &mut [f32], row: &[f32], k: usize) {
    for (sum, values) in sums.iter_mut().zip(row.chunks_exact(K)) {
        *sum += values[k];
    }
}

/// Adds a row to every row.
pub(super) fn add_row(x: &mut [f32], row: &[f32]) {
    x.par_chunks_mut(256 * row.len()).for_each(|x| {
        for x in x.chunks_exact_mut(row.len()) {
            for (x, b) in x.iter_mut().zip(row) {
                *x += b;
            }
        }
    });
}

/// Sums over rows.
pub(super) fn sum_rows(x: &[f32], width: usize) -> Vec<f32> {
    let part = |x: &[f32]| {
        let mut sums = vec![0.0; width];
        for x in x.chunks_exact(width) {
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum += x;
            }
        }
        sums
    };
    let parts: Vec<Vec<f32>> = x.par_chunks(256 * width).map(part).collect();
    total(&parts, width)
}

fn total(parts: &[Vec<f32>], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for part in parts {
        for (sum, x) in sums.iter_mut().zip(part) {
            *sum += x;
        }
    }
    sums
}

/// Group normalisation, Mish and FiLM of `x + bias`.
#[derive(Clone, Copy)]
pub(super) struct NormMish<'a> {
    /// `[batch, length, channels]`.
    pub x: &'a [f32],
    /// `[channels]`, added to `x`.
    pub bias: &'a [f32],
    /// Scale after the normalisation.
    pub gamma: &'a [f32],
    /// Shift after the normalisation.
    pub beta: &'a [f32],
    /// `[batch, 2 · channels]`: scale and shift after Mish.
    pub film: Option<&'a [f32]>,
    pub length: usize,
    pub groups: usize,
    pub epsilon: f32,
}

/// Gradients of [`NormMish`].
pub(super) struct NormMishGrads {
    pub x: Vec<f32>,
    pub bias: Vec<f32>,
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
    pub film: Vec<f32>,
}

/// Room for one sample.
struct Scratch {
    mean: Vec<f32>,
    rstd: Vec<f32>,
    dz: Vec<f32>,
    sum: Vec<f32>,
    dot: Vec<f32>,
}

impl Scratch {
    fn new(length: usize, channels: usize) -> Self {
        let row = || vec![0.0; channels];
        Self {
            mean: row(),
            rstd: row(),
            dz: vec![0.0; length * channels],
            sum: row(),
            dot: row(),
        }
    }
}

impl NormMish<'_> {
    fn channels(&self) -> usize {
        self.bias.len()
    }

    /// Replaces the values of every group by their sum.
    fn spread(&self, sums: &mut [f32]) {
        for group in sums.chunks_exact_mut(self.channels() / self.groups) {
            let sum: f32 = group.iter().sum();
            group.fill(sum);
        }
    }

    /// Mean and inverse deviation of a sample's groups, repeated for each of their channels.
    fn moments(&self, x: &[f32], scratch: &mut Scratch) {
        let Scratch { mean, rstd, .. } = scratch;
        let channels = self.channels();
        let count = (self.length * channels / self.groups) as f32;
        mean.fill(0.0);
        for x in x.chunks_exact(channels) {
            for ((sum, x), b) in mean.iter_mut().zip(x).zip(self.bias) {
                *sum += x + b;
            }
        }
        self.spread(mean);
        mean.iter_mut().for_each(|sum| *sum /= count);
        rstd.fill(0.0);
        for x in x.chunks_exact(channels) {
            for (((sum, x), b), mean) in rstd.iter_mut().zip(x).zip(self.bias).zip(&*mean) {
                let d = x + b - mean;
                *sum += d * d;
            }
        }
        self.spread(rstd);
        rstd.iter_mut()
            .for_each(|sum| *sum = 1.0 / (*sum / count + self.epsilon).sqrt());
    }

    pub(super) fn forward(&self) -> Vec<f32> {
        let channels = self.channels();
        let sample = self.length * channels;
        let mut y = vec![0.0; self.x.len()];
        let tasks = y
            .par_chunks_mut(CHUNK * sample)
            .zip(self.x.par_chunks(CHUNK * sample))
            .enumerate();
        tasks.for_each(|(chunk, (y, x))| {
            let mut scratch = Scratch::new(0, channels);
            for (index, (y, x)) in y.chunks_exact_mut(sample).zip(x.chunks_exact(sample)).enumerate() {
                self.moments(x, &mut scratch);
                let Scratch {
                    mean: shift,
                    rstd: scale,
                    ..
                } = &mut scratch;
                // γ (x + b − mean) rstd + β as one product and one sum.
                for c in 0..channels {
                    scale[c] *= self.gamma[c];
                    shift[c] = self.beta[c] + (self.bias[c] - shift[c]) * scale[c];
                }
                for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
                    for (((y, x), scale), shift) in y.iter_mut().zip(x).zip(&*scale).zip(&*shift) {
                        *y = mish_of(x * scale + shift);
                    }
                    if let Some(film) = self.film(chunk * CHUNK + index) {
                        for ((y, scale), shift) in y.iter_mut().zip(film.0).zip(film.1) {
                            *y = *y * scale + shift;
                        }
                    }
                }
            }
        });
        y
    }

    fn film(&self, sample: usize) -> Option<(&[f32], &[f32])> {
        let channels = self.channels();
        let film = self.film?;
        Some(film[2 * channels * sample..2 * channels * (sample + 1)].split_at(channels))
    }

    pub(super) fn backward(&self, grad: &[f32]) -> NormMishGrads {
        let channels = self.channels();
        let sample = self.length * channels;
        let batch = self.x.len() / sample;
        let mut dx = vec![0.0; self.x.len()];
        let mut dfilm = vec![0.0; 2 * channels * if self.film.is_some() { batch } else { 0 }];
        // A place for every chunk's part, used or not.
        let mut films: Vec<&mut [f32]> = dfilm.chunks_mut(CHUNK * 2 * channels).collect();
        films.resize_with(batch.div_ceil(CHUNK), Default::default);
        let tasks = dx.par_chunks_mut(CHUNK * sample).zip(films).enumerate();
        let parts: Vec<[Vec<f32>; 3]> = tasks
            .map(|(chunk, (dx, dfilm))| {
                let mut sums = [const { Vec::new() }; 3].map(|_: Vec<f32>| vec![0.0; channels]);
                let mut scratch = Scratch::new(self.length, channels);
                for (index, dx) in dx.chunks_exact_mut(sample).enumerate() {
                    let at = chunk * CHUNK + index;
                    let dfilm = match self.film {
                        Some(_) => &mut dfilm[2 * channels * index..2 * channels * (index + 1)],
                        None => &mut [],
                    };
                    let places = at * sample..(at + 1) * sample;
                    self.backward_one(
                        at,
                        &grad[places.clone()],
                        &self.x[places],
                        dx,
                        dfilm,
                        &mut sums,
                        &mut scratch,
                    );
                }
                sums
            })
            .collect();
        let gather = |which: usize| {
            let parts: Vec<Vec<f32>> = parts.iter().map(|part| part[which].clone()).collect();
            total(&parts, channels)
        };
        NormMishGrads {
            x: dx,
            bias: gather(0),
            gamma: gather(1),
            beta: gather(2),
            film: dfilm,
        }
    }

    /// Gradients of one sample; those of bias, γ and β are added to `sums`.
    #[expect(clippy::too_many_arguments, reason = "the places it reads and writes")]
    fn backward_one(
        &self,
        at: usize,
        grad: &[f32],
        x: &[f32],
        dx: &mut [f32],
        dfilm: &mut [f32],
        sums: &mut [Vec<f32>; 3],
        scratch: &mut Scratch,
    ) {
        let channels = self.channels();
        let [sum_bias, sum_gamma, sum_beta] = sums;
        self.moments(x, scratch);
        let Scratch {
            mean,
            rstd,
            dz,
            sum,
            dot,
        } = scratch;
        sum.fill(0.0);
        dot.fill(0.0);
        let film = self.film(at);
        let (dscale, dshift) = dfilm.split_at_mut(dfilm.len() / 2);
        let rows = grad.chunks_exact(channels).zip(x.chunks_exact(channels));
        let rows = rows
            .zip(dx.chunks_exact_mut(channels))
            .zip(dz.chunks_exact_mut(channels));
        for (((grad, x), xhat), dz) in rows {
            // dx first holds the normalised values.
            for c in 0..channels {
                xhat[c] = (x[c] + self.bias[c] - mean[c]) * rstd[c];
            }
            match film {
                Some((scale, _)) => {
                    for c in 0..channels {
                        let z = xhat[c] * self.gamma[c] + self.beta[c];
                        let e = exp(z.clamp(-87.0, MISH_IS_LINEAR));
                        let n = e * (e + 2.0);
                        let d = 1.0 / (n + 2.0);
                        dscale[c] += grad[c] * z * (n * d);
                        dshift[c] += grad[c];
                        dz[c] = grad[c] * scale[c] * (n * d + z * (4.0 * e * (e + 1.0) * d) * d);
                    }
                }
                None => {
                    for c in 0..channels {
                        dz[c] = grad[c] * mish_slope(xhat[c] * self.gamma[c] + self.beta[c]);
                    }
                }
            }
            for c in 0..channels {
                sum_gamma[c] += dz[c] * xhat[c];
                sum_beta[c] += dz[c];
                let g = dz[c] * self.gamma[c];
                sum[c] += g;
                dot[c] += g * xhat[c];
            }
        }
        self.spread(sum);
        self.spread(dot);
        let count = (self.length * channels / self.groups) as f32;
        for (dx, dz) in dx.chunks_exact_mut(channels).zip(dz.chunks_exact(channels)) {
            for c in 0..channels {
                let g = dz[c] * self.gamma[c];
                dx[c] = rstd[c] * (g - (sum[c] + dx[c] * dot[c]) / count);
                sum_bias[c] += dx[c];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fold_is_the_adjoint_of_unfold() {
        for (kernel, stride, padding) in [(5, 1, 2), (3, 2, 1), (4, 2, 1), (7, 1, 3), (1, 1, 0)] {
            let window = Window {
                kernel,
                stride,
                padding,
            };
            let (batch, length, channels) = (19, 16, 3);
            let x: Vec<f32> = (0..batch * length * channels).map(|i| (i as f32 * 0.7).sin()).collect();
            let columns = unfold(&x, length, channels, window);
            assert_eq!(columns.len(), batch * window.count(length) * channels * kernel);
            let y: Vec<f32> = (0..columns.len()).map(|i| (i as f32 * 1.3).cos()).collect();
            let folded = fold(&y, length, channels, window);
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            assert!((dot(&columns, &y) - dot(&x, &folded)).abs() < 1e-3);
        }
    }
}
