//! Cuts of one length out of videos.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use clip_audit::{frechet_of_features, split_clips};
use clip_review::{ReviewJob, center_frames};
use corruptions::Clip;
use pusht_data::{Demonstrations, Simulation, demonstrate};
use pusht_env::ExpertConfig;
use pusht_jobs::JobContext;
use video_io::{VideoOptions, save_video};

#[test]
fn the_middle_of_every_video_is_cut_out() {
    let folder = tempfile::tempdir().unwrap();
    let videos = folder.path().join("clips");
    let clip = Clip::simulated(302, 96).unwrap();
    save_video(videos.join("a"), &clip.frames, VideoOptions::default()).unwrap();
    let job = ReviewJob {
        video: vec![videos],
        fps: None,
        out: folder.path().join("out"),
    };
    let cuts = job.center_frames(16).unwrap();
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
    assert_eq!(job.center_frames(5000).unwrap(), [None]);
}

/// Mean red, green and blue of the first and of the last frame.
#[allow(clippy::unnecessary_wraps, reason = "as a network's features")]
fn colors(cut: &[pusht_env::Frame]) -> Result<Vec<f64>, String> {
    let of = |frame: &pusht_env::Frame, c: usize| {
        let sum: u32 = frame.pixels().map(|p| u32::from(p.0[c])).sum();
        f64::from(sum) / f64::from(frame.width() * frame.height())
    };
    Ok([0, cut.len() - 1]
        .iter()
        .flat_map(|&t| (0..3).map(move |c| of(&cut[t], c)))
        .collect())
}

#[test]
fn the_distance_takes_any_features_and_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let what = Demonstrations {
        episodes: 5,
        first_seed: 0,
        max_steps: 20,
        simulation: Simulation::GYM_PUSHT,
        expert: ExpertConfig::default(),
        threads: 0,
    };
    let ctx = &mut JobContext::silent();
    let path = folder.path().join("demos.jsonl");
    demonstrate(&path, &what, ctx).unwrap();
    let real = pusht_data::open(path).unwrap();
    let job = ReviewJob {
        video: vec![folder.path().join("clips")],
        fps: None,
        out: folder.path().join("out"),
    };
    let save = |name: &str, frames: &[_]| save_video(job.video[0].join(name), frames, VideoOptions::default()).unwrap();
    save("0", &real.episode(0).unwrap().frames);
    save("short", &real.episode(1).unwrap().frames[..9]);
    let few = job.fvd(&real, colors, ctx).unwrap_err().to_string();
    assert!(few.contains("5 real episodes and 1 clips"), "{few}");

    save("1", &real.episode(1).unwrap().frames);
    let found = job.fvd(&real, colors, ctx).unwrap();
    assert_eq!((found.frames, found.real, found.clips), (16, 5, 2));
    let features = |episodes: &[usize]| -> Vec<Vec<f64>> {
        let center_frames = |&i: &usize| center_frames(real.episode(i).unwrap().frames, 16).unwrap();
        episodes.iter().map(|i| colors(&center_frames(i)).unwrap()).collect()
    };
    let [a, b] = split_clips(5, 2, 0).unwrap();
    assert_eq!(found.halves, frechet_of_features(&features(&a), &features(&b)).unwrap());
    // The frames of the clips are resampled, so that they may differ in the last level.
    let distance = frechet_of_features(&features(&[0, 1, 2, 3, 4]), &features(&[0, 1])).unwrap();
    assert!((found.distance - distance).abs() < 1.0, "{} {distance}", found.distance);

    let failed = |_: &[pusht_env::Frame]| Err("no memory".to_owned());
    let said = job.fvd(&real, failed, ctx).unwrap_err().to_string();
    assert!(said.contains("no memory"), "{said}");
}
