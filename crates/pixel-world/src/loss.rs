//! The loss of one step, and the colors that the network chooses.

use burn::tensor::Tensor;
use cpu_kernels::{Classes, cross_entropy_with_bonus};
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
///
/// # Errors
/// Targets that are not those of the steps.
pub fn loss(
    net: &Net,
    scores: Tensor<4>,
    steps: &[StepInput],
    targets: &[Target],
    colors: usize,
) -> Result<Tensor<1>, ObjectiveError> {
    let batch = steps.len();
    let last = arranged(steps.iter().map(|step| step.current.as_slice()));
    let next = arranged(targets.iter().map(|target| target.next.as_slice()));
    let weights = arranged(targets.iter().map(|target| target.weights.as_slice()));
    let classes = Classes::new(batch, last, next, weights).ok_or("the targets are not those of the steps")?;
    let scores = scores.reshape([batch, colors, PIXELS]);
    Ok(cross_entropy_with_bonus(scores, net.keep(), classes))
}

/// Values of windows in the network's order of pixels.
fn arranged<'a, T: Copy + Default + Send + Sync + 'a>(windows: impl Iterator<Item = &'a [T]>) -> Vec<T> {
    let windows: Vec<&[T]> = windows.collect();
    let mut values = vec![T::default(); windows.len() * PIXELS];
    values
        .par_chunks_exact_mut(PIXELS)
        .zip(windows)
        .for_each(|(values, window)| {
            for y in 0..WINDOW {
                for x in 0..WINDOW {
                    values[place(x, y)] = window[y * WINDOW + x];
                }
            }
        });
    values
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
