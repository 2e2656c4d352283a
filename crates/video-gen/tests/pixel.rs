//! The pixel video model: trained, stored, used by name.

#![allow(clippy::unwrap_used)]

use burn::tensor::Device;
use pusht_data::{Episode, Provenance, VideoModel, VideoRequest};
use pusht_env::{EnvConfig, GOAL, PushT, Renderer};
use pusht_jobs::JobContext;
use pusht_training::TrainSpec;
use video_gen::{LoadOptions, ModelSpec, PixelVideo, PixelVideoSettings, PlanSettings};

/// A disc that moves across the board.
fn episode(index: usize) -> Episode {
    let mut env = PushT::new(EnvConfig::default()).unwrap();
    env.reset(index as u64).unwrap();
    let mut renderer = Renderer::new(96, EnvConfig::default().fill_rule).unwrap();
    let (mut frames, mut actions, mut states) = (Vec::new(), Vec::new(), Vec::new());
    for t in 0..16 {
        frames.push(renderer.render(&env.scene()));
        states.push(env.state());
        actions.push([80.0 + 20.0 * t as f32, 400.0]);
        env.step(actions[t]).unwrap();
    }
    Episode {
        frames,
        actions,
        states: Some(states),
        goal: GOAL,
        provenance: Provenance {
            source: "simulator".into(),
            index,
            seed: Some(index as u64),
            actions: "recorded".into(),
        },
    }
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
    let episodes = [episode(0), episode(1)];
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
