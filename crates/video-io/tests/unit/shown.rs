//! Tests of `src/read/shown.rs`.

use super::*;

/// A video of `fps` frames a second that shows ten pictures a second, `late` of a frame after their times and then at
/// the next frame; and the picture in each frame.
fn recorded(pictures: usize, fps: f64, late: f64, rests: &[usize]) -> (Vec<ShownFrame>, Vec<usize>) {
    let count = (pictures as f64 * fps / 10.0).round() as usize;
    // It begins with the first frame of the first picture.
    let since = |i: usize| (i as f64 + f64::max(late, 0.0).ceil() - late) * 10.0 / fps;
    let shown: Vec<usize> = (0..count)
        .map(|i| ((since(i) + 1e-9).floor() as usize).min(pictures - 1))
        .collect();
    let same = |i: usize| i == 0 || shown[i] == shown[i - 1] || rests.contains(&shown[i]);
    let frame = |i: usize| ShownFrame {
        at: i as f64 * 10.0 / fps,
        changed: if same(i) { 0 } else { 100 },
    };
    ((0..count).map(frame).collect(), shown)
}

#[test]
fn every_picture_is_taken_once_at_any_rate() {
    for fps in [
        12.0, 12.5, 15.0, 16.0, 20.0, 24.0, 25.0, 29.97, 30.0, 45.0, 48.0, 50.0, 60.0,
    ] {
        for late in [-0.5, 0.0, 0.3, 0.9] {
            for rests in [&[][..], &[7, 20, 21, 22]] {
                let (frames, shown) = recorded(60, fps, late, rests);
                let Pictures::OnePerPeriod(picks) = pictures(&frames, frames.len() as f64 * 10.0 / fps, 5) else {
                    panic!("{fps} {late}");
                };
                let found: Vec<usize> = picks.iter().map(|&index| shown[index]).collect();
                let expected: Vec<usize> = (0..=*shown.last().unwrap()).collect();
                // A picture that equals the one before may be either of them.
                let of = |n: &usize| if rests.contains(n) { n - 1 } else { *n };
                assert!(found.len().abs_diff(expected.len()) <= 1, "{fps} {late} {found:?}");
                let near = found
                    .iter()
                    .zip(&expected)
                    .filter(|(a, b)| of(a) != of(b) && !rests.contains(b) && !rests.contains(a));
                assert_eq!(near.count(), 0, "{fps} {late} {found:?}");
            }
        }
    }
}

#[test]
fn videos_with_a_new_picture_in_every_frame_go_by_time() {
    for fps in [12.0, 15.0, 20.0, 24.0, 25.0, 30.0, 60.0] {
        let frame = |i: usize| ShownFrame {
            at: i as f64 * 10.0 / fps,
            // It rests in a third of the video.
            changed: if (i / 20) % 3 == 1 { 0 } else { 100 + i },
        };
        let frames: Vec<ShownFrame> = (0..120).map(frame).collect();
        assert_eq!(pictures(&frames, 1200.0 / fps, 5), Pictures::ByTime, "{fps}");
    }
}

#[test]
fn pictures_that_come_too_slowly_are_repeated_and_strays_are_unclear() {
    // Eight pictures a second at 24 Hz: every fourth or fifth period repeats a frame.
    let frame = |i: usize| ShownFrame {
        at: i as f64 / 2.4,
        changed: if i.is_multiple_of(3) { 100 } else { 0 },
    };
    let frames: Vec<ShownFrame> = (0..72).map(frame).collect();
    let Pictures::OnePerPeriod(picks) = pictures(&frames, 30.0, 5) else {
        panic!("slow");
    };
    assert!(picks.iter().all(|index| index % 3 == 0) && picks.windows(2).any(|pair| pair[0] == pair[1]));
    // At 25 Hz, where one in ten pictures comes in two parts.
    let (mut frames, _) = recorded(80, 25.0, 0.0, &[]);
    for index in (0..frames.len()).step_by(25) {
        frames[index + 1].changed = 100;
    }
    assert_eq!(pictures(&frames, 80.0, 5), Pictures::Unclear);
}
