//! Tests of `src/bilinear.rs`.

use super::*;

#[test]
fn a_place_lies_between_two_pixels_of_the_axis() {
    let found = |v, side| Between::new(v, side).map(|b| (b.low, b.high, b.share));
    assert_eq!(found(3.25, 8), Some((3, 4, 0.25)));
    // The last pixel is the higher of two.
    assert_eq!(found(7.0, 8), Some((6, 7, 1.0)));
    assert_eq!(found(-0.5, 8), Some((0, 1, 0.0)));
    assert_eq!((found(-0.6, 8), found(7.6, 8), found(f64::NAN, 8)), (None, None, None));
    assert_eq!(found(0.2, 1), Some((0, 0, 0.0)));
}
