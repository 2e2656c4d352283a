//! Folders of clips, with a model that fades from one frame to the other.

#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

use clip_generation::{ClipEndpoints, ClipReferences, Endpoint, Generation, GenerationError, GenerationJob, SplitName};
use pusht_data::{
    ClipEnd, Demonstrations, Simulation, VideoClip, VideoModel, VideoModelError, VideoRequest, demonstrate,
};
use pusht_env::{ExpertConfig, FillRule, Frame, GOAL, Pose, PushT, Renderer, Scene};
use pusht_jobs::{CancelFlag, JobContext, Silent};
use video_gen::{LoadedModel, LtxOptions};
use video_io::{png_bytes, read_frames, upscale};

/// Fades, and counts what it was asked for; stops the job after `until` requests.
#[derive(Clone)]
struct Fade {
    asked: Rc<Cell<usize>>,
    until: usize,
    stop: CancelFlag,
}

impl Fade {
    fn new(until: usize) -> Self {
        Self {
            asked: Rc::default(),
            until,
            stop: CancelFlag::new(),
        }
    }
}

impl VideoModel for Fade {
    fn name(&self) -> String {
        "fade".to_owned()
    }

    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        self.asked.set(self.asked.get() + requests.len());
        if self.asked.get() >= self.until {
            self.stop.cancel();
        }
        let clip = |request: &VideoRequest| {
            let end = request.end.as_ref().unwrap_or(&request.start);
            let at = |i: usize, a: u8, b: u8| {
                let share = i as f32 / (request.frames - 1) as f32;
                // The seed shows, so that clips differ.
                (f32::from(a) * (1.0 - share) + f32::from(b) * share) as u8 ^ (request.seed % 3) as u8
            };
            (0..request.frames)
                .map(|i| {
                    let mut frame = request.start.clone();
                    frame.iter_mut().zip(end.iter()).for_each(|(a, b)| *a = at(i, *a, *b));
                    frame
                })
                .collect()
        };
        Ok(requests.iter().map(clip).collect())
    }
}

fn board(x: f64) -> Frame {
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    renderer.render(&Scene::new([x, 120.0], Pose::new(240.0, 300.0, 0.4), GOAL))
}

fn ends(folder: &Path) -> ClipEndpoints {
    let (start, end) = (folder.join("start.png"), folder.join("end.png"));
    // An enlarged picture is brought to 96 × 96.
    std::fs::write(&start, png_bytes(&upscale(&board(100.0), 4)).unwrap()).unwrap();
    std::fs::write(&end, png_bytes(&board(200.0)).unwrap()).unwrap();
    ClipEndpoints::from_board_images(&start, Some(&end)).unwrap()
}

struct Job<'a> {
    fade: &'a Fade,
    ends: &'a ClipEndpoints,
    count: usize,
    seed: u64,
}

fn job<'a>(fade: &'a Fade, ends: &'a ClipEndpoints, count: usize, seed: u64) -> Job<'a> {
    Job {
        fade,
        ends,
        count,
        seed,
    }
}

fn run(job: &Job<'_>, out: &Path, stop: &CancelFlag) -> Result<Generation, GenerationError> {
    let mut model = LoadedModel::new("object:fade", job.fade.clone(), 9);
    model.batch_size = 2;
    let builder = GenerationJob::builder(&model, job.ends).clips(job.count).seed(job.seed);
    builder
        .build()?
        .run(out, &mut JobContext::new(Box::new(Silent), stop.clone()))
}

#[test]
fn a_stopped_folder_is_filled_on_and_is_what_it_would_have_been() {
    let folder = tempfile::tempdir().unwrap();
    let ends = ends(folder.path());
    let whole = Fade::new(usize::MAX);
    let one = folder.path().join("one");
    let all = run(&job(&whole, &ends, 5, 1), &one, &whole.stop).unwrap();
    assert_eq!((all.clips.len(), whole.asked.get()), (5, 5));

    let two = folder.path().join("two");
    let stopped = Fade::new(2);
    let error = run(&job(&stopped, &ends, 5, 1), &two, &stopped.stop).unwrap_err();
    assert!(
        matches!(error, GenerationError::Stopped { done: 2, count: 5 }),
        "{error}"
    );
    let rest = Fade::new(usize::MAX);
    let both = run(&job(&rest, &ends, 5, 1), &two, &rest.stop).unwrap();
    assert_eq!(rest.asked.get(), 3);
    for (a, b) in all.clips.iter().zip(&both.clips) {
        assert_eq!((a.seed, &a.video), (b.seed, &b.video));
        let (a, b) = (
            read_frames(one.join(&a.frames)).unwrap(),
            read_frames(two.join(&b.frames)).unwrap(),
        );
        assert_eq!(a.len(), 9);
        assert_eq!(a, b);
        assert!(one.join("overview.png").is_file());
    }
    assert_eq!(
        read_frames(one.join(&all.clips[0].video)).unwrap()[0].dimensions(),
        (384, 384)
    );
}

