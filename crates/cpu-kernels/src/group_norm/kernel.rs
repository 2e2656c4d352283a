//! Arithmetic of group normalization, Mish and FiLM on channels-last slices, on the threads of rayon's pool.

use rayon::prelude::*;

use crate::chunks::{CHUNK, total};
use crate::pointwise::{MISH_IS_LINEAR, exp, mish_of, mish_slope};

/// Group normalization, Mish and FiLM of `x + bias`.
#[derive(Clone, Copy)]
pub(super) struct NormMish<'a> {
    /// `[batch, length, channels]`.
    pub x: &'a [f32],
    /// `[channels]`, added to `x`.
    pub bias: &'a [f32],
    /// `[channels]`, scale after the normalization.
    pub gamma: &'a [f32],
    /// `[channels]`, shift after the normalization.
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

/// Buffers for one sample.
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

    /// Mean and inverse standard deviation of a sample's groups, repeated for each of their channels.
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
                // γ (x + b − mean) rstd + β as one multiplication and one addition.
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
        // One slot per chunk, used or not.
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
            // dx first holds the normalized values.
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
