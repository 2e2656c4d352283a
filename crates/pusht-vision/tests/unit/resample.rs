//! Tests of `src/resample.rs`.

use super::*;

#[test]
fn levels_are_the_nearest() {
    for eighths in 0..=255 * 8 {
        let x = eighths as f32 / 8.0;
        for x in [x.next_down().max(0.0), x, x.next_up().min(255.0)] {
            assert_eq!(level(x), x.round() as u8, "{x}");
        }
    }
}
