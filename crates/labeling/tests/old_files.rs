//! Labels and datasets of earlier versions are read under their old names.
#![allow(clippy::unwrap_used)]

use std::fs;

use labeling::*;
use pusht_env::{FillRule, GOAL, Pose, Renderer, Scene};
use pusht_jobs::JobContext;
use video_io::{VideoOptions, find_videos, save_video};

const OLD: [[&str; 2]; 2] = [
    ["\"segments\"", "\"stretches\""],
    ["\"episodes_per_segment\"", "\"episodes_per_stretch\""],
];

fn renamed(text: &str) -> String {
    OLD.iter()
        .fold(text.to_owned(), |text, [new, old]| text.replace(new, old))
}

#[test]
fn a_file_of_labels() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("labels.jsonl");
    let header = r#"{"format":"pusht-labels","version":"0.1.0","idm":"closed form","settings":{"fps":null},"videos":["a.mp4"],"part":null}"#;
    let record = r#"{"index":0,"record":{"video":"a.mp4","content":"","error":null,"codec":"H.264","size":[96,96],"frames":[20,20],"registration":null,"confidence":[1.0,1.0],"dropped":{"too-short":3},"measures":null,"stretches":[{"first":2,"actions":[[1.0,2.0]],"states":[[1.0,2.0,3.0,4.0,0.5]],"deviations":null}]}}"#;
    fs::write(&path, format!("{header}\n{record}\n")).unwrap();
    let labels = Labeled::open(&[path]).unwrap();
    let record = labels.records().next().unwrap().unwrap();
    assert_eq!(
        (record.segments.len(), record.segments[0].first, record.trusted()),
        (1, 2, 1)
    );
    assert_eq!(record.dropped[&RejectReason::TooShort], 3);
}

#[test]
fn a_finished_data_set_is_not_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    let block = Pose::new(150.0, 330.0, 0.7);
    let mut frame = |t: u32| renderer.render(&Scene::new([300.0 + 2.0 * f64::from(t), 160.0], block, GOAL));
    let frames: Vec<_> = (0..24).map(&mut frame).collect();
    save_video(dir.path().join("clips/a"), &frames, VideoOptions::default()).unwrap();
    let out = dir.path().join("out");
    let job = || DatasetJob {
        job: LabelJob::new(find_videos(&[dir.path().join("clips")]).unwrap()),
        layout: Layout::Zarr,
        augment: false,
    };
    let LabeledDataset { summary, .. } = job().run(&out, &mut JobContext::silent()).unwrap();
    assert_eq!(summary.episodes, 1);
    for file in ["label.json", "labels.jsonl"] {
        let text = fs::read_to_string(out.join(file)).unwrap();
        assert_ne!(renamed(&text), text, "{file} has the names of today");
        fs::write(out.join(file), renamed(&text)).unwrap();
    }
    let found = job().run(&out, &mut JobContext::silent()).unwrap();
    assert_eq!(found.summary, summary);
    assert_eq!(found.labels.records().next().unwrap().unwrap().segments.len(), 1);
}
