//! Loss and gradients in one pass over the scores, a few positions at a time.

use rayon::prelude::*;

use super::Classes;
use crate::pointwise::exp;
use crate::simd::{Work, vectorized};

/// Positions that are gone through together, so that their scores of all classes stay in the cache.
const POSITIONS: usize = 128;

/// Results for a batch.
pub(super) struct Found {
    pub(super) loss: f32,
    /// Gradients of the scores, if asked for, and of the bonus.
    pub(super) scores: Vec<f32>,
    pub(super) bonus: f32,
}

/// The loss of scores `[batch, classes, positions]`, and its gradients if `with_gradients`.
pub(super) fn run(scores: &[f32], count: usize, bonus: f32, classes: &Classes, with_gradients: bool) -> Found {
    let batch = classes.batch;
    let positions = classes.target.len() / batch;
    let scale = 1.0 / classes.target.len() as f32;
    let image = count * positions;
    let mut gradients = vec![0.0; if with_gradients { scores.len() } else { 0 }];
    let mut sums = vec![[0.0_f64; 2]; batch];
    let one = |index: usize, scores: &[f32], gradients: &mut [f32], sums: &mut [f64; 2]| {
        let at = index * positions..(index + 1) * positions;
        vectorized(Image {
            scores,
            favored: &classes.favored[at.clone()],
            target: &classes.target[at.clone()],
            weight: &classes.weight[at],
            positions,
            bonus,
            scale,
            gradients,
            sums,
        });
    };
    let images = scores.par_chunks_exact(image).zip(&mut sums).enumerate();
    if with_gradients {
        images
            .zip(gradients.par_chunks_exact_mut(image))
            .for_each(|((index, (scores, sums)), gradients)| one(index, scores, gradients, sums));
    } else {
        images.for_each(|(index, (scores, sums))| one(index, scores, &mut [], sums));
    }
    let total = |k: usize| sums.iter().map(|sums| sums[k]).sum::<f64>();
    Found {
        loss: (total(0) * f64::from(scale)) as f32,
        scores: gradients,
        bonus: total(1) as f32,
    }
}

struct Image<'a> {
    scores: &'a [f32],
    favored: &'a [u8],
    target: &'a [u8],
    weight: &'a [f32],
    positions: usize,
    bonus: f32,
    /// 1 / number of positions of the batch.
    scale: f32,
    /// Empty if not asked for.
    gradients: &'a mut [f32],
    /// Sum of the weighted losses; gradient of the bonus.
    sums: &'a mut [f64; 2],
}

impl Work for Image<'_> {
    #[inline(always)]
    fn run(self) {
        let bonus = self.bonus;
        let bonus_of = |class: usize, favored: u8| if favored == class as u8 { bonus } else { 0.0 };
        let mut exponentials = [0.0_f32; POSITIONS];
        for first in (0..self.positions).step_by(POSITIONS) {
            let length = POSITIONS.min(self.positions - first);
            let at = first..first + length;
            let (favored, target, weight) = (
                &self.favored[at.clone()],
                &self.target[at.clone()],
                &self.weight[at.clone()],
            );
            let planes = || self.scores.chunks_exact(self.positions).map(|plane| &plane[at.clone()]);
            let mut largest = [f32::NEG_INFINITY; POSITIONS];
            for (class, scores) in planes().enumerate() {
                for ((largest, score), favored) in largest.iter_mut().zip(scores).zip(favored) {
                    let score = score + bonus_of(class, *favored);
                    *largest = if score > *largest { score } else { *largest };
                }
            }
            let mut sums = [0.0_f32; POSITIONS];
            for (class, scores) in planes().enumerate() {
                let to = if self.gradients.is_empty() {
                    &mut exponentials[..length]
                } else {
                    &mut self.gradients[class * self.positions + first..][..length]
                };
                for i in 0..length {
                    to[i] = exp(scores[i] + bonus_of(class, favored[i]) - largest[i]);
                    sums[i] += to[i];
                }
            }
            for i in 0..length {
                let class = usize::from(target[i]);
                let bonus = bonus_of(class, favored[i]);
                let score = self.scores[class * self.positions + first + i] + bonus - largest[i];
                self.sums[0] += f64::from(weight[i] * (sums[i].ln() - score));
            }
            if self.gradients.is_empty() {
                continue;
            }
            let mut factors = [0.0_f32; POSITIONS];
            for i in 0..length {
                factors[i] = weight[i] * self.scale / sums[i];
            }
            for plane in self.gradients.chunks_exact_mut(self.positions) {
                for (gradient, factor) in plane[at.clone()].iter_mut().zip(&factors) {
                    *gradient *= factor;
                }
            }
            for i in 0..length {
                let of = |class: u8| usize::from(class) * self.positions + first + i;
                self.gradients[of(target[i])] -= weight[i] * self.scale;
                self.sums[1] += f64::from(self.gradients[of(favored[i])]);
            }
        }
    }
}
