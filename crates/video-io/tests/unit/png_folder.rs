//! Tests of `src/read/png_folder.rs`.

use super::{natural_key, times};

#[test]
fn missing_numbers_are_missing_frames() {
    let of = |names: &[&str]| times(&names.iter().map(Into::into).collect::<Vec<_>>());
    assert_eq!(of(&["f_1.png", "f_2.png", "f_3.png", "f_6.png"]), [0, 1, 2, 5]);
    assert_eq!(of(&["00.png", "10.png", "20.png", "40.png", "50.png"]), [0, 1, 2, 4, 5]);
    assert_eq!(of(&["1.png", "2.png", "3.png", "999999999999.png"]), [0, 1, 2, 22]);
    // Other names count as they come.
    assert_eq!(of(&["a1.png", "a2.png", "b1.png", "b7.png"]), [0, 1, 2, 3]);
    assert_eq!(of(&["first.png", "last.png"]), [0, 1]);
    assert_eq!(of(&["1.png", "3.png", "6.png", "7.png"]), [0, 1, 2, 3]);
    assert_eq!(of(&["99999999999999999999999.png"]), [0]);
}

#[test]
fn numbers_compare_as_numbers() {
    let mut names = [
        "f10.png",
        "f2.png",
        "f0000000003.png",
        "a99999999999999999999999.png",
        "f.png",
    ];
    names.sort_by_cached_key(|n| natural_key(n));
    let sorted = [
        "a99999999999999999999999.png",
        "f2.png",
        "f0000000003.png",
        "f10.png",
        "f.png",
    ];
    assert_eq!(names, sorted);
}
