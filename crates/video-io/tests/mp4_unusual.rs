//! MP4 files with unusual or damaged parts that pictures do not need, with a display matrix, and with color tags.
#![cfg(feature = "mp4")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/boxes.rs"]
mod boxes;
mod common;

use boxes::*;
use common::{built_in, clip};
use std::fs;
use std::path::Path;
use video_io::*;

fn read(bytes: &[u8]) -> Result<Vec<Frame>, VideoIoError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("video.mp4");
    fs::write(&path, bytes).unwrap();
    built_in(path)?.map(|timed| Ok(timed?.frame)).collect()
}

fn ours() -> Vec<Node> {
    parse(&mp4_bytes(&clip(64, 48, 5), VideoOptions::default()).unwrap())
}

/// A box within bytes.
fn child(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    to_bytes(&[leaf(kind, body.to_vec())])
}

#[test]
fn what_pictures_do_not_need_is_not_parsed() {
    type Change = fn(&mut Vec<Node>);
    let changes: [(&str, Change); 17] = [
        ("tags that are text", |nodes| {
            inside(nodes, "moov").push(leaf(b"udta", b"just some text in place of boxes".to_vec()));
        }),
        ("tags that are too long", |nodes| {
            let mut tags = child(b"name", b"a");
            tags[3] = 200;
            inside(nodes, "moov").push(leaf(b"udta", tags));
        }),
        ("tags in the track, before the media", |nodes| {
            inside(nodes, "moov/trak").insert(0, leaf(b"udta", vec![0xff; 7]));
        }),
        ("an item without data", |nodes| {
            let item = child(&[0xa9, b't', b'o', b'o'], &[]);
            let meta = [vec![0; 4], child(b"hdlr", b"not a handler"), child(b"ilst", &item)].concat();
            inside(nodes, "moov").push(leaf(b"meta", meta));
        }),
        ("a handler's name that is not UTF-8", |nodes| {
            find(nodes, "moov/trak/mdia/hdlr").body.splice(24.., [0xe9, 0xff, b'x']);
        }),
        ("a handler's name without an end", |nodes| {
            find(nodes, "moov/trak/mdia/hdlr").body.truncate(20);
        }),
        ("no place of the data", |nodes| {
            inside(nodes, "moov/trak/mdia/minf").retain(|node| &node.kind != b"dinf");
        }),
        ("no video header", |nodes| {
            inside(nodes, "moov/trak/mdia/minf").retain(|node| &node.kind != b"vmhd");
        }),
        ("two tables of key frames", |nodes| {
            let table = find(nodes, &format!("{STBL}/stss")).clone();
            inside(nodes, STBL).push(table);
        }),
        ("padding after every table", |nodes| {
            for node in inside(nodes, STBL) {
                node.body.extend([0xaa; 6]);
            }
        }),
        ("unknown and empty boxes", |nodes| {
            for path in ["moov", "moov/trak", "moov/trak/mdia", STBL] {
                let inner = inside(nodes, path);
                inner.insert(0, leaf(b"free", vec![1; 11]));
                inner.push(leaf(b"\0\0\0\0", Vec::new()));
                inner.push(leaf(b"wxyz", vec![0xff; 40]));
            }
        }),
        ("an unknown color box", |nodes| {
            add_to_entry(nodes, &child(b"colr", b"zzzz????"));
        }),
        ("a cut color box", |nodes| add_to_entry(nodes, &child(b"colr", b"nclx"))),
        ("an unknown box of the codec", |nodes| {
            add_to_entry(nodes, &child(b"btrt", b"?"));
        }),
        ("four zeros after the codec's boxes", |nodes| {
            add_to_entry(nodes, &[0; 4]);
        }),
        ("bytes after the configuration", |nodes| {
            let mut boxes = entry_boxes(nodes);
            find(&mut boxes, "avcC").body.extend([1, 2, 3]);
            set_entry_boxes(nodes, &to_bytes(&boxes));
        }),
        ("a second index", |nodes| {
            nodes.push(leaf(b"moov", b"nothing".to_vec()));
        }),
    ];
    let frames = read(&to_bytes(&ours())).unwrap();
    for (name, change) in changes {
        let mut nodes = ours();
        change(&mut nodes);
        let found = read(&to_bytes(&nodes)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found, frames, "{name}");
    }
    for tail in [
        &b"x"[..],
        b"trailing bytes",
        &[0; 64],
        &[0xff; 64],
        b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x03",
    ] {
        let bytes = [to_bytes(&ours()), tail.to_vec()].concat();
        assert_eq!(read(&bytes).unwrap(), frames, "{tail:?}");
    }
}

