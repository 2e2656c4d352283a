//! Replays and distances of whole datasets.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use clip_audit::*;
use pusht_data::{Demonstrations, Simulation, Source, demonstrate};
use pusht_env::{ExpertConfig, Frame};
use pusht_jobs::{CancelFlag, JobContext, Silent};
use pusht_vision::{ActionSmoother, InitialMotion, Tracker};
use traj_metrics::Bootstrap;
use video_io::{VideoOptions, save_video};

fn demos(folder: &Path, episodes: usize) -> Source {
    let what = Demonstrations {
        episodes,
        first_seed: 0,
        max_steps: 70,
        simulation: Simulation::GYM_PUSHT,
        expert: ExpertConfig::default(),
        threads: 0,
    };
    let path = folder.join("demos.jsonl");
    demonstrate(&path, &what, &mut JobContext::silent()).unwrap();
    pusht_data::open(path).unwrap()
}

fn cancelled() -> JobContext {
    let cancel = CancelFlag::new();
    cancel.cancel();
    JobContext::new(Box::new(Silent), cancel)
}

#[test]
fn a_data_set_is_replayed_under_every_condition() {
    let folder = tempfile::tempdir().unwrap();
    let source = demos(folder.path(), 3);
    let bootstrap = Bootstrap::default();
    let job = ReplayJob {
        episodes: Some(2),
        ..ReplayJob::default()
    };
    let report = job.run(&source, &mut JobContext::silent()).unwrap();
    let names: Vec<&str> = report.conditions.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "tracked, closed form",
            "recorded, closed form",
            "tracked, recorded",
            "recorded, recorded",
            "tracked at every 10th frame, closed form",
            "cross-fade: tracked, closed form",
        ]
    );
    // The first condition, by hand.
    let replays: Vec<Replay> = (0..2)
        .map(|index| {
            let episode = source.episode(index).unwrap();
            let track = Tracker::new(episode.goal)
                .unwrap()
                .track_video(&episode.frames)
                .unwrap();
            let agents: Vec<_> = track.iter().map(|t| t.agent).collect();
            let actions = ActionSmoother::default()
                .smooth(&agents, InitialMotion::Rest)
                .unwrap()
                .actions;
            replay(&track, &actions, InitialMotion::Rest, episode.goal).unwrap()
        })
        .collect();
    assert_eq!(
        report.conditions[0].summary,
        ReplaySummary::of(&replays, &bootstrap).unwrap()
    );
    assert_eq!((report.clips, report.conditions[3].summary.diverged), (2, 0));
    let kept = replays.iter().filter(|r| !r.diverged).count();
    let begins = format!("Actions read off the pixels reproduce {kept} of 2 clips");
    assert!(report.conclusion.starts_with(&begins), "{}", report.conclusion);
    // Files of earlier versions have no conclusion.
    let mut json = serde_json::to_value(&report).unwrap();
    json.as_object_mut().unwrap().remove("conclusion");
    let old: ReplayReport = serde_json::from_value(json).unwrap();
    assert!(old.conclusion.is_empty());

    let stopped = job.run(&source, &mut cancelled());
    assert!(matches!(stopped, Err(ReplayError::Cancelled(_))), "{stopped:?}");
    let none = ReplayJob { every: 0, ..job }.run(&source, &mut JobContext::silent());
    let said = none.unwrap_err().to_string();
    assert!(
        said.starts_with("episode ") && said.contains("every 0th frame"),
        "{said}"
    );
}

#[test]
fn videos_that_cannot_be_read_are_left_out_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let source = demos(folder.path(), 10);
    let clips = folder.path().join("clips");
    let save = |name: &str, frames: &[Frame]| save_video(clips.join(name), frames, VideoOptions::default()).unwrap();
    for index in 0..3 {
        save(&format!("{index}"), &source.episode(index).unwrap().frames);
    }
    save("lost", &vec![Frame::from_pixel(96, 96, image::Rgb([40, 90, 60])); 20]);
    std::fs::write(clips.join("broken.mp4"), "no video").unwrap();
    let job = DistributionJob {
        video: vec![clips.clone()],
        name: "copies".to_owned(),
        frames: 64,
        splits: 20,
        bootstrap: Bootstrap {
            resamples: 50,
            ..Bootstrap::default()
        },
        ..DistributionJob::default()
    };
    let report = job.run(&source, &mut JobContext::silent()).unwrap();
    let rows: Vec<(&str, usize)> = report.rows.iter().map(|r| (r.name.as_str(), r.clips)).collect();
    assert_eq!(
        rows,
        [
            ("its other half", 5),
            ("the same, 64 frames a clip", 5),
            ("copies", 3),
            ("cross-fades of these cuts", report.rows[3].clips),
        ]
    );
    assert_eq!(report.null.sizes, [5, 5]);
    let skipped: Vec<_> = report.skipped.iter().map(|s| s.video.clone()).collect();
    assert_eq!(skipped, [clips.join("broken.mp4"), clips.join("lost")]);
    let tables = report.markdown().unwrap();
    assert!(tables.contains("Left out, 2 videos that cannot be read:"), "{tables}");

    // Without them the numbers are the same.
    std::fs::remove_file(clips.join("broken.mp4")).unwrap();
    std::fs::remove_dir_all(clips.join("lost")).unwrap();
    let clean = job.run(&source, &mut JobContext::silent()).unwrap();
    assert_eq!((clean.rows, clean.skipped.len()), (report.rows, 0));

    std::fs::remove_dir_all(&clips).unwrap();
    std::fs::create_dir(&clips).unwrap();
    std::fs::write(clips.join("broken.mp4"), "no video").unwrap();
    let none = job.run(&source, &mut JobContext::silent()).unwrap_err().to_string();
    assert!(none.contains("broken.mp4"), "{none}");
    let stopped = job.run(&source, &mut cancelled());
    assert!(
        matches!(stopped, Err(DistributionJobError::Cancelled(_))),
        "{stopped:?}"
    );
    let short = DistributionJob { frames: 1, ..job };
    assert!(short.run(&source, &mut JobContext::silent()).is_err());
}
