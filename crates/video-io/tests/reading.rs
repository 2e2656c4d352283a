//! Videos of other programs: compared with PyAV frame by frame, resampled, and damaged. `fixtures/make_clips.py` makes
//! the clips.
#![cfg(feature = "mp4")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{built_in, clip, fixture, readable};
use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use video_io::*;

#[test]
fn frames_and_times_are_those_of_ffmpeg() {
    let expected: Value = serde_json::from_slice(&fs::read(fixture("clips.json")).unwrap()).unwrap();
    for name in readable() {
        let mut reader = VideoReader::open(fixture(&format!("{name}.mp4"))).unwrap();
        let (timescale, frames) = (f64::from(reader.timescale().unwrap()), reader.frames().unwrap());
        let (times, crc) = (&expected[name]["times"], &expected[name]["crc"]);
        assert_eq!(frames, crc.as_array().unwrap().len(), "{name}");
        for i in 0..frames {
            let TimedFrame { frame, time } = reader.next_frame().unwrap().unwrap();
            assert_eq!(u64::from(crc32fast::hash(frame.as_raw())), crc[i], "{name}, frame {i}");
            let stated = times[i].as_f64().unwrap() - times[0].as_f64().unwrap();
            assert!((time as f64 / timescale - stated).abs() < 1e-6, "{name}, frame {i}");
        }
        assert!(reader.next_frame().unwrap().is_none());
        assert!(reader.next_frame().unwrap().is_none());
    }
}

#[test]
fn raw_frames_are_the_frames() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("pngs");
    save_video(&folder, &clip(33, 20, 3), VideoOptions::default()).unwrap();
    let mut videos: Vec<PathBuf> = readable().iter().map(|n| fixture(&format!("{n}.mp4"))).collect();
    videos.push(folder);
    for path in videos {
        let (mut reader, mut raw) = (VideoReader::open(&path).unwrap(), VideoReader::open(&path).unwrap());
        while let Some(TimedFrame { frame, time }) = reader.next_frame().unwrap() {
            let found = raw.next_raw().unwrap().unwrap();
            assert_eq!((found.time, found.frame.dimensions()), (time, frame.dimensions()));
            assert_eq!(found.frame.to_rgb(), frame);
            // Every third pixel, and some outside the frame.
            let columns: Vec<usize> = (0..frame.width() as usize + 9).step_by(3).collect();
            for y in 0..frame.height() + 2 {
                let [mut red, mut green, mut blue] = [0; 3].map(|_| vec![7; columns.len()]);
                found
                    .frame
                    .read(y as usize, &columns, [&mut red, &mut green, &mut blue]);
                for (k, &x) in columns.iter().enumerate() {
                    let expected = frame.get_pixel_checked(x as u32, y).map_or([7; 3], |p| p.0);
                    assert_eq!([red[k], green[k], blue[k]], expected, "{} {x} {y}", path.display());
                }
            }
            assert_eq!(found.frame.into_rgb(), frame);
        }
        assert!(raw.next_raw().unwrap().is_none());
    }
}

#[test]
fn resampled_raw_frames_are_the_frames() {
    // Dropped, repeated, and of variable rate.
    for (hz, name) in [(4, "high_bframes"), (50, "baseline"), (10, "variable_rate")] {
        let path = fixture(&format!("{name}.mp4"));
        let open = || Resampled::new(VideoReader::open(&path).unwrap(), Rate::Stated, hz);
        let all = read_frames(&path).unwrap();
        let (mut frames, mut raw) = (open(), open());
        let mut repeated = 0;
        let mut last = None;
        while let Some(ResampledFrame { frame, index, .. }) = frames.next_frame().unwrap() {
            assert_eq!(frame, all[index], "{name} {index}");
            let found = raw.next_raw().unwrap().unwrap();
            assert_eq!((found.index, found.frame.into_rgb()), (index, frame), "{name}");
            repeated += usize::from(last == Some(index));
            last = Some(index);
        }
        assert!(raw.next_raw().unwrap().is_none());
        // The last one has gaps of more than 0.1 s.
        assert_eq!(repeated > 0, name != "high_bframes", "{name}: {repeated}");
    }
}

#[test]
fn frames_in_memory_are_resampled_as_files_are() {
    let dir = tempfile::tempdir().unwrap();
    for count in [1, 2, 7, 30] {
        let path = dir.path().join(count.to_string());
        save_video(&path, &clip(8, 8, count), VideoOptions { fps: 10, scale: 1 }).unwrap();
        for (fps, hz) in [(10, 10), (30, 10), (24, 10), (8, 10), (1, 10), (10, 3), (7, 9), (0, 10)] {
            let video = Resampled::new(VideoReader::open(&path).unwrap(), Rate::Fixed(fps), hz);
            let expected: Vec<usize> = video.map(|frame| frame.unwrap().index).collect();
            assert_eq!(
                resampled_indices(count as usize, fps, hz),
                expected,
                "{count} at {fps} to {hz}"
            );
        }
    }
}

