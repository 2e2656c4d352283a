//! What estimates of memory have in common: numbers in weights, and what would fit where
//! what was asked for does not.

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

/// More memory is needed than there is.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{what} needs about {:.1} GB; there are {:.1} GB: {advice}",
    gigabytes(*needed),
    gigabytes(*limit)
)]
pub struct MemoryError {
    /// What needs it.
    pub what: String,
    /// Bytes that are needed.
    pub needed: u64,
    /// Bytes that there are.
    pub limit: u64,
    /// What would fit.
    pub advice: String,
}

/// The first of the alternatives that needs no more than `limit` bytes, and what it needs.
///
/// # Errors
/// Those of `needs`.
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

/// An estimate of what a video model needs for a clip.
pub trait ClipMemory {
    /// Bytes of the weights.
    fn weights(&self) -> u64;

    /// Bytes of all of it.
    fn total(&self) -> u64;
}

/// A clip that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct ClipPlan {
    /// `[frames, height, width]`.
    pub clip: [usize; 3],
    /// Frames between two lengths that the model makes, of which the shortest is one frame.
    pub step: usize,
    /// Bytes of a number: 4 for f32.
    pub bytes: u64,
    /// Bytes that there are.
    pub limit: u64,
}

impl ClipPlan {
    /// Refuses a clip that needs more memory than there is, with the longest that fits: of as many frames or fewer, in the
    /// numbers asked for before bf16. `estimate` says what a clip needs in numbers of so many bytes; `what` names it.
    ///
    /// # Errors
    /// More than the limit, or those of `estimate`.
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
