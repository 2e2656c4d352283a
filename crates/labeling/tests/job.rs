//! Complete jobs over small videos: drawn boards, bad input, interruption, shards.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use labeling::*;
use pusht_env::{FillRule, Frame, GOAL, Pose, Renderer, Scene};
use pusht_jobs::{JobContext, Shard};
use pusht_vision::{VideoSize, agent_step};
use video_io::{VideoOptions, find_videos, save_video};

const BLOCK: Pose = Pose::new(150.0, 330.0, 0.7);

/// Action of the agent at each step.
fn action(t: usize) -> [f64; 2] {
    let t = t as f64;
    [330.0 + 60.0 * (0.12 * t).cos(), 160.0 + 50.0 * (0.17 * t).sin()]
}

fn board(side: u32, agent: [f64; 2], block: Pose) -> Frame {
    Renderer::new(side, FillRule::default())
        .unwrap()
        .render(&Scene::new(agent, block, GOAL))
}

/// A clip of an agent that follows the law of motion.
fn clip(side: u32, count: usize) -> Vec<Frame> {
    let (mut p, mut v) = (action(0), [0.0; 2]);
    (0..count)
        .map(|t| {
            let frame = board(side, p, BLOCK);
            (p, v) = agent_step(p, v, action(t));
            frame
        })
        .collect()
}

fn save(path: &Path, frames: &[Frame]) {
    save_video(path, frames, VideoOptions::default()).unwrap();
}

fn label(paths: &[PathBuf], out: &Path, fps: Option<u32>) -> Vec<VideoRecord> {
    let job = LabelJob {
        settings: Settings { fps },
        ..LabelJob::new(find_videos(paths).unwrap())
    };
    job.run(out, &mut JobContext::silent()).unwrap();
    records(&[out.to_path_buf()])
}

/// Labels two videos of 20 and 24 frames, `in/0.gif` and `in/1.gif`, into the file `labels`; returns the job.
fn labeled_pair(dir: &Path) -> LabelJob<'static> {
    save(&dir.join("in/0.gif"), &clip(96, 20));
    save(&dir.join("in/1.gif"), &clip(96, 24));
    let job = LabelJob::new(find_videos(&[dir.join("in")]).unwrap());
    job.run(&dir.join("labels"), &mut JobContext::silent()).unwrap();
    job
}

fn records(files: &[PathBuf]) -> Vec<VideoRecord> {
    Labeled::open(files).unwrap().records().map(Result::unwrap).collect()
}

fn error(record: &VideoRecord) -> f64 {
    let errors: Vec<f64> = (record.segments.iter())
        .flat_map(|s| s.actions.iter().enumerate().map(|(i, a)| (s.first + i, a)))
        .map(|(t, a)| (f64::from(a[0]) - action(t)[0]).hypot(f64::from(a[1]) - action(t)[1]))
        .collect();
    errors.iter().sum::<f64>() / errors.len() as f64
}

#[test]
fn boards_of_any_size_and_shape_give_their_actions() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    save(&at("plain"), &clip(96, 60));
    save(&at("large.mp4"), &clip(256, 60));
    // Wide with bars, and squeezed.
    let wide = |f: &Frame| {
        let mut out = Frame::from_pixel(704, 480, image::Rgb([0, 0, 0]));
        image::imageops::replace(&mut out, f, 112, 0);
        out
    };
    let large = clip(480, 60);
    save(&at("wide.mp4"), &large.iter().map(wide).collect::<Vec<_>>());
    let squeezed = |f: &Frame| image::imageops::resize(f, 320, 200, image::imageops::FilterType::Triangle);
    save(&at("squeezed"), &large.iter().map(squeezed).collect::<Vec<_>>());
    for record in label(&[dir.path().to_path_buf()], &at("labels.jsonl"), None) {
        let name = record.video.display().to_string();
        assert_eq!(record.error, None, "{name}");
        assert!(record.trusted() >= 55, "{name}: {:?}", record.dropped);
        assert!(
            error(&record) < 4.0,
            "{name}: {} px, {:?}, {:?}, {:?}",
            error(&record),
            record.registration,
            record.confidence,
            record.measures
        );
        assert!(record.registration.unwrap().residual < 12.0, "{name}");
    }
}