#[test]
fn our_own_videos_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let frames = clip(33, 47, 12);
    let path = dir.path().join("clip.mp4");
    save_video(&path, &frames, VideoOptions { fps: 10, scale: 4 }).unwrap();
    let read = read_frames(&path).unwrap();
    assert_eq!(read.len(), 12);
    for (found, sent) in read.iter().zip(&frames) {
        let sent = upscale(sent, 4);
        // Odd sides have become even.
        assert_eq!(
            found.dimensions(),
            (sent.width().next_multiple_of(2), sent.height().next_multiple_of(2))
        );
        let off: u64 = (sent.enumerate_pixels())
            .map(|(x, y, p)| {
                found
                    .get_pixel(x, y)
                    .0
                    .iter()
                    .zip(p.0)
                    .map(|(a, b)| u64::from(a.abs_diff(b)))
                    .sum::<u64>()
            })
            .sum();
        assert!(
            off < 4 * sent.as_raw().len() as u64,
            "mean error {}",
            off as f64 / sent.as_raw().len() as f64
        );
    }
}

#[test]
fn other_codecs_are_refused_by_name() {
    let error = match built_in(fixture("ten_bits.mp4")) {
        Ok(mut reader) => reader.next_frame().unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, VideoIoError::Unsupported { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("holds H.264 with 10 bits (High 10 profile), which is not read"),
        "{error}"
    );
    #[cfg(not(feature = "av1"))]
    {
        let error = built_in(fixture("av1.mp4")).err().unwrap().to_string();
        assert!(error.contains("feature `av1`"), "{error}");
    }
}

fn picked(path: &Path, rate: Rate, hz: u32) -> Vec<usize> {
    let resampled = Resampled::new(VideoReader::open(path).unwrap(), rate, hz);
    resampled.map(|p| p.unwrap().index).collect()
}

#[test]
fn rates_become_the_one_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let at = |fps: u32, frames: u32| {
        let path = dir.path().join(format!("{fps}_{frames}.mp4"));
        save_video(&path, &clip(16, 16, frames), VideoOptions { fps, scale: 1 }).unwrap();
        path
    };
    let same: Vec<usize> = (0..30).collect();
    assert_eq!(picked(&at(10, 30), Rate::Stated, 10), same);
    assert_eq!(picked(&at(30, 10), Rate::Stated, 10), [0, 3, 6, 9]);
    assert_eq!(picked(&at(25, 11), Rate::Stated, 10), [0, 2, 5, 7, 10]);
    // Slower ones repeat frames, and the caller sees it by the index.
    assert_eq!(picked(&at(5, 3), Rate::Stated, 10), [0, 0, 1, 1, 2, 2]);
    assert_eq!(picked(&at(24, 5), Rate::Fixed(10), 10), [0, 1, 2, 3, 4]);
    assert_eq!(picked(&at(24, 1), Rate::Stated, 10), [0]);
    let folder = dir.path().join("folder");
    save_video(&folder, &clip(16, 16, 4), VideoOptions::default()).unwrap();
    assert_eq!(picked(&folder, Rate::Stated, 10), [0, 1, 2, 3]);
    assert_eq!(picked(&folder, Rate::Fixed(20), 10), [0, 2]);
}

#[test]
fn variable_rates_follow_the_time_stamps() {
    let path = fixture("variable_rate.mp4");
    let reader = VideoReader::open(&path).unwrap();
    let timescale = f64::from(reader.timescale().unwrap());
    let times: Vec<f64> = reader.map(|f| f.unwrap().time as f64 / timescale).collect();
    let picked = picked(&path, Rate::Stated, 10);
    for (k, &index) in picked.iter().enumerate() {
        // A frame is shown from half a frame before its time on, of whichever of the two rates is faster there.
        let shown = |i: &usize| *i == 0 || k as f64 / 10.0 > times[*i] - (times[*i] - times[i - 1]).min(0.1) / 2.0;
        assert_eq!(Some(index), (0..times.len()).rfind(shown), "frame {k}");
    }
    let last = times[times.len() - 1];
    assert!((picked.len() as f64 - 10.0 * last).abs() < 2.0);
}

