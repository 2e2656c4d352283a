//! From a folder of simulated and broken clips to a report.

use clip_audit::FindingKind;
use clip_review::ReviewJob;
use corruptions::{Clip, Corruption, Strength};
use pusht_jobs::JobContext;

use video_io::{VideoOptions, save_video};

#[test]
fn a_folder_becomes_a_report_and_a_second_run_changes_nothing() {
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
    // A clip without a board has the lowest scores; a file that is not a video has none.
    save(
        "lost.mp4",
        &vec![video_io::Frame::from_pixel(192, 192, image::Rgb([40, 90, 60])); 12],
    );

    let job = ReviewJob {
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
    let audit = |clip: &clip_review::ClipVerdict| clip.audit.clone().unwrap().audit;
    assert!(!audit(clean).is_unphysical(), "{:?}", audit(clean).findings);
    assert!(!clean.execution.as_ref().unwrap().diverged);
    assert_eq!(audit(faded).main(), Some(FindingKind::Morph));
    assert_eq!(audit(faded).scores.responsibility.value, 0);
    let totals = &verdicts.totals;
    assert_eq!((totals.clips, totals.failed, totals.no_board), (4, 1, 1));
    assert_eq!(totals.physics.iter().sum::<usize>(), 3);
    assert_eq!(verdicts.scores()["lost.mp4"].physics, 1.0);
    assert!(
        verdicts
            .sentence()
            .starts_with("4 videos: 1 cannot be read, 1 without a PushT board, 2 audited. Of these 2, 1 are free"),
        "{}",
        verdicts.sentence()
    );
    assert!(verdicts.labels[1].frames.trusted > 20, "{:?}", verdicts.labels[1]);
    assert_eq!(verdicts.scores().len(), 3);
    let text = verdicts.text();
    assert!(
        text.starts_with(&verdicts.sentence())
            && text.contains("\n  not read: broken.mp4: ")
            && text.contains("\n  no PushT board: lost.mp4: "),
        "{text}"
    );
    // Pairs are arrays of two in the file.
    let json = serde_json::to_value(&verdicts).unwrap();
    let trusted = [totals.frames.frames, totals.frames.trusted];
    assert_eq!(json["totals"]["frames"], serde_json::json!(trusted));
    let coverage = clean.execution.as_ref().unwrap().coverage;
    let pair = serde_json::json!([coverage.clip, coverage.replay]);
    assert_eq!(json["clips"][1]["execution"]["coverage"], pair);
    assert_eq!(serde_json::from_value::<clip_review::Verdicts>(json).unwrap(), verdicts);

    let first = std::fs::read(job.out.join("score.json")).unwrap();

    // Stopped in the middle of the last line: only the missing clips are reviewed again.
    let lines = job.out.join("clips.jsonl");
    let text = std::fs::read(&lines).unwrap();
    std::fs::write(&lines, &text[..text.len() - 40]).unwrap();
    let again = job.run(None, &mut JobContext::silent()).unwrap();
    again.write(&job.out).unwrap();
    assert_eq!(std::fs::read(job.out.join("score.json")).unwrap(), first);

    // A replaced video is reviewed again, the others are not.
    save("clean.mp4", &clip.frames[..30]);
    let shorter = job.run(None, &mut JobContext::silent()).unwrap();
    assert_eq!(audit(&shorter.clips[1]).frames, 30);
    assert_eq!(
        (&shorter.clips[0], &shorter.clips[2], &shorter.clips[3]),
        (&again.clips[0], &again.clips[2], &again.clips[3])
    );

    let other = ReviewJob { fps: Some(10), ..job };
    let refused = other.run(None, &mut JobContext::silent()).unwrap_err().to_string();
    assert!(refused.contains("name another --out"), "{refused}");
}

#[test]
fn added_videos_are_reviewed_and_the_result_is_that_of_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let videos = folder.path().join("clips");
    let clip = Clip::simulated(301, 96).unwrap();
    let save = |name: &str, range: std::ops::Range<usize>| {
        save_video(videos.join(name), &clip.frames[range], VideoOptions::default()).unwrap();
    };
    let run = |out: &str| {
        let job = ReviewJob {
            video: vec![videos.clone()],
            fps: None,
            out: folder.path().join(out),
        };
        job.run(None, &mut JobContext::silent()).map(|_| job.out)
    };
    save("b", 0..30);
    run("first").unwrap();
    save("a", 10..40);
    let (grown, at_once) = (run("first").unwrap(), run("second").unwrap());
    for name in ["clips.jsonl", "labels.jsonl"] {
        let lines = |out: &std::path::Path| {
            let text = std::fs::read_to_string(out.join(name)).unwrap();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(lines(&grown), lines(&at_once), "{name}");
    }
    // A folder of other videos is refused.
    std::fs::remove_dir_all(videos.join("a")).unwrap();
    save("c", 0..30);
    assert!(matches!(run("first"), Err(clip_review::VerdictsError::Foreign { .. })));
}