/// Sets how long the frames of a GIF are shown, hundredths of a second.
fn set_delays(path: &Path, delay: impl Fn(usize) -> u16) {
    let mut bytes = fs::read(path).unwrap();
    // A graphics control has four bytes: flags, delay, transparent color.
    let starts = (0..bytes.len() - 8).filter(|&i| bytes[i..i + 3] == [0x21, 0xf9, 4] && bytes[i + 7] == 0);
    for (frame, start) in starts.collect::<Vec<_>>().into_iter().enumerate() {
        bytes[start + 4..start + 6].copy_from_slice(&delay(frame).to_le_bytes());
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn frames_that_are_joined_count_as_often_as_they_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let frames = clip(96, 40);
    // The first one is shown five times, the twentieth seven times, the last three times.
    let times = |frame: usize| match frame {
        0 => 5,
        20 => 7,
        39 => 3,
        _ => 1,
    };
    let all: Vec<Frame> = (0..40)
        .flat_map(|i| std::iter::repeat_n(frames[i].clone(), times(i)))
        .collect();
    save(&at("clips/all"), &all);
    save(&at("clips/joined.gif"), &frames);
    set_delays(&at("clips/joined.gif"), |frame| 10 * times(frame) as u16);
    let records = label(&[at("clips")], &at("labels.jsonl"), None);
    for record in &records {
        assert_eq!(record.frames.resampled, 52, "{record:?}");
        assert_eq!(record.dropped.get(&RejectReason::Repeated), None, "{record:?}");
        assert_eq!(record.trusted(), 51, "{record:?}");
    }
    assert_eq!(records[0].segments, records[1].segments);
}

#[test]
fn what_cannot_be_trusted_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let whole = clip(96, 60);
    let change = |name: &str, change: &dyn Fn(&mut Frame)| {
        let mut frames = whole.clone();
        frames[25..30].iter_mut().for_each(change);
        save(&at(name), &frames);
    };
    let paint = |f: &mut Frame, from: u32, to: u32, like: [u8; 3]| {
        for pixel in f.pixels_mut() {
            let over = u32::from(pixel.0[2].saturating_sub(pixel.0[0]));
            if (from..to).contains(&over) {
                pixel.0 = like;
            }
        }
    };
    change("no_agent", &|f| paint(f, 60, 256, [255; 3]));
    change("no_t", &|f| paint(f, 20, 60, [255; 3]));
    change("two_agents", &|f| {
        let other = board(96, [90.0, 90.0], BLOCK);
        for (to, from) in f.pixels_mut().zip(other.pixels()) {
            if from.0[2].saturating_sub(from.0[0]) > 60 {
                *to = *from;
            }
        }
    });
    let records = label(&[dir.path().to_path_buf()], &at("labels.jsonl"), None);
    for (record, reason) in records.iter().zip([
        RejectReason::NoAgent,
        RejectReason::NoBlock,
        RejectReason::SeveralAgents,
    ]) {
        let name = record.video.display().to_string();
        assert_eq!(record.error, None, "{name}");
        assert_eq!(record.dropped.get(&reason), Some(&7), "{name}: {:?}", record.dropped);
        let firsts: Vec<usize> = record.segments.iter().map(|s| s.first).collect();
        assert_eq!(firsts, [0, 31], "{name}");
    }
    // Slower than 10 Hz: every other frame is a repeat.
    let slow = at("slow.gif");
    save_video(&slow, &whole, VideoOptions { fps: 5, scale: 1 }).unwrap();
    let record = &label(std::slice::from_ref(&slow), &at("slow.jsonl"), None)[0];
    assert_eq!(record.trusted(), 0, "{:?}", record.dropped);
    assert!(record.dropped[&RejectReason::Repeated] > 100);
    let record = &label(&[slow], &at("counted.jsonl"), Some(10))[0];
    assert!(record.trusted() >= 55, "{:?}", record.dropped);
}

