//! Training, generating, saving and loading on a handful of made-up episodes.

#![allow(clippy::unwrap_used)]

use std::f64::consts::FRAC_PI_4;
use std::path::Path;

use burn::tensor::Device;
use object_latent::{
    ContactMeasures, ObjectLatentConfig, ObjectLatentModel, StateRequest, TrainSettings, VideoGenError,
};
use pusht_data::{Episode, Provenance, VideoModel, VideoModelError, VideoRequest};
use pusht_env::{FillRule, Frame, GOAL, Pose, Renderer, Scene, State};
use pusht_jobs::{CancelFlag, JobContext, Silent};
use pusht_training::TrainSpec;
use training::{ModelFileError, TrainingError};

/// The agent circles a resting T, then pushes its bar for ten frames.
fn episode(index: usize, frames: usize) -> Episode {
    let turn = index as f64 * FRAC_PI_4;
    let states: Vec<State> = (0..frames)
        .map(|i| {
            let phase = turn + i as f64 * 0.05;
            let pushed = (i as f64 - frames as f64 + 10.0).max(0.0) * 3.0;
            State {
                agent: [256.0 + 150.0 * phase.cos(), 256.0 + 150.0 * phase.sin()],
                block: Pose::new(250.0 + pushed, 240.0, 0.3),
            }
        })
        .collect();
    Episode {
        frames: states.iter().map(picture).collect(),
        actions: states.iter().map(|s| s.agent.map(|x| x as f32)).collect(),
        states: Some(states),
        goal: GOAL,
        provenance: Provenance {
            source: "made up".to_string(),
            index,
            seed: None,
            actions: "recorded".to_string(),
        },
    }
}

fn picture(state: &State) -> Frame {
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    renderer.render(&Scene::new(state.agent, state.block, GOAL))
}

fn settings() -> TrainSettings {
    let mut settings = TrainSettings::smoke();
    settings.model = ObjectLatentConfig::new()
        .with_width(16)
        .with_depth(1)
        .with_heads(2)
        .with_max_frames(18)
        .with_sampling_steps(4);
    settings.fit.epochs = 1;
    settings.fit.steps_per_epoch = Some(6);
    settings.fit.batch_size = 4;
    settings
}

fn train(episodes: &[Episode]) -> Result<ObjectLatentModel, VideoGenError> {
    let episodes: Vec<&Episode> = episodes.iter().collect();
    let spec = TrainSpec::new(settings())
        .with_train(episodes.iter().copied())
        .with_validation([episodes[0]]);
    Ok(spec.run(&mut JobContext::silent())?.model)
}

fn model() -> ObjectLatentModel {
    train(&[episode(0, 30), episode(1, 24)]).unwrap()
}

fn request(index: usize, frames: usize, end: bool) -> StateRequest {
    let states = episode(index, 30).states.unwrap();
    StateRequest {
        start: states[0],
        end: end.then(|| states[frames - 1]),
        frames,
        seed: 7 + index as u64,
    }
}

#[test]
fn clips_have_the_length_asked_for_and_begin_and_end_where_told() {
    let model = model();
    for frames in [2, 3, 7, 18] {
        let asked = request(0, frames, true);
        let clip = &model.generate_states(&[asked]).unwrap()[0];
        assert_eq!(clip.len(), frames);
        for (found, expected) in [(clip[0], asked.start), (clip[frames - 1], asked.end.unwrap())] {
            for (a, b) in found.to_row().iter().zip(expected.to_row()) {
                assert!((a - b).abs() < 1e-3, "{found:?} {expected:?}");
            }
        }
    }
}

#[test]
fn between_the_prescribed_frames_the_agent_is_never_inside_the_t() {
    let model = model();
    let asked: Vec<StateRequest> = (0..6).map(|i| request(i, 18, i % 2 == 0)).collect();
    let clips = model.generate_states(&asked).unwrap();
    assert!(ContactMeasures::of(&clips).overlap < 1e-3);
}

#[test]
fn a_clip_depends_on_its_own_request_only_and_on_its_seed() {
    let model = model();
    let (a, b) = (request(0, 12, true), request(1, 9, false));
    let together = model.generate_states(&[b, a, b]).unwrap();
    assert_eq!(together[1], model.generate_states(&[a]).unwrap()[0]);
    assert_eq!(together[0], together[2]);
    let other = StateRequest { seed: 1234, ..a };
    assert_ne!(together[1], model.generate_states(&[other]).unwrap()[0]);
}

#[test]
fn training_repeats_itself() {
    let asked = [request(1, 10, true)];
    let clips = [(); 2].map(|()| model().generate_states(&asked).unwrap());
    assert_eq!(clips[0], clips[1]);
}

