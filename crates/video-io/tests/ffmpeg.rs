//! Videos that the program `ffmpeg` reads, and the built-in readers beside it. Makes its inputs itself, with the encoders
//! of `ffmpeg` and with this crate's writer; without the program the tests are skipped.
#![allow(clippy::unwrap_used)]

mod common;

use common::{clip, fixture, readable};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use video_io::*;

const FRAMES: u32 = 30;

/// A folder with a clip as PNG files at 10 frames a second.
struct Material {
    folder: TempDir,
    frames: Vec<Frame>,
}

impl Material {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let frames = clip(64, 48, FRAMES);
        save_video(folder.path().join("frames"), &frames, VideoOptions::default()).unwrap();
        Self { folder, frames }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Encodes the clip with these options.
    fn encode(&self, name: &str, options: &str) -> PathBuf {
        let path = self.at(name);
        let input = format!(
            "-framerate 10 -i {} {options}",
            self.at("frames/frame_%06d.png").display()
        );
        ffmpeg(&input, &path);
        path
    }
}

fn ffmpeg(arguments: &str, out: &Path) {
    let mut command = Command::new("ffmpeg");
    command
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments.split_whitespace());
    let output = command.arg(out).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn program() -> Result<(), String> {
    let output = Command::new("ffmpeg").args(["-v", "quiet", "-encoders"]).output();
    let output = output.map_err(|e| format!("there is no ffmpeg ({e})"))?;
    let encoders = String::from_utf8_lossy(&output.stdout).into_owned();
    for encoder in [
        "libx264",
        "libx265",
        "libvpx",
        "libvpx-vp9",
        "mpeg4",
        "mpeg2video",
        "mjpeg",
        "ffv1",
    ] {
        if !encoders.split_whitespace().any(|word| word == encoder) {
            return Err(format!("ffmpeg has no encoder {encoder}"));
        }
    }
    Ok(())
}

fn with(backend: VideoBackend) -> ReadOptions {
    ReadOptions {
        backend,
        ..ReadOptions::default()
    }
}

struct Read {
    timescale: u32,
    codec: String,
    frames: Vec<TimedFrame>,
}

fn read(path: &Path, backend: VideoBackend) -> Read {
    let mut reader = VideoReader::open_with(path, &with(backend)).unwrap();
    let frames = reader.by_ref().collect::<Result<_, _>>().unwrap();
    Read {
        timescale: reader.timescale().unwrap(),
        codec: reader.codec().to_owned(),
        frames,
    }
}

/// Times in units of 1/1000 s.
fn thousandths(read: &Read) -> Vec<i64> {
    let times = read.frames.iter().map(|frame| 1000 * frame.time);
    let times: Vec<i64> = times
        .inspect(|time| assert_eq!(time % i64::from(read.timescale), 0))
        .collect();
    times.iter().map(|time| time / i64::from(read.timescale)).collect()
}

fn most_apart(a: &Frame, b: &Frame) -> u8 {
    assert_eq!(a.dimensions(), b.dimensions());
    a.as_raw()
        .iter()
        .zip(b.as_raw())
        .map(|(a, b)| a.abs_diff(*b))
        .max()
        .unwrap()
}

fn mean_apart(a: &Frame, b: &Frame) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a
        .as_raw()
        .iter()
        .zip(b.as_raw())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.as_raw().len() as f64
}

