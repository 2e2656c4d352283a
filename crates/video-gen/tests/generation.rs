//! Folders of clips, with a model that fades from one frame to the other.

#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::path::Path;

use nn_kit::settings::Class;
use pusht_data::{Demonstrations, Simulation, VideoError, VideoModel, VideoRequest, demonstrate};
use pusht_env::{ExpertConfig, FillRule, Frame, GOAL, Pose, Renderer, Scene};
use pusht_jobs::{CancelFlag, JobContext, Silent};
use video_gen::{ClipEnds, Generation, GenerationError, GenerationJob, ModelChoice, Part, Plan, Sampling};
use video_io::{png_bytes, read_frames, upscale};

/// Fades, and counts what it was asked for; stops the job after `until` requests.
struct Fade {
    asked: Cell<usize>,
    until: usize,
    stop: CancelFlag,
}

impl Fade {
    fn new(until: usize) -> Self {
        Self {
            asked: Cell::new(0),
            until,
            stop: CancelFlag::new(),
        }
    }
}

impl VideoModel for Fade {
    fn name(&self) -> String {
        "fade".to_owned()
    }

    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoError> {
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

fn ends(folder: &Path) -> ClipEnds {
    let (start, end) = (folder.join("start.png"), folder.join("end.png"));
    // An enlarged picture is brought to 96 × 96.
    std::fs::write(&start, png_bytes(&upscale(&board(100.0), 4)).unwrap()).unwrap();
    std::fs::write(&end, png_bytes(&board(200.0)).unwrap()).unwrap();
    ClipEnds::pictures(&start, Some(&end), true).unwrap()
}

fn job<'a>(model: &'a Fade, ends: &'a ClipEnds, count: usize, seed: u64) -> GenerationJob<'a> {
    GenerationJob {
        model,
        at_once: 2,
        plan: Plan {
            model: "object:fade".to_owned(),
            model_sha256: None,
            model_name: model.name(),
            sampling: Sampling::default(),
            prompt: None,
            ends: ends.of(),
            frames: 9,
            frame_rate: 10,
            seed,
        },
        ends,
        count,
    }
}

fn run(job: &GenerationJob<'_>, out: &Path, stop: &CancelFlag) -> Result<Generation, GenerationError> {
    job.run(out, &mut JobContext::new(Box::new(Silent), stop.clone()))
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
    let ends = ClipEnds::data(&data, Part::All, 9, true).unwrap();
    assert!(ends.describe().contains("4 episodes of"), "{}", ends.describe());
    let fade = Fade::new(usize::MAX);
    let made = run(&job(&fade, &ends, 8, 1), &folder.path().join("out"), &fade.stop).unwrap();
    for pass in made.clips.chunks(4) {
        let mut from: Vec<_> = pass.iter().map(|clip| clip.start.split(',').next().unwrap()).collect();
        from.sort_unstable();
        assert_eq!(from, ["episode 0", "episode 1", "episode 2", "episode 3"]);
    }
}

#[test]
fn what_cannot_be_an_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (text, white) = (folder.path().join("text.png"), folder.path().join("white.png"));
    std::fs::write(&text, "not a picture").unwrap();
    std::fs::write(&white, png_bytes(&Frame::new(64, 64)).unwrap()).unwrap();
    let refused = |path: &Path, board| ClipEnds::pictures(path, None, board).err().unwrap().to_string();
    assert!(refused(&text, false).contains("no PNG"), "{}", refused(&text, false));
    assert!(refused(&white, true).contains("white.png"), "{}", refused(&white, true));
    assert!(ClipEnds::pictures(&white, None, false).is_ok());
    let start = folder.path().join("start.png");
    std::fs::write(&start, png_bytes(&board(100.0)).unwrap()).unwrap();
    let error = ClipEnds::pictures(&start, Some(&white), false)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("64 × 64"), "{error}");
}

#[test]
fn what_is_no_model_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let device = burn::tensor::Device::flex();
    let open = |kind: &str, sampling: &Sampling, prompt: Option<&str>| {
        let choice: ModelChoice = format!("{kind}:{}", folder.path().display()).parse().unwrap();
        choice
            .open(sampling, None, prompt, None, &device)
            .err()
            .unwrap()
            .to_string()
    };
    let none = Sampling::default();
    assert!(open("object", &none, None).contains("train_video"));
    assert!(open("ltx", &none, None).contains("docs/ltx-video.md"));
    assert!(open("cosmos", &none, None).contains("model.pt"));
    assert!(open("ltx", &none, Some(" ")).contains("empty"));
    // The other family's folder.
    let part = |name: &str| folder.path().join(name);
    std::fs::create_dir(part("transformer")).unwrap();
    std::fs::create_dir(part("vae")).unwrap();
    let settings = ltx_video::Config::default().named().unwrap().to_string();
    std::fs::write(part("transformer/config.json"), settings).unwrap();
    let error = open("cosmos", &none, None);
    assert!(
        error.contains("LTXVideoTransformer3DModel; expected a CosmosTransformer3DModel"),
        "{error}"
    );
}

#[test]
fn a_damaged_record_beside_adapters_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str| folder.path().join(name);
    std::fs::create_dir(part("transformer")).unwrap();
    std::fs::create_dir(part("vae")).unwrap();
    let choice: ModelChoice = format!("ltx:{}", folder.path().display()).parse().unwrap();
    let sampling = Sampling {
        lora: Some(part("adapters.safetensors")),
        ..Sampling::default()
    };
    let refused = || {
        let device = burn::tensor::Device::flex();
        choice
            .check(&sampling, None, None, None, &device)
            .unwrap_err()
            .to_string()
    };
    std::fs::write(part("finetune.json"), "{\"config\": {}}").unwrap();
    let text = refused();
    assert!(text.contains("finetune.json") && text.contains("frames"), "{text}");
    // Without one, adapters are sampled as the model itself.
    std::fs::remove_file(part("finetune.json")).unwrap();
    assert!(!refused().contains("finetune.json"));
}