#[test]
fn each_picture_of_a_recording_at_another_rate_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = clip(64, 64, 40);
    for fps in [12, 15, 16, 24, 25, 30, 48] {
        // Frame i shows the picture of its time, or as FFmpeg rounds: the nearest, so that it comes late or early.
        for early in [0.0, 0.5] {
            let shown = |i: usize| (((i as f64 + early) * 10.0 / f64::from(fps) + 1e-9) as usize).min(39);
            let count = (4 * fps) as usize;
            let frames: Vec<Frame> = (0..count).map(|i| pictures[shown(i)].clone()).collect();
            let path = folder.path().join("clip.mp4");
            save_video(&path, &frames, VideoOptions { fps, scale: 2 }).unwrap();
            let found: Vec<usize> = picked(&path, Rate::Stated, 10).into_iter().map(shown).collect();
            assert_eq!(found, (0..40).collect::<Vec<_>>(), "{fps} {early}");
            // A folder of these frames at the same rate is the same video.
            let folder = folder.path().join(format!("{fps}-{}", early > 0.0));
            save_video(&folder, &frames, VideoOptions { fps, scale: 1 }).unwrap();
            let found: Vec<usize> = picked(&folder, Rate::Fixed(fps), 10).into_iter().map(shown).collect();
            assert_eq!(found, (0..40).collect::<Vec<_>>(), "{fps} {early}");
        }
    }
}

#[test]
fn missing_numbers_of_a_folder_are_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip");
    save_video(&path, &clip(16, 16, 30), VideoOptions::default()).unwrap();
    for number in [20, 21] {
        fs::remove_file(path.join(format!("frame_{number:06}.png"))).unwrap();
    }
    let frames = Resampled::new(VideoReader::open(&path).unwrap(), Rate::Stated, 10);
    let found: Vec<(usize, bool)> = frames.map(|frame| frame.map(|f| (f.index, f.held)).unwrap()).collect();
    let expected = (0..30).map(|k| (if k < 20 { k } else { 19 + usize::saturating_sub(k, 21) }, false));
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn what_is_no_video_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    for (name, bytes) in [("text.mp4", &b"not a video at all"[..]), ("short.gif", b"GIF")] {
        let error = VideoReader::open(at(name, bytes)).err().unwrap();
        assert!(matches!(error, VideoIoError::NotAVideo { .. }), "{error}");
    }
    let bytes = fs::read(fixture("high_bframes.mp4")).unwrap();
    let error = VideoReader::open(at("cut.mp4", &bytes[..bytes.len() / 2]))
        .err()
        .unwrap();
    assert!(matches!(error, VideoIoError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("cut off"), "{error}");
}

/// Reads all frames. Damage may end the video, but must not cause a panic, a hang or more frames than were written.
fn survive(name: &str, bytes: &[u8]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    let Ok(reader) = built_in(&path) else {
        return;
    };
    let mut ended = false;
    for (count, frame) in reader.enumerate() {
        assert!(!ended && count < 10_000);
        ended = frame.is_err();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_end_in_an_error(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut clips: Vec<(String, Vec<u8>)> = readable()
            .into_iter()
            .map(|name| (format!("{name}.mp4"), fs::read(fixture(&format!("{name}.mp4"))).unwrap()))
            .collect();
        clips.push(("clip.gif".to_owned(), gif_bytes(&clip(16, 16, 5), VideoOptions::default()).unwrap()));
        for (name, mut bytes) in clips {
            for (at, value) in &flips {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            survive(&name, &bytes);
        }
    }
    #[test]
    fn damaged_indices_end_in_an_error_or_in_frames(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        for name in readable() {
            let mut bytes = fs::read(fixture(&format!("{name}.mp4"))).unwrap();
            // The index of a whole file is at its end.
            let from = bytes.windows(4).rposition(|four| four == b"moov" || four == b"moof").unwrap();
            for (at, value) in &flips {
                let at = from + at.index(bytes.len() - from);
                bytes[at] = *value;
            }
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("video.mp4");
            fs::write(&path, bytes).unwrap();
            if let Ok(reader) = built_in(&path) {
                let most = 36_000 + 11 * reader.frames().unwrap_or(0);
                prop_assert!(Resampled::new(reader, Rate::Stated, 10).count() <= most);
            }
        }
    }
}

#[test]
fn no_more_than_the_start_of_a_file_is_read_before_its_type_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros.mp4");
    // A sparse file takes no room.
    fs::File::create(&path).unwrap().set_len(64 << 20).unwrap();
    let error = content_hash(&path).unwrap_err().to_string();
    assert!(error.contains("is no video"), "{error}");
    fs::write(&path, "").unwrap();
    for error in [
        content_hash(&path).unwrap_err().to_string(),
        VideoReader::open(&path).err().unwrap().to_string(),
    ] {
        assert!(error.contains("is empty (0 bytes)"), "{error}");
    }
    let pictures = folder.path().join("pictures");
    fs::create_dir(&pictures).unwrap();
    fs::File::create(pictures.join("0.png"))
        .unwrap()
        .set_len(1 << 20)
        .unwrap();
    let error = content_hash(&pictures).unwrap_err().to_string();
    assert!(error.ends_with("0.png is no PNG file"), "{error}");
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("a.mp4");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, what) in [(socket.as_path(), "a socket"), (Path::new("/dev/null"), "a device")] {
        for error in [
            VideoReader::open(path).err().unwrap().to_string(),
            content_hash(path).unwrap_err().to_string(),
        ] {
            assert!(error.contains(&format!("it is {what}")), "{error}");
        }
    }
}