/// Boxes of the sample entry, which is the only one.
fn entry_boxes(nodes: &mut [Node]) -> Vec<Node> {
    parse(&find(nodes, &format!("{STBL}/stsd")).body[8 + 8 + 78..])
}

fn set_entry_boxes(nodes: &mut [Node], boxes: &[u8]) {
    let body = &mut find(nodes, &format!("{STBL}/stsd")).body;
    body.truncate(8 + 8 + 78);
    body.extend(boxes);
    let size = body.len() as u32 - 8;
    body[8..12].copy_from_slice(&size.to_be_bytes());
}

fn add_to_entry(nodes: &mut [Node], bytes: &[u8]) {
    let boxes = [to_bytes(&entry_boxes(nodes)), bytes.to_vec()].concat();
    set_entry_boxes(nodes, &boxes);
}

#[test]
fn what_pictures_need_is_damaged_if_it_is() {
    for path in ["stsz", "stco", "stsd"] {
        let mut nodes = ours();
        inside(&mut nodes, STBL).retain(|node| node.kind != path.as_bytes());
        let error = read(&to_bytes(&nodes)).unwrap_err();
        assert!(matches!(error, VideoIoError::Damaged { .. }), "{path}: {error}");
        let mut nodes = ours();
        find(&mut nodes, &format!("{STBL}/{path}")).body.truncate(9);
        let error = read(&to_bytes(&nodes)).unwrap_err();
        assert!(matches!(error, VideoIoError::Damaged { .. }), "{path}: {error}");
    }
    let bytes = to_bytes(&ours());
    let error = read(&bytes[..bytes.len() - 30]).unwrap_err();
    assert!(error.to_string().contains("was cut off"), "{error}");
}

