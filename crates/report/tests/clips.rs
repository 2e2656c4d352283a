//! The page of a folder of clips.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use clip_review::{ArmScore, Fvd, Policies, ReviewJob, Verdicts};
use corruptions::{Clip, Corruption, Strength};
use eval::{Comparison, Generator, GeneratorKind, Outcome, Role, Verdict};
use pusht_jobs::JobContext;
use report::write_clips;
use traj_metrics::Interval;
use video_io::{VideoOptions, save_video};

#[test]
fn a_page_holds_its_pictures_and_escapes_names() {
    let folder = tempfile::tempdir().unwrap();
    let videos = folder.path().join("clips");
    std::fs::create_dir(&videos).unwrap();
    let clip = Clip::simulated(301, 192).unwrap();
    let save = |name: &str, frames: &[_]| save_video(videos.join(name), frames, VideoOptions::default()).unwrap();
    save("clean.mp4", &clip.frames);
    let faded = Corruption::CrossFade
        .apply(&clip, Strength::Strong, 0)
        .unwrap()
        .unwrap();
    save("faded & <odd>.mp4", &faded);
    std::fs::write(videos.join("broken.mp4"), "no video").unwrap();
    let (job, verdicts) = reviewed(folder.path());
    write_clips(&verdicts, &job.out).unwrap();
    let page = std::fs::read_to_string(job.out.join("report.html")).unwrap();
    assert!(page.contains("faded &amp; &lt;odd&gt;.mp4") && page.contains("data:image/png;base64,"));
    assert!(!page.contains("<script") && !page.contains("is missing"));
}

/// The summary of an experiment.
fn policies() -> Policies {
    let interval = |mean: f64| Interval::new(mean, mean - 0.01, mean + 0.01);
    let comparison = |treatment: &str, control: &str| Comparison {
        treatment: treatment.into(),
        control: control.into(),
        difference: interval(-0.07),
        outcome: Outcome::Hurts,
        reason: "the interval lies below 0".into(),
    };
    Policies {
        page: "experiment/report.html".into(),
        warning: Some("Made up & small.".into()),
        verdict: Verdict {
            generator: Generator {
                name: "the clips in <here>".into(),
                kind: GeneratorKind::Unknown,
            },
            added: comparison("mixed", "demo"),
            replacing: comparison("generated", "demo-matched"),
            positive: None,
            negative: None,
            exchange: None,
            calibration: None,
            extracted: None,
            demo: interval(0.2),
            standing_still: 0.07,
            margin: 0.02,
            above_floor: 0.05,
        },
        arms: vec![ArmScore {
            name: "generated".into(),
            what: "generated clips, extracted actions".into(),
            role: Role::Trained,
            frames: Some(640),
            mean_reward: interval(0.13),
            max_reward: interval(0.4),
            solved: interval(0.02),
        }],
    }
}

/// A clean clip in the folder's `clips`.
fn save_clip(folder: &Path) {
    let clip = Clip::simulated(302, 96).unwrap();
    save_video(folder.join("clips/a"), &clip.frames, VideoOptions::default()).unwrap();
}

/// The verdicts on the folder's `clips`, with the job that wrote them to `out`.
fn reviewed(folder: &Path) -> (ReviewJob, Verdicts) {
    let job = ReviewJob {
        video: vec![folder.join("clips")],
        fps: None,
        out: folder.join("out"),
    };
    let verdicts = job.run(None, &mut JobContext::silent()).unwrap();
    (job, verdicts)
}

#[test]
fn what_others_say_of_the_clips_stands_in_the_report() {
    let folder = tempfile::tempdir().unwrap();
    save_clip(folder.path());
    let (job, mut verdicts) = reviewed(folder.path());
    verdicts.policies = Some(policies());
    verdicts.fvd = Some(Fvd {
        frames: 16,
        real: 20,
        clips: 1,
        distance: 321.5,
        halves: 98.7,
    });
    verdicts.notes.push("no <training>".into());
    verdicts.write(&job.out).unwrap();
    write_clips(&verdicts, &job.out).unwrap();
    let page = std::fs::read_to_string(job.out.join("report.html")).unwrap();
    for text in [
        "Do they help a policy?",
        "With the clips in &lt;here&gt;, adding these data to the demonstrations hurts",
        "<a href=\"experiment/report.html\">",
        "<b>−0.070</b> <span class=\"ci\">[−0.080, −0.060]</span>",
        "<b>2</b> <span class=\"ci\">[1, 3]</span>",
        "Made up &amp; small.",
        "FVD with I3D: 321.5 between 1 clip and 20 real videos",
        "no &lt;training&gt;",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let json: Verdicts = serde_json::from_slice(&std::fs::read(job.out.join("score.json")).unwrap()).unwrap();
    assert!(json.policies == verdicts.policies && json.fvd == verdicts.fvd);
}

#[test]
fn without_a_readable_video_there_are_no_means() {
    let folder = tempfile::tempdir().unwrap();
    let videos = folder.path().join("clips");
    std::fs::create_dir(&videos).unwrap();
    std::fs::write(videos.join("broken.mp4"), "no video").unwrap();
    let (job, verdicts) = reviewed(folder.path());
    write_clips(&verdicts, &job.out).unwrap();
    let page = std::fs::read_to_string(job.out.join("report.html")).unwrap();
    assert!(
        !page.contains("0.00") && !page.contains("steps to divergence"),
        "{page}"
    );
}

#[test]
fn a_replay_that_fails_is_said_of_clips_without_findings() {
    let folder = tempfile::tempdir().unwrap();
    save_clip(folder.path());
    let (job, mut verdicts) = reviewed(folder.path());
    let page = |verdicts: &Verdicts| {
        write_clips(verdicts, &job.out).unwrap();
        std::fs::read_to_string(job.out.join("report.html")).unwrap()
    };
    let good = page(&verdicts);
    assert!(good.contains("Nothing is wrong") && !good.contains("steps to divergence"));
    let execution = verdicts.clips[0].execution.as_mut().unwrap();
    (execution.diverged, execution.steps_to_divergence) = (true, 3);
    verdicts.totals.executed.followed = 0;
    verdicts.totals.steps_to_divergence = Some(3);
    let parted = page(&verdicts);
    assert!(!parted.contains("Nothing is wrong"));
    assert!(
        parted.contains("1 of 1 diverge from the replay")
            && parted.contains("no findings, but the replay diverges after 3")
    );
    assert!(parted.contains("median steps to divergence 3"));
}
