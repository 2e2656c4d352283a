//! The order of training data as a function of the seed: a resumed run visits the data in the same order as an
//! uninterrupted one, without any saved state.

use nn_kit::permutation;

/// Batches of one size, cut from the endless sequence of passes over the data: a batch may span the end of one pass and
/// the start of the next, so that every item is drawn equally often and every batch is full.
pub(crate) struct Batches {
    items: usize,
    size: usize,
    seed: u64,
    pass: u64,
    order: Vec<usize>,
}

impl Batches {
    /// `items` and `size` must be at least 1.
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

    /// The items of step `step`; they depend on the step only, not on earlier calls.
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
}
