//! The order of training data and every other random number, as functions of seeds alone: nothing has to be saved for
//! a resumed run to draw what the uninterrupted one would have drawn.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// A new seed out of a seed and a counter (the finaliser of SplitMix64 on both), so that neighbouring counters give
/// unrelated generators.
pub fn mix_seed(seed: u64, counter: u64) -> u64 {
    let mut z = seed ^ counter.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The order in which pass number `pass` over `items` training items goes through them.
pub fn permutation(items: usize, seed: u64, pass: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items).collect();
    order.shuffle(&mut Pcg64::seed_from_u64(mix_seed(seed, pass)));
    order
}

/// `count` draws of the standard normal distribution (Box and Muller).
pub fn normal(count: usize, rng: &mut Pcg64) -> Vec<f32> {
    let mut draws = Vec::with_capacity(count + 1);
    while draws.len() < count {
        // 1 - u is in (0, 1], where the logarithm is finite.
        let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * rng.random::<f64>()).sin_cos();
        draws.push((radius * cos) as f32);
        draws.push((radius * sin) as f32);
    }
    draws.truncate(count);
    draws
}

/// Batches of one size, cut from the endless sequence of passes over the data: a batch may end one pass and begin the
/// next, so that every item is drawn equally often and every batch is full.
pub(crate) struct Batches {
    items: usize,
    size: usize,
    seed: u64,
    pass: u64,
    order: Vec<usize>,
}

impl Batches {
    /// `items` and `size` at least 1.
    pub(crate) fn new(items: usize, size: usize, seed: u64) -> Self {
        let order = permutation(items, seed, 0);
        Self {
            items,
            size,
            seed,
            pass: 0,
            order,
        }
    }

    /// The items of step `step`; a function of the step, not of what was asked before.
    pub(crate) fn at(&mut self, step: usize) -> Vec<usize> {
        let first = step as u64 * self.size as u64;
        (first..first + self.size as u64)
            .map(|position| {
                let pass = position / self.items as u64;
                if pass != self.pass {
                    self.order = permutation(self.items, self.seed, pass);
                    self.pass = pass;
                }
                self.order[(position % self.items as u64) as usize]
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pass_visits_every_item_once() {
        let mut batches = Batches::new(10, 4, 7);
        let drawn: Vec<usize> = (0..5).flat_map(|step| batches.at(step)).collect();
        for pass in drawn.chunks(10) {
            let mut sorted = pass.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(drawn[..10], drawn[10..]);
    }

    #[test]
    fn a_batch_depends_on_its_step_only() {
        let mut straight = Batches::new(10, 4, 7);
        let all: Vec<_> = (0..9).map(|step| straight.at(step)).collect();
        assert_eq!(Batches::new(10, 4, 7).at(8), all[8]);
        assert_ne!(Batches::new(10, 4, 8).at(8), all[8]);
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let draws = normal(100_001, &mut Pcg64::seed_from_u64(3));
        assert_eq!(draws.len(), 100_001);
        let mean = draws.iter().map(|&x| f64::from(x)).sum::<f64>() / draws.len() as f64;
        let var = draws.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.015 && (var - 1.0).abs() < 0.02, "{mean} {var}");
    }
}