/// Distances of the labels of a record from the actions of [`clip`], whose frame `of(t)` is shown at frame t.
fn errors(record: &VideoRecord, of: impl Fn(usize) -> usize) -> Vec<f64> {
    let rows = record
        .segments
        .iter()
        .flat_map(|s| s.actions.iter().enumerate().map(|(i, a)| (s.first + i, a)));
    rows.map(|(t, found)| {
        let expected = action(of(t));
        (f64::from(found[0]) - expected[0]).hypot(f64::from(found[1]) - expected[1])
    })
    .collect()
}

#[test]
fn recordings_at_other_rates_get_the_labels_of_their_pictures() {
    let dir = tempfile::tempdir().unwrap();
    let whole = clip(192, 60);
    for fps in [16, 25, 30, 48] {
        let path = dir.path().join(format!("{fps}.mp4"));
        let shown = |i: u32| whole[((f64::from(i) + 0.5) * 10.0 / f64::from(fps)) as usize].clone();
        let frames: Vec<Frame> = (0..6 * fps - 1).map(shown).collect();
        save_video(&path, &frames, VideoOptions { fps, scale: 1 }).unwrap();
        let record = &label(&[path], &dir.path().join(format!("{fps}.jsonl")), None)[0];
        let errors = errors(record, |t| t);
        let rms = (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
        assert!(errors.len() >= 55 && rms < 2.5, "{fps}: {rms} px, {:?}", record.dropped);
    }
}

#[test]
fn gaps_are_not_standing_still() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("clip");
    save(&path, &clip(96, 80));
    for number in [30, 31, 55] {
        fs::remove_file(path.join(format!("frame_{number:06}.png"))).unwrap();
    }
    let record = &label(&[path], &dir.path().join("labels.jsonl"), None)[0];
    assert_eq!(record.frames.resampled, 80);
    assert!(record.dropped[&RejectReason::Repeated] >= 3, "{:?}", record.dropped);
    let errors = errors(record, |t| t);
    let worst = errors.iter().copied().fold(0.0, f64::max);
    assert!(errors.len() > 60 && worst < 8.0, "{} {worst} px", errors.len());
}

#[test]
fn a_scene_cut_is_not_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let mut frames = clip(96, 50);
    // The same motion, elsewhere.
    let elsewhere = |t: usize| [action(t)[0] - 230.0, action(t)[1] + 240.0];
    let (mut p, mut v) = (elsewhere(0), [0.0; 2]);
    for t in 0..50 {
        frames.push(board(96, p, Pose::new(350.0, 150.0, 2.0)));
        (p, v) = agent_step(p, v, elsewhere(t));
    }
    let path = dir.path().join("two");
    save(&path, &frames);
    let record = &label(&[path], &dir.path().join("labels.jsonl"), None)[0];
    assert_eq!(record.segments.len(), 2, "{:?}", record.dropped);
    assert!(record.dropped[&RejectReason::Jump] >= 1);
    for (segment, expected) in record
        .segments
        .iter()
        .zip([&action as &dyn Fn(usize) -> [f64; 2], &elsewhere])
    {
        for (i, found) in segment.actions.iter().enumerate() {
            let expected = expected((segment.first + i) % 50);
            let off = (f64::from(found[0]) - expected[0]).hypot(f64::from(found[1]) - expected[1]);
            assert!(off < 8.0, "{off} px at {}", segment.first + i);
        }
    }
}

