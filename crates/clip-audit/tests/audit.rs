//! The audit on clips with known corruptions.

use clip_audit::benchmark::expected;
use clip_audit::{Auditor, ClipAudit, FindingKind, VideoAuditor};
use corruptions::{Clip, Corruption, Strength};
use video_io::{Rate, VideoOptions, save_video};

/// Not one of the seeds that were used to set the thresholds.
const SEEDS: std::ops::Range<u64> = 200..204;

fn clips() -> Vec<(u64, Clip)> {
    let clip = |seed| Clip::simulated(seed, 96).expect("a seed of the expert's");
    SEEDS.map(|seed| (seed, clip(seed))).collect()
}

#[test]
fn clean_clips_have_no_findings_and_the_best_scores() {
    let auditor = Auditor::new().unwrap();
    for (seed, clip) in clips() {
        let audit = auditor.audit(&clip.frames).unwrap();
        assert_eq!(audit.findings, [], "seed {seed}");
        let scores = &audit.scores;
        let points = [
            scores.adherence.value,
            scores.responsibility.value,
            scores.physics.value,
        ];
        // The expert solves its episodes.
        assert_eq!(points, [2, 1, 5], "seed {seed}: {scores:?}");
        assert!(audit.progress.unwrap().max_coverage > 0.93);
        assert!(audit.motion.share() > 0.95);
    }
}

#[test]
fn clear_defects_are_found_and_named() {
    let auditor = Auditor::new().unwrap();
    for (seed, clip) in clips() {
        for corruption in Corruption::TUNED {
            let Some(frames) = corruption.apply(&clip, Strength::Clear, seed).unwrap() else {
                continue;
            };
            let audit = auditor.audit(&frames).unwrap();
            let found = |kind: &FindingKind| audit.has(*kind);
            assert!(
                expected(corruption).iter().any(found),
                "{} of seed {seed}: {:?}",
                corruption.name(),
                audit.findings
            );
            assert_eq!(audit.scores.physics.value < 5, audit.is_unphysical());
        }
    }
}

#[test]
fn damaged_pictures_are_not_taken_for_a_damaged_world() {
    let auditor = Auditor::new().unwrap();
    let (seed, clip) = (207, Clip::simulated(207, 96).unwrap());
    for corruption in Corruption::TUNED.into_iter().filter(|d| d.is_of_the_picture()) {
        for strength in [Strength::Faint, Strength::Mild] {
            let frames = corruption.apply(&clip, strength, seed).unwrap().unwrap();
            let audit = auditor.audit(&frames).unwrap();
            assert!(
                !audit.is_unphysical(),
                "{} {strength:?}: {:?}",
                corruption.name(),
                audit.findings
            );
        }
    }
}

#[test]
fn clear_noise_and_compression_are_named_and_the_world_is_read_through_them() {
    let auditor = VideoAuditor::new().unwrap();
    for seed in 200..202 {
        let clip = Clip::simulated(seed, 96).unwrap();
        for (corruption, kind) in [
            (Corruption::Noise, FindingKind::Noise),
            (Corruption::Compression, FindingKind::Compression),
        ] {
            let frames = corruption.apply(&clip, Strength::Clear, seed).unwrap().unwrap();
            let audit = auditor.audit_frames(&frames).unwrap();
            assert_eq!(audit.main(), Some(kind), "seed {seed}: {:?}", audit.findings);
            assert!(audit.suppressed.is_empty());
        }
        // A physical corruption is still found in mildly degraded images.
        let gone = Clip {
            frames: Corruption::AgentGone
                .apply(&clip, Strength::Clear, seed)
                .unwrap()
                .unwrap(),
            ..clip
        };
        for worse in [Corruption::Blur, Corruption::Noise, Corruption::Compression] {
            let frames = worse.apply(&gone, Strength::Mild, seed).unwrap().unwrap();
            let audit = auditor.audit_frames(&frames).unwrap();
            assert_eq!(
                audit.main(),
                Some(FindingKind::AgentGone),
                "{}, seed {seed}",
                worse.name()
            );
        }
    }
}

#[test]
fn of_a_picture_that_cannot_be_read_only_the_picture_is_said() {
    let auditor = VideoAuditor::new().unwrap();
    let clip = Clip::simulated(208, 96).unwrap();
    for (corruption, kind) in [
        (Corruption::Blur, FindingKind::Blur),
        (Corruption::Noise, FindingKind::Noise),
    ] {
        let frames = corruption.apply(&clip, Strength::Strong, 208).unwrap().unwrap();
        let audit = auditor.audit_frames(&frames).unwrap();
        assert_eq!(audit.main(), Some(kind), "{:?}", audit.findings);
        assert!(!audit.is_unphysical() && audit.suppressed.iter().all(|f| f.kind.is_physical()));
        if !audit.suppressed.is_empty() {
            let physics = &audit.scores.physics;
            assert!(physics.value == 5 && physics.why.contains("too low"), "{}", physics.why);
        }
    }
}

#[test]
fn what_resampling_blurs_is_no_finding() {
    let auditor = VideoAuditor::new().unwrap();
    for size in [64, 128] {
        let audit = |clip: &Clip| auditor.audit_frames(&clip.frames).unwrap();
        let clip = Clip::simulated(201, size).unwrap();
        let clean = audit(&clip);
        assert_eq!(clean.findings, [], "{size} px");
        assert!(clean.blur.unwrap().abs() < 0.1, "{size} px: {:?}", clean.blur);
        let frames = Corruption::Blur.apply(&clip, Strength::Clear, 201).unwrap().unwrap();
        let blurred = audit(&Clip { frames, ..clip });
        assert_eq!(
            blurred.main(),
            Some(FindingKind::Blur),
            "{size} px: {:?}",
            blurred.findings
        );
    }
}

