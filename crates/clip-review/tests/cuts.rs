//! Cuts of one length out of videos.

use clip_review::Job;
use corruptions::Clip;
use video_io::{VideoOptions, save_video};

#[test]
fn the_middle_of_every_video_is_cut_out() {
    let folder = tempfile::tempdir().unwrap();
    let videos = folder.path().join("clips");
    let clip = Clip::simulated(302, 96).unwrap();
    save_video(videos.join("a"), &clip.frames, VideoOptions::default()).unwrap();
    let job = Job {
        video: vec![videos],
        fps: None,
        out: folder.path().join("out"),
    };
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
}
