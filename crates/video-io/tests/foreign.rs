//! Files that are read by the program `ffmpeg`: without it, with programs that fail in its place, and what is refused.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use common::clip;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use video_io::*;

/// A script in the place of `ffmpeg`; the name of the video says what it does. One file for all tests, because a script
/// that another process has just written cannot always be started.
fn fake() -> PathBuf {
    static FAKE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = FAKE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ffmpeg");
        let script = r#"#!/bin/sh
video=
for argument; do case "$argument" in file:*) video="${argument#file:}" ;; esac; done
case "$video" in
    *hangs*) sleep 600 & echo $$ $! >"$video.pids"; wait ;;
    *garbage*) yes 'nothing that ffmpeg would write' ;;
    *dies*) echo "[matroska @ 0x5581] it is broken" >&2; exit 3 ;;
    *silent*) exit 4 ;;
    *talks*) yes 'an error that never ends' | head -c 10000000 >&2; exit 1 ;;
    *empty*) exit 0 ;;
esac
"#;
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        (folder, path)
    });
    path.clone()
}

fn options() -> ReadOptions {
    ReadOptions {
        ffmpeg: fake(),
        patience: Duration::from_secs(1),
        ..ReadOptions::default()
    }
}

/// The beginning of a WebM file with a track of VP9.
fn webm(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(
        &path,
        b"\x1A\x45\xDF\xA3\x9F\x42\x82\x84webm\x16\x54\xAE\x6B\x86\x85V_VP9",
    )
    .unwrap();
    path
}

fn error(path: &Path, options: &ReadOptions) -> VideoIoError {
    let read = VideoReader::open_with(path, options).and_then(|mut reader| reader.next_frame());
    read.unwrap_err()
}

#[test]
fn without_the_program_it_is_said_what_the_file_is_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let missing = ReadOptions {
        ffmpeg: dir.path().join("no/ffmpeg"),
        ..ReadOptions::default()
    };
    let error = error(&webm(dir.path(), "a.webm"), &missing);
    assert!(matches!(error, VideoIoError::NoFfmpeg { .. }), "{error}");
    let error = error.to_string();
    for part in ["a.webm", "WebM (VP9)", "no/ffmpeg", "install ffmpeg", "libx264"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let built_in = ReadOptions {
        backend: VideoBackend::BuiltIn,
        ..options()
    };
    let error = self::error(&webm(dir.path(), "a.webm"), &built_in);
    assert!(
        matches!(&error, VideoIoError::Unsupported { holds, .. } if holds == "WebM (VP9)"),
        "{error}"
    );
}

#[cfg(feature = "mp4")]
#[test]
fn without_the_program_the_built_in_readers_read_what_they_read() {
    let dir = tempfile::tempdir().unwrap();
    let missing = ReadOptions {
        ffmpeg: dir.path().join("no/ffmpeg"),
        ..ReadOptions::default()
    };
    for name in ["a.mp4", "a.gif", "a"] {
        let path = dir.path().join(name);
        save_video(&path, &clip(32, 32, 3), VideoOptions::default()).unwrap();
        assert_eq!(VideoReader::open_with(&path, &missing).unwrap().count(), 3, "{name}");
    }
    let ten_bits = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ten_bits.mp4");
    let error = error(&ten_bits, &missing);
    assert!(
        matches!(&error, VideoIoError::NoFfmpeg { holds, .. } if holds.contains("10 bits")),
        "{error}"
    );
}

