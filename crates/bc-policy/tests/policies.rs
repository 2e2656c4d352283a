//! Every kind of policy trains, acts, is saved and loaded with the same bits, and refuses what does not fit by name.
//! The data is synthetic: the agent is told to go to the T.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use bc_policy::{
    Augmentation, BcError, BcPolicy, Cnn, ImageConfig, ImagePolicy, ObsSource, PolicyConfig, PolicyKind, TrackedConfig,
    evaluate, track_episodes,
};
use burn::tensor::Device;
use pusht_data::{Episode, FrameRef, Provenance, Split, SplitProtocol};
use pusht_env::{
    Action, FillRule, Frame, GOAL, ObsBatch, Observation, Policy, PolicyError, Pose, Renderer, Scene, State,
};
use pusht_jobs::JobContext;
use pusht_training::{TrainOutput, TrainSpec};
use training::TrainConfig;

/// A state that wanders over the board with `i`.
fn state(i: usize) -> State {
    let t = i as f64;
    State {
        agent: [256.0 + 150.0 * (0.7 * t).sin(), 256.0 + 150.0 * (1.1 * t).cos()],
        block: Pose::new(256.0 + 90.0 * (0.3 * t).cos(), 256.0 + 90.0 * (0.5 * t).sin(), 0.2 * t),
    }
}

fn toward_block(state: &State) -> Action {
    [
        0.9 * state.agent[0] + 0.1 * state.block.x,
        0.9 * state.agent[1] + 0.1 * state.block.y,
    ]
    .map(|x| x as f32)
}

fn picture(state: &State) -> Frame {
    let scene = Scene {
        agent: state.agent,
        block: state.block,
        goal: GOAL,
        contacts: Vec::new(),
    };
    Renderer::new(96, FillRule::default()).unwrap().render(&scene)
}

