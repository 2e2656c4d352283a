//! Times of GIF files.
#![allow(clippy::unwrap_used)]

mod common;

use common::clip;
use std::fs;
use std::path::Path;
use video_io::*;

/// A GIF whose frames are shown for these hundredths of a second.
fn save(path: &Path, delays: &[u16]) {
    let mut bytes = gif_bytes(&clip(16, 16, delays.len() as u32), VideoOptions::default()).unwrap();
    // A graphics control has four bytes: flags, delay, transparent color.
    let starts = (0..bytes.len() - 8).filter(|&i| bytes[i..i + 3] == [0x21, 0xf9, 4] && bytes[i + 7] == 0);
    let starts: Vec<usize> = starts.collect();
    assert_eq!(starts.len(), delays.len());
    for (start, delay) in starts.into_iter().zip(delays) {
        bytes[start + 4..start + 6].copy_from_slice(&delay.to_le_bytes());
    }
    fs::write(path, bytes).unwrap();
}

fn resampled(delays: &[u16], hz: u32) -> Result<Vec<(usize, bool)>, VideoIoError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.gif");
    save(&path, delays);
    let frames = Resampled::new(VideoReader::open(path)?, Rate::Stated, hz);
    frames
        .map(|frame| frame.map(|frame| (frame.index, frame.held)))
        .collect()
}

#[test]
fn joined_frames_count_as_often_as_they_are_shown() {
    let mut expected: Vec<(usize, bool)> = (0..5).map(|k| (0, k > 0)).collect();
    expected.extend((1..7).map(|index| (index, false)));
    expected.extend((0..7).map(|k| (7, k > 0)));
    expected.extend((8..11).map(|index| (index, false)));
    expected.extend((0..3).map(|k| (11, k > 0)));
    let delays = [50, 10, 10, 10, 10, 10, 10, 70, 10, 10, 10, 30];
    assert_eq!(resampled(&delays, 10).unwrap(), expected);
    // Players show frames with a delay of 0 or 1 for a tenth of a second.
    for short in [0, 1] {
        let without = delays.map(|delay| if delay == 10 { short } else { delay });
        assert_eq!(resampled(&without, 10).unwrap(), expected);
    }
    // The shortest delay that counts: of 50 frames a second every fifth.
    let shown: Vec<usize> = resampled(&[2; 20], 10).unwrap().iter().map(|frame| frame.0).collect();
    assert_eq!(shown, [0, 5, 10, 15]);
    // Thirty frames a second, in hundredths; a third of a second are three frames.
    let fast: Vec<u16> = (0..30).map(|i| if i == 12 { 33 } else { [3, 3, 4][i % 3] }).collect();
    assert_eq!(resampled(&fast, 10).unwrap().iter().filter(|frame| frame.1).count(), 2);
}

#[test]
fn gaps_of_slow_and_irregular_ones_are_not_held() {
    for delays in [vec![20; 12], vec![10, 25, 3, 40, 17, 8, 30, 21, 5, 12, 36, 28]] {
        let frames = resampled(&delays, 10).unwrap();
        assert!(frames.windows(2).any(|pair| pair[0].0 == pair[1].0));
        assert!(frames.iter().all(|frame| !frame.1), "{frames:?}");
    }
}

#[test]
fn a_frame_of_ten_minutes_is_a_wrong_time_stamp() {
    let error = resampled(&[10, 10, 60_000, 10], 10).unwrap_err();
    assert!(matches!(error, VideoIoError::WrongTime { .. }), "{error}");
    assert!(error.to_string().contains("frame 2 is shown for 600 s"), "{error}");
}
