//! Relative positions of T5: the distance between key and query in buckets that grow with the distance.
//!
//! Source: Raffel et al., *Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer*, JMLR
//! 2020, section 2.1; the buckets follow the published code.

/// Returns the bucket of key − query for bidirectional attention. One half of the buckets is for keys at or before the
/// query, the other for keys after it. In each half, distances below a quarter of all buckets have a bucket each;
/// larger ones share logarithmic buckets up to `max_distance`, and all beyond it the last.
pub(crate) fn bucket(offset: i64, buckets: usize, max_distance: usize) -> usize {
    let half = buckets / 2;
    let side = if offset > 0 { half } else { 0 };
    let distance = offset.unsigned_abs() as usize;
    let exact = half / 2;
    if distance < exact {
        return side + distance;
    }
    // In f32, like the published code, since the borders of the buckets are at exact numbers.
    let ratio = (distance as f32 / exact as f32).ln() / ((max_distance as f64 / exact as f64).ln() as f32);
    let far = exact + (ratio * (half - exact) as f32) as usize;
    side + far.min(half - 1)
}

/// Buckets of all pairs of `tokens` positions, indexed by query, then key.
pub(crate) fn buckets(tokens: usize, buckets: usize, max_distance: usize) -> Vec<i64> {
    let position = |i: usize| i as i64;
    (0..tokens)
        .flat_map(|query| (0..tokens).map(move |key| (query, key)))
        .map(|(query, key)| bucket(position(key) - position(query), buckets, max_distance) as i64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn buckets_are_exact_near_and_logarithmic_far() {
        let at = |offset| bucket(offset, 32, 128);
        assert_eq!((at(0), at(-1), at(-7), at(1), at(7)), (0, 1, 7, 17, 23));
        // Eight buckets per side from 8 to 128: two buckets per factor of 2.
        assert_eq!(
            (at(-8), at(-16), at(-32), at(-64), at(-127), at(-5000)),
            (8, 10, 12, 14, 15, 15)
        );
        assert_eq!((at(8), at(5000)), (24, 31));
    }
}