#[test]
fn programs_that_fail_end_in_an_error_that_quotes_them() {
    let dir = tempfile::tempdir().unwrap();
    for (name, part) in [
        ("dies", "[matroska] it is broken"),
        ("silent", "exit status: 4"),
        ("talks", "an error that never ends"),
        ("garbage", "not as expected"),
        ("empty", "too early"),
    ] {
        let start = Instant::now();
        let error = error(&webm(dir.path(), name), &options());
        assert!(matches!(error, VideoIoError::Ffmpeg { .. }), "{error}");
        let error = error.to_string();
        assert!(error.contains(part) && error.len() < 1000, "{name}: {error}");
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{name}: {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn a_program_that_hangs_is_ended_with_all_that_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let path = webm(dir.path(), "hangs");
    let error = error(&path, &options()).to_string();
    assert!(error.contains("no frame came for 1 s"), "{error}");
    let pids = fs::read_to_string(dir.path().join("hangs.pids")).unwrap();
    assert_eq!(pids.split_whitespace().count(), 2);
    for pid in pids.split_whitespace() {
        // The child of the child is reaped by another process.
        let gone = |_: &u32| fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z"));
        let waited = (0..100).find(|k| {
            gone(k) || {
                std::thread::sleep(Duration::from_millis(50));
                false
            }
        });
        assert!(waited.is_some(), "{pid}");
    }
}

#[test]
fn lists_of_videos_pointers_and_devices_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    for (name, text) in [
        ("a.mp4", "#EXTM3U\n#EXTINF:1,\nhttp://example.org/a.ts\n"),
        ("a.webm", "ffconcat version 1.0\nfile /etc/passwd\n"),
        ("a.avi", "[playlist]\nFile1=a.avi\n"),
    ] {
        let error = error(&at(name, text), &options());
        assert!(matches!(error, VideoIoError::Playlist { .. }), "{error}");
    }
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 30085\n";
    for path in [
        at("pointer.mp4", pointer),
        at("folder/0.png", pointer).parent().unwrap().to_path_buf(),
    ] {
        let error = error(&path, &options());
        assert!(matches!(error, VideoIoError::LfsPointer { .. }), "{error}");
        assert!(error.to_string().contains("git lfs pull"), "{error}");
    }
    let device = error(Path::new("/dev/null"), &options()).to_string();
    assert!(device.contains("it is a device"), "{device}");
}

#[test]
fn hidden_names_are_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let frames = clip(32, 32, 3);
    for name in ["a.gif", "b"] {
        save_video(at(name), &frames, VideoOptions::default()).unwrap();
    }
    for name in [
        "._a.gif",
        "._c.webm",
        ".DS_Store",
        "b/._frame_000000.png",
        "b/.DS_Store",
    ] {
        fs::write(at(name), b"\0\x05\x16\x07\0\x02\0\0Mac OS X").unwrap();
    }
    assert_eq!(find_videos(&[dir.path().into()]).unwrap(), [at("a.gif"), at("b")]);
    assert_eq!(read_frames(at("b")).unwrap(), frames);
    // What a user names is not passed over.
    assert_eq!(find_videos(&[at("._a.gif")]).unwrap(), [at("._a.gif")]);
    fs::rename(at("b"), at(".b")).unwrap();
    assert_eq!(find_videos(&[at(".b")]).unwrap(), [at(".b")]);
    assert_eq!(read_frames(at(".b")).unwrap(), frames);
}

#[test]
fn a_search_finds_what_is_read_when_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let frames = clip(32, 32, 3);
    save_video(at("known.gif"), &frames, VideoOptions::default()).unwrap();
    let gif = fs::read(at("known.gif")).unwrap();
    let mp4: &[u8] = b"\0\0\0\x10ftypisom\0\0\0\0";
    let mut stream = vec![0; 600];
    (stream[0], stream[188], stream[376]) = (b'G', b'G', b'G');
    let mut webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0".to_vec();
    for (name, bytes, found) in [
        ("bare", &gif[..], true),
        ("camera", mp4, true),
        ("clip.ts", &stream, true),
        ("clip.ogg", b"OggS\0\x02 \x80theora", true),
        ("clip.mxf", b"\x06\x0E\x2B\x34\x02\x05\x01\x01", true),
        ("animated.webp", &webp.clone(), true),
        ("named.mp4", b"no video, but named as one", true),
        ("sound.ogg", b"OggS\0\x02 OpusHead", false),
        ("sound.m4a", mp4, false),
        ("phone", b"\0\0\0\x10ftypM4A \0\0\0\0", false),
        ("code.ts", b"export const Great = 1;", false),
        ("notes", b"the free and wide text", false),
        (
            "still.webp",
            {
                webp[20] = 0;
                &webp
            },
            false,
        ),
        ("empty", b"", false),
    ] {
        fs::write(at(name), bytes).unwrap();
        let here = find_videos(&[dir.path().into()]).unwrap();
        assert_eq!(here.contains(&at(name)), found, "{name}");
    }
    for (name, what) in [("animated.webp", "is WebP"), ("still.webp", "is WebP")] {
        let error = VideoReader::open(at(name)).err().unwrap().to_string();
        assert!(error.contains(what), "{error}");
    }
    // What the program made of videos is no further video; what is named is.
    for output in ["label.json", "clips.jsonl"] {
        let set = dir.path().join(format!("out-{output}"));
        fs::create_dir(&set).unwrap();
        fs::write(set.join(output), "{}").unwrap();
        fs::copy(at("known.gif"), set.join("inner.gif")).unwrap();
        assert!(
            !find_videos(&[dir.path().into()])
                .unwrap()
                .contains(&set.join("inner.gif"))
        );
        assert_eq!(
            find_videos(std::slice::from_ref(&set)).unwrap(),
            [set.join("inner.gif")]
        );
    }
}

#[test]
fn pictures_under_the_name_of_another_format_are_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("0.png"), b"\xFF\xD8\xFF\xE0 JFIF").unwrap();
    let error = read_frames(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("0.png") && error.contains("is a JPEG picture"),
        "{error}"
    );
}
