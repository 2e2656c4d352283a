//! Memory estimates: parameter counts, and suggestions when a clip does not fit.

use std::collections::BTreeMap;

/// Bytes of a bf16 number.
const BF16: u64 = 2;

/// Counts the numbers in tensors of these shapes.
pub fn count(shapes: &BTreeMap<String, Vec<usize>>) -> u64 {
    let of = |shape: &Vec<usize>| shape.iter().product::<usize>() as u64;
    shapes.values().map(of).sum()
}

/// Converts bytes to gigabytes (10⁹ bytes).
pub fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

/// More memory is needed than is available.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{what} needs about {:.1} GB; there are {:.1} GB: {advice}",
    gigabytes(*needed),
    gigabytes(*limit)
)]
pub struct MemoryError {
    /// Name of the operation.
    pub what: String,
    /// Bytes needed.
    pub needed: u64,
    /// Bytes available.
    pub limit: u64,
    /// Suggestion for settings that fit.
    pub advice: String,
}

/// Returns the first alternative that needs no more than `limit` bytes, and the bytes that it needs.
///
/// # Errors
/// Errors of `needs`.
pub fn first_fitting<C, E>(
    alternatives: impl IntoIterator<Item = C>,
    limit: u64,
    mut needs: impl FnMut(&C) -> Result<u64, E>,
) -> Result<Option<(C, u64)>, E> {
    for alternative in alternatives {
        let needed = needs(&alternative)?;
        if needed <= limit {
            return Ok(Some((alternative, needed)));
        }
    }
    Ok(None)
}

/// Memory estimate of a video model for one clip.
pub trait ClipMemory {
    /// Bytes of the weights.
    fn weights(&self) -> u64;

    /// Bytes in total.
    fn total(&self) -> u64;
}

/// Size of a clip to generate, and the memory available.
#[derive(Clone, Copy, Debug)]
pub struct ClipPlan {
    /// `[frames, height, width]`.
    pub clip: [usize; 3],
    /// Step between valid clip lengths; the shortest clip has one frame.
    pub step: usize,
    /// Bytes per number: 4 for f32.
    pub bytes: u64,
    /// Bytes available.
    pub limit: u64,
}

impl ClipPlan {
    /// Returns the estimate for this clip, or an error that suggests the longest clip that fits: no longer than this
    /// one, first in the same number format, then in bf16. `estimate` returns the memory for a clip
    /// `[frames, height, width]` with numbers of the given size in bytes; `what` names the operation in the error.
    ///
    /// # Errors
    /// A clip that needs more than the limit, or errors of `estimate`.
    pub fn check<M: ClipMemory, E: From<MemoryError>>(
        self,
        what: impl Into<String>,
        estimate: impl Fn([usize; 3], u64) -> Result<M, E>,
    ) -> Result<M, E> {
        let [frames, height, width] = self.clip;
        let found = estimate(self.clip, self.bytes)?;
        if found.total() <= self.limit {
            return Ok(found);
        }
        let lengths = || (2..=frames).rev().step_by(self.step.max(1));
        let alternatives = [self.bytes, BF16]
            .into_iter()
            .flat_map(|b| lengths().map(move |f| (f, b)));
        let fitting = first_fitting(alternatives, self.limit, |(frames, bytes)| {
            estimate([*frames, height, width], *bytes).map(|memory| memory.total())
        })?;
        let advice = match fitting {
            Some(((frames, bytes), _)) => {
                let format = if bytes == BF16 { "bf16" } else { "f32" };
                format!("{frames} frames of {width} × {height} px in {format} would fit")
            }
            None => {
                let weights = gigabytes(found.weights());
                format!("the weights alone are {weights:.1} GB; take smaller frames, bf16 or another device")
            }
        };
        Err(E::from(MemoryError {
            what: what.into(),
            needed: found.total(),
            limit: self.limit,
            advice,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(u64);

    impl ClipMemory for Bytes {
        fn weights(&self) -> u64 {
            8
        }

        fn total(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn the_longest_clip_is_found_in_the_format_asked_for_first() {
        let advice = |limit: u64| {
            let plan = ClipPlan {
                clip: [33, 8, 16],
                step: 8,
                bytes: 4,
                limit,
            };
            let checked = plan.check("it", |[frames, ..], bytes| {
                assert!(frames % 8 == 1 && frames > 1);
                Ok::<_, MemoryError>(Bytes(frames as u64 * bytes))
            });
            checked.err().map(|error| error.advice)
        };
        assert_eq!(advice(132), None);
        assert_eq!(advice(70).unwrap(), "17 frames of 16 × 8 px in f32 would fit");
        assert_eq!(advice(30).unwrap(), "9 frames of 16 × 8 px in bf16 would fit");
        assert!(advice(17).unwrap().contains("the weights alone are 0.0 GB"));
        assert_eq!(
            count(&BTreeMap::from([("a".into(), vec![2, 3]), ("b".into(), vec![])])),
            7
        );
    }
}
