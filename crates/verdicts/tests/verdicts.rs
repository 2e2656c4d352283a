//! A folder of clips, from the simulator and broken ones, to a report.

use clip_audit::Kind;
use clip_audit::defects::{Clip, Defect, Strength};
use eval::{Comparison, Generator, GeneratorKind, Outcome, Role, Verdict};
use pusht_jobs::JobContext;
use traj_metrics::Interval;
use verdicts::{ArmScore, Fvd, Job, Policies};
use video_io::{VideoOptions, save_video};

#[test]
fn a_folder_becomes_a_report_and_a_second_run_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let videos = folder.path().join("clips");
    std::fs::create_dir(&videos).unwrap();
    let clip = Clip::simulated(301, 192).unwrap();
    let save = |name: &str, frames: &[_]| save_video(videos.join(name), frames, VideoOptions::default()).unwrap();
    save("clean.mp4", &clip.frames);
    let faded = Defect::CrossFade.apply(&clip, Strength::Strong, 0).unwrap().unwrap();
    save("faded & <odd>.mp4", &faded);
    std::fs::write(videos.join("broken.mp4"), "no video").unwrap();
    // A model that lost the board is not forgiven; a file that is no video is nobody's clip.
    save(
        "lost.mp4",
        &vec![video_io::Frame::from_pixel(192, 192, image::Rgb([40, 90, 60])); 12],
    );

    let job = Job {
        video: vec![videos.clone()],
        fps: None,
        out: folder.path().join("out"),
    };
    let verdicts = job.run(None, &mut JobContext::silent()).unwrap();
    verdicts.write(&job.out).unwrap();
    let names: Vec<&str> = verdicts.clips.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["broken.mp4", "clean.mp4", "faded & <odd>.mp4", "lost.mp4"]);
    let [broken, clean, faded] = [0, 1, 2].map(|k| &verdicts.clips[k]);
    assert!(broken.error.is_some() && broken.audit.is_none());
    let audit = |clip: &verdicts::ClipVerdict| clip.audit.clone().unwrap().audit;
    assert!(!audit(clean).is_unphysical(), "{:?}", audit(clean).findings);
    assert!(!clean.execution.as_ref().unwrap().parted);
    assert_eq!(audit(faded).main(), Some(Kind::Morph));
    assert_eq!(audit(faded).scores.responsibility.value, 0);
    let totals = &verdicts.totals;
    assert_eq!((totals.clips, totals.failed, totals.no_board), (4, 1, 1));
    assert_eq!(totals.physics.iter().sum::<usize>(), 3);
    assert_eq!(verdicts.scores()["lost.mp4"].physics, 1.0);
    assert!(
        verdicts.sentence().contains("1 show no PushT board"),
        "{}",
        verdicts.sentence()
    );
    assert!(verdicts.labels[1].frames[1] > 20, "{:?}", verdicts.labels[1]);
    assert_eq!(verdicts.scores().len(), 3);

    let page = std::fs::read_to_string(job.out.join("report.html")).unwrap();
    assert!(page.contains("faded &amp; &lt;odd&gt;.mp4") && page.contains("data:image/png;base64,"));
    assert!(!page.contains("<script") && !page.contains("is missing"));
    let first = std::fs::read(job.out.join("score.json")).unwrap();

    // Stopped in the middle of the last line: the rest is done again, and nothing else.
    let lines = job.out.join("clips.jsonl");
    let text = std::fs::read(&lines).unwrap();
    std::fs::write(&lines, &text[..text.len() - 40]).unwrap();
    let again = job.run(None, &mut JobContext::silent()).unwrap();
    again.write(&job.out).unwrap();
    assert_eq!(std::fs::read(job.out.join("score.json")).unwrap(), first);

    // Another video under the same name is looked at, the others are not again.
    save("clean.mp4", &clip.frames[..30]);
    let shorter = job.run(None, &mut JobContext::silent()).unwrap();
    assert_eq!(audit(&shorter.clips[1]).frames, 30);
    assert_eq!(
        (&shorter.clips[0], &shorter.clips[2], &shorter.clips[3]),
        (&again.clips[0], &again.clips[2], &again.clips[3])
    );

    let other = Job { fps: Some(10), ..job };
    let refused = other.run(None, &mut JobContext::silent()).unwrap_err().to_string();
    assert!(refused.contains("name another --out"), "{refused}");
}

/// What an experiment said.
fn policies() -> Policies {
    let interval = |mean: f64| Interval {
        mean,
        low: mean - 0.01,
        high: mean + 0.01,
    };
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

#[test]
fn what_others_say_of_the_clips_stands_in_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let videos = folder.path().join("clips");
    let clip = Clip::simulated(302, 96).unwrap();
    save_video(videos.join("a"), &clip.frames, VideoOptions::default()).unwrap();
    let job = Job {
        video: vec![videos],
        fps: None,
        out: folder.path().join("out"),
    };
    let mut verdicts = job.run(None, &mut JobContext::silent()).unwrap();
    let cuts = job.middles(16).unwrap();
    let first = (clip.frames.len() - 16) / 2;
    let cut = cuts[0].as_ref().unwrap();
    let apart = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b));
    let differs = |k: usize| cut[k].iter().zip(clip.frames[first + k].iter()).map(apart).sum::<u64>();
    assert_eq!((cuts.len(), cut.len()), (1, 16));
    assert!(
        differs(0) < 96 * 96 && differs(15) < 96 * 96,
        "{} {}",
        differs(0),
        differs(15)
    );
    assert_eq!(job.middles(5000).unwrap(), [None]);
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
    let page = std::fs::read_to_string(job.out.join("report.html")).unwrap();
    for text in [
        "Do they help a policy?",
        "With the clips in &lt;here&gt;, adding these data to the demonstrations hurts",
        "<a href=\"experiment/report.html\">",
        "−0.070 [−0.080, −0.060]",
        "2 [1, 3]",
        "Made up &amp; small.",
        "FVD with I3D: 321.5 between 1 clips and 20 real videos",
        "no &lt;training&gt;",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let json: verdicts::Verdicts = serde_json::from_slice(&std::fs::read(job.out.join("score.json")).unwrap()).unwrap();
    assert!(json.policies == verdicts.policies && json.fvd == verdicts.fvd);
}