fn both_readers_agree(_: &()) {
    let material = Material::new();
    let mut videos: Vec<PathBuf> = readable().iter().map(|name| fixture(&format!("{name}.mp4"))).collect();
    for name in ["ours.mp4", "ours.gif"] {
        save_video(material.at(name), &material.frames, VideoOptions { fps: 10, scale: 2 }).unwrap();
        videos.push(material.at(name));
    }
    // Delays of 0 and 1 in place of 10, in frames 1 and 3.
    let mut gif = fs::read(material.at("ours.gif")).unwrap();
    let controls: Vec<usize> = (0..gif.len() - 8)
        .filter(|&i| gif[i..i + 3] == [0x21, 0xf9, 4])
        .collect();
    for (frame, delay) in [(1, 0), (3, 1)] {
        assert_eq!(gif[controls[frame] + 4], 10);
        gif[controls[frame] + 4] = delay;
    }
    fs::write(material.at("short.gif"), gif).unwrap();
    videos.push(material.at("short.gif"));
    let x264 = "-c:v libx264 -pix_fmt yuv420p";
    videos.push(material.encode("bframes.mp4", &format!("{x264} -bf 3 -g 12")));
    videos.push(material.encode(
        "bt709.mp4",
        &format!("{x264} -vf scale=out_color_matrix=bt709 -colorspace bt709 -color_primaries bt709 -color_trc bt709"),
    ));
    videos.push(material.encode("ntsc.mp4", &format!("{x264} -r 30000/1001")));
    videos.push(material.encode("quicktime.mov", x264));
    for path in videos {
        let (ours, theirs) = (read(&path, VideoBackend::BuiltIn), read(&path, VideoBackend::Ffmpeg));
        assert_eq!(ours.frames.len(), theirs.frames.len(), "{path:?}");
        for (k, (a, b)) in ours.frames.iter().zip(&theirs.frames).enumerate() {
            let [a_time, b_time] = [(a, theirs.timescale), (b, ours.timescale)]
                .map(|(frame, other)| i128::from(frame.time) * i128::from(other));
            assert_eq!(a_time, b_time, "{path:?}, frame {k}");
            let apart = most_apart(&a.frame, &b.frame);
            assert!(apart <= 3, "{path:?}, frame {k}: {apart}");
        }
    }
}

fn other_formats_and_codecs_are_read(_: &()) {
    let material = Material::new();
    for (name, options, codec) in [
        ("vp9.webm", "-c:v libvpx-vp9 -crf 20 -b:v 0", "VP9"),
        ("vp8.webm", "-c:v libvpx -crf 4 -b:v 4M", "VP8"),
        ("live.webm", "-c:v libvpx-vp9 -crf 20 -b:v 0 -live 1", "VP9"),
        ("hevc.mkv", "-c:v libx265 -crf 12 -x265-params log-level=0", "H.265"),
        (
            "hevc.mp4",
            "-c:v libx265 -crf 12 -x265-params log-level=0 -tag:v hvc1",
            "H.265",
        ),
        (
            "hevc10.mp4",
            "-c:v libx265 -crf 12 -x265-params log-level=0 -pix_fmt yuv420p10le",
            "H.265",
        ),
        ("h264.mkv", "-c:v libx264 -crf 12", "H.264"),
        ("part2.avi", "-c:v mpeg4 -qscale:v 2", "MPEG-4 part 2"),
        ("xvid.avi", "-c:v mpeg4 -qscale:v 2 -bf 2 -vtag XVID", "MPEG-4 part 2"),
        ("part2.mp4", "-c:v mpeg4 -qscale:v 2", ""),
        ("photos.avi", "-c:v mjpeg -qscale:v 2", "Motion JPEG"),
        ("photos.mov", "-c:v mjpeg -qscale:v 2", ""),
        ("lossless.mp4", "-c:v libx264 -crf 0 -pix_fmt yuv420p", "lossless H.264"),
        ("ten.mp4", "-c:v libx264 -crf 12 -pix_fmt yuv420p10le", ""),
        ("full_color.mp4", "-c:v libx264 -crf 12 -pix_fmt yuv444p", ""),
        (
            "interlaced.mp4",
            "-c:v libx264 -crf 12 -flags +ildct+ilme -pix_fmt yuv420p -x264opts interlaced=1",
            "",
        ),
        (
            "stream.ts",
            "-c:v libx264 -crf 12 -f mpegts",
            "an MPEG transport stream",
        ),
        ("flash.flv", "-c:v libx264 -crf 12", "FLV"),
        ("exact.mkv", "-c:v ffv1 -pix_fmt bgr0", "FFV1"),
        ("exact.avi", "-c:v rawvideo -pix_fmt bgr24", "uncompressed pictures"),
    ] {
        let path = material.encode(name, options);
        assert!(
            VideoReader::open_with(&path, &with(VideoBackend::BuiltIn))
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .is_err_and(|e| matches!(e, VideoIoError::Unsupported { .. })),
            "{name}"
        );
        let read = read(&path, VideoBackend::Auto);
        let expected: Vec<i64> = (0..i64::from(FRAMES)).map(|k| 100 * k).collect();
        assert_eq!(thousandths(&read), expected, "{name}");
        assert!(read.codec.contains(codec), "{name}: {}", read.codec);
        for (k, (found, sent)) in read.frames.iter().zip(&material.frames).enumerate() {
            // Edges lose color where it is stored for four pixels at once.
            let apart = if name.starts_with("exact") {
                f64::from(most_apart(&found.frame, sent))
            } else {
                mean_apart(&found.frame, sent) / 4.0
            };
            assert!(apart <= 1.0, "{name}, frame {k}: {apart}");
        }
    }
}

