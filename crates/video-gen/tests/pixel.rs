//! The pixel model on a handful of made-up episodes.

#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Tensor};
use pusht_data::{Episode, Provenance, VideoModel, VideoModelError, VideoRequest};
use pusht_env::{FillRule, Frame, GOAL, Pose, Renderer, Scene, State};
use pusht_jobs::JobContext;
use pusht_training::TrainSpec;
use video_gen::{Caption, PatchCodecConfig, PixelConfig, PixelError, PixelModel, PixelRequest, PixelTrainSettings};

/// The agent passes above a T that drifts to the right.
fn episode(index: usize, frames: usize) -> Episode {
    sized(index, frames, 96)
}

/// The same in frames of another side.
fn sized(index: usize, frames: usize, side: u32) -> Episode {
    let states: Vec<State> = (0..frames)
        .map(|i| State {
            agent: [80.0 + 12.0 * i as f64, 90.0 + 30.0 * index as f64],
            block: Pose::new(240.0 + 2.0 * i as f64, 260.0, 0.3 * index as f64),
        })
        .collect();
    let mut renderer = Renderer::new(side, FillRule::default()).unwrap();
    Episode {
        frames: states
            .iter()
            .map(|s| renderer.render(&Scene::new(s.agent, s.block, GOAL)))
            .collect(),
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

fn settings() -> PixelTrainSettings {
    let mut settings = PixelTrainSettings::small();
    settings.model = PixelConfig::new()
        .with_codec(PatchCodecConfig::new().with_channels(48))
        .with_groups(2)
        .with_width(48)
        .with_heads(2)
        .with_depth(1)
        .with_sampling_steps(3);
    settings.fit.epochs = 1;
    settings.fit.steps_per_epoch = Some(4);
    settings.fit.batch_size = 2;
    settings.fit.warmup_steps = 1;
    settings
}

fn train(settings: &PixelTrainSettings, episodes: &[Episode]) -> Result<(PixelModel, Vec<f64>), PixelError> {
    let episodes: Vec<&Episode> = episodes.iter().collect();
    let spec = TrainSpec::new(settings.clone()).with_train(episodes.iter().copied());
    let trained = spec.run(&mut JobContext::silent())?;
    let losses = trained.curve.rows.iter().filter_map(|row| row.train_loss).collect();
    Ok((trained.model, losses))
}

/// Peak signal-to-noise ratio, dB.
fn psnr(a: &[Frame], b: &[Frame]) -> f64 {
    let bytes = a.iter().zip(b).flat_map(|(a, b)| a.as_raw().iter().zip(b.as_raw()));
    let (sum, count) = bytes.fold((0.0, 0.0), |(sum, count), (a, b)| {
        (sum + (f64::from(*a) - f64::from(*b)).powi(2), count + 1.0)
    });
    10.0 * (255.0_f64.powi(2) * count / sum).log10()
}

#[test]
fn the_codec_keeps_what_its_components_hold_and_its_latents_have_unit_variance() {
    let device = Device::flex();
    let episodes: Vec<Episode> = (0..4).map(|i| episode(i, 24)).collect();
    let videos: Vec<&[Frame]> = episodes.iter().map(|e| e.frames.as_slice()).collect();
    let config = PatchCodecConfig::new();
    // All components: nothing is lost.
    let whole = config.clone().with_channels(3 * 4 * 64).fit(&videos, &device).unwrap();
    let x = Tensor::<4>::random([4, 3, 96, 96], burn::tensor::Distribution::Uniform(-1.0, 1.0), &device);
    let back = whole.decode(whole.encode(x.clone()));
    assert!((back - x).abs().max().into_scalar::<f32>() < 1e-3);
    // A frame alone is a group that stands still.
    let still = Tensor::<4>::random([1, 3, 96, 96], burn::tensor::Distribution::Uniform(-1.0, 1.0), &device);
    let back = whole.decode(whole.encode_still(still.clone()));
    assert!((back - still.repeat_dim(0, 4)).abs().max().into_scalar::<f32>() < 1e-3);
}

#[test]
fn a_trained_model_makes_clips_between_given_frames_and_comes_back_from_its_file() {
    let episodes = [episode(0, 20), episode(1, 20)];
    let (model, losses) = train(&settings(), &episodes).unwrap();
    assert!(losses.iter().all(|loss| loss.is_finite()));
    let (start, end) = (episodes[0].frames[0].clone(), episodes[0].frames[8].clone());
    let request = VideoRequest {
        start: start.clone(),
        end: Some(end.clone()),
        prompt: Some(Caption::Right.text().to_uppercase()),
        frames: 9,
        seed: 3,
    };
    let clips = model.generate(&[request.clone(), request.clone()]).unwrap();
    assert_eq!(clips[0].len(), 9);
    assert_eq!(clips[0], clips[1]);
    assert_eq!((&clips[0][0], &clips[0][8]), (&start, &end));
    let other = VideoRequest {
        seed: 4,
        ..request.clone()
    };
    assert_ne!(model.generate(&[other]).unwrap()[0], clips[0]);
    // Neither end.
    let free = model.clip(&PixelRequest::default()).unwrap();
    assert_eq!(free.len(), 9);

    let lost = model.codec_loss(&[&episodes[0], &episodes[1]]).unwrap();
    assert_eq!((lost.frames, lost.visible), (40, 1.0));
    assert!(
        lost.psnr > 30.0 && lost.agent.p99 < 1.0 && lost.block.p99 < 1.0,
        "{lost:?}"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pixel.safetensors");
    model.save(&path).unwrap();
    let loaded = PixelModel::load(&path, &Device::flex()).unwrap();
    assert_eq!(loaded.generate(std::slice::from_ref(&request)).unwrap()[0], clips[0]);

    // In sixteen bits, the codec included.
    let path = folder.path().join("pixel");
    model.save_shards(&path).unwrap();
    let rounded = PixelModel::load(&path, &Device::flex()).unwrap();
    let coded = rounded.codec_loss(&[&episodes[0], &episodes[1]]).unwrap();
    assert!(coded.psnr > lost.psnr - 0.5 && coded.visible == 1.0, "{coded:?}");
    assert_eq!(rounded.generate(&[request]).unwrap()[0].len(), 9);
}

#[test]
fn what_the_model_cannot_do_is_refused() {
    let episodes = [episode(0, 20)];
    let (model, _) = train(&settings(), &episodes).unwrap();
    let request = VideoRequest {
        start: episodes[0].frames[0].clone(),
        end: None,
        prompt: None,
        frames: 10,
        seed: 0,
    };
    let refused = |request: VideoRequest| match model.generate(&[request]) {
        Err(VideoModelError::Request { request: 0, reason }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(refused(request.clone()).contains("makes 9"));
    let prompt = refused(VideoRequest {
        frames: 9,
        prompt: Some("do something".to_owned()),
        ..request.clone()
    });
    assert!(prompt.contains("the T stays where it is"), "{prompt}");
    let small = refused(VideoRequest {
        frames: 9,
        start: Frame::new(64, 64),
        ..request
    });
    assert!(small.contains("64 × 64"), "{small}");
    let error = train(&settings(), &[episode(0, 8)]).unwrap_err();
    assert!(matches!(error, PixelError::NoClips { frames: 9, .. }), "{error}");
    let mut odd = settings();
    odd.model = odd.model.with_token(5);
    assert!(
        train(&odd, &episodes)
            .unwrap_err()
            .to_string()
            .contains("divisor of 12")
    );
}

#[test]
fn captions_say_what_becomes_of_the_t() {
    let state = |x: f64, y: f64, angle: f64| State {
        agent: [0.0, 0.0],
        block: Pose::new(x, y, angle),
    };
    let from = state(200.0, 200.0, 0.0);
    let caption = |to: State| Caption::of_states(&from, &to);
    assert_eq!(caption(state(201.0, 201.0, 0.0)), Caption::Stays);
    assert_eq!(caption(state(230.0, 210.0, 0.0)), Caption::Right);
    assert_eq!(caption(state(200.0, 170.0, 0.0)), Caption::Up);
    for caption in Caption::ALL {
        assert_eq!(Caption::of_prompt(caption.text()).unwrap(), caption);
    }
    assert!(
        Caption::of_prompt("push")
            .unwrap_err()
            .to_string()
            .contains("turns the T clockwise")
    );
}

#[test]
fn one_clip_is_learned_by_heart() {
    // Small frames, so that it is soon done; the same clip four times, so that a batch has four times.
    let episodes = [0; 4].map(|i| sized(i, 9, 48));
    let mut settings = settings();
    let codec = settings.model.codec.clone().with_side(48).with_channels(96);
    settings.model = settings.model.with_codec(codec).with_width(96).with_sampling_steps(10);
    settings.fit.batch_size = 4;
    settings.fit.steps_per_epoch = Some(700);
    settings.fit.learning_rate = 3e-3;
    settings.fit.warmup_steps = 20;
    settings.fit.ema_decay = None;
    let (model, losses) = train(&settings, &episodes).unwrap();
    let mean = |rows: &[f64]| rows.iter().sum::<f64>() / rows.len() as f64;
    let (first, last) = (losses[0], mean(&losses[losses.len() - 5..]));
    assert!(last < 0.1 * first, "{first} to {last}");
    let request = PixelRequest {
        start: Some(&episodes[0].frames[0]),
        end: None,
        caption: None,
        seed: 1,
    };
    let clip = model.clip(&request).unwrap();
    let found = psnr(&clip, &episodes[0].frames);
    assert!(found >= 34.0, "{found} dB");
}
