//! From training to a policy file to a rollout, on one device; and the file on the other.

use std::time::Instant;

use bc_policy::{BcPolicy, DiffusionConfig, ObsSource, PolicyConfig, PolicyKind, TrackedConfig};
use burn::tensor::Device;
use eval::{Protocol, RolloutConfig, rollout};
use pusht_data::{Episode, Provenance, Split, SplitProtocol};
use pusht_env::{FillRule, Frame, GOAL, Pose, Renderer, Scene, State};
use pusht_training::{JobContext, TrainSpec};
use training::TrainConfig;

use crate::backend::BackendTest;
use crate::policies::unet_config;

pub(crate) const TESTS: &[BackendTest] = &[
    ("rollout_tracked", tracked),
    ("rollout_diffusion_lowdim", diffusion_lowdim),
    ("rollout_cnn", cnn),
];

/// Largest distance of the actions of one file on both backends, board px.
const ACTIONS: f32 = 0.05;

/// A state that wanders over the board.
fn state(i: usize) -> State {
    let t = i as f64;
    State {
        agent: [256.0 + 150.0 * (0.7 * t).sin(), 256.0 + 150.0 * (1.1 * t).cos()],
        block: Pose::new(256.0 + 90.0 * (0.3 * t).cos(), 256.0 + 90.0 * (0.5 * t).sin(), 0.2 * t),
    }
}

/// The agent is told to go toward the T.
fn episodes(with_frames: bool) -> Vec<Episode> {
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    let mut picture = |state: &State| match with_frames {
        true => renderer.render(&Scene {
            agent: state.agent,
            block: state.block,
            goal: GOAL,
            contacts: Vec::new(),
        }),
        false => Frame::new(96, 96),
    };
    let mut episode = |index: usize| {
        let states: Vec<State> = (0..12).map(|row| state(12 * index + row)).collect();
        let toward = |s: &State| [0.9 * s.agent[0] + 0.1 * s.block.x, 0.9 * s.agent[1] + 0.1 * s.block.y];
        Episode {
            frames: states.iter().map(&mut picture).collect(),
            actions: states.iter().map(|s| toward(s).map(|x| x as f32)).collect(),
            states: Some(states),
            goal: GOAL,
            provenance: Provenance {
                source: "synthetic".into(),
                index,
                seed: None,
                actions: "recorded".into(),
            },
        }
    };
    (0..4).map(&mut episode).collect()
}

fn check_rollout(name: &str, mut config: PolicyConfig, with_frames: bool, device: &Device) {
    let start = Instant::now();
    config.train = TrainConfig {
        epochs: 1,
        steps_per_epoch: Some(2),
        batch_size: 4,
        learning_rate: 1e-3,
        ..TrainConfig::default()
    };
    let episodes = episodes(with_frames);
    let lengths: Vec<usize> = episodes.iter().map(Episode::len).collect();
    let split = Split::new(&lengths, SplitProtocol::ByEpisode, 1, 0).unwrap();
    let trained = TrainSpec::new(config)
        .with_split(&episodes, &split)
        .with_device(device)
        .run(&mut JobContext::silent())
        .unwrap();
    let losses: Vec<f64> = trained.curve.rows.iter().filter_map(|row| row.train_loss).collect();
    assert!(
        !losses.is_empty() && losses.iter().all(|loss| loss.is_finite()),
        "{losses:?}"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.safetensors");
    trained.model.save(&path).unwrap();
    let record = |device: &Device| {
        let policy = BcPolicy::load(&path, device).unwrap();
        let mut policy = match policy.obs_source() {
            Some(_) => policy.with_obs_source(ObsSource::State),
            None => policy,
        };
        let config = RolloutConfig {
            episodes: 2,
            steps: 5,
            ..RolloutConfig::of(Protocol::Paper)
        };
        rollout(&mut policy, &config, &mut JobContext::silent()).unwrap()
    };
    let (cpu, other) = (record(&Device::flex()), record(device));
    assert_eq!(other.episodes.len(), 2);
    let mut most = 0.0_f32;
    for (a, b) in cpu.episodes.iter().zip(&other.episodes) {
        assert_eq!(a.actions.len(), b.actions.len());
        for (a, b) in a.actions.iter().zip(&b.actions) {
            most = most.max((a[0] - b[0]).hypot(a[1] - b[1]));
        }
    }
    println!(
        "measured {name}: actions of the rollout {most:.1e} px in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    assert!(most <= ACTIONS, "{most} px");
}

fn tracked(device: &Device) {
    let config = PolicyConfig::new(PolicyKind::TRACKED, 1).with_section(TrackedConfig {
        width: 16,
        layers: 1,
        horizon: 2,
        n_action_steps: 2,
        noise: 1.0,
    });
    check_rollout("rollout_tracked", config, false, device);
}

fn diffusion_lowdim(device: &Device) {
    let config = PolicyConfig::new(PolicyKind::DIFFUSION_LOWDIM, 1).with_section(DiffusionConfig {
        unet: unet_config(),
        horizon: 8,
        n_action_steps: 4,
        drop_n_last_frames: 3,
        sampler_steps: 3,
        ..DiffusionConfig::default()
    });
    check_rollout("rollout_diffusion_lowdim", config, false, device);
}

fn cnn(device: &Device) {
    check_rollout("rollout_cnn", PolicyConfig::new(PolicyKind::CNN, 1), true, device);
}