#[test]
fn broken_videos_do_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join("in").join(name);
    save(&at("good.mp4"), &clip(96, 40));
    let bytes = fs::read(at("good.mp4")).unwrap();
    fs::write(at("cut.mp4"), &bytes[..bytes.len() / 2]).unwrap();
    fs::write(at("empty.mp4"), b"").unwrap();
    fs::write(at("text.gif"), b"hello").unwrap();
    save(&at("one_frame.gif"), &clip(96, 1));
    save(
        &at("odd_size"),
        &vec![Frame::from_pixel(33, 47, image::Rgb([9, 200, 40])); 20],
    );
    save(&at("long"), &vec![board(96, [300.0, 200.0], BLOCK); 300]);
    let out = dir.path().join("labels.jsonl");
    let records = label(&[dir.path().join("in")], &out, None);
    let failed: Vec<bool> = records.iter().map(|r| r.error.is_some()).collect();
    // cut, empty, good, long, odd_size, one_frame, text.
    assert_eq!(failed, [true, true, false, false, true, true, true]);
    let summary = write_dataset(
        &Labeled::open(std::slice::from_ref(&out)).unwrap(),
        &dir.path().join("set.zarr"),
        Layout::Zarr,
        true,
        &mut JobContext::silent(),
    )
    .unwrap();
    assert_eq!((summary.videos, summary.failed), (7, 5));
    assert_eq!(summary.episodes, 16);
    let set = pusht_data::open(dir.path().join("set.zarr")).unwrap();
    assert_eq!(set.len(), 16);
    assert!(dir.path().join("set.zarr/label.json").exists());
}

#[test]
fn videos_that_cannot_be_read_are_found_and_said_to_be() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for name in [
        "in/photos/1.jpg",
        "in/photos/2.JPEG",
        "in/a.webm",
        "in/preview.jpg",
        "in/notes.txt",
        "in/.b.mkv",
    ] {
        fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        fs::write(at(name), b"\x1a\x45\xdf\xa3 something else").unwrap();
    }
    save(&at("in/c.gif"), &clip(96, 20));
    let videos = find_videos(&[at("in")]).unwrap();
    assert_eq!(videos, [at("in/a.webm"), at("in/c.gif"), at("in/photos")]);
    // A clip of `pusht generate` is taken once.
    save(&at("made/videos/0.gif"), &clip(96, 5));
    save(&at("made/frames/0"), &clip(96, 5));
    fs::write(at("made/generation.json"), "{}").unwrap();
    assert_eq!(find_videos(&[at("made")]).unwrap(), [at("made/frames/0")]);
    let job = LabelJob::new(videos);
    job.run(&at("labels"), &mut JobContext::silent()).unwrap();
    let errors: Vec<Option<String>> = records(&[at("labels")])
        .into_iter()
        .map(|record| record.error)
        .collect();
    let said = |k: usize| errors[k].as_deref().unwrap();
    assert!(
        said(0).contains("holds Matroska") && said(2).contains("no .png files"),
        "{errors:?}"
    );
    assert!(errors[1].is_none());
}

#[test]
fn videos_that_changed_are_labeled_again_and_never_paired_with_old_labels() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let job = labeled_pair(dir.path());
    let before = records(&[at("labels")]);
    // As long as before, so that only its content shows the change.
    let mut other = clip(96, 24);
    other.reverse();
    fs::remove_file(at("in/1.gif")).unwrap();
    save(&at("in/1.gif"), &other);
    let labeled = Labeled::open(&[at("labels")]).unwrap();
    let error = write_dataset(
        &labeled,
        &at("set.zarr"),
        Layout::Zarr,
        false,
        &mut JobContext::silent(),
    );
    let error = error.unwrap_err().to_string();
    assert!(error.contains("1.gif") && error.contains("label it again"), "{error}");
    assert!(!at("set.zarr").exists());
    job.run(&at("labels"), &mut JobContext::silent()).unwrap();
    let after = records(&[at("labels")]);
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1].segments, after[1].segments);
    let labeled = Labeled::open(&[at("labels")]).unwrap();
    write_dataset(
        &labeled,
        &at("set.zarr"),
        Layout::Zarr,
        false,
        &mut JobContext::silent(),
    )
    .unwrap();
}

