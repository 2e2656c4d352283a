//! Measures beyond their limits, frame by frame, joined into segments of frames.

use crate::FrameRange;

/// Largest distance between marked frames of one segment.
const GAP: usize = 3;

/// A measure of a frame, with the limit from which it indicates a defect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The measured value.
    pub value: f64,
    /// Smallest value that indicates a defect.
    pub limit: f64,
}

impl Measured {
    /// True if the value is at or above the limit.
    pub fn is_beyond(&self) -> bool {
        self.value >= self.limit
    }
}

/// A measure beyond its limit in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlaggedFrame {
    /// Index of the frame.
    pub frame: usize,
    /// The measure.
    pub measured: Measured,
    /// Position on the board, px; `None` if it concerns the whole frame.
    pub at: Option<[f64; 2]>,
}

/// A segment of neighboring marked frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlaggedSegment {
    /// The frames from the first to the last marked one.
    pub frames: FrameRange,
    /// The mark with the largest value.
    pub worst: FlaggedFrame,
}

/// Joins marks of neighboring frames, given in order, into segments; those of fewer than `least` marks are left out.
pub fn segments(least: usize, marks: impl IntoIterator<Item = FlaggedFrame>) -> Vec<FlaggedSegment> {
    let mut found: Vec<(FlaggedSegment, usize)> = Vec::new();
    for mark in marks {
        match found.last_mut() {
            Some((last, count)) if mark.frame - last.frames.last <= GAP => {
                last.frames.last = mark.frame;
                *count += 1;
                if mark.measured.value > last.worst.measured.value {
                    last.worst = mark;
                }
            }
            _ => {
                let frames = FrameRange::new(mark.frame, mark.frame);
                found.push((FlaggedSegment { frames, worst: mark }, 1));
            }
        }
    }
    let long = found.into_iter().filter(|&(_, count)| count >= least);
    long.map(|(marked, _)| marked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_marks_are_one_stretch_and_single_ones_may_be_left_out() {
        let mark = |(frame, value)| FlaggedFrame {
            frame,
            measured: Measured { value, limit: 1.0 },
            at: None,
        };
        let marks = || [(2, 1.0), (5, 3.0), (6, 2.0), (10, 9.0)].map(mark);
        let all = segments(1, marks());
        assert_eq!(
            all.iter().map(|m| m.frames).collect::<Vec<_>>(),
            [FrameRange::new(2, 6), FrameRange::new(10, 10)]
        );
        assert_eq!((all[0].worst.frame, all[1].worst.measured.value), (5, 9.0));
        assert_eq!(segments(2, marks()), all[..1]);
    }
}