#[test]
fn findings_name_the_frames() {
    let auditor = Auditor::new().unwrap();
    let clip = Clip::simulated(204, 96).unwrap();
    let mut frames = clip.frames.clone();
    // Another scene's frames in the middle: agent and T jump there and back.
    let other = Clip::simulated(205, 96).unwrap();
    for t in 20..24 {
        frames[t] = other.frames[0].clone();
    }
    let audit = auditor.audit(&frames).unwrap();
    let jump = audit
        .findings
        .iter()
        .find(|f| f.kind == FindingKind::BlockJump)
        .unwrap();
    assert_eq!(jump.frames.first, 19, "{:?}", audit.findings);
    assert!(audit.scores.physics.frames.iter().any(|f| f.contains(20)));
}

#[test]
fn nothing_and_little_are_clips_too() {
    let auditor = Auditor::new().unwrap();
    let nothing: ClipAudit = auditor.audit(&[]).unwrap();
    assert_eq!((nothing.frames, nothing.findings.len(), nothing.progress), (0, 0, None));
    let clip = Clip::simulated(206, 96).unwrap();
    let one = auditor.audit(&clip.frames[..1]).unwrap();
    assert_eq!((one.findings.len(), one.scores.responsibility.value), (0, 1));
    let white = pusht_env::Frame::from_pixel(96, 96, image::Rgb([255; 3]));
    let empty = auditor.audit(&vec![white; 5]).unwrap();
    assert!(empty.has(FindingKind::BlockGone) && empty.has(FindingKind::GoalChanged));
    assert_eq!(empty.scores.adherence.value, 0);
    assert!(auditor.audit(&[pusht_env::Frame::new(64, 64)]).is_err());
    assert!(
        Corruption::Blur
            .apply(
                &Clip {
                    frames: Vec::new(),
                    ..clip
                },
                Strength::Clear,
                0
            )
            .is_err()
    );
}

#[test]
fn a_clip_without_a_visible_agent_gets_no_credit() {
    let clip = Clip::simulated(206, 96).unwrap();
    let erased: Vec<pusht_env::Frame> = (clip.frames.iter())
        .map(|frame| {
            let mut frame = frame.clone();
            for pixel in frame.pixels_mut() {
                if pixel.0[2].saturating_sub(pixel.0[0]) > 60 {
                    pixel.0 = [255; 3];
                }
            }
            frame
        })
        .collect();
    for frames in [&erased[..], &erased[..10]] {
        let audit = Auditor::new().unwrap().audit(frames).unwrap();
        assert!(audit.has(FindingKind::AgentGone), "{:?}", audit.findings);
        let responsibility = &audit.scores.responsibility;
        assert_eq!(responsibility.value, 0, "{}", responsibility.why);
        assert!(responsibility.why.starts_with("not measured"), "{}", responsibility.why);
        assert!(audit.scores.physics.value < 3, "{}", audit.scores.physics.why);
    }
}

#[test]
fn videos_of_other_sizes_and_rates_are_read_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let auditor = VideoAuditor::new().unwrap();
    let clip = Clip::simulated(201, 256).unwrap();
    let clean = folder.path().join("clean.mp4");
    save_video(&clean, &clip.frames, VideoOptions { fps: 10, scale: 1 }).unwrap();
    let (video, frames) = auditor.audit(&clean, Rate::Stated).unwrap();
    assert_eq!((video.size, frames.len()), ([256; 2].into(), clip.frames.len()));
    assert!(!video.audit.is_unphysical(), "{:?}", video.audit.findings);

    // At half the rate every frame is shown twice at 10 Hz.
    let half: Vec<_> = clip.frames.iter().step_by(2).cloned().collect();
    let slow = folder.path().join("slow.mp4");
    save_video(&slow, &half, VideoOptions { fps: 5, scale: 1 }).unwrap();
    let (video, _) = auditor.audit(&slow, Rate::Stated).unwrap();
    assert!(!video.audit.is_unphysical(), "{:?}", video.audit.findings);

    let split = Corruption::AgentSplit
        .apply(&clip, Strength::Strong, 0)
        .unwrap()
        .unwrap();
    let path = folder.path().join("split.mp4");
    save_video(&path, &split, VideoOptions { fps: 10, scale: 1 }).unwrap();
    let (video, _) = auditor.audit(&path, Rate::Stated).unwrap();
    assert_eq!(video.audit.main(), Some(FindingKind::SeveralAgents));
    let (strips, track) = auditor.reread_for_strips(&video, Rate::Stated, 6, 2).unwrap();
    assert_eq!(track.len(), video.audit.frames);
    assert_eq!(strips[0].finding.unwrap().kind, FindingKind::SeveralAgents);
    assert_eq!((strips[0].frames.len(), strips[0].picture.height()), (6, 192));
    let red = |p: &image::Rgb<u8>| p.0 == [214, 39, 40];
    assert!(strips[0].picture.pixels().any(red));

    // Too short to measure motion: not free of faults, but not audited.
    let short = folder.path().join("short.mp4");
    save_video(&short, &clip.frames[..3], VideoOptions { fps: 10, scale: 1 }).unwrap();
    let error = auditor.audit(&short, Rate::Stated).unwrap_err().to_string();
    assert!(error.contains("has 3 frames"), "{error}");

    let text = folder.path().join("text.mp4");
    std::fs::write(&text, "no video").unwrap();
    assert!(auditor.audit(&text, Rate::Stated).is_err());
}
