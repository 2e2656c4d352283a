//! The red cross at the agent's target, which the environments draw into films but not into observations.
//!
//! It covers parts of agent and T. It is found by its color and its extent, and filled from its surroundings.

use std::borrow::Cow;

use pusht_env::Frame;

use crate::board::SIDE;

/// Red over the larger of green and blue from which a pixel shows the cross, and from which one beside it does in part.
/// The cross has 255, the marks of contacts at most 155 and usually less than half of that.
const RED: u8 = 100;
const REDDISH: u8 = 25;

/// Fewest pixels of a cross; a whole one has 17.
const FEWEST: usize = 7;

/// Largest side of a cross, pixels.
const LARGEST: usize = 12;

/// Shortest longer side of a cross, part of which may be beyond the border, pixels.
const LONG: usize = 5;

/// Rounds of filling; a cross with blurred borders is five pixels wide.
const ROUNDS: usize = 6;

/// The frame without the red cross; the frame itself if there is none. Frames of other sizes than 96 × 96 are returned
/// as they are.
pub(crate) fn without_marker(frame: &Frame) -> Cow<'_, Frame> {
    let pixels = frame.as_raw().as_chunks::<3>().0;
    if pixels.len() != SIDE * SIDE {
        return Cow::Borrowed(frame);
    }
    // Nearly all frames end here, so this is a loop that the compiler makes fast.
    let count = pixels
        .iter()
        .map(|&[red, green, blue]| u16::from(red.saturating_sub(green.max(blue)) > RED));
    if usize::from(count.sum::<u16>()) < FEWEST {
        return Cow::Borrowed(frame);
    }
    let red: Vec<usize> = (0..SIDE * SIDE).filter(|&at| redness(pixels[at]) > RED).collect();
    let range = |of: &dyn Fn(usize) -> usize| {
        let along = red.iter().map(|&at| of(at));
        let (low, high) = (along.clone().min().unwrap_or(0), along.max().unwrap_or(0));
        (low, high, high + 1 - low)
    };
    let (left, right, width) = range(&|at| at % SIDE);
    let (top, bottom, height) = range(&|at| at / SIDE);
    if width.max(height) > LARGEST || width.max(height) < LONG {
        return Cow::Borrowed(frame);
    }
    let mut open: Vec<usize> = Vec::new();
    for y in top.saturating_sub(1)..=(bottom + 1).min(SIDE - 1) {
        for x in left.saturating_sub(1)..=(right + 1).min(SIDE - 1) {
            if redness(pixels[y * SIDE + x]) > REDDISH {
                open.push(y * SIDE + x);
            }
        }
    }
    Cow::Owned(filled(frame, open))
}

fn redness([red, green, blue]: [u8; 3]) -> u8 {
    red.saturating_sub(green.max(blue))
}

/// The frame with these pixels replaced by the mean of their neighbors, from the border of the region inward.
fn filled(frame: &Frame, mut open: Vec<usize>) -> Frame {
    let mut colors: Vec<[u8; 3]> = frame.as_raw().as_chunks::<3>().0.to_vec();
    let mut unknown = vec![false; SIDE * SIDE];
    open.iter().for_each(|&at| unknown[at] = true);
    for _ in 0..ROUNDS {
        let mut found: Vec<(usize, [u8; 3])> = Vec::new();
        for &at in &open {
            let (mut sum, mut count) = ([0_u32; 3], 0);
            let near = |i: usize| i.saturating_sub(1)..(i + 2).min(SIDE);
            for y in near(at / SIDE) {
                for x in near(at % SIDE).filter(|&x| !unknown[y * SIDE + x]) {
                    for (sum, level) in sum.iter_mut().zip(colors[y * SIDE + x]) {
                        *sum += u32::from(level);
                    }
                    count += 1;
                }
            }
            if count > 0 {
                found.push((at, sum.map(|sum| u8::try_from(sum / count).unwrap_or(u8::MAX))));
            }
        }
        for &(at, color) in &found {
            (colors[at], unknown[at]) = (color, false);
        }
        open.retain(|&at| unknown[at]);
        if open.is_empty() {
            break;
        }
    }
    let (width, height) = frame.dimensions();
    Frame::from_raw(width, height, colors.into_flattened()).unwrap_or_else(|| frame.clone())
}

#[cfg(test)]
mod tests {
    use pusht_env::{FillRule, GOAL, Pose, Renderer, Scene, draw_marker};

    use super::*;

    #[test]
    fn a_cross_is_taken_out_and_nothing_else() {
        let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
        let scene = Scene::new([300.0, 160.0], Pose::new(280.0, 200.0, 0.7), GOAL);
        let plain = renderer.render(&scene);
        assert!(matches!(without_marker(&plain), Cow::Borrowed(_)));
        for action in [[310.0, 165.0], [200.0, 300.0], [2.0, 511.0]] {
            let mut marked = plain.clone();
            draw_marker(&mut marked, action);
            let clean = without_marker(&marked);
            let red = clean
                .as_raw()
                .as_chunks::<3>()
                .0
                .iter()
                .filter(|&&p| redness(p) > REDDISH);
            assert_eq!(red.count(), 0, "{action:?}");
            let far = |a: &u8, b: &u8| a.abs_diff(*b) > 60;
            let off = clean.iter().zip(plain.iter()).filter(|(a, b)| far(a, b)).count();
            assert!(off < 12, "{action:?}: {off}");
        }
    }
}