#[test]
fn a_folder_of_other_settings_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let ends = ends(folder.path());
    let fade = Fade::new(usize::MAX);
    let out = folder.path().join("out");
    run(&job(&fade, &ends, 1, 1), &out, &fade.stop).unwrap();
    let error = run(&job(&fade, &ends, 1, 2), &out, &fade.stop).unwrap_err().to_string();
    assert!(error.contains("seed = 1, now it is 2"), "{error}");
    let other = folder.path().join("other");
    std::fs::create_dir_all(other.join("frames/0000")).unwrap();
    let error = run(&job(&fade, &ends, 1, 1), &other, &fade.stop).unwrap_err();
    assert!(
        matches!(error, GenerationError::NotEmpty { .. }) && other.join("frames/0000").is_dir(),
        "{error}"
    );
    std::fs::write(out.join("generation.json"), "{}").unwrap();
    let error = run(&job(&fade, &ends, 1, 1), &out, &fade.stop).unwrap_err().to_string();
    assert!(error.contains("generation.json") && error.contains("schema"), "{error}");
}

#[test]
fn clips_begin_in_all_episodes_before_one_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demos.jsonl");
    let four = Demonstrations {
        episodes: 4,
        first_seed: 0,
        max_steps: 300,
        simulation: Simulation::DIFFUSION_POLICY,
        expert: ExpertConfig::default(),
        threads: 0,
    };
    demonstrate(&data, &four, &mut JobContext::silent()).unwrap();
    let ends = ClipEndpoints::from_data(pusht_data::open(&data).unwrap(), SplitName::All, 9).unwrap();
    assert!(ends.describe().contains("4 episodes of"), "{}", ends.describe());
    // Episodes that are too short are counted.
    let lengths = pusht_data::open(&data).unwrap().lengths();
    let longest = lengths.iter().copied().max().unwrap();
    let short = lengths.iter().filter(|length| **length < longest).count();
    let some = ClipEndpoints::from_data(pusht_data::open(&data).unwrap(), SplitName::All, longest).unwrap();
    let told = format!("({short} more are shorter than {longest} frames)");
    assert!(short > 1 && some.describe().ends_with(&told), "{}", some.describe());
    let fade = Fade::new(usize::MAX);
    let made = run(&job(&fade, &ends, 8, 1), &folder.path().join("out"), &fade.stop).unwrap();
    for pass in made.clips.chunks(4) {
        let episode = |clip: &clip_generation::ClipRecord| match clip.start {
            Endpoint::Row { episode, .. } => episode,
            _ => panic!("{:?}", clip.start),
        };
        let mut from: Vec<_> = pass.iter().map(episode).collect();
        from.sort_unstable();
        assert_eq!(from, [0, 1, 2, 3]);
    }
    // Clips are found again beside the demonstrations that they begin and end in.
    let references = ClipReferences::open(&folder.path().join("out")).unwrap();
    assert_eq!(references.len(), 8);
    let pair = references.clip(3).unwrap();
    assert_eq!((pair.clip.len(), pair.demonstration.len()), (9, 9));
    let seed = references.generation().clips[3].seed % 3;
    let as_faded = |frame: &Frame| frame.iter().map(|byte| byte ^ seed as u8).collect::<Vec<_>>();
    for at in [0, 8] {
        assert_eq!(pair.clip[at].as_raw(), &as_faded(&pair.demonstration[at]));
    }
}

#[test]
fn what_cannot_be_an_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (text, white) = (folder.path().join("text.png"), folder.path().join("white.png"));
    std::fs::write(&text, "not a picture").unwrap();
    std::fs::write(&white, png_bytes(&Frame::new(64, 64)).unwrap()).unwrap();
    let refused = |endpoints: Result<ClipEndpoints, GenerationError>| endpoints.err().unwrap().to_string();
    let error = refused(ClipEndpoints::from_images(&text, None));
    assert!(error.contains("no PNG"), "{error}");
    let error = refused(ClipEndpoints::from_board_images(&white, None));
    assert!(error.contains("white.png"), "{error}");
    assert!(ClipEndpoints::from_images(&white, None).is_ok());
    let start = folder.path().join("start.png");
    std::fs::write(&start, png_bytes(&board(100.0)).unwrap()).unwrap();
    let error = refused(ClipEndpoints::from_images(&start, Some(&white)));
    assert!(error.contains("64 × 64"), "{error}");
}

#[test]
fn records_of_earlier_versions_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{
        "schema": 1,
        "plan": {
            "model": "ltx:weights", "model_name": "ltx-video",
            "sampling": {
                "lora": null, "steps": 8, "guidance": 3.0, "negative_prompt": "blur", "size": [256, 320],
                "frame_rate": 10.0, "tokens": 256, "text": null, "weights": "bf16", "end_frame": null
            },
            "prompt": "a dot", "ends": {"data": {"path": "demos.jsonl", "part": "test", "end": true}},
            "frames": 33, "frame_rate": 10, "seed": 4
        },
        "clips": [{
            "seed": 9, "start": "episode 12, row 3", "end": "episode 12, row 35",
            "video": "videos/0000.mp4", "frames": "frames/0000", "seconds": 1.5
        }]
    }"#;
    std::fs::write(folder.path().join(Generation::FILE), text).unwrap();
    let found = Generation::open(folder.path()).unwrap();
    assert_eq!(found.clips[0].start, Endpoint::Row { episode: 12, row: 3 });
    let sampling = LtxOptions {
        steps: Some(8),
        guidance: Some(3.0),
        negative_prompt: Some("blur".into()),
        size: Some("320x256".parse().unwrap()),
        frame_rate: Some(10.0),
        tokens: Some(256),
        weights: Some(video_gen::WeightFormat::Bf16),
        ..LtxOptions::default()
    };
    assert_eq!(found.plan.sampling, sampling.into());
    let written = serde_json::to_value(&found).unwrap();
    assert_eq!(written, serde_json::from_str::<serde_json::Value>(text).unwrap());
}