fn episodes(count: usize, rows: usize, frames: bool) -> Vec<Episode> {
    let episode = |index: usize| {
        let states: Vec<State> = (0..rows).map(|row| state(index * rows + row)).collect();
        let blank = Frame::new(96, 96);
        Episode {
            frames: states
                .iter()
                .map(|s| if frames { picture(s) } else { blank.clone() })
                .collect(),
            actions: states.iter().map(toward_block).collect(),
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

fn split(episodes: &[Episode]) -> Split {
    let lengths: Vec<usize> = episodes.iter().map(Episode::len).collect();
    Split::new(&lengths, SplitProtocol::ByEpisode, 1, 0).unwrap()
}

fn config(kind: PolicyKind, steps: usize) -> PolicyConfig {
    let mut config = PolicyConfig::new(kind, 1);
    if kind == PolicyKind::TRACKED {
        config = config.with_section(TrackedConfig {
            width: 32,
            layers: 2,
            horizon: 2,
            n_action_steps: 2,
            noise: 1.0,
        });
    }
    config.train = TrainConfig {
        epochs: 1,
        steps_per_epoch: Some(steps),
        batch_size: 16,
        learning_rate: 5e-3,
        seed: 1,
        ..TrainConfig::default()
    };
    config
}

fn run(config: PolicyConfig, episodes: &[Episode], split: &Split) -> Result<TrainOutput<BcPolicy>, BcError> {
    let spec = TrainSpec::new(config).with_split(episodes, split);
    spec.run(&mut JobContext::silent())
}

fn trained(kind: PolicyKind, steps: usize, episodes: &[Episode]) -> TrainOutput<BcPolicy> {
    run(config(kind, steps), episodes, &split(episodes)).unwrap()
}

fn act(policy: &mut BcPolicy, observations: &[Observation]) -> Vec<[u32; 2]> {
    let envs: Vec<usize> = (0..observations.len()).collect();
    policy.reset(&envs);
    try_act(policy, &envs, observations)
        .unwrap()
        .iter()
        .map(|a| a.map(f32::to_bits))
        .collect()
}

fn try_act(policy: &mut BcPolicy, envs: &[usize], observations: &[Observation]) -> Result<Vec<Action>, PolicyError> {
    let histories: Vec<Vec<Observation>> = observations.iter().map(|o| vec![o.clone()]).collect();
    let mut out = vec![[0.0; 2]; envs.len()];
    let batch = ObsBatch {
        envs,
        observations: &histories,
        goals: &vec![GOAL; envs.len()],
    };
    policy.act(&batch, &mut out)?;
    Ok(out)
}

fn reloaded(policy: &BcPolicy, folder: &Path) -> BcPolicy {
    let path = folder.join("policy.safetensors");
    policy.save(&path).unwrap();
    BcPolicy::load(&path, &Device::flex()).unwrap()
}

#[test]
fn the_tracked_policy_learns_acts_and_comes_back() {
    let episodes = episodes(10, 30, false);
    let trained = trained(PolicyKind::TRACKED, 150, &episodes);
    let split = split(&episodes);
    let fit = evaluate(&trained.model, &episodes, &split.test).unwrap().unwrap();
    assert!(fit.r2 > 0.9 && fit.actions == 30, "{fit:?}");
    let valid = evaluate(&trained.model, &episodes, &split.validation).unwrap().unwrap();
    assert!(
        (valid.mse / trained.best_valid.unwrap() - 1.0).abs() < 1e-3,
        "validation is in px²"
    );

    let folder = tempfile::tempdir().unwrap();
    let mut policy = trained.model.with_obs_source(ObsSource::State);
    let mut loaded = reloaded(&policy, folder.path()).with_obs_source(ObsSource::State);
    let observations: Vec<Observation> = (0..40).map(|i| Observation::State(state(7 * i).to_row())).collect();
    let together = act(&mut policy, &observations);
    assert_eq!(act(&mut loaded, &observations), together);
    // Neither the number of environments asked for at once nor their neighbors change a bit.
    let alone = act(&mut policy, &observations[17..18]);
    assert_eq!(alone[0], together[17]);

    // A chunk is executed without looking again: the second action ignores what is seen.
    policy.reset(&[5]);
    let first = try_act(&mut policy, &[5], &observations[3..4]).unwrap();
    let second = try_act(&mut policy, &[5], &observations[9..10]).unwrap();
    policy.reset(&[5]);
    assert_eq!(try_act(&mut policy, &[5], &observations[3..4]).unwrap(), first);
    assert_eq!(try_act(&mut policy, &[5], &observations[3..4]).unwrap(), second);

    policy.reset(&[0]);
    let error = try_act(&mut policy, &[0], &[Observation::Pixels(Frame::new(96, 96))]).unwrap_err();
    assert!(matches!(error, PolicyError::WrongObservation { .. }), "{error}");
}

#[test]
fn the_diffusion_policy_on_states_reads_frames_in_their_order() {
    let policy = trained(PolicyKind::DIFFUSION_LOWDIM, 2, &episodes(5, 12, true)).model;
    let ask = |source, rows: [[usize; 2]; 2]| {
        let mut policy = policy.clone().with_obs_source(source);
        let observe = |i| match source {
            ObsSource::Frames => Observation::Pixels(picture(&state(i))),
            ObsSource::State => Observation::State(state(i).to_row()),
        };
        let mut out = [[0.0; 2]; 2];
        let batch = ObsBatch {
            envs: &[0, 1],
            observations: &rows.map(|row| row.map(observe).to_vec()),
            goals: &[GOAL; 2],
        };
        policy.reset(batch.envs);
        policy.act(&batch, &mut out).unwrap();
        out
    };
    let away = |a: Action, b: Action| (a[0] - b[0]).hypot(a[1] - b[1]);
    let exact = ask(ObsSource::State, [[0, 20], [7, 31]]);
    let swapped = ask(ObsSource::State, [[20, 0], [7, 31]]);
    let seen = ask(ObsSource::Frames, [[0, 20], [7, 31]]);
    assert!(
        away(swapped[0], exact[0]) > 20.0 && swapped[1] == exact[1],
        "{swapped:?} {exact:?}"
    );
    for (seen, exact) in seen.into_iter().zip(exact) {
        assert!(away(seen, exact) < 10.0, "{seen:?} {exact:?}");
    }
}

#[test]
fn the_tracked_policy_reads_frames() {
    let mut episodes = episodes(5, 12, true);
    let exact: Vec<State> = episodes[0].states.clone().unwrap();
    track_episodes(&mut episodes).unwrap();
    for (seen, exact) in episodes[0].states.as_ref().unwrap().iter().zip(&exact) {
        assert!((seen.agent[0] - exact.agent[0]).hypot(seen.agent[1] - exact.agent[1]) < 6.0);
    }
    let policy = trained(PolicyKind::TRACKED, 30, &episodes).model;
    let (mut frames, mut states) = (policy.clone(), policy.with_obs_source(ObsSource::State));
    assert_eq!(frames.needs().modality, pusht_env::Modality::Pixels);
    let by_frame = try_act(&mut frames, &[0], &[Observation::Pixels(picture(&exact[0]))]).unwrap()[0];
    let by_state = try_act(&mut states, &[0], &[Observation::State(exact[0].to_row())]).unwrap()[0];
    assert!(
        (by_frame[0] - by_state[0]).hypot(by_frame[1] - by_state[1]) < 20.0,
        "{by_frame:?} {by_state:?}"
    );

    frames.reset(&[0]);
    let error = try_act(&mut frames, &[0], &[Observation::Pixels(Frame::new(96, 96))]).unwrap_err();
    assert!(error.to_string().contains("not seen"), "{error}");
    for episode in &mut episodes {
        episode.frames.fill(Frame::from_pixel(96, 96, image::Rgb([255; 3])));
        episode.states = None;
    }
    let error = run(config(PolicyKind::TRACKED, 1), &episodes, &split(&episodes));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("seen in none of its frames"), "{error}");
}

#[test]
fn policies_on_pictures_learn_and_come_back() {
    let episodes = episodes(6, 8, true);
    let folder = tempfile::tempdir().unwrap();
    let observations: Vec<Observation> = (0..3).map(|i| Observation::Pixels(picture(&state(9 * i)))).collect();
    for (kind, steps) in [(PolicyKind::CNN, 6), (PolicyKind::RESNET18, 2)] {
        let trained = trained(kind, steps, &episodes);
        let mut policy = trained.model;
        assert_eq!((policy.kind(), policy.name().as_str()), (kind, kind.name()));
        let losses: Vec<f64> = trained.curve.rows.iter().filter_map(|row| row.train_loss).collect();
        assert!(losses.iter().all(|loss| loss.is_finite()) && trained.best_valid.is_some());
        let mut loaded = reloaded(&policy, folder.path());
        let together = act(&mut policy, &observations);
        assert_eq!(act(&mut loaded, &observations), together);
        assert_eq!(
            act(&mut policy, &observations[1..2])[0],
            together[1],
            "{kind:?}: batch size changes the bits"
        );
        let error = try_act(&mut policy, &[0], &[Observation::Pixels(Frame::new(64, 96))]).unwrap_err();
        assert!(error.to_string().contains("64×96"), "{error}");
    }
    // The last file is a ResNet-18 with torchvision's names: 62 parameters and 40 running statistics.
    let bytes = std::fs::read(folder.path().join("policy.safetensors")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for name in [
        "conv1.weight",
        "bn1.running_var",
        "layer2.0.downsample.0.weight",
        "layer4.1.bn2.bias",
        "fc.weight",
    ] {
        assert!(text.contains(&format!("\"{name}\"")), "{name}");
    }
    assert_eq!(text.matches("\"dtype\"").count(), 102);
}

#[test]
fn a_chunk_is_taken_before_looking_again() {
    let episodes = episodes(6, 8, true);
    let config = config(PolicyKind::CNN, 4).with_section(ImageConfig {
        chunk: 3,
        crop: Some(84),
        init: None,
    });
    let trained = run(config, &episodes, &split(&episodes)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut policy = reloaded(&trained.model, folder.path());
    let image = trained.model.downcast_ref::<ImagePolicy<Cnn>>().unwrap();
    let pictures: Vec<Frame> = (0..2).map(|i| picture(&state(11 * i))).collect();
    let chunks = image.chunks(&pictures.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!((chunks.len(), chunks[0].len()), (2, 3));
    assert_eq!(image.predict(&[&pictures[1]]).unwrap(), [chunks[1][0]]);

    let see = |i: usize| Observation::Pixels(pictures[i].clone());
    policy.reset(&[4, 5]);
    assert_eq!(try_act(&mut policy, &[4], &[see(0)]).unwrap(), [chunks[0][0]]);
    // Environment 4 is in its chunk, whatever it sees; environment 5 begins one.
    let both = try_act(&mut policy, &[4, 5], &[see(1), see(1)]).unwrap();
    assert_eq!(both, [chunks[0][1], chunks[1][0]]);
    policy.reset(&[5]);
    let both = try_act(&mut policy, &[4, 5], &[see(1), see(0)]).unwrap();
    assert_eq!(both, [chunks[0][2], chunks[0][0]]);
    assert_eq!(try_act(&mut policy, &[4], &[see(1)]).unwrap(), [chunks[1][0]]);
}

#[test]
fn bad_settings_are_named() {
    let paper = PolicyConfig::paper(PolicyKind::CNN, 0).unwrap();
    assert_eq!((paper.train.epochs, paper.check().is_ok()), (25, true));
    assert_eq!(PolicyConfig::paper(PolicyKind::TRACKED, 0), None);
    let refused = |image: ImageConfig, kind| {
        let config = PolicyConfig::new(kind, 0).with_section(image);
        config.check().unwrap_err().to_string()
    };
    let image = |chunk, crop, init: Option<&str>| ImageConfig {
        chunk,
        crop,
        init: init.map(Into::into),
    };
    assert!(refused(image(0, None, None), PolicyKind::CNN).contains("image.chunk is 0"));
    assert!(refused(image(1, Some(97), None), PolicyKind::CNN).contains("image.crop is 97"));
    assert!(refused(image(1, None, Some("w.pth")), PolicyKind::CNN).contains("only resnet18"));
    let text = refused(image(1, None, None), PolicyKind::TRACKED);
    assert_eq!(
        text,
        "the policy tracked does not read image; that is a setting of cnn, resnet18"
    );
    let text = PolicyKind::CNN.reads("tracked.width").unwrap_err().to_string();
    assert_eq!(
        text,
        "the policy cnn does not read tracked.width; that is a setting of tracked"
    );
    let text = PolicyKind::CNN.reads("widht").unwrap_err().to_string();
    assert!(text.ends_with("its settings are train, image, augmentation"), "{text}");
}

#[test]
fn configurations_of_every_kind_come_back_from_their_file() {
    for kind in PolicyKind::ALL {
        let config = PolicyConfig::new(kind, 3);
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<PolicyConfig>(&text).unwrap(), config, "{text}");
        assert_eq!(kind.name().parse::<PolicyKind>().unwrap(), kind);
    }
}

/// A file of before kinds had sections of their own: the settings of all kinds, whichever it is.
#[test]
fn old_configurations_stay_readable() {
    let old = r#"{
        "kind": "cnn", "tracked": {"width": 64, "layers": 3, "horizon": 16, "execute": 8, "noise": 0.5},
        "diffusion": {"n_obs_steps": 2}, "encoder": {"crop": [84, 84], "keypoints": 32},
        "image": {"chunk": 4, "crop": 84}, "augmentation": "dihedral",
        "train": {"epochs": 3, "seed": 7}
    }"#;
    let config: PolicyConfig = serde_json::from_str(old).unwrap();
    let expected = PolicyConfig::new(PolicyKind::CNN, 0)
        .with_section(ImageConfig {
            chunk: 4,
            crop: Some(84),
            init: None,
        })
        .with_section(Augmentation::Dihedral);
    assert_eq!(config.section::<ImageConfig>(), expected.section());
    assert_eq!(config.section::<Augmentation>(), expected.section());
    assert_eq!(config.section::<TrackedConfig>(), None);
    assert_eq!((config.train.epochs, config.train.seed), (3, 7));
    let tracked: PolicyConfig = serde_json::from_str(&old.replace("\"cnn\"", "\"tracked\"")).unwrap();
    assert_eq!(tracked.section::<TrackedConfig>().unwrap().width, 64);
    // What another kind reads is checked too, and what no kind reads is named.
    let error = |from: &str, to: &str| {
        let error = serde_json::from_str::<PolicyConfig>(&old.replace(from, to)).unwrap_err();
        error.to_string()
    };
    assert!(error("\"width\"", "\"widht\"").contains("widht"));
    assert!(error("\"encoder\"", "\"encodre\"").contains("unknown field `encodre`"));
    assert!(error("\"cnn\"", "\"act\"").contains("expected tracked, cnn, resnet18, diffusion-lowdim or diffusion"));
}

#[test]
fn bad_files_are_named() {
    let episodes = episodes(5, 10, false);
    let policy = trained(PolicyKind::TRACKED, 2, &episodes).model;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.safetensors");
    let load = || BcPolicy::load(&path, &Device::flex()).unwrap_err().to_string();
    assert!(load().contains("reading the model file"));
    policy.save(&path).unwrap();
    let good = std::fs::read(&path).unwrap();
    std::fs::write(&path, &good[..good.len() / 2]).unwrap();
    load();
    let find = |text: &str| {
        good.windows(text.len())
            .position(|bytes| bytes == text.as_bytes())
            .unwrap()
    };
    // Same length, so that the header stays valid.
    let at = find("pusht.policy.tracked.1");
    let mut other_kind = good.clone();
    other_kind[at..at + 22].copy_from_slice(b"pusht.policy.unknown.1");
    std::fs::write(&path, &other_kind).unwrap();
    assert!(
        load().contains("its kind or configuration is not the one that was written"),
        "{}",
        load()
    );
    // A file of earlier versions, which had no hash of its kind.
    let hash = find("pusht.settings-sha256");
    other_kind[hash..hash + 5].copy_from_slice(b"other");
    std::fs::write(&path, &other_kind).unwrap();
    assert!(load().contains("pusht.policy.unknown.1"), "{}", load());
}

#[test]
fn bad_data_is_named() {
    let good = episodes(5, 10, false);
    let split = Split::new(&[10; 5], SplitProtocol::ByEpisode, 1, 0).unwrap();
    let run = |episodes: &[Episode], split: &Split| {
        let result = run(config(PolicyKind::TRACKED, 1), episodes, split);
        result.err().map(|error| error.to_string())
    };
    assert_eq!(run(&good, &split), None);
    let mut bad = good.clone();
    bad[2].states.as_mut().unwrap()[4].agent[0] = f64::NAN;
    assert!(run(&bad, &split).unwrap().contains("episode 2, row 4: the state"));
    let mut bad = good.clone();
    bad[2].actions[4][0] = f32::NAN;
    assert!(run(&bad, &split).unwrap().contains("row 4"));
    let mut bad = good.clone();
    bad[1].states.as_mut().unwrap().pop();
    assert!(run(&bad, &split).unwrap().contains("9 states"));
    let mut far = split.clone();
    far.train.push(FrameRef::new(7, 3));
    assert!(run(&good, &far).unwrap().contains("row 3 of episode 7"));
    let mut empty = split;
    empty.train.clear();
    assert!(run(&good, &empty).unwrap().contains("no training data"));
    let text = "resnet50".parse::<PolicyKind>().unwrap_err().to_string();
    assert_eq!(
        text,
        "policy kind is \"resnet50\"; expected tracked, cnn, resnet18, diffusion-lowdim or diffusion"
    );
}
