//! Times of MP4 files: edit lists, composition offsets, wrong time stamps, pictures that are shown longer. What is
//! expected of edit lists is what FFmpeg 5.1 shows of files with the same lists.
#![cfg(feature = "mp4")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/boxes.rs"]
mod boxes;
mod common;

use boxes::*;
use common::{built_in, clip};
use std::fs;
use std::path::PathBuf;
use video_io::*;

/// Ticks per frame of our own files, which have 10 frames a second, and ticks per second of track and movie.
const FRAME: i64 = 1000;
const SECOND: u64 = 10_000;

fn fixture(name: &str) -> Vec<u8> {
    fs::read(common::fixture(name)).unwrap()
}

/// 45 frames; decoding can start at 0, 20 and 40.
fn ours() -> Vec<u8> {
    mp4_bytes(&clip(64, 48, 45), VideoOptions::default()).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("video.mp4");
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Frames and their times in ticks.
    fn read(&self, bytes: &[u8]) -> Result<(Vec<Frame>, Vec<i64>), VideoIoError> {
        let frames = built_in(self.write(bytes))?;
        let frames: Vec<TimedFrame> = frames.collect::<Result<_, _>>()?;
        Ok(frames.into_iter().map(|timed| (timed.frame, timed.time)).unzip())
    }

    /// Index of the frame, and whether it is held, at 10 Hz.
    fn resampled(&self, bytes: &[u8], rate: Rate) -> Result<Vec<(usize, bool)>, VideoIoError> {
        let frames = Resampled::new(built_in(self.write(bytes))?, rate, 10);
        frames
            .map(|frame| frame.map(|frame| (frame.index, frame.held)))
            .collect()
    }
}

/// With an edit list, the indices of the frames that are shown.
fn shown(bytes: &[u8], all: &[Frame], elst: Vec<u8>) -> Result<(Vec<usize>, Vec<i64>), VideoIoError> {
    let mut nodes = parse(bytes);
    set_elst(&mut nodes, elst);
    let (frames, times) = Folder::new().read(&to_bytes(&nodes))?;
    let index = |frame| all.iter().position(|other| other == frame).unwrap();
    Ok((frames.iter().map(index).collect(), times))
}

