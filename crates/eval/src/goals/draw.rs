//! numpy's draw without replacement.

use std::collections::BTreeSet;

use pusht_env::NumpyRng;

/// The set of numbers below `pool` that numpy's `default_rng(seed).choice(pool, count, replace=False)` draws, in no
/// particular order; `count` is at most `pool`.
///
/// Numpy draws with Floyd's algorithm (Bentley and Floyd 1987), and from large pools, of which it takes more than a fiftieth, with
/// a partial shuffle.
pub(super) fn choice(seed: u64, pool: u32, count: u32) -> Vec<u32> {
    let mut rng = NumpyRng::new(seed);
    let first = pool - count;
    if pool > 10_000 && count > pool / 50 {
        let mut numbers: Vec<u32> = (0..pool).collect();
        for i in (first.max(1)..pool).rev() {
            let j = rng.below(i + 1);
            numbers.swap(i as usize, j as usize);
        }
        return numbers.split_off(first as usize);
    }
    let mut chosen = BTreeSet::new();
    for last in first..pool {
        // Numpy draws nothing from a single number.
        let drawn = if last == 0 { 0 } else { rng.below(last + 1) };
        if !chosen.insert(drawn) {
            chosen.insert(last);
        }
    }
    chosen.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of numpy 2.4.6.
    #[test]
    fn the_draws_are_numpys() {
        let sorted = |seed, pool, count| {
            let mut numbers = choice(seed, pool, count);
            numbers.sort_unstable();
            numbers
        };
        assert_eq!(sorted(42, 999, 10), [85, 88, 94, 201, 430, 435, 649, 695, 766, 854]);
        assert_eq!(
            sorted(42, 20_000, 8),
            [1718, 1784, 8659, 8775, 13_088, 13_947, 15_474, 17_170]
        );
        assert_eq!(sorted(7, 12, 5), [5, 6, 7, 9, 11]);
        assert_eq!((sorted(7, 5, 5), sorted(0, 1, 1)), (vec![0, 1, 2, 3, 4], vec![0]));
        // By shuffling.
        let many = sorted(42, 10_500, 300);
        assert_eq!(many[..6], [76, 200, 220, 233, 234, 319]);
        assert_eq!((many.len(), many.iter().sum::<u32>()), (300, 1_552_796));
        let many = sorted(3, 10_001, 201);
        assert_eq!((many[0], many.iter().sum::<u32>()), (14, 1_010_554));
    }
}
