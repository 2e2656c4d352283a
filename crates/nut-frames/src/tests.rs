//! Streams made in code: read, too large, damaged.
#![allow(clippy::unwrap_used)]

use super::header::{MAIN, STREAM};
use super::*;
use proptest::prelude::*;

fn put(out: &mut Vec<u8>, value: u64) {
    let groups = (64 - value.leading_zeros()).div_ceil(7).max(1);
    for k in (0..groups).rev() {
        out.push((value >> (7 * k)) as u8 & 127 | if k > 0 { 128 } else { 0 });
    }
}

fn put_packet(out: &mut Vec<u8>, code: u64, body: &[u8]) {
    out.extend(code.to_be_bytes());
    put(out, body.len() as u64 + 4);
    out.extend(body);
    out.extend([0; 4]);
}

/// A stream with a beginning that is left out of frames of code 2. Code 1 has a time and a size; code 2 only a size,
/// and its time is one tick after the last; code 3 has flags of its own.
fn stream((numerator, denominator): (u64, u64), size: (u64, u64)) -> Vec<u8> {
    let mut out = b"nut/multimedia container\0".to_vec();
    let mut main = Vec::new();
    for value in [3, 1, 32767, 1, numerator, denominator] {
        put(&mut main, value);
    }
    // Flags, number of fields, step of time (with its sign), multiplier, stream, size, reserved, count, match time,
    // beginning.
    for code in [
        [INVALID, 8, 0, 1, 0, 0, 0, 1, 0, 0],
        [CODED_PTS | SIZE_MSB, 8, 0, 1, 0, 0, 0, 1, 0, 0],
        [SIZE_MSB, 8, 1, 1, 0, 0, 0, 1, 0, 1],
        [CODED, 8, 1, 1, 0, 0, 0, 1, 0, 0],
        [INVALID, 8, 0, 1, 0, 0, 0, 251, 0, 0],
    ] {
        code.iter().for_each(|&value| put(&mut main, value));
    }
    put(&mut main, 1);
    put(&mut main, 2);
    main.extend([7, 8]);
    put_packet(&mut out, MAIN, &main);
    let mut stream = vec![0, 0, 4];
    stream.extend(b"RGB\x18");
    for value in [0, 7, 1000, 0, 0, 0, size.0, size.1, 1, 1, 0] {
        put(&mut stream, value);
    }
    put_packet(&mut out, STREAM, &stream);
    put_packet(&mut out, 0x4E49_AB68_B596_BA78, b"about the file");
    out
}

fn put_frame(out: &mut Vec<u8>, header: &[u64], pixels: &[u8]) {
    header.iter().for_each(|&value| put(out, value));
    out.extend(pixels);
}

/// Four frames of 2 × 1 px.
fn four() -> Vec<u8> {
    let mut out = stream((1001, 30000), (2, 1));
    let mut point = Vec::new();
    put(&mut point, 500);
    put(&mut point, 0);
    put_packet(&mut out, SYNCPOINT, &point);
    // A whole time; the lower bits of 520; one tick more; and flags of its own with a checksum.
    put_frame(&mut out, &[1, (1 << 7) + 400, 6], &[1, 2, 3, 4, 5, 6]);
    put_frame(&mut out, &[1, 520 & 127, 6], &[1, 1, 1, 1, 1, 1]);
    put_frame(&mut out, &[2, 6], &[9, 10, 11, 12]);
    put_frame(&mut out, &[3, SIZE_MSB | CHECKSUM, 6], &[0, 0, 0, 0, 5, 5, 5, 5, 5, 5]);
    put_packet(&mut out, 0x4E58_DD67_2F23_E64E, &[0; 5000]);
    out
}

#[test]
fn frames_and_times_are_read() {
    let bytes = four();
    let mut reader = NutReader::open(&bytes[..], 2).unwrap();
    assert_eq!(reader.time_base(), (1001, 30000));
    for (time, pixels) in [
        (400, [1, 2, 3, 4, 5, 6]),
        (392, [1; 6]),
        (393, [7, 8, 9, 10, 11, 12]),
        (394, [5; 6]),
    ] {
        let (frame, at) = reader.next_frame().unwrap().unwrap();
        assert_eq!((at, frame.as_raw()), (time, &pixels.to_vec()));
    }
    assert!(reader.next_frame().unwrap().is_none());
}

#[test]
fn what_is_too_large_or_of_another_size_is_refused() {
    let wrong = |bytes: &[u8], most: u64| {
        let error = NutReader::open(bytes, most).and_then(|mut reader| reader.next_frame());
        error.err().map(|e| e.to_string())
    };
    assert!(wrong(&four(), 1).unwrap().contains("larger than 8K"));
    for size in [(0, 1), (1 << 40, 1), (u64::MAX >> 7, u64::MAX >> 7)] {
        assert!(wrong(&stream((1, 25), size), 1 << 26).is_some(), "{size:?}");
    }
    for base in [(0, 1), (1, 0), (1, 1 << 32)] {
        assert!(wrong(&stream(base, (2, 1)), 2).is_some(), "{base:?}");
    }
    let mut out = stream((1, 25), (2, 1));
    put_frame(&mut out, &[1, 0, 9], &[0; 9]);
    let error = wrong(&out, 2).unwrap();
    assert!(error.contains("9 bytes; expected 6"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_output_ends(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = four();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(2 * bytes.len()));
        if let Ok(mut reader) = NutReader::open(&bytes[..], 1 << 10) {
            for _ in 0..bytes.len() {
                if !matches!(reader.next_frame(), Ok(Some(_))) {
                    break;
                }
            }
        }
    }
}
