//! Diffusion policies of LeRobot 0.3, 0.4 and 0.6: loaded from their folders they take the actions that the pip package takes.
//! `fixtures/lerobot/make.py` made the numbers.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use bc_policy::{BcPolicy, DiffusionPolicy, ObsSource, PolicyKind};
use burn::tensor::{Device, Tensor};
use diffusion_schedulers::{BetaSchedule, NoiseSchedule, Prediction, ScheduleConfig, Scheduler};
use pusht_env::{
    Action, FillRule, Frame, GOAL, Modality, ObsBatch, Observation, Policy, Pose, Renderer, Scene, bar_vertices,
    stem_vertices,
};
use pusht_vision::Tracker;
use serde_json::{Value, json};
use tempfile::TempDir;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lerobot")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn floats(value: &Value) -> Vec<f32> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap() as f32)
        .collect()
}

fn shape(value: &Value) -> Vec<usize> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_u64().unwrap() as usize)
        .collect()
}

/// A copy of one of the folders, whole: with the parameters that `make.py` makes by formula.
fn folder(name: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixtures().join(name)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    let expected = read(&copy.path().join("expected.json"));
    if expected["tensors"].is_array() {
        let mut tensors: Vec<(String, Vec<usize>, Vec<f32>)> = Vec::new();
        for (index, tensor) in expected["tensors"].as_array().unwrap().iter().enumerate() {
            let (name, shape) = (tensor[0].as_str().unwrap(), shape(&tensor[1]));
            tensors.push((name.into(), shape.clone(), weight(index, name, &shape)));
        }
        for (name, values) in expected["normalization"].as_object().unwrap() {
            let mut values = values.clone();
            let mut shape = vec![values.as_array().unwrap().len()];
            while values[0].is_array() {
                shape.push(values[0].as_array().unwrap().len());
                values = values
                    .as_array()
                    .unwrap()
                    .iter()
                    .flat_map(|x| x.as_array().unwrap().clone())
                    .collect();
            }
            if shape.len() > 1 {
                shape = vec![3, 1, 1];
            }
            tensors.push((name.clone(), shape, floats(&values)));
        }
        let norms: Vec<String> = tensors
            .iter()
            .filter_map(|(name, ..)| Some(format!("{}num_batches_tracked", name.strip_suffix("running_mean")?)))
            .collect();
        tensors.extend(norms.into_iter().map(|name| (name, Vec::new(), vec![3.0])));
        write(&copy.path().join("model.safetensors"), &tensors);
    }
    copy
}

/// The formula of `make.py`.
fn weight(index: usize, name: &str, shape: &[usize]) -> Vec<f32> {
    let mix = |mut x: u32| {
        for (shift, factor) in [(16, 0x85EB_CA6B), (13, 0xC2B2_AE35_u32)] {
            x = (x ^ (x >> shift)).wrapping_mul(factor);
        }
        x ^ (x >> 16)
    };
    let count: usize = shape.iter().product();
    let start = (index as u32).wrapping_mul(0x9E37_79B9);
    let unit = |i: usize| (mix(start.wrapping_add(i as u32)) >> 8) as f32 * 2.0_f32.powi(-24) - 0.5;
    let scale = (12.0 / (count / shape[0]) as f64).sqrt() as f32;
    let near_one = name.ends_with("weight") || name.ends_with("running_var");
    let middle = if near_one { 1.0 } else { 0.0 };
    (0..count)
        .map(|i| {
            if shape.len() > 1 {
                unit(i) * scale
            } else {
                unit(i) * 0.2 + middle
            }
        })
        .collect()
}

fn write(path: &Path, tensors: &[(String, Vec<usize>, Vec<f32>)]) {
    let mut header = serde_json::Map::new();
    let mut data = Vec::new();
    for (name, shape, values) in tensors {
        let start = data.len();
        data.extend(values.iter().flat_map(|x| x.to_le_bytes()));
        header.insert(
            name.clone(),
            json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]}),
        );
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(data);
    std::fs::write(path, bytes).unwrap();
}

fn picture(step: usize) -> Frame {
    Frame::from_fn(96, 96, |x, y| {
        let (x, y) = (x as usize, y as usize);
        image::Rgb([0, 1, 2].map(|c| ((3 * x + 5 * y + 40 * c + 17 * step + x * y / 7) % 256) as u8))
    })
}