#[test]
fn frames_are_the_pictures_of_a_clip_and_prescribed_ones_come_back_unchanged() {
    let model = model();
    let asked = request(0, 6, true);
    let video = VideoRequest {
        start: picture(&asked.start),
        end: asked.end.as_ref().map(picture),
        prompt: Some("ignored".to_string()),
        frames: 6,
        seed: asked.seed,
    };
    let frames = &model.generate(std::slice::from_ref(&video)).unwrap()[0];
    assert_eq!(frames.len(), 6);
    assert_eq!(frames[0], video.start);
    assert_eq!(Some(&frames[5]), video.end.as_ref());
    assert!(frames.iter().all(|f| f.dimensions() == (96, 96)));
}

#[test]
fn a_saved_model_generates_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = model();
    model.save(&path).unwrap();
    let loaded = ObjectLatentModel::load(&path, &Device::flex()).unwrap();
    let asked = [request(0, 11, true), request(1, 8, false)];
    assert_eq!(
        loaded.generate_states(&asked).unwrap(),
        model.generate_states(&asked).unwrap()
    );
    assert_eq!(loaded.trained_on(), model.trained_on());
    assert_eq!(loaded.trained_on().frames, 54);
}

#[test]
fn requests_that_cannot_be_served_are_refused_with_a_reason() {
    let model = model();
    let reason = |request: StateRequest| match model.generate_states(&[request]) {
        Err(VideoModelError::Request { request: 0, reason }) => reason,
        other => panic!("{other:?}"),
    };
    for frames in [0, 1, 19] {
        let asked = StateRequest {
            frames,
            ..request(0, 6, false)
        };
        assert!(reason(asked).contains(&format!("{frames} frames were asked for; this model makes 2 to 18")));
    }
    let mut asked = request(0, 6, false);
    asked.start.agent[0] = f64::NAN;
    assert!(reason(asked).contains("finite"));
    for (start, expected) in [(Frame::new(64, 64), "96"), (Frame::new(96, 96), "no blue agent")] {
        let video = VideoRequest {
            start,
            end: None,
            prompt: None,
            frames: 6,
            seed: 0,
        };
        let error = model.generate(&[video]).unwrap_err().to_string();
        assert!(error.contains("start frame") && error.contains(expected), "{error}");
    }
}

#[test]
fn data_that_cannot_be_trained_on_are_refused() {
    assert!(matches!(
        train(&[episode(0, 1)]),
        Err(VideoGenError::NoClips { episodes: 1 })
    ));
    let mut bad = episode(3, 20);
    bad.states.as_mut().unwrap()[4].block.x = f64::INFINITY;
    let error = train(&[episode(0, 20), bad]).unwrap_err();
    assert!(
        matches!(error, VideoGenError::Frame { index: 3, frame: 4, .. }),
        "{error}"
    );
    let mut config = settings();
    config.model.heads = 3;
    let episode = episode(0, 20);
    let spec = TrainSpec::new(config).with_train([&episode]);
    let error = spec.run(&mut JobContext::silent()).unwrap_err();
    assert!(error.to_string().contains("heads must divide the width"), "{error}");
    for temperature in [-0.1, f64::NAN] {
        let error = ObjectLatentConfig::new()
            .with_temperature(temperature)
            .check()
            .unwrap_err();
        assert!(error.to_string().contains("temperature"), "{error}");
    }
}

#[test]
fn states_are_read_from_frames_where_an_episode_has_none() {
    let mut unlabeled = episode(0, 20);
    unlabeled.states = None;
    assert_eq!(train(&[unlabeled.clone()]).unwrap().max_frames(), 18);
    unlabeled.frames[3] = Frame::new(96, 96);
    let error = train(&[unlabeled]).unwrap_err();
    assert!(
        matches!(error, VideoGenError::Frame { index: 0, frame: 3, .. }),
        "{error}"
    );
}

#[test]
fn a_raised_flag_stops_the_training() {
    let stop = CancelFlag::new();
    stop.cancel();
    let mut ctx = JobContext::new(Box::new(Silent), stop);
    let episode = episode(0, 20);
    let result = TrainSpec::new(settings()).with_train([&episode]).run(&mut ctx);
    assert!(matches!(
        result,
        Err(VideoGenError::Training(TrainingError::Interrupted { .. }))
    ));
}

#[test]
fn files_that_are_no_models_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let load = |path: &Path| ObjectLatentModel::load(path, &Device::flex()).unwrap_err();
    let missing = load(&folder.path().join("missing.safetensors"));
    assert!(
        matches!(missing, VideoGenError::File(ModelFileError::Io { .. })),
        "{missing}"
    );
    let path = folder.path().join("foreign.safetensors");
    std::fs::write(&path, b"not a model").unwrap();
    let foreign = load(&path);
    assert!(
        matches!(foreign, VideoGenError::File(ModelFileError::NotAModel { .. })),
        "{foreign}"
    );
    let path = folder.path().join("cut.safetensors");
    model().save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let cut = load(&path);
    assert!(matches!(cut, VideoGenError::File(_)), "{cut}");
}