#[test]
fn a_result_without_a_trusted_action_does_not_block_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("in")).unwrap();
    fs::write(at("in/0.gif"), "version https://git-lfs.github.com/spec/v1\n").unwrap();
    let run = || {
        let job = DatasetJob {
            job: LabelJob::new(find_videos(&[at("in")]).unwrap()),
            layout: Layout::Zarr,
            augment: false,
        };
        job.run(&at("out"), &mut JobContext::silent())
    };
    assert_eq!(run().unwrap().summary.failed, 1);
    save(&at("in/0.gif"), &clip(96, 40));
    let found = run().unwrap().summary;
    assert!(found.failed == 0 && found.episodes > 0, "{found:?}");
    // A dataset is kept: it is not replaced by that of other videos.
    save(&at("in/1.gif"), &clip(96, 40));
    assert!(matches!(run(), Err(LabelError::Exists { .. })));
}

#[test]
fn videos_that_could_not_be_read_are_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let job = labeled_pair(dir.path());
    let whole = fs::read_to_string(at("labels")).unwrap();
    // As if a program had been missing that reads the second one.
    let mut lines: Vec<String> = whole.lines().map(String::from).collect();
    lines[2] = lines[2].replace("\"error\":null", "\"error\":\"there is no ffmpeg\"");
    assert!(lines[2].contains("there is no ffmpeg"));
    fs::write(at("labels"), lines.join("\n") + "\n").unwrap();
    job.run(&at("labels"), &mut JobContext::silent()).unwrap();
    assert_eq!(fs::read_to_string(at("labels")).unwrap(), whole);
}

#[test]
fn stopped_and_divided_jobs_end_alike() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for i in 0..5 {
        save(&at(&format!("in/{i}.gif")), &clip(96, 20 + i));
    }
    let videos = find_videos(&[at("in")]).unwrap();
    let job = LabelJob::new(videos.clone());
    job.run(&at("whole"), &mut JobContext::silent()).unwrap();
    let whole = fs::read(at("whole")).unwrap();
    // As left by a killed run: two lines, the last one incomplete.
    let lines: Vec<&[u8]> = whole.split_inclusive(|&b| b == b'\n').collect();
    fs::write(at("again.partial"), [lines[0], lines[3], &lines[1][..30]].concat()).unwrap();
    job.run(&at("again"), &mut JobContext::silent()).unwrap();
    assert_eq!(fs::read(at("again")).unwrap(), whole);
    let parts: Vec<PathBuf> = (1..=2).map(|i| at(&format!("part{i}"))).collect();
    for (i, path) in parts.iter().enumerate() {
        let part = Shard::new(i + 1, 2).unwrap();
        job.run_shard(part, path, &mut JobContext::silent()).unwrap();
    }
    assert_eq!(records(&parts), records(&[at("whole")]));
    assert!(Labeled::open(&parts[..1]).is_err());
    let other = LabelJob {
        settings: Settings { fps: Some(5) },
        ..LabelJob::new(videos)
    };
    assert!(matches!(
        other.run(&at("whole"), &mut JobContext::silent()),
        Err(LabelError::Foreign { .. })
    ));
}

#[test]
fn labels_lead_to_their_videos_from_any_directory() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    save(&at("in/0.gif"), &clip(96, 40));
    let job = LabelJob::new(find_videos(&[at("in")]).unwrap());
    job.run(&at("labels"), &mut JobContext::silent()).unwrap();
    let text = fs::read_to_string(at("labels")).unwrap();
    assert!(!text.contains("directory"), "paths that are absolute need none");
    // As if the job had been started in that directory with a relative path.
    let root = dir.path().to_str().unwrap();
    let begun = |directory: &str| {
        let relative = text.replace(&format!("{root}/"), "");
        relative.replacen("\"part\":null", &format!("\"part\":null{directory}"), 1)
    };
    fs::write(at("there"), begun(&format!(",\"directory\":\"{root}\""))).unwrap();
    fs::write(at("nowhere"), begun("")).unwrap();
    let written = |labels: &str| {
        let labeled = Labeled::open(&[at(labels)]).unwrap();
        let out = at(&format!("{labels}.zarr"));
        write_dataset(&labeled, &out, Layout::Zarr, false, &mut JobContext::silent())
    };
    assert_eq!(written("there").unwrap(), written("labels").unwrap());
    let error = written("nowhere").unwrap_err().to_string();
    assert!(error.contains("there is nothing at in/0.gif"), "{error}");
}

