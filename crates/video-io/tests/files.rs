//! Round trips through GIF and PNG folders, and the final file after success and failure.
// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod common;

use common::{clip, frame};
use std::fs;
use std::path::Path;
use video_io::*;

fn entries(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn gif_and_folder_give_back_every_pixel() {
    let dir = tempfile::tempdir().unwrap();
    // Odd sizes and more frames than digits sort as text.
    let frames = clip(33, 47, 12);
    for name in ["clip.gif", "CLIP.GIF", "made/on/the/way.gif", "frames", "more/frames"] {
        let path = dir.path().join(name);
        save_video(&path, &frames, VideoOptions::default()).unwrap();
        assert_eq!(read_frames(&path).unwrap(), frames, "{name}");
    }
    assert_eq!(entries(&dir.path().join("frames"))[11], "frame_000011.png");
    let scaled = dir.path().join("scaled.gif");
    save_video(
        &scaled,
        &frames,
        VideoOptions {
            scale: 3,
            ..VideoOptions::default()
        },
    )
    .unwrap();
    assert_eq!(read_frames(&scaled).unwrap()[5], upscale(&frames[5], 3));
    let bytes = gif_bytes(&frames, VideoOptions::default()).unwrap();
    assert_eq!(bytes, fs::read(dir.path().join("clip.gif")).unwrap());
}

#[test]
fn gif_times_do_not_drift() {
    for (fps, hundredths) in [(10, 10 * 30), (30, 100), (7, 429), (50, 60)] {
        let bytes = gif_bytes(&clip(16, 16, 30), VideoOptions { fps, scale: 1 }).unwrap();
        let mut decoder = gif::DecodeOptions::new().read_info(&bytes[..]).unwrap();
        assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
        let mut total = 0;
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            total += u32::from(frame.delay);
        }
        assert_eq!(total, hundredths, "{fps} Hz");
    }
}

#[test]
fn nothing_is_left_of_an_unfinished_video() {
    let dir = tempfile::tempdir().unwrap();
    let names: &[&str] = if cfg!(feature = "mp4") {
        &["a.gif", "a", "a.mp4"]
    } else {
        &["a.gif", "a"]
    };
    for name in names {
        let path = dir.path().join(name);
        // Dropped before the end.
        let mut writer = VideoWriter::create(&path, VideoOptions::default()).unwrap();
        writer.push(&frame(32, 32, 0)).unwrap();
        drop(writer);
        // No frames.
        let empty = VideoWriter::create(&path, VideoOptions::default()).unwrap();
        assert!(matches!(empty.finish(), Err(VideoIoError::NoFrames { .. })));
        // A frame of another size; the good ones are still there to be finished.
        let mut writer = VideoWriter::create(&path, VideoOptions::default()).unwrap();
        writer.push(&frame(32, 32, 0)).unwrap();
        let error = writer.push(&frame(32, 30, 1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "frame 1 is (32, 30) px (width, height); expected (32, 32) as in frame 0"
        );
        assert!(!path.exists());
    }
    assert_eq!(entries(dir.path()), Vec::<String>::new());
}

#[test]
fn an_earlier_video_is_replaced_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.gif", "a"] {
        let path = dir.path().join(name);
        save_video(&path, &clip(20, 20, 9), VideoOptions::default()).unwrap();
        save_video(&path, &clip(16, 16, 2), VideoOptions::default()).unwrap();
        assert_eq!(read_frames(&path).unwrap(), clip(16, 16, 2));
    }
    assert_eq!(entries(dir.path()), ["a", "a.gif"]);
    fs::write(dir.path().join("a/notes.txt"), "keep me").unwrap();
    let error = save_video(dir.path().join("a"), &clip(16, 16, 2), VideoOptions::default()).unwrap_err();
    assert!(
        matches!(&error, VideoIoError::FolderInUse { found, .. } if found == Path::new("notes.txt")),
        "{error}"
    );
    assert_eq!(entries(&dir.path().join("a")).len(), 3);
}

#[cfg(unix)]
#[test]
fn finished_files_are_ordinary_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("plain"), "").unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();
    let mode = |name| fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
    save_video(dir.path().join("a.gif"), &clip(16, 16, 1), VideoOptions::default()).unwrap();
    save_video(dir.path().join("a"), &clip(16, 16, 1), VideoOptions::default()).unwrap();
    assert_eq!((mode("a.gif"), mode("a")), (mode("plain"), mode("folder")));
}