/// Ends clips early, refuses those of 3 frames, and says how near each came to its end.
struct Early;

impl VideoModel for Early {
    fn name(&self) -> String {
        "early".to_owned()
    }

    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        Ok(self
            .generate_clips(requests)?
            .into_iter()
            .map(|clip| clip.frames)
            .collect())
    }

    fn generate_clips(&self, requests: &[VideoRequest]) -> Result<Vec<VideoClip>, VideoModelError> {
        if requests.iter().any(|request| request.frames == 3) {
            let reason = "end frame: too near".to_owned();
            return Err(VideoModelError::Request { request: 1, reason });
        }
        let clip = |(index, request): (usize, &VideoRequest)| {
            assert!(request.end.is_none());
            let reached = index == 0;
            VideoClip {
                frames: vec![request.start.clone(); if reached { 4 } else { request.frames }],
                end: Some(ClipEnd {
                    reached,
                    px: if reached { 2.0 } else { 31.0 },
                    degrees: 1.5,
                    agent_px: None,
                    seen: true,
                }),
            }
        };
        Ok(requests.iter().enumerate().map(clip).collect())
    }
}

#[test]
fn clips_from_new_starts_are_recorded_with_their_ends() {
    let folder = tempfile::tempdir().unwrap();
    let ends = ClipEndpoints::from_resets(Simulation::DIFFUSION_POLICY, 7).unwrap();
    assert!(ends.describe().contains("seeds from 7 on"), "{}", ends.describe());
    let run = |frames: usize, out: &str| {
        let mut model = LoadedModel::new("early", Early, frames);
        model.batch_size = 2;
        let job = GenerationJob::builder(&model, &ends).clips(2).build().unwrap();
        job.run(&folder.path().join(out), &mut JobContext::silent())
    };
    let made = run(9, "out").unwrap();
    let starts: Vec<_> = made.clips.iter().map(|clip| (&clip.start, clip.end.as_ref())).collect();
    assert_eq!(
        starts,
        [7, 8]
            .map(|seed| (Endpoint::Reset(seed), Endpoint::Goal))
            .iter()
            .map(|(a, b)| (a, Some(b)))
            .collect::<Vec<_>>()
    );
    assert_eq!((made.clips[0].length, made.clips[1].length), (Some(4), None));
    let first = read_frames(folder.path().join("out").join(&made.clips[0].frames)).unwrap();
    let mut env = PushT::new(Simulation::DIFFUSION_POLICY.config()).unwrap();
    env.reset(7).unwrap();
    let drawn = Renderer::new(96, FillRule::Pygame25).unwrap().render(&env.scene());
    assert!(first.len() == 4 && first[0] == drawn);
    assert_eq!(Generation::open(&folder.path().join("out")).unwrap(), made);
    let arrivals = made.arrivals().unwrap();
    assert_eq!((arrivals.clips, arrivals.reached, arrivals.exact), (2, 1, 1));
    assert_eq!((arrivals.median_px, arrivals.median_frames), (16.5, 6.5));
    let text = arrivals.to_string();
    assert!(
        text.starts_with(
            "1 of 2 clips reached the end (the T within 20 px of the 512 board and 20° of it), 1 of them exactly"
        ) && text.ends_with("kept as they are: 0001 (31 px, 2°)"),
        "{text}"
    );
    // A T that is as near as the rule says has reached its end, though not exactly.
    let mut near = made.clone();
    if let Some(end) = near.clips[1].arrival.as_mut() {
        (end.px, end.degrees, end.seen) = (1.0, 1.0, true);
    }
    let arrivals = near.arrivals().unwrap();
    assert_eq!((arrivals.reached, arrivals.exact), (2, 1));
    assert!(arrivals.missed.is_empty() && !arrivals.to_string().contains("not reached"));
    let error = ClipReferences::open(&folder.path().join("out"))
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("not between rows of demonstrations"), "{error}");

    let error = run(3, "refused").unwrap_err().to_string();
    assert_eq!(error, "clip 1 (reset 8 to goal): end frame: too near");
    let goal = Pose::new(100.0, 100.0, 0.0);
    let other = Simulation {
        goal,
        ..Simulation::GYM_PUSHT
    };
    let error = ClipEndpoints::from_resets(other, 0).err().unwrap().to_string();
    assert!(error.contains("expected the default one"), "{error}");
    assert!(ClipEndpoints::from_resets(Simulation::DIFFUSION_POLICY, u64::MAX).is_err());
}