#[test]
fn pairs_are_written_as_they_always_were() {
    let old = r#"{"video":"a.mp4","error":null,"codec":"H.264","size":[704,480],"frames":[120,100],"registration":null,
        "confidence":[0.9,0.8],"dropped":{},"measures":null,"segments":[]}"#;
    let record: VideoRecord = serde_json::from_str(old).unwrap();
    let size = VideoSize {
        width: 704,
        height: 480,
    };
    let frames = FrameCounts {
        read: 120,
        resampled: 100,
    };
    let confidence = TrackConfidence { agent: 0.9, block: 0.8 };
    assert_eq!(
        (record.size, record.frames, record.confidence),
        (size, frames, confidence)
    );
    let mut now = serde_json::to_value(&record).unwrap();
    now.as_object_mut().unwrap().remove("content");
    assert_eq!(now, serde_json::from_str::<serde_json::Value>(old).unwrap());
}

#[test]
fn a_finished_dataset_takes_in_repaired_and_changed_videos() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    save(&at("in/0.gif"), &clip(96, 24));
    fs::write(at("in/1.gif"), "not copied yet").unwrap();
    let run = |out: &str| {
        let job = DatasetJob {
            job: LabelJob::new(find_videos(&[at("in")]).unwrap()),
            layout: Layout::Zarr,
            augment: false,
        };
        job.run(&at(out), &mut JobContext::silent())
    };
    let summary = run("set.zarr").unwrap().summary;
    assert_eq!((summary.failed, summary.episodes), (1, 1));
    // What still cannot be read changes nothing.
    let before = fs::metadata(at("set.zarr/label.json")).unwrap().modified().unwrap();
    assert_eq!(run("set.zarr").unwrap().summary, summary);
    assert_eq!(
        fs::metadata(at("set.zarr/label.json")).unwrap().modified().unwrap(),
        before
    );
    save(&at("in/1.gif"), &clip(96, 40));
    let summary = run("set.zarr").unwrap().summary;
    assert_eq!((summary.failed, summary.episodes), (0, 2));
    // The video is there, but another one.
    let mut other = clip(96, 24);
    other.reverse();
    fs::remove_file(at("in/0.gif")).unwrap();
    save(&at("in/0.gif"), &other);
    run("set.zarr").unwrap();
    run("whole.zarr").unwrap();
    for file in ["labels.jsonl", "label.json"] {
        let text = |set: &str| fs::read_to_string(at(set).join(file)).unwrap();
        assert_eq!(text("set.zarr"), text("whole.zarr"), "{file}");
    }
    // A video that was lost does not take its episodes with it.
    fs::write(at("in/0.gif"), "overwritten").unwrap();
    let error = run("set.zarr").err().unwrap().to_string();
    assert!(
        error.contains("0.gif") && error.contains("nothing was changed"),
        "{error}"
    );
    assert!(at("set.zarr/label.json").exists());
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_text_fails_alone() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    save(&at("in/0.gif"), &clip(96, 24));
    fs::copy(at("in/0.gif"), at("in").join(std::ffi::OsStr::from_bytes(b"b\xff.gif"))).unwrap();
    let records = label(&[at("in")], &at("labels"), None);
    assert_eq!((records.len(), records[0].error.as_ref()), (2, None));
    let error = records[1].error.as_deref().unwrap();
    assert!(
        error.contains("b\u{fffd}.gif") && error.contains("not UTF-8") && error.contains("rename"),
        "{error}"
    );
}