/// Name, pieces of the list, and the frames that each piece shows.
type Case = (&'static str, Vec<(u64, i64, f64)>, Vec<Vec<usize>>);

#[test]
fn edit_lists_say_what_is_shown_and_when() {
    let bytes = ours();
    let (all, _) = Folder::new().read(&bytes).unwrap();
    assert_eq!(to_bytes(&parse(&bytes)), bytes);
    let range = |from: usize, to: usize| (from..to).collect::<Vec<_>>();
    let at = |index: i64| index * FRAME;
    let cases: [Case; 14] = [
        ("start", vec![(3 * SECOND, at(15), 1.0)], vec![range(15, 45)]),
        ("start and end", vec![(SECOND, at(25), 1.0)], vec![range(25, 35)]),
        (
            "off the grid",
            vec![(SECOND + 400, at(25) + 300, 1.0)],
            vec![range(26, 36)],
        ),
        (
            "longer than the track",
            vec![(900 * SECOND, at(0), 1.0)],
            vec![range(0, 45)],
        ),
        (
            "two pieces, the later first",
            vec![(SECOND, at(30), 1.0), (SECOND / 2, at(3), 1.0)],
            vec![range(30, 40), range(3, 8)],
        ),
        (
            "three times the same",
            vec![(SECOND / 2, at(22), 1.0); 3],
            vec![range(22, 27), range(22, 27), range(22, 27)],
        ),
        (
            "empty at first",
            vec![(700, -1, 1.0), (SECOND, at(10), 1.0)],
            vec![range(10, 20)],
        ),
        // A later empty piece begins with the track.
        (
            "empty in the middle",
            vec![(SECOND, at(20), 1.0), (SECOND / 2, -1, 1.0), (SECOND, at(5), 1.0)],
            vec![range(20, 30), range(0, 5), range(5, 15)],
        ),
        ("before the track", vec![(SECOND, -2, 1.0)], vec![range(0, 10)]),
        ("far before the track", vec![(SECOND, -5000, 1.0)], vec![range(0, 5)]),
        ("at twice the rate", vec![(SECOND, at(5), 2.0)], vec![range(5, 15)]),
        ("at no rate", vec![(SECOND, at(5), 0.0)], vec![range(5, 15)]),
        ("backwards", vec![(SECOND, at(5), -1.0)], vec![range(5, 15)]),
        (
            "nothing, then something",
            vec![(0, at(5), 1.0), (SECOND, at(90), 1.0), (SECOND, at(12), 1.0)],
            vec![range(12, 22)],
        ),
    ];
    for (name, edits, pieces) in cases {
        for version in [0, 1] {
            let (found, times) = shown(&bytes, &all, elst(version, &edits)).unwrap();
            assert_eq!(found, pieces.concat(), "{name}");
            assert!(times.is_sorted() && times[0] == 0, "{name}: {times:?}");
            let steps: Vec<i64> = times[..pieces[0].len()]
                .windows(2)
                .map(|pair| pair[1] - pair[0])
                .collect();
            assert!(steps.iter().all(|step| *step == FRAME), "{name}: {times:?}");
        }
    }
    // Pieces follow each other without a gap.
    let two = elst(0, &[(SECOND, at(30), 1.0), (SECOND / 2, at(3), 1.0)]);
    assert_eq!(shown(&bytes, &all, two).unwrap().1, (0..15).map(at).collect::<Vec<_>>());
}

#[test]
fn an_edit_list_that_shows_nothing_is_refused() {
    let bytes = ours();
    for edits in [
        vec![(SECOND, 90 * FRAME, 1.0)],
        vec![(0, 0, 1.0)],
        vec![(SECOND, -1, 1.0)],
    ] {
        let error = shown(&bytes, &[], elst(0, &edits)).unwrap_err();
        assert!(
            matches!(&error, VideoIoError::Damaged { reason, .. } if reason.contains("shows none")),
            "{error}"
        );
    }
    let error = shown(&bytes, &[], elst(1, &[(u64::MAX, 0, 1.0)])).unwrap_err();
    assert!(matches!(error, VideoIoError::Damaged { .. }), "{error}");
    // Any number of pieces must not take any time.
    let error = shown(&bytes, &[], elst(0, &vec![(5 * SECOND, 0, 1.0); 100_000])).unwrap_err();
    assert!(error.to_string().contains("100000 pieces"), "{error}");
}

#[test]
fn the_size_of_an_edit_list_says_how_many_pieces_it_has() {
    let bytes = ours();
    let (all, _) = Folder::new().read(&bytes).unwrap();
    let edits = [(SECOND, 0, 1.0), (SECOND, 30 * FRAME, 1.0)];
    for count in [0_u32, 1, 2, 9] {
        let mut body = elst(0, &edits);
        body[4..8].copy_from_slice(&count.to_be_bytes());
        assert_eq!(shown(&bytes, &all, body).unwrap().0.len(), 20);
    }
    let mut padded = elst(0, &edits);
    padded.extend([0; 25]);
    assert_eq!(shown(&bytes, &all, padded).unwrap().0.len(), 20);
}

#[test]
fn frames_before_a_cut_are_decoded_and_not_shown() {
    // B-frames, whose order of decoding is another.
    for name in ["high_bframes.mp4", "open_gop.mp4"] {
        let bytes = fixture(name);
        let mut nodes = parse(&bytes);
        let start = find(&mut nodes, "moov/trak/edts/elst").body[12..16].try_into().unwrap();
        let start = i64::from(i32::from_be_bytes(start));
        let (all, times) = Folder::new().read(&bytes).unwrap();
        let step = times[1];
        for from in [1, 7, 13, 26, 39] {
            let cut = elst(0, &[(60_000, start + from as i64 * step, 1.0)]);
            let (found, times) = shown(&bytes, &all, cut).unwrap();
            assert_eq!(found, (from..40).collect::<Vec<_>>(), "{name}");
            assert_eq!(times.last(), Some(&((39 - from as i64) * step)), "{name}");
        }
    }
}

#[test]
fn composition_offsets_are_signed_under_either_version() {
    let (original, times) = Folder::new().read(&fixture("high_bframes.mp4")).unwrap();
    let mut nodes = parse(&fixture("high_bframes.mp4"));
    let ctts = find(&mut nodes, &format!("{STBL}/ctts"));
    let entries: Vec<(u32, i64)> = (ctts.body[8..].as_chunks::<8>().0.iter())
        .map(|entry| {
            let word = |at: usize| u32::from_be_bytes(entry[at..at + 4].try_into().unwrap());
            (word(0), i64::from(word(4)))
        })
        .collect();
    // The first picture's offset becomes 0, those of B-frames are below it.
    let shift = entries[0].1;
    let shifted: Vec<(u32, i64)> = entries.iter().map(|&(count, offset)| (count, offset - shift)).collect();
    assert!(shifted.iter().any(|entry| entry.1 < 0));
    for version in [0, 1] {
        let mut nodes = parse(&fixture("high_bframes.mp4"));
        find(&mut nodes, &format!("{STBL}/ctts")).body = runs(version, &shifted);
        set_elst(&mut nodes, elst(0, &[(60_000, 0, 1.0)]));
        let found = Folder::new().read(&to_bytes(&nodes)).unwrap();
        assert_eq!(found, (original.clone(), times.clone()));
    }
}

#[test]
fn offsets_in_fragments_are_signed_under_either_version() {
    let (original, times) = Folder::new().read(&fixture("fragmented.mp4")).unwrap();
    for version in [0, 1] {
        let mut nodes = parse(&fixture("fragmented.mp4"));
        let mut negative = 0;
        for moof in nodes.iter_mut().filter(|node| &node.kind == b"moof") {
            let trun = find(moof.inner.as_mut().unwrap(), "traf/trun");
            trun.body[0] = version;
            let flags = u32::from_be_bytes(trun.body[..4].try_into().unwrap()) & 0x00ff_ffff;
            let fields = [0x100, 0x200, 0x400, 0x800]
                .iter()
                .filter(|flag| flags & **flag != 0)
                .count();
            let start = 8 + 4 * [1, 4].iter().filter(|flag| flags & **flag != 0).count();
            assert!(flags & 0x800 != 0, "the offset is the last field");
            for sample in trun.body[start..].chunks_exact_mut(4 * fields) {
                let offset = &mut sample[4 * (fields - 1)..];
                let shifted = i32::from_be_bytes(offset.try_into().unwrap()) - 2048;
                negative += usize::from(shifted < 0);
                offset.copy_from_slice(&shifted.to_be_bytes());
            }
        }
        assert!(negative > 0);
        let found = Folder::new().read(&to_bytes(&nodes)).unwrap();
        assert_eq!(found, (original.clone(), times.clone()), "version {version}");
    }
}

/// Our own file with this table of durations.
fn timed(durations: &[(u32, i64)]) -> Vec<u8> {
    let mut nodes = parse(&ours());
    find(&mut nodes, &format!("{STBL}/stts")).body = runs(0, durations);
    to_bytes(&nodes)
}

#[test]
fn a_wrong_time_stamp_is_said_and_takes_no_time() {
    let hours = 100 * 3600 * SECOND as i64;
    for (durations, says) in [
        (vec![(20, FRAME), (1, -FRAME), (24, FRAME)], "lasts -1000 ticks"),
        (vec![(20, FRAME), (1, -1), (24, FRAME)], "lasts -1 ticks"),
        (
            vec![(20, FRAME), (1, 8520 * SECOND as i64), (24, FRAME)],
            "frame 20 is shown for 8520 s",
        ),
        (vec![(44, FRAME), (1, hours)], "frame 44 is shown for 360000 s"),
        (vec![(1, hours), (44, FRAME)], "frame 0 is shown for 360000 s"),
    ] {
        let bytes = timed(&durations);
        let folder = Folder::new();
        let error = folder.resampled(&bytes, Rate::Stated).unwrap_err();
        assert!(matches!(error, VideoIoError::WrongTime { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().contains("video.mp4"), "{error}");
        // Nothing comes after it.
        let mut frames = Resampled::new(VideoReader::open(folder.write(&bytes)).unwrap(), Rate::Stated, 10);
        assert!(frames.by_ref().take(60).any(|frame| frame.is_err()) && frames.next().is_none());
        // All frames are there, in order, for who counts them.
        let counted = folder.resampled(&bytes, Rate::Fixed(10)).unwrap();
        assert_eq!(counted, (0..45).map(|index| (index, false)).collect::<Vec<_>>());
        assert!(folder.read(&bytes).unwrap().1.is_sorted());
    }
}

#[test]
fn more_than_an_hour_of_repeated_frames_is_refused() {
    // 45 frames of 50 s each are fine, except that nobody knows what happens meanwhile.
    let slow = Folder::new()
        .resampled(&timed(&[(45, 50 * SECOND as i64)]), Rate::Stated)
        .unwrap();
    assert_eq!(slow.len(), 45 * 500);
    assert!(slow.iter().all(|frame| !frame.1));
    let frames = clip(16, 16, 100);
    let mut nodes = parse(&mp4_bytes(&frames, VideoOptions::default()).unwrap());
    find(&mut nodes, &format!("{STBL}/stts")).body = runs(0, &[(100, 50 * SECOND as i64)]);
    let error = Folder::new().resampled(&to_bytes(&nodes), Rate::Stated).unwrap_err();
    assert!(matches!(error, VideoIoError::WrongTime { .. }), "{error}");
}

#[test]
fn a_frame_that_is_shown_longer_is_a_gap() {
    let resampled = |durations: &[(u32, i64)]| Folder::new().resampled(&timed(durations), Rate::Stated).unwrap();
    // Frame 20 fills six tenths of a second, and the last one three: frames may be missing there, so nothing is held.
    let gaps = resampled(&[(20, FRAME), (1, 6 * FRAME), (23, FRAME), (1, 3 * FRAME)]);
    let mut expected: Vec<(usize, bool)> = (0..20).map(|index| (index, false)).collect();
    expected.extend([(20, false); 6]);
    expected.extend((21..44).map(|index| (index, false)));
    expected.extend([(44, false); 3]);
    assert_eq!(gaps, expected);
    let slow = resampled(&[(20, 2 * FRAME), (1, 6 * FRAME), (24, 2 * FRAME)]);
    assert!(slow.len() == 94 && slow.iter().all(|frame| !frame.1), "{slow:?}");
    let irregular: Vec<(u32, i64)> = (0..45).map(|i| (1, 300 + (i * 7919) % 1700)).collect();
    let irregular = resampled(&irregular);
    let repeats = irregular.windows(2).filter(|pair| pair[0].0 == pair[1].0).count();
    assert!(repeats > 0 && irregular.iter().all(|frame| !frame.1), "{irregular:?}");
}

#[test]
fn frames_come_in_the_order_of_display_whatever_the_times_say() {
    for name in ["high_bframes.mp4", "open_gop.mp4"] {
        let (original, times) = Folder::new().read(&fixture(name)).unwrap();
        let step = times[1];
        // No composition offsets; a duration below zero; a pause; none at all for a while.
        let changes: [Option<Vec<(u32, i64)>>; 4] = [
            None,
            Some(vec![(20, step), (1, -step), (19, step)]),
            Some(vec![(20, step), (1, 8520 * 10 * step), (19, step)]),
            Some(vec![(20, step), (5, 0), (15, step)]),
        ];
        for change in changes {
            let mut nodes = parse(&fixture(name));
            inside(&mut nodes, "moov/trak").retain(|node| &node.kind != b"edts");
            match &change {
                None => inside(&mut nodes, STBL).retain(|node| &node.kind != b"ctts"),
                Some(durations) => find(&mut nodes, &format!("{STBL}/stts")).body = runs(0, durations),
            }
            let (found, times) = Folder::new().read(&to_bytes(&nodes)).unwrap();
            assert!(found == original, "{name} {change:?}");
            assert!(times.is_sorted(), "{name} {change:?}");
        }
    }
}

#[test]
fn pictures_before_an_open_cut_are_not_shown() {
    // Stored from a key frame on that is no IDR picture: what comes after it and is shown before it refers to pictures
    // that are not there.
    let bytes = fixture("open_gop.mp4");
    let mut nodes = parse(&bytes);
    let keys = &find(&mut nodes, &format!("{STBL}/stss")).body;
    let second = u32::from_be_bytes(keys[12..16].try_into().unwrap()) as usize - 1;
    let word = |body: &[u8], at: usize| u32::from_be_bytes(body[at..at + 4].try_into().unwrap());
    let sizes = find(&mut nodes, &format!("{STBL}/stsz")).body.clone();
    let skipped: u32 = (0..second).map(|sample| word(&sizes, 12 + 4 * sample)).sum();
    let count = word(&sizes, 8) - second as u32;
    let kept = [&[0; 8][..], &count.to_be_bytes(), &sizes[12 + 4 * second..]].concat();
    find(&mut nodes, &format!("{STBL}/stsz")).body = kept;
    let chunks = &mut find(&mut nodes, &format!("{STBL}/stco")).body;
    let start = word(chunks, 8) + skipped;
    chunks[8..12].copy_from_slice(&start.to_be_bytes());
    let chunks = [1, 1, count, 1].map(u32::to_be_bytes).concat();
    find(&mut nodes, &format!("{STBL}/stsc")).body = [vec![0; 4], chunks].concat();
    inside(&mut nodes, STBL).retain(|node| &node.kind != b"stss");
    inside(&mut nodes, "moov/trak").retain(|node| &node.kind != b"edts");
    let ctts = &mut find(&mut nodes, &format!("{STBL}/ctts")).body;
    let entries = ctts[8..].as_chunks::<8>().0.iter();
    let shifts: Vec<(u32, i64)> = entries
        .flat_map(|entry| std::iter::repeat_n((1, i64::from(word(entry, 4))), word(entry, 0) as usize))
        .skip(second)
        .collect();
    assert!(
        shifts[1..3].iter().any(|shift| shift.1 < shifts[0].1),
        "a picture is shown before the first"
    );
    *ctts = runs(0, &shifts);
    let (original, _) = Folder::new().read(&bytes).unwrap();
    let (found, _) = Folder::new().read(&to_bytes(&nodes)).unwrap();
    assert!(
        found.len() < count as usize && found.len() > 20,
        "{} of {count}",
        found.len()
    );
    assert!(original.ends_with(&found));
}
