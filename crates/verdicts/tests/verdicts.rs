//! A folder of clips, from the simulator and broken ones, to a report.

use eval::audit::Kind;
use eval::audit::defects::{Clip, Defect, Strength};
use verdicts::Job;
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

    let job = Job {
        video: vec![videos],
        fps: None,
        out: folder.path().join("out"),
    };
    let verdicts = job.run(None, &|_, _| {}).unwrap();
    verdicts.write(&job.out).unwrap();
    let names: Vec<&str> = verdicts.clips.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["broken.mp4", "clean.mp4", "faded & <odd>.mp4"]);
    let [broken, clean, faded] = [0, 1, 2].map(|k| &verdicts.clips[k]);
    assert!(broken.error.is_some() && broken.audit.is_none());
    let audit = |clip: &verdicts::ClipVerdict| clip.audit.clone().unwrap().audit;
    assert!(!audit(clean).is_unphysical(), "{:?}", audit(clean).findings);
    assert!(!clean.execution.as_ref().unwrap().parted);
    assert_eq!(audit(faded).main(), Some(Kind::Morph));
    assert_eq!(audit(faded).scores.responsibility.value, 0);
    assert_eq!((verdicts.totals.clips, verdicts.totals.failed), (3, 1));
    assert!(verdicts.labels[1].frames[1] > 20, "{:?}", verdicts.labels[1]);
    assert_eq!(verdicts.scores().len(), 2);

    let page = std::fs::read_to_string(job.out.join("report.html")).unwrap();
    assert!(page.contains("faded &amp; &lt;odd&gt;.mp4") && page.contains("data:image/png;base64,"));
    assert!(!page.contains("<script") && !page.contains("is missing"));
    let first = std::fs::read(job.out.join("score.json")).unwrap();

    // Stopped in the middle of the last line: the rest is done again, and nothing else.
    let lines = job.out.join("clips.jsonl");
    let text = std::fs::read(&lines).unwrap();
    std::fs::write(&lines, &text[..text.len() - 40]).unwrap();
    let again = job.run(None, &|_, _| {}).unwrap();
    again.write(&job.out).unwrap();
    assert_eq!(std::fs::read(job.out.join("score.json")).unwrap(), first);

    let other = Job { fps: Some(10), ..job };
    let refused = other.run(None, &|_, _| {}).unwrap_err().to_string();
    assert!(refused.contains("name another --out"), "{refused}");
}