#[test]
fn bad_requests_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let save = |name: &str, frames: &[Frame], fps, scale| {
        save_video(dir.path().join(name), frames, VideoOptions { fps, scale }).unwrap_err()
    };
    let frames = clip(16, 16, 1);
    assert!(matches!(
        save("a.avi", &frames, 10, 1),
        VideoIoError::UnknownExtension { .. }
    ));
    assert!(matches!(save("a.gif", &frames, 0, 1), VideoIoError::FrameRate { .. }));
    assert!(matches!(
        save("a.gif", &frames, 60, 1),
        VideoIoError::FrameRate { max: 50, .. }
    ));
    assert!(matches!(save("a.gif", &frames, 10, 0), VideoIoError::Size { .. }));
    assert!(matches!(save("a.gif", &frames, 10, 5000), VideoIoError::Size { .. }));
    assert!(matches!(
        save("a", &[Frame::new(0, 4)], 10, 1),
        VideoIoError::Size { .. }
    ));
    // A parent that is a file.
    fs::write(dir.path().join("file"), "").unwrap();
    assert!(matches!(save("file/a.gif", &frames, 10, 1), VideoIoError::Write { .. }));
    assert!(matches!(save("file", &frames, 10, 1), VideoIoError::Write { .. }));
}

#[test]
fn bad_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    assert!(matches!(read_frames(at("none.gif")), Err(VideoIoError::Read { .. })));
    fs::write(at("text.gif"), "no picture").unwrap();
    assert!(matches!(
        read_frames(at("text.gif")),
        Err(VideoIoError::NotAVideo { .. })
    ));
    let whole = gif_bytes(&clip(64, 64, 3), VideoOptions::default()).unwrap();
    fs::write(at("cut.gif"), &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(read_frames(at("cut.gif")), Err(VideoIoError::Decode { .. })));
    fs::write(at("a.txt"), "").unwrap();
    assert!(matches!(read_frames(at("a.txt")), Err(VideoIoError::Empty { .. })));
    fs::create_dir(at("folder")).unwrap();
    assert!(matches!(read_frames(at("folder")), Err(VideoIoError::NoPngs { .. })));
    fs::write(at("folder/0.png"), "no picture").unwrap();
    assert!(matches!(read_frames(at("folder")), Err(VideoIoError::Decode { .. })));
    frame(16, 16, 0).save(at("folder/0.png")).unwrap();
    frame(16, 18, 0).save(at("folder/1.png")).unwrap();
    assert!(matches!(
        read_frames(at("folder")),
        Err(VideoIoError::SizeChanged { frame: 1, .. })
    ));
}

#[test]
fn film_strips_and_png_bytes() {
    let frames = clip(20, 16, 5);
    let strip = film_strip(
        &frames,
        FilmStrip {
            columns: 3,
            gap: 2,
            background: [1, 2, 3],
        },
    )
    .unwrap();
    assert_eq!(strip.dimensions(), (3 * 20 + 2 * 2, 2 * 16 + 2));
    assert_eq!(strip.get_pixel(22 + 8 + 3, 8 + 2), frames[1].get_pixel(8 + 3, 8 + 2));
    assert_eq!(strip.get_pixel(22 + 5, 18 + 7), frames[4].get_pixel(5, 7));
    assert_eq!(strip.get_pixel(20, 0).0, [1, 2, 3]);
    assert_eq!(strip.get_pixel(50, 25).0, [1, 2, 3]);
    // A strip with fewer frames than columns is narrower.
    assert_eq!(
        film_strip(&frames[..2], FilmStrip::new(9)).unwrap().dimensions(),
        (44, 16)
    );
    assert!(matches!(
        film_strip(&[], FilmStrip::new(3)),
        Err(VideoIoError::EmptyStrip { .. })
    ));
    assert!(matches!(
        film_strip(&frames, FilmStrip::new(0)),
        Err(VideoIoError::EmptyStrip { .. })
    ));
    let mixed = [frame(16, 16, 0), frame(16, 17, 0)];
    assert!(matches!(
        film_strip(&mixed, FilmStrip::new(3)),
        Err(VideoIoError::SizeChanged { frame: 1, .. })
    ));

    let bytes = png_bytes(&strip).unwrap();
    assert_eq!(image::load_from_memory(&bytes).unwrap().into_rgb8(), strip);
    assert!(png_bytes(&Frame::new(0, 0)).is_err());
}
