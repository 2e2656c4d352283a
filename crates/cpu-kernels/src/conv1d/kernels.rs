//! Arithmetic of the convolutions on channels-last slices, on the threads of rayon's pool.

use rayon::prelude::*;

use crate::chunks::{CHUNK, total};

/// Size, stride and padding of a window that slides over a sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Window {
    /// Number of windows over a sequence of this length.
    pub(super) fn count(self, length: usize) -> usize {
        (length + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Row of the sequence at position `k` of window `t`, or `None` for padding.
    fn row(self, t: usize, k: usize, length: usize) -> Option<usize> {
        (t * self.stride + k)
            .checked_sub(self.padding)
            .filter(|row| *row < length)
    }
}

/// `[batch, length, channels]` to `[batch, windows, channels · kernel]`; the position in the window varies fastest.
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

/// Gathers one window of a kernel whose size is known at compile time.
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

/// Adjoint of [`unfold`]: adds every value to the position that it came from.
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

/// Adds `row` to every row.
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
