//! The loss of one step, and the colors that the network chooses.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rayon::prelude::*;
use training::ObjectiveError;

use crate::input::{CELL_PIXELS, GRID, StepInput, place};
use crate::net::Net;
use crate::window::WINDOW;

/// Pixels of a window.
pub const PIXELS: usize = WINDOW * WINDOW;

/// What a step should lead to.
pub struct Target {
    /// The color of every pixel of the window after the step, row by row.
    pub next: Vec<u8>,
    /// The weight of every pixel.
    pub weights: Vec<f32>,
}

/// Weighted cross-entropy of the colors, mean over all pixels (not divided by the weights), `[1]`; scores:
/// [`Net::forward`].
pub fn loss(net: &Net, scores: Tensor<4>, steps: &[StepInput], targets: &[Target], colors: usize) -> Tensor<1> {
    let device = scores.device();
    let batch = steps.len();
    let last = one_hot(steps.iter().map(|step| step.current.as_slice()), batch, colors, &device);
    let scores = scores.reshape([batch, colors, PIXELS]) + last * net.keep().reshape([1, 1, 1]);
    let next = indices(targets.iter().map(|target| target.next.as_slice()), batch, &device);
    let weights = arranged(targets.iter().map(|target| target.weights.as_slice()));
    let weights = Tensor::<3>::from_data(TensorData::new(weights, [batch, 1, PIXELS]), &device);
    let chosen = log_softmax(scores, 1).gather(1, next);
    (chosen * weights).mean().neg()
}

/// Values of windows in the network's order of pixels.
fn arranged<'a, T: Copy + Default + 'a>(windows: impl Iterator<Item = &'a [T]>) -> Vec<T> {
    windows
        .flat_map(|window| {
            let mut out = vec![T::default(); PIXELS];
            for y in 0..WINDOW {
                for x in 0..WINDOW {
                    out[place(x, y)] = window[y * WINDOW + x];
                }
            }
            out
        })
        .collect()
}

fn indices<'a>(windows: impl Iterator<Item = &'a [u8]>, batch: usize, device: &Device) -> Tensor<3, Int> {
    let values: Vec<i32> = arranged(windows).into_iter().map(i32::from).collect();
    Tensor::from_data(TensorData::new(values, [batch, 1, PIXELS]), device)
}

/// 1 at the color of every pixel, `[batch, colors, PIXELS]`.
fn one_hot<'a>(windows: impl Iterator<Item = &'a [u8]>, batch: usize, colors: usize, device: &Device) -> Tensor<3> {
    let mut values = vec![0.0_f32; batch * colors * PIXELS];
    for (at, color) in arranged(windows).into_iter().enumerate() {
        let (item, pixel) = (at / PIXELS, at % PIXELS);
        values[(item * colors + usize::from(color)) * PIXELS + pixel] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [batch, colors, PIXELS]), device)
}

/// The likeliest color of every pixel of the windows, row by row; of equal ones the first. Scores: [`Net::forward`],
/// without autodiff.
pub fn chosen(
    net: &Net,
    scores: Tensor<4>,
    steps: &[StepInput],
    colors: usize,
) -> Result<Vec<Vec<u8>>, ObjectiveError> {
    let keep: f32 = net.keep().without_autodiff().try_into_scalar()?;
    let scores = scores.into_data().try_to_vec::<f32>()?;
    Ok(likeliest(&scores, keep, steps, colors))
}

fn likeliest(scores: &[f32], keep: f32, steps: &[StepInput], colors: usize) -> Vec<Vec<u8>> {
    debug_assert_eq!(scores.len(), steps.len() * colors * CELL_PIXELS * GRID * GRID);
    scores
        .par_chunks_exact(colors * PIXELS)
        .zip(steps)
        .map(|(scores, step)| {
            let mut best = vec![f32::NEG_INFINITY; PIXELS];
            let mut choice = vec![0_u8; PIXELS];
            let last = arranged(std::iter::once(step.current.as_slice()));
            for (color, scores) in scores.chunks_exact(PIXELS).enumerate() {
                for pixel in 0..PIXELS {
                    let bonus = if usize::from(last[pixel]) == color { keep } else { 0.0 };
                    let score = scores[pixel] + bonus;
                    if score > best[pixel] {
                        best[pixel] = score;
                        choice[pixel] = color as u8;
                    }
                }
            }
            let mut window = vec![0; PIXELS];
            for y in 0..WINDOW {
                for x in 0..WINDOW {
                    window[y * WINDOW + x] = choice[place(x, y)];
                }
            }
            window
        })
        .collect()
}