#[test]
fn other_codings_are_named() {
    for (kind, name) in [
        (b"hvc1", "holds H.265 (HEVC), which is not read"),
        (b"vp09", "holds VP9, which"),
        (b"zzzz", "holds pictures of the unknown format `zzzz`, which"),
    ] {
        let mut nodes = ours();
        find(&mut nodes, &format!("{STBL}/stsd")).body[12..16].copy_from_slice(kind);
        let error = read(&to_bytes(&nodes)).unwrap_err();
        assert!(matches!(error, VideoIoError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (file, name) in [
        (
            "lossless.mp4",
            "holds lossless H.264 (High 4:4:4 Predictive profile), which is not read",
        ),
        (
            "ten_bits.mp4",
            "holds H.264 with 10 bits (High 10 profile), which is not read",
        ),
    ] {
        let frames = built_in(fixtures.join(file)).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let error = frames.unwrap_err();
        assert!(matches!(error, VideoIoError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// Sets the linear part of the matrix of the track or the movie: (x, y) goes to (a x + c y, b x + d y).
fn set_matrix(nodes: &mut [Node], path: &str, [a, b, c, d]: [f64; 4]) {
    let body = &mut find(nodes, path).body;
    let start = match (path, body[0]) {
        ("moov/mvhd", 0) => 36,
        ("moov/mvhd", _) => 48,
        (_, 0) => 40,
        _ => 52,
    };
    for (index, entry) in [(0, a), (1, b), (3, c), (4, d)] {
        let bytes = ((entry * 65536.0) as i32).to_be_bytes();
        body[start + 4 * index..][..4].copy_from_slice(&bytes);
    }
}

#[test]
fn the_display_matrix_turns_and_mirrors() {
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    let frames = read(&to_bytes(&ours())).unwrap();
    type Turn = fn(&Frame) -> Frame;
    let turns: [([f64; 4], Turn); 9] = [
        ([1.0, 0.0, 0.0, 1.0], Clone::clone),
        ([0.0, 1.0, -1.0, 0.0], |frame| rotate90(frame)),
        ([-1.0, 0.0, 0.0, -1.0], |frame| rotate180(frame)),
        ([0.0, -1.0, 1.0, 0.0], |frame| rotate270(frame)),
        ([-1.0, 0.0, 0.0, 1.0], |frame| flip_horizontal(frame)),
        ([1.0, 0.0, 0.0, -1.0], |frame| flip_vertical(frame)),
        ([0.0, 1.0, 1.0, 0.0], |frame| flip_horizontal(&rotate90(frame))),
        ([0.0, -1.0, -1.0, 0.0], |frame| flip_vertical(&rotate90(frame))),
        // Scales do not matter.
        ([0.0, 3.0, -0.5, 0.0], |frame| rotate90(frame)),
    ];
    for path in ["moov/trak/tkhd", "moov/mvhd"] {
        for (matrix, turn) in turns {
            let mut nodes = ours();
            set_matrix(&mut nodes, path, matrix);
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("video.mp4");
            fs::write(&file, to_bytes(&nodes)).unwrap();
            let mut reader = VideoReader::open(&file).unwrap();
            for frame in &frames {
                let expected = turn(frame);
                let raw = reader.next_raw().unwrap().unwrap().frame;
                assert_eq!(raw.dimensions(), expected.dimensions());
                let columns: Vec<usize> = (0..expected.width() as usize + 3).collect();
                for y in 0..expected.height() + 2 {
                    let [mut red, mut green, mut blue] = [0; 3].map(|_| vec![7; columns.len()]);
                    raw.read(y as usize, &columns, [&mut red, &mut green, &mut blue]);
                    for &x in &columns {
                        let pixel = expected.get_pixel_checked(x as u32, y).map_or([7; 3], |pixel| pixel.0);
                        assert_eq!([red[x], green[x], blue[x]], pixel, "{matrix:?} {x} {y}");
                    }
                }
                assert_eq!(raw.into_rgb(), expected, "{matrix:?}");
            }
        }
    }
    let mut nodes = ours();
    set_matrix(&mut nodes, "moov/trak/tkhd", [0.7, 0.7, -0.7, 0.7]);
    let error = read(&to_bytes(&nodes)).unwrap_err();
    assert!(matches!(error, VideoIoError::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("display matrix"), "{error}");
}

#[test]
fn the_tags_of_the_stream_come_before_those_of_the_container() {
    // Our streams say BT.601 in limited range.
    let frames = read(&to_bytes(&ours())).unwrap();
    for tags in [
        None,
        Some([b"nclx".to_vec(), vec![0, 1, 0, 1, 0, 1, 0x80]].concat()),
        Some([b"nclc".to_vec(), vec![0, 9, 0, 9, 0, 9]].concat()),
    ] {
        let mut nodes = ours();
        let mut boxes = entry_boxes(&mut nodes);
        boxes.retain(|node| &node.kind != b"colr");
        boxes.extend(tags.map(|body| leaf(b"colr", body)));
        set_entry_boxes(&mut nodes, &to_bytes(&boxes));
        assert_eq!(read(&to_bytes(&nodes)).unwrap(), frames);
    }
}

#[test]
fn a_dropped_picture_shows_the_one_before_longer() {
    let mut nodes = ours();
    let sizes = find(&mut nodes, &format!("{STBL}/stsz"));
    // The last one, so that the positions of the others stay.
    let last = sizes.body.len() - 4;
    sizes.body[last..].fill(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("video.mp4");
    fs::write(&path, to_bytes(&nodes)).unwrap();
    let frames = Resampled::new(VideoReader::open(path).unwrap(), Rate::Stated, 10);
    let indices: Vec<usize> = frames.map(|frame| frame.unwrap().index).collect();
    assert_eq!(indices, [0, 1, 2, 3, 3]);
}

#[test]
fn announced_numbers_take_no_time_and_no_memory() {
    let huge = u32::MAX.to_be_bytes();
    for (table, at) in [
        ("stsz", 8),
        ("stts", 4),
        ("stts", 8),
        ("stsc", 4),
        ("stsc", 12),
        ("stco", 4),
        ("stss", 4),
    ] {
        let mut nodes = ours();
        find(&mut nodes, &format!("{STBL}/{table}")).body[at..at + 4].copy_from_slice(&huge);
        let started = std::time::Instant::now();
        let found = read(&to_bytes(&nodes));
        assert!(found.is_err() || found.unwrap().len() == 5, "{table} {at}");
        assert!(started.elapsed().as_secs() < 5, "{table} {at}");
    }
    // All pictures of one size, and a number that the file cannot hold.
    let mut nodes = ours();
    let sizes = [&[0, 0, 0, 0, 0, 0, 0, 1][..], &huge].concat();
    find(&mut nodes, &format!("{STBL}/stsz")).body = sizes;
    let error = read(&to_bytes(&nodes)).unwrap_err();
    assert!(error.to_string().contains("4294967295 pictures"), "{error}");
}
