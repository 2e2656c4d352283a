//! Parts of chunks are copied into blocks of rows.

use std::num::NonZeroU64;

use super::*;

#[test]
fn chunks_are_put_in_their_places() {
    // An array of 5 × 7 in chunks of 2 × 3, of which rows 2 to 4 are a block.
    let shape: ChunkShape = [2, 3].map(|n| NonZeroU64::new(n).unwrap()).to_vec();
    let element = |row: u64, column: u64| if row < 5 && column < 7 { 10 * row + column } else { 99 };
    let mut block = vec![77; 3 * 7];
    for key in [[1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [2, 2]] {
        let places = (0..6).map(|i| element(2 * key[0] + i / 3, 3 * key[1] + i % 3));
        copy(&places.collect::<Vec<_>>(), &shape, &key, &[2..5, 0..7], &mut block);
    }
    let expected: Vec<u64> = (2..5)
        .flat_map(|row| (0..7).map(move |column| 10 * row + column))
        .collect();
    assert_eq!(block, expected);
}