fn observations(expected: &Value) -> Vec<Observation> {
    let numbers = |x: &Value| -> Vec<f64> { x.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect() };
    let observe = |(step, seen): (usize, &Value)| {
        let agent_pos = numbers(&seen["observation.state"]).try_into().unwrap();
        match seen.get("observation.environment_state") {
            Some(corners) => Observation::Keypoints {
                environment_state: numbers(corners).try_into().unwrap(),
                agent_pos,
            },
            None => Observation::PixelsAgentPos {
                pixels: picture(step),
                agent_pos,
            },
        }
    };
    expected["observations"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(observe)
        .collect()
}

fn load(folder: &Path) -> DiffusionPolicy {
    let policy = BcPolicy::load(folder, &Device::flex()).unwrap();
    policy.downcast_ref::<DiffusionPolicy>().unwrap().clone()
}

const FOLDERS: [&str; 6] = [
    "corners-0.3",
    "corners-0.4",
    "picture-0.3",
    "picture-0.4",
    "default-0.6",
    "resized-0.6",
];

#[test]
fn actions_are_those_of_the_package() {
    for name in FOLDERS {
        let folder = folder(name);
        let expected = read(&folder.path().join("expected.json"));
        let policy = load(folder.path());
        let history = observations(&expected);
        let mut noise = expected["noise"].as_array().unwrap().iter().map(floats);
        let sequence = policy.sequence_from(&history, || noise.next().unwrap()).unwrap();
        assert!(noise.next().is_none(), "{name}: less noise was drawn");
        let wanted: Vec<Vec<f32>> = expected["actions"].as_array().unwrap().iter().map(floats).collect();
        assert_eq!(wanted.len(), policy.config().n_action_steps);
        let taken = &sequence[policy.config().n_obs_steps - 1..];
        let mut worst = 0.0_f32;
        for (action, wanted) in taken.iter().zip(&wanted) {
            worst = worst
                .max((action[0] - wanted[0]).abs())
                .max((action[1] - wanted[1]).abs());
        }
        eprintln!("{name}: actions differ by at most {worst} px");
        assert!(worst < 0.01, "{name}: {worst} px\n{taken:?}\n{wanted:?}");
    }
}

#[test]
fn a_folder_acts_and_is_saved_as_one_file() {
    let folder = folder("corners-0.3");
    let history = observations(&read(&folder.path().join("expected.json")));
    let mut policy = BcPolicy::load(folder.path(), &Device::flex()).unwrap();
    assert_eq!((policy.kind(), policy.needs().history), (PolicyKind::DIFFUSION, 2));
    assert_eq!(policy.needs().modality, Modality::Keypoints);
    let path = folder.path().join("policy.safetensors");
    policy.save(&path).unwrap();
    let mut loaded = BcPolicy::load(&path, &Device::flex()).unwrap();
    let act = |policy: &mut BcPolicy, envs: &[usize]| {
        policy.reset(envs);
        let mut out = vec![[0.0; 2]; envs.len()];
        let observations = vec![history.clone(); envs.len()];
        let batch = ObsBatch {
            envs,
            observations: &observations,
            goals: &vec![GOAL; envs.len()],
        };
        policy.act(&batch, &mut out).map(|()| out)
    };
    let envs: Vec<usize> = (0..9).collect();
    let all = act(&mut policy, &envs).unwrap();
    assert_eq!(act(&mut loaded, &envs).unwrap(), all);
    let mut alone = BcPolicy::load(&path, &Device::flex()).unwrap();
    assert_eq!(act(&mut alone, &[4]).unwrap()[0], all[4]);
    let wrong = Observation::State([0.0; 5]);
    let batch = ObsBatch {
        envs: &[0],
        observations: &[vec![wrong.clone(), wrong]],
        goals: &[GOAL],
    };
    alone.reset(&[0]);
    assert!(alone.act(&batch, &mut [[0.0; 2]]).is_err());
}

#[test]
fn with_frames_as_source_positions_are_those_of_the_tracker() {
    let tracker = Tracker::new(GOAL).unwrap();
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    let agents = [[120.0, 200.0], [128.0, 206.0]];
    let frames = agents.map(|agent| renderer.render(&Scene::new(agent, Pose::new(320.0, 260.0, 0.4), GOAL)));
    let act = |mut policy: BcPolicy, history: Vec<Observation>| -> Action {
        let mut out = [[0.0; 2]];
        let batch = ObsBatch {
            envs: &[0],
            observations: &[history],
            goals: &[GOAL],
        };
        policy.reset(&[0]);
        policy.act(&batch, &mut out).unwrap();
        out[0]
    };
    for name in ["corners-0.3", "picture-0.3"] {
        let exact = BcPolicy::load(folder(name).path(), &Device::flex()).unwrap();
        assert_eq!(exact.obs_source(), Some(ObsSource::State));
        let on_frames = exact.clone().with_obs_source(ObsSource::Frames);
        assert_eq!(on_frames.needs().modality, Modality::Pixels, "{name}");
        let tracked = |frame: &Frame| {
            let seen = tracker.track(frame).unwrap();
            let (agent_pos, block) = (seen.agent.unwrap(), seen.block.unwrap());
            let corners = [bar_vertices(block), stem_vertices(block)];
            match exact.needs().modality {
                Modality::Keypoints => Observation::Keypoints {
                    environment_state: std::array::from_fn(|i| corners.as_flattened().as_flattened()[i]),
                    agent_pos,
                },
                _ => Observation::PixelsAgentPos {
                    pixels: frame.clone(),
                    agent_pos,
                },
            }
        };
        let by_state = act(exact.clone(), frames.iter().map(tracked).collect());
        let by_frame = act(on_frames, frames.iter().cloned().map(Observation::Pixels).collect());
        assert_eq!(by_frame, by_state, "{name}");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let device = Device::flex();
    let error = |folder: &TempDir| BcPolicy::load(folder.path(), &device).unwrap_err().to_string();
    let change = |file: &str, pointer: &str, value: Value| {
        let folder = folder(if file == "config.json" {
            "corners-0.3"
        } else {
            "corners-0.4"
        });
        let path = folder.path().join(file);
        let mut document = read(&path);
        *document.pointer_mut(pointer).unwrap() = value;
        std::fs::write(&path, document.to_string()).unwrap();
        error(&folder)
    };
    // Policies of other types have other settings.
    let other = tempfile::tempdir().unwrap();
    std::fs::write(
        other.path().join("config.json"),
        r#"{"type": "act", "chunk_size": 100}"#,
    )
    .unwrap();
    let text = error(&other);
    assert!(text.contains("type is \"act\"; expected \"diffusion\""), "{text}");
    for (pointer, value, wanted) in [
        ("/type", json!("act"), "\"diffusion\""),
        (
            "/down_dims",
            json!([8, 24]),
            "has shape [16, 8, 3] (expected [24, 8, 3])",
        ),
        ("/diffusion_step_embed_dim", json!(7), "even"),
        ("/beta_schedule", json!("sigmoid"), "squaredcos_cap_v2 or linear"),
        ("/noise_scheduler_type", json!("EDM"), "DDPM or DDIM"),
        (
            "/input_features/observation.state/shape",
            json!([7]),
            "observation.state",
        ),
        ("/output_features/action/shape", json!([7]), "2 numbers"),
        (
            "/normalization_mapping/STATE",
            json!("QUANTILES"),
            "IDENTITY, MEAN_STD or MIN_MAX",
        ),
        (
            "/normalization_mapping/STATE",
            json!("MEAN_STD"),
            "buffer_observation_state.mean is missing",
        ),
        ("/horizon", json!(15), "multiple of 2"),
    ] {
        let text = change("config.json", pointer, value);
        assert!(text.contains(wanted), "{pointer}: {text}");
    }
    let text = change(
        "policy_preprocessor.json",
        "/steps/1/registry_name",
        json!("tokenizer_processor"),
    );
    assert!(text.contains("tokenizer_processor"), "{text}");
    let text = change(
        "policy_preprocessor.json",
        "/steps/3/state_file",
        json!("../x.safetensors"),
    );
    assert!(text.contains("same folder"), "{text}");
    let text = change(
        "policy_postprocessor.json",
        "/steps/0/registry_name",
        json!("device_processor"),
    );
    assert!(text.contains("no step unnormalizer_processor"), "{text}");

    let folder = folder("corners-0.3");
    let path = folder.path().join("model.safetensors");
    let good = std::fs::read(&path).unwrap();
    std::fs::write(&path, &good[..good.len() - 100]).unwrap();
    assert!(error(&folder).contains("cut short"));
    let mut bad = good.clone();
    let end = bad.len();
    bad[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, &bad).unwrap();
    assert!(error(&folder).contains("not finite"));
    // Renamed in place, one tensor is missing and another is left over.
    let name = b"diffusion.unet.mid_modules.1.conv1.block.0.weight";
    let at = good.windows(name.len()).position(|window| window == name).unwrap();
    let mut bad = good;
    bad[at + name.len() - 1] = b'x';
    std::fs::write(&path, &bad).unwrap();
    assert!(error(&folder).contains("mid_modules.1.conv1.block.0.weight is missing (expected shape [16, 16, 3])"));
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    std::fs::write(&path, pointer).unwrap();
    assert!(error(&folder).contains("git lfs pull"));
    std::fs::write(folder.path().join("config.json"), pointer).unwrap();
    assert!(error(&folder).contains("git lfs pull"));
    std::fs::remove_file(folder.path().join("config.json")).unwrap();
    assert!(error(&folder).contains("config.json"));
}

#[test]
fn what_the_environment_does_not_have_is_refused() {
    let change = |change: &dyn Fn(&mut Value)| {
        let folder = folder("default-0.6");
        let path = folder.path().join("config.json");
        let mut document = read(&path);
        change(&mut document);
        std::fs::write(&path, document.to_string()).unwrap();
        BcPolicy::load(folder.path(), &Device::flex())
            .err()
            .unwrap()
            .to_string()
    };
    let text = change(&|config| {
        let side = config["input_features"]["observation.image"].clone();
        config["input_features"]["observation.images.side"] = side;
    });
    assert!(text.contains("there is one camera"), "{text}");
    let text = change(&|config| config["use_group_norm"] = json!(true));
    assert!(text.contains("running_mean has no place"), "{text}");
    let text = change(&|config| config["resize_shape"] = json!([0, 96]));
    assert!(text.contains("resize_shape"), "{text}");
}

#[test]
fn a_policy_with_batch_normalization_is_saved_as_one_file() {
    for name in ["default-0.6", "resized-0.6"] {
        let folder = folder(name);
        let path = folder.path().join("policy.safetensors");
        BcPolicy::load(folder.path(), &Device::flex())
            .unwrap()
            .save(&path)
            .unwrap();
        let expected = read(&folder.path().join("expected.json"));
        let history = observations(&expected);
        let act = |path: &Path| {
            let mut noise = expected["noise"].as_array().unwrap().iter().map(floats);
            load(path).sequence_from(&history, || noise.next().unwrap()).unwrap()
        };
        assert_eq!(act(&path), act(folder.path()), "{name}");
    }
}

#[test]
fn schedulers_are_those_of_diffusers() {
    let device = Device::flex();
    for case in read(&fixtures().join("schedulers.json")).as_array().unwrap() {
        let epsilon = case["prediction"] == "epsilon";
        let schedule = NoiseSchedule::new(ScheduleConfig {
            steps: 100,
            betas: match case["betas"].as_str().unwrap() {
                "linear" => BetaSchedule::Linear(0.0001, 0.02),
                _ => BetaSchedule::SquaredCosCapV2,
            },
            prediction: if epsilon {
                Prediction::Epsilon
            } else {
                Prediction::Sample
            },
            clip: Some(1.0),
        })
        .unwrap();
        for (bar, wanted) in schedule.alphas_cumprod().iter().zip(floats(&case["alphas_cumprod"])) {
            assert!((bar / wanted - 1.0).abs() < 5e-6, "{bar} {wanted}");
        }
        for count in [100, 10, 7] {
            assert_eq!(
                schedule.ddpm(count).unwrap().timesteps(),
                shape(&case[format!("timesteps_{count}")])
            );
        }
        for step in case["steps"].as_array().unwrap() {
            let [x, output, noise, wanted] =
                [0, 1, 2, 3].map(|i| Tensor::<1>::from_floats(floats(&step["numbers"][i]).as_slice(), &device));
            let (count, t) = (
                step["count"].as_u64().unwrap() as usize,
                step["t"].as_u64().unwrap() as usize,
            );
            let (ddim, ddpm) = (schedule.ddim(count).unwrap(), schedule.ddpm(count).unwrap());
            let at = ddim.timesteps().iter().position(|step| *step == t).unwrap();
            let got = match case["ddim"].as_bool().unwrap() {
                true => ddim.step(x, output, at, Tensor::zeros_like),
                false => ddpm.step(x, output, at, |_| noise.clone()),
            };
            let error: f32 = (got - wanted).abs().max().into_scalar();
            assert!(error < 1e-5, "{case:?} at {t} of {count}: {error}");
        }
    }
}
