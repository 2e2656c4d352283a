//! Diffusion Policy on states: learns, acts alike in any batch, comes back with the same bits, refuses what does not fit.

#![allow(clippy::unwrap_used)]

use bc_policy::{
    BcPolicy, DiffusionConfig, DiffusionLowdim, PolicyConfig, PolicyKind, PolicySection, Sampler, UnetConfig,
};
use burn::tensor::Device;
use pusht_data::{Episode, Provenance, Split, SplitProtocol};
use pusht_env::{Action, Frame, GOAL, ObsBatch, Observation, Policy, PolicyError, Pose, State};
use pusht_jobs::JobContext;
use pusht_training::{TrainOutput, TrainSpec};
use training::TrainConfig;

/// A state that wanders over the board with `i`.
fn state(i: usize) -> State {
    let t = i as f64;
    State {
        agent: [256.0 + 150.0 * (0.07 * t).sin(), 256.0 + 150.0 * (0.11 * t).cos()],
        block: Pose::new(
            256.0 + 90.0 * (0.03 * t).cos(),
            256.0 + 90.0 * (0.05 * t).sin(),
            0.02 * t,
        ),
    }
}

/// The agent is told to go toward the T.
fn episodes(count: usize, rows: usize) -> Vec<Episode> {
    let toward = |s: &State| [0.9 * s.agent[0] + 0.1 * s.block.x, 0.9 * s.agent[1] + 0.1 * s.block.y];
    let episode = |index: usize| {
        let states: Vec<State> = (0..rows).map(|row| state(3 * index * rows + row)).collect();
        let actions = states.iter().map(|s| toward(s).map(|x| x as f32)).collect();
        Episode {
            frames: vec![Frame::new(1, 1); rows],
            actions,
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
    (0..count).map(episode).collect()
}

fn config(steps: usize) -> PolicyConfig {
    let mut config = PolicyConfig::new(PolicyKind::DIFFUSION_LOWDIM, 1).with_section(DiffusionConfig {
        unet: UnetConfig {
            down_dims: vec![16, 32],
            kernel_size: 3,
            n_groups: 4,
            step_embed_dim: 16,
            film_scale: true,
        },
        horizon: 8,
        n_action_steps: 4,
        drop_n_last_frames: 3,
        sampler_steps: 5,
        ..DiffusionConfig::default()
    });
    config.train = TrainConfig {
        epochs: 1,
        steps_per_epoch: Some(steps),
        batch_size: 32,
        learning_rate: 5e-3,
        warmup_steps: 10,
        ema_decay: Some(0.98),
        seed: 1,
        ..TrainConfig::default()
    };
    config
}

fn trained(config: &PolicyConfig, episodes: &[Episode]) -> TrainOutput<BcPolicy> {
    let lengths: Vec<usize> = episodes.iter().map(Episode::len).collect();
    let split = Split::new(&lengths, SplitProtocol::ByEpisode, 1, 0).unwrap();
    let spec = TrainSpec::new(config.clone()).with_split(episodes, &split);
    spec.run(&mut JobContext::silent()).unwrap()
}

fn histories(rows: &[usize]) -> Vec<Vec<Observation>> {
    let observe = |i: usize| Observation::State(state(i).to_row());
    rows.iter().map(|&i| vec![observe(i), observe(i + 1)]).collect()
}

fn act(policy: &mut BcPolicy, envs: &[usize], rows: &[usize]) -> Result<Vec<Action>, PolicyError> {
    let mut out = vec![[0.0; 2]; envs.len()];
    let batch = ObsBatch {
        envs,
        observations: &histories(rows),
        goals: &vec![GOAL; envs.len()],
    };
    policy.act(&batch, &mut out)?;
    Ok(out)
}

#[test]
fn it_learns_acts_and_comes_back() {
    let TrainOutput {
        model: mut policy,
        curve,
        best_valid,
        ..
    } = trained(&config(600), &episodes(10, 60));
    let losses: Vec<f64> = curve.rows.iter().filter_map(|row| row.train_loss).collect();
    assert!(losses[losses.len() - 1] < 0.5 * losses[0], "{losses:?}");
    // One action moves its target by 16 px at most; guessing the mean action would give about 10000 px².
    assert!(best_valid.unwrap() < 100.0, "{best_valid:?}");
    assert_eq!(
        (policy.kind(), policy.needs().history),
        (PolicyKind::DIFFUSION_LOWDIM, 2)
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.safetensors");
    policy.save(&path).unwrap();
    let mut loaded = BcPolicy::load(&path, &Device::flex()).unwrap();
    let envs: Vec<usize> = (0..11).collect();
    let rows: Vec<usize> = (0..11).map(|i| 37 * i).collect();
    policy.reset(&envs);
    loaded.reset(&envs);
    // Eleven steps are three looks. Neither the file nor the number of environments changes a bit.
    let all: Vec<Vec<Action>> = (0..11).map(|_| act(&mut policy, &envs, &rows).unwrap()).collect();
    for step in &all {
        assert_eq!(&act(&mut loaded, &envs, &rows).unwrap(), step);
    }
    loaded.reset(&[7]);
    let mut alone = BcPolicy::load(&path, &Device::flex()).unwrap();
    alone.reset(&[7]);
    for step in &all {
        assert_eq!(act(&mut alone, &[7], &rows[7..8]).unwrap()[0], step[7]);
    }
    // Another environment or another episode draws other noise.
    alone.reset(&[7, 8]);
    let again = act(&mut alone, &[7, 8], &[rows[7], rows[7]]).unwrap();
    assert!(again[0] != all[0][7] && again[0] != again[1]);

    let lowdim = policy.downcast_ref::<DiffusionLowdim>().unwrap();
    let every_step = DiffusionConfig {
        sampler: Sampler::Ddpm,
        sampler_steps: 100,
        n_action_steps: 1,
        ..lowdim.config().clone()
    };
    let mut policy = BcPolicy::from(lowdim.clone().with_sampler(&every_step).unwrap());
    let ancestral = act(&mut policy, &[0], &[5]).unwrap()[0];
    let agent = state(6).agent;
    assert!((f64::from(ancestral[0]) - agent[0]).hypot(f64::from(ancestral[1]) - agent[1]) < 80.0);
}

#[test]
fn training_is_a_function_of_the_seed() {
    let episodes = episodes(6, 30);
    let bits = |config: &PolicyConfig| {
        let mut policy = trained(config, &episodes).model;
        act(&mut policy, &[0], &[3]).unwrap()
    };
    let mut config = config(5);
    let first = bits(&config);
    assert_eq!(bits(&config), first);
    config.train.seed = 2;
    assert_ne!(bits(&config), first);
}

#[test]
fn settings_that_cannot_work_are_named() {
    let changed = |change: fn(&mut DiffusionConfig)| {
        let mut config = DiffusionConfig::default();
        change(&mut config);
        config.check().unwrap_err().to_string()
    };
    assert!(DiffusionConfig::default().check().is_ok());
    assert!(changed(|c| c.unet.down_dims = vec![]).contains("down_dims"));
    assert!(changed(|c| c.unet.down_dims = vec![64, 100]).contains("multiples of n_groups"));
    assert!(changed(|c| c.unet.kernel_size = 4).contains("odd"));
    assert!(changed(|c| c.unet.step_embed_dim = 7).contains("even"));
    assert!(changed(|c| c.horizon = 14).contains("multiple of 2"));
    assert!(changed(|c| c.n_action_steps = 16).contains("n_action_steps"));
    assert!(changed(|c| c.sampler_steps = 101).contains("sampler_steps"));
    assert!(changed(|c| c.schedule.steps = 0).contains("schedule"));
}
