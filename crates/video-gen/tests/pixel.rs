//! The pixel video model: trained, stored, used by name.

#![allow(clippy::unwrap_used)]

use burn::tensor::Device;
use pusht_data::{Episode, SeededTrajectory, SimulatedSet, Simulation, Start, VideoModel, VideoRequest};
use pusht_jobs::JobContext;
use pusht_training::TrainSpec;
use video_gen::{LoadOptions, ModelSpec, PathFlow, PixelVideo, PixelVideoSettings, PlanSettings};

/// Discs that move across the board.
fn episodes(count: usize) -> Vec<Episode> {
    let trajectory = |index: usize| {
        let actions = (0..16).map(|t| [80.0 + 20.0 * t as f32, 400.0]).collect();
        SeededTrajectory::new(Start::Seed(index as u64), actions)
    };
    let all = (0..count).map(trajectory).collect();
    let set = SimulatedSet::new("simulator", "recorded", Simulation::GYM_PUSHT, all).unwrap();
    set.episodes(0..count, &mut JobContext::silent()).unwrap()
}

#[test]
fn a_folder_gives_the_same_clips_as_the_model_that_was_trained() {
    let mut settings = PixelVideoSettings::smoke();
    (settings.paths.fit.steps_per_epoch, settings.paths.fit.batch_size) = (Some(3), 8);
    (settings.plan.beams, settings.plan.proposals) = (2, 2);
    (
        settings.world.fit.epochs,
        settings.world.fit.steps_per_epoch,
        settings.world.fit.batch_size,
    ) = (1, Some(1), 2);
    let episodes = episodes(2);
    let out = tempfile::tempdir().unwrap();
    let train = || {
        let spec = TrainSpec::new(settings.clone())
            .with_train(&episodes)
            .with_out(out.path());
        spec.run(&mut JobContext::silent()).unwrap().model
    };
    let model = train();
    let folder = out.path().join("pixel");
    model.save(&folder).unwrap();

    let request = VideoRequest {
        start: episodes[0].frames[0].clone(),
        end: Some(episodes[0].frames[8].clone()),
        prompt: None,
        frames: 9,
        seed: 3,
    };
    let clips = model.generate(&[request.clone(), request.clone()]).unwrap();
    assert!(clips[0].len() == 9 && clips[0] == clips[1] && clips[0][0] == request.start);
    let plan = model.plan(std::slice::from_ref(&request)).unwrap();
    assert_eq!((plan[0].frames.len(), plan[0].actions.len()), (9, 8));

    // A finished training is not repeated.
    assert!(train().plan(std::slice::from_ref(&request)).unwrap() == plan);
    let loaded = PixelVideo::load(&folder, &Device::flex()).unwrap();
    assert_eq!(loaded.parameters(), model.parameters());
    let by_name = ModelSpec::new("pixel", &folder)
        .unwrap()
        .load(&LoadOptions::default())
        .unwrap();
    assert_eq!(by_name.sha256.as_ref().map(String::len), Some(64));

    // So are the settings of the search, as they are part of what determines the clips.
    assert_eq!(loaded.planned().settings(), &settings.plan);
    assert!(loaded.plan(std::slice::from_ref(&request)).unwrap() == plan);
    let file = folder.join("plan.json");
    let refused = |text: &str| {
        std::fs::write(&file, text).unwrap();
        PixelVideo::load(&folder, &Device::flex()).err().unwrap().to_string()
    };
    for (text, said) in [
        ("{", "EOF"),
        (r#"{"beamz": 3}"#, "beamz"),
        (r#"{"beams": 0}"#, "beams is 0; expected 1 to 256"),
    ] {
        let error = refused(text);
        assert!(error.contains("plan.json") && error.contains(said), "{error}");
    }
    std::fs::write(&file, r#"{"beams": 3}"#).unwrap();
    let hash = || {
        let spec = ModelSpec::new("pixel", &folder).unwrap();
        spec.load(&LoadOptions::default()).unwrap().sha256
    };
    let other = hash();
    std::fs::remove_file(&file).unwrap();
    assert!(other != hash() && other != by_name.sha256);
    let before = PixelVideo::load(&folder, &Device::flex()).unwrap();
    assert_eq!(before.planned().settings(), &PlanSettings::default());

    std::fs::remove_file(folder.join("paths.safetensors")).unwrap();
    let error = PixelVideo::load(&folder, &Device::flex()).err().unwrap().to_string();
    assert!(error.contains("paths.safetensors"), "{error}");
}

#[test]
fn the_base_comes_with_the_crate_and_says_how_near_it_came() {
    let spec: ModelSpec = "pixel".parse().unwrap();
    let base = spec.load(&LoadOptions::default()).unwrap();
    assert_eq!((base.name.as_str(), base.frames), ("pixel", 48));
    assert_eq!(base.sha256.as_ref().map(String::len), Some(64));
    let frames = &episodes(1)[0].frames;
    let request = |end| VideoRequest {
        start: frames[0].clone(),
        end,
        prompt: None,
        frames: 4,
        seed: 0,
    };
    // 4 frames do not suffice to bring the T to its goal: the clip says so.
    let requests = [request(None), request(Some(frames[3].clone()))];
    let clips = base.generate_clips(&requests).unwrap();
    for (clip, request) in clips.iter().zip(&requests) {
        let end = clip.end.unwrap();
        assert_eq!(clip.frames[0], request.start);
        assert_eq!(end.agent_px.is_some(), request.end.is_some());
        assert!((2..=4).contains(&clip.frames.len()));
    }
    let end = clips[0].end.unwrap();
    assert!(!end.reached && end.px > 20.0, "{end:?}");
    assert_eq!(
        clips[1].end.unwrap().reached,
        clips[1].frames.last() == requests[1].end.as_ref()
    );
}

#[test]
fn the_base_paths_are_those_of_the_command() {
    let what = PathFlow::base_demonstrations();
    let paths = PathFlow::base(&Device::flex()).unwrap();
    let episodes = &paths.trained_on().episodes;
    assert_eq!(episodes.len(), what.episodes);
    assert!(
        episodes
            .iter()
            .zip(what.first_seed..)
            .all(|(episode, seed)| { episode.source == "expert" && episode.seed == Some(seed) })
    );
    // Rounded to bf16 already.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("paths.safetensors");
    paths.save_in_bf16(&file).unwrap();
    assert!(std::fs::metadata(&file).unwrap().len() < 600_000);
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/paths.safetensors");
    let shipped = std::fs::read(shipped).unwrap();
    assert_eq!(pusht_jobs::hash_bytes(&shipped), PathFlow::base_sha256());
    // The header of the shipped file is that of an earlier version.
    let tensors = |file: &[u8]| {
        let header = u64::from_le_bytes(*file.first_chunk().unwrap());
        file[8 + usize::try_from(header).unwrap()..].to_vec()
    };
    assert!(tensors(&std::fs::read(&file).unwrap()) == tensors(&shipped));
}