fn variable_rates_are_kept(_: &()) {
    let material = Material::new();
    // Frame k after 37 k + 5 k² ms.
    let options = "-vf settb=1/1000,setpts=37*N+5*N*N -vsync passthrough -enc_time_base 1/1000";
    let expected: Vec<i64> = (0..i64::from(FRAMES)).map(|k| 37 * k + 5 * k * k).collect();
    for (name, codec) in [
        ("a.webm", "-c:v libvpx-vp9 -b:v 1M"),
        ("a.mkv", "-c:v ffv1"),
        (
            "a.mp4",
            "-c:v libx265 -x265-params log-level=0 -video_track_timescale 1000",
        ),
    ] {
        let path = material.encode(name, &format!("{options} {codec}"));
        assert_eq!(thousandths(&read(&path, VideoBackend::Auto)), expected, "{name}");
    }
}

/// Writes a matrix of a quarter of a turn into the track header of an MP4 file.
fn turn(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let header = bytes.windows(4).position(|name| name == b"tkhd").unwrap();
    let matrix = header + 44;
    let one = 1_i32 << 16;
    for (k, value) in [0, one, 0, -one, 0, 0].into_iter().enumerate() {
        bytes[matrix + 4 * k..matrix + 4 * k + 4].copy_from_slice(&value.to_be_bytes());
    }
    fs::write(path, bytes).unwrap();
}

fn videos_are_turned_upright(_: &()) {
    let material = Material::new();
    let path = material.encode("turned.mp4", "-c:v libx265 -crf 12 -x265-params log-level=0");
    turn(&path);
    let read = read(&path, VideoBackend::Auto);
    for (found, sent) in read.frames.iter().zip(&material.frames) {
        let apart = mean_apart(&found.frame, &image::imageops::rotate90(sent));
        assert!(apart < 4.0, "{apart}");
    }
}

fn damage_is_an_error(_: &()) {
    let material = Material::new();
    for (name, options) in [
        ("a.webm", "-c:v libvpx-vp9 -crf 20 -b:v 0"),
        ("a.mkv", "-c:v libx264 -crf 12"),
        ("a.avi", "-c:v mjpeg -qscale:v 2"),
    ] {
        let path = material.encode(name, options);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..2 * bytes.len() / 3]).unwrap();
        let read: Result<Vec<_>, _> = VideoReader::open(&path).and_then(Iterator::collect);
        let error = read.err().unwrap();
        assert!(matches!(error, VideoIoError::Ffmpeg { .. }), "{error}");
    }
}

/// Processes with this file among their arguments.
fn processes_with(path: &Path) -> Vec<PathBuf> {
    let path = path.to_str().unwrap();
    let mut found: Vec<PathBuf> = fs::read_dir("/proc")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.retain(|process| {
        let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains(path)
    });
    found
}

fn names_are_not_options_and_no_process_is_left(_: &()) {
    let material = Material::new();
    let path = material.encode("a.webm", "-c:v libvpx-vp9 -b:v 1M");
    for name in [
        "-i.webm",
        "http:a.webm",
        "concat:a|b.webm",
        "a %03d 'b' \"c\".webm",
        "ä\n.webm",
    ] {
        fs::copy(&path, material.at(name)).unwrap();
        assert_eq!(read_frames(material.at(name)).unwrap().len(), FRAMES as usize, "{name}");
    }
    // Larger than a pipe, so that the program cannot end by itself.
    let long = material.at("long.mkv");
    ffmpeg("-f lavfi -i testsrc=s=640x480:d=20 -c:v mpeg4", &long);
    for frames in 0..3 {
        let mut reader = VideoReader::open(&long).unwrap();
        for _ in 0..frames {
            reader.next_frame().unwrap().unwrap();
        }
        if cfg!(target_os = "linux") {
            assert_eq!(processes_with(&long).len(), 1);
            drop(reader);
            assert!(processes_with(&long).is_empty());
        }
    }
}

test_support::main!(program => [
    both_readers_agree,
    other_formats_and_codecs_are_read,
    variable_rates_are_kept,
    videos_are_turned_upright,
    damage_is_an_error,
    names_are_not_options_and_no_process_is_left,
]);
