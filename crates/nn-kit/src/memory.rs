//! What estimates of memory have in common: numbers in weights, and which clip would fit where the one asked for does not.

use std::collections::BTreeMap;

/// Bytes of a number of bf16.
const BF16: u64 = 2;

/// Numbers in tensors of these shapes.
pub fn count(shapes: &BTreeMap<String, Vec<usize>>) -> u64 {
    let of = |shape: &Vec<usize>| shape.iter().product::<usize>() as u64;
    shapes.values().map(of).sum()
}

/// In 10⁹ bytes.
pub fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

/// The longest clip of a video model that would fit, in words: of as many frames as `[frames, height, width]` or fewer by
/// steps of `step`, as the model's first latent frame is one frame, in numbers of `bytes` (4 for f32) before bf16. `fits` is
/// asked for each such clip and number of bytes; none where no clip fits.
///
/// # Errors
/// Those of `fits`.
pub fn fitting_clip<E>(
    clip: [usize; 3],
    step: usize,
    bytes: u64,
    fits: impl Fn([usize; 3], u64) -> Result<bool, E>,
) -> Result<Option<String>, E> {
    let [frames, height, width] = clip;
    for bytes in [bytes, BF16] {
        for frames in (2..=frames).rev().step_by(step.max(1)) {
            if fits([frames, height, width], bytes)? {
                let format = if bytes == BF16 { "bf16" } else { "f32" };
                return Ok(Some(format!(
                    "{frames} frames of {width} × {height} px in {format} would fit"
                )));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_clip_is_found_in_the_format_asked_for_first() {
        let found = |limit: u64| {
            fitting_clip([33, 8, 16], 8, 4, |[frames, ..], bytes| {
                assert!(frames % 8 == 1 && frames > 1);
                Ok::<_, ()>(frames as u64 * bytes <= limit)
            })
            .unwrap()
        };
        assert_eq!(found(70).unwrap(), "17 frames of 16 × 8 px in f32 would fit");
        assert_eq!(found(30).unwrap(), "9 frames of 16 × 8 px in bf16 would fit");
        assert_eq!(found(17), None);
        assert_eq!(
            count(&BTreeMap::from([("a".into(), vec![2, 3]), ("b".into(), vec![])])),
            7
        );
    }
}
