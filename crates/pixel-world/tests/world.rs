//! Training, storing and stepping a small pixel world.
#![allow(clippy::unwrap_used)]

use burn::tensor::Device;
use pixel_world::{FineTuneSettings, NetConfig, PixelWorld, PixelWorldError, PixelWorldSettings};
use pusht_data::{Episode, History, SeededTrajectory, SimulatedSet, Simulation, Start, WorldModel, WorldModelError};
use pusht_training::{JobContext, TrainSpec};
use training::FitOptions;

/// A disc that moves to the right, drawn by the simulator.
fn episode(index: usize, with_states: bool) -> Episode {
    let actions = (0..12).map(|t| [100.0 + 20.0 * t as f32, 256.0]).collect();
    let trajectory = SeededTrajectory::new(Start::Seed(index as u64), actions);
    let set = SimulatedSet::new("simulator", "recorded", Simulation::GYM_PUSHT, vec![trajectory]).unwrap();
    let mut episode = set.episodes(0..1, &mut JobContext::silent()).unwrap().remove(0);
    episode.states = episode.states.filter(|_| with_states);
    episode
}

fn small() -> PixelWorldSettings {
    let mut settings = PixelWorldSettings {
        model: NetConfig {
            channels: 8,
            colors: 12,
        },
        ..PixelWorldSettings::default()
    };
    (
        settings.fit.epochs,
        settings.fit.steps_per_epoch,
        settings.fit.batch_size,
    ) = (2, Some(3), 4);
    settings
}

fn trained() -> PixelWorld {
    let episodes = [episode(0, true), episode(1, false)];
    let spec = TrainSpec::new(small()).with_train(&episodes);
    spec.run(&mut JobContext::silent()).unwrap().model
}

fn history(index: usize) -> History {
    let episode = episode(index, true);
    History::start(episode.frames[0].clone(), episode.states.unwrap()[0].agent)
}

#[test]
fn a_frame_does_not_depend_on_the_rest_of_the_batch() {
    let world = trained();
    let histories: Vec<History> = (0..19).map(history).collect();
    let actions: Vec<[f32; 2]> = (0..19).map(|i| [10.0 * i as f32, 256.0]).collect();
    let together = world.step(&histories, &actions).unwrap();
    for i in [0, 7, 16, 18] {
        let alone = world.step(&histories[i..=i], &actions[i..=i]).unwrap();
        assert!(alone[0] == together[i], "rollout {i}");
    }
}

#[test]
fn only_the_window_around_the_agent_changes() {
    let world = trained();
    let mut history = history(3);
    for action in [[500.0, 500.0], [400.0, 500.0], [300.0, 500.0]] {
        let agent = history.agent.position.map(|x| x * 96.0 / 512.0);
        let next = world.step(std::slice::from_ref(&history), &[action]).unwrap().remove(0);
        let shown = world.palette().paint(&world.palette().index(&history.current).unwrap());
        for (x, y, pixel) in next.enumerate_pixels() {
            let near = (f64::from(x) - agent[0]).abs().max((f64::from(y) - agent[1]).abs()) < 34.0;
            assert!(near || pixel == shown.get_pixel(x, y), "{x}, {y}");
        }
        history.advance(action, next);
    }
}

#[test]
fn a_model_file_gives_the_same_frames() {
    let folder = tempfile::tempdir().unwrap();
    let (exact, half) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    let world = trained();
    world.save(&exact).unwrap();
    world.save_in_bf16(&half).unwrap();
    let device = Device::flex();
    let loaded = PixelWorld::load(&exact, &device).unwrap();
    let (history, action) = ([history(2)], [[256.0, 256.0]]);
    assert_eq!(
        loaded.step(&history, &action).unwrap(),
        world.step(&history, &action).unwrap()
    );
    assert_eq!(
        (loaded.palette(), loaded.trained_on()),
        (world.palette(), world.trained_on())
    );
    let rounded = PixelWorld::load(&half, &device).unwrap();
    rounded.step(&history, &action).unwrap();
    let size = |path| std::fs::metadata(path).unwrap().len();
    assert!(size(&half) < size(&exact) * 6 / 10, "{} {}", size(&half), size(&exact));
    // Rounding again changes nothing.
    let again = folder.path().join("c.safetensors");
    rounded.save_in_bf16(&again).unwrap();
    assert_eq!(std::fs::read(&half).unwrap(), std::fs::read(&again).unwrap());
    std::fs::write(&exact, b"weights").unwrap();
    assert!(PixelWorld::load(&exact, &device).is_err());
}

#[test]
fn a_base_is_trained_on_play_and_then_on_demonstrations() {
    let mut settings = PixelWorldSettings::base();
    (settings.model, settings.fit) = (small().model, small().fit);
    settings.fit.steps_per_epoch = Some(2);
    let train = || {
        let mut ctx = JobContext::silent();
        settings
            .train_on_play(None, &Device::flex(), FitOptions::in_memory(&mut ctx))
            .unwrap()
            .model
    };
    let base = train();
    assert_eq!((base.trained_on().play_steps, base.trained_on().episodes), (16, 0));
    let mut ctx = JobContext::silent();
    let further = settings.train_on_play(Some(&base), &Device::flex(), FitOptions::in_memory(&mut ctx));
    let further = further.unwrap().model;
    assert_eq!(
        (further.trained_on().play_steps, further.palette()),
        (32, base.palette())
    );
    let mut wider = settings.clone();
    wider.model.channels = 16;
    let other = wider.train_on_play(Some(&base), &Device::flex(), FitOptions::in_memory(&mut ctx));
    assert!(matches!(other, Err(PixelWorldError::OtherNetwork { .. })));
    let (history, action) = ([history(2)], [[256.0, 256.0]]);
    assert_eq!(
        train().step(&history, &action).unwrap(),
        base.step(&history, &action).unwrap()
    );

    let mut tuning = FineTuneSettings::new(base.clone());
    (tuning.settings.fit.steps_per_epoch, tuning.settings.fit.batch_size) = (Some(2), 4);
    let episodes = [episode(0, true)];
    let tuned = TrainSpec::new(tuning)
        .with_train(&episodes)
        .run(&mut JobContext::silent())
        .unwrap()
        .model;
    assert_eq!(tuned.palette(), base.palette());
    assert_eq!((tuned.trained_on().play_steps, tuned.trained_on().episodes), (16, 1));
}

#[test]
fn what_cannot_be_stepped_is_refused() {
    let world = trained();
    let good = history(0);
    let refused = |history: &History, action| {
        let error = world.step(std::slice::from_ref(history), &[action]).unwrap_err();
        assert!(matches!(error, WorldModelError::Rollout { rollout: 0, .. }), "{error}");
        error.to_string()
    };
    assert!(refused(&good, [513.0, 0.0]).contains("0 to 512"));
    assert!(refused(&good, [f32::NAN, 0.0]).contains("0 to 512"));
    let mut small = good.clone();
    small.previous = pusht_env::Frame::new(64, 96);
    assert!(refused(&small, [1.0, 1.0]).contains("64 × 96"));
    let mut away = good.clone();
    away.agent.position[0] = -3.0;
    assert!(refused(&away, [1.0, 1.0]).contains("on the board"));
    assert!(matches!(world.step(&[good], &[]), Err(WorldModelError::Lengths { .. })));
    assert!(world.step(&[], &[]).unwrap().is_empty());
}
