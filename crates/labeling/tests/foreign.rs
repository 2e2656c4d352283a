//! Videos that only the program `ffmpeg` reads are labeled as those that the built-in readers read.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use labeling::{LabelJob, Labeled, VideoRecord};
use pusht_env::{FillRule, Frame, GOAL, Pose, Renderer, Scene};
use pusht_jobs::JobContext;
use video_io::{VideoOptions, save_video};

fn program() -> Result<(), String> {
    let output = Command::new("ffmpeg").args(["-v", "quiet", "-encoders"]).output();
    let output = output.map_err(|e| format!("there is no ffmpeg ({e})"))?;
    let encoders = String::from_utf8_lossy(&output.stdout).into_owned();
    match encoders.contains("libvpx-vp9") {
        true => Ok(()),
        false => Err("ffmpeg has no encoder libvpx-vp9".to_owned()),
    }
}

fn label(video: &Path, out: &Path) -> VideoRecord {
    let job = LabelJob::new(vec![video.to_path_buf()]);
    job.run(out, &mut JobContext::silent()).unwrap();
    let labeled = Labeled::open(&[out.to_path_buf()]).unwrap();
    labeled.records().next().unwrap().unwrap()
}

fn a_webm_gets_the_labels_of_its_frames(_: &()) {
    let dir = tempfile::tempdir().unwrap();
    let mut renderer = Renderer::new(192, FillRule::default()).unwrap();
    let block = Pose::new(250.0, 200.0, 0.4);
    let mut draw = |t: i32| {
        let t = f64::from(t);
        renderer.render(&Scene::new(
            [60.0 + 8.0 * t, 420.0 + 20.0 * (0.3 * t).sin()],
            block,
            GOAL,
        ))
    };
    let frames: Vec<Frame> = (0..30).map(&mut draw).collect();
    let (pictures, video) = (dir.path().join("pictures"), dir.path().join("video.webm"));
    save_video(&pictures, &frames, VideoOptions::default()).unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-framerate", "10", "-i"]);
    command.arg(pictures.join("frame_%06d.png"));
    command.args(["-c:v", "libvpx-vp9", "-crf", "15", "-b:v", "0"]);
    assert!(command.arg(&video).status().unwrap().success());
    let exact = label(&pictures, &dir.path().join("exact"));
    let found = label(&video, &dir.path().join("found"));
    assert_eq!((found.error.as_deref(), found.codec.as_str()), (None, "VP9"));
    assert_eq!(found.frames, exact.frames);
    let actions = |record: &VideoRecord| -> Vec<[f32; 2]> {
        record
            .segments
            .iter()
            .flat_map(|segment| segment.actions.clone())
            .collect()
    };
    let (exact, found) = (actions(&exact), actions(&found));
    assert!(
        exact.len() > 20 && exact.len() == found.len(),
        "{} {}",
        exact.len(),
        found.len()
    );
    let apart = exact.iter().zip(&found).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]));
    let mean = apart.sum::<f32>() / exact.len() as f32;
    assert!(mean < 3.0, "{mean} px");
}

test_support::main!(program => [a_webm_gets_the_labels_of_its_frames]);
