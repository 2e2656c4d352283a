//! Unified Video Action: comparison with recordings, the published file format, and the modes. `fixtures/make.py` wrote
//! the small recordings; those of the published implementation are reference data.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use model_parity::compare;
use nn_kit::{Checkpoint, KlAutoencoderConfig};
use unified_video_action::parity::MODELS;
use unified_video_action::{Action, Config, HeadConfig, Masked, Model, Net, Shapes, Task, TransformerConfig, shapes};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Configuration of the models in `fixtures`.
fn small() -> Config {
    let part = |width, heads, hidden| TransformerConfig {
        width,
        depth: 1,
        heads,
        hidden,
    };
    let head = HeadConfig {
        width: 8,
        depth: 2,
        steps: 6,
    };
    Config {
        side: 8,
        encoder: part(8, 2, 16),
        decoder: part(12, 3, 20),
        video_head: head,
        action_head: head,
        autoencoder: KlAutoencoderConfig::new()
            .with_width(32)
            .with_multiples(vec![1])
            .with_blocks(1)
            .with_channels(2)
            .with_encoder_attention(vec![0]),
        ..Config::default()
    }
}

fn loaded() -> Model {
    Model::load(&fixture("state.ckpt"), &small(), &Device::flex()).unwrap()
}

/// Matrix products with different numbers of rows round differently.
fn close(found: &[Action], expected: &[Action]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a[0] - b[0]).abs() < 0.05 && (a[1] - b[1]).abs() < 0.05, "{a:?} {b:?}");
    }
}

#[test]
fn small_recordings_are_reproduced() {
    for case in ["tiny", "kl"] {
        let report = compare(&fixture(case), MODELS, &Device::flex()).unwrap();
        assert_eq!(report.problems(), [""; 0], "{case}");
    }
}

#[test]
fn the_published_sizes_have_the_published_parameters() {
    let Shapes { net, autoencoder } = shapes(&Config::default()).unwrap();
    let count = |shapes: &std::collections::BTreeMap<String, Vec<usize>>| -> usize {
        shapes.values().map(|shape| shape.iter().product::<usize>()).sum()
    };
    assert_eq!((net.len(), count(&net)), (444, 261_079_156));
    assert_eq!(count(&autoencoder), 66_456_019);
}

#[test]
fn the_averaged_weights_of_a_training_state_are_read_past_its_configuration() {
    let device = Device::flex();
    let uva = loaded();
    close(&[uva.scale().denormalize([0.0, 1.0])], &[[256.0, 500.0]]);
    // The same weights as in the recording.
    let case = model_parity::Case::open(&fixture("tiny")).unwrap();
    let future: Tensor<5> = case.tensor("future", &device).unwrap();
    let z = uva.net().forward(&Task::Inverse { future });
    assert!(case.check("inverse_model.z", z, 2e-5).unwrap().passed());
}

#[test]
fn wrappers_around_the_weights_are_removed() {
    let device = Device::flex();
    let case = model_parity::Case::open(&fixture("tiny")).unwrap();
    let weights = Checkpoint::open_part(&fixture("state.ckpt"), &["state_dicts.ema_model"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uva.safetensors");
    let save = |name: &dyn Fn(&str) -> String| {
        let named = weights
            .tensors()
            .map(|(own, _)| (name(own), weights.values(own).unwrap()));
        nn_kit::save_safetensors(&path, &named.collect()).unwrap();
        Model::load(&path, &small(), &device)
    };
    let each = |wrapper: &str| {
        let wrapper = wrapper.to_string();
        move |name: &str| match name.split_once('.') {
            Some((part, rest)) => format!("{part}.{wrapper}{rest}"),
            None => name.to_string(),
        }
    };
    type Rename<'a> = (&'a str, &'a dyn Fn(&str) -> String);
    let renames: [Rename<'_>; 5] = [
        ("plain", &|name| name.to_string()),
        ("module", &|name| format!("module.{name}")),
        ("compiled and parallel", &|name| {
            format!("state_dict._orig_mod.module.{name}")
        }),
        ("each part parallel", &each("module.")),
        ("each part compiled", &each("_orig_mod.")),
    ];
    for (what, rename) in renames {
        let uva = save(rename).unwrap();
        let future: Tensor<5> = case.tensor("future", &device).unwrap();
        let z = uva.net().forward(&Task::Inverse { future });
        assert!(case.check("inverse_model.z", z, 2e-5).unwrap().passed(), "{what}");
        assert_eq!(
            uva.scale().denormalize([0.0, 1.0]),
            loaded().scale().denormalize([0.0, 1.0])
        );
    }
    let text = save(&|name| format!("{name}.x")).err().unwrap().to_string();
    assert!(
        text.contains("holds") && text.contains("expected weights with the names"),
        "{text}"
    );
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let device = Device::flex();
    let refused = |change: fn(&mut Config), parts: &[&str]| {
        let mut config = small();
        change(&mut config);
        let text = Model::load(&fixture("state.ckpt"), &config, &device)
            .err()
            .unwrap()
            .to_string();
        for part in parts {
            assert!(text.contains(part), "{text}");
        }
    };
    refused(|c| c.encoder.depth = 2, &["encoder_blocks.1.attn.proj.bias is missing"]);
    refused(
        |c| c.video_head.depth = 1,
        &["diffloss.net.res_blocks.1", "has no place"],
    );
    refused(
        |c| c.autoencoder.blocks = 2,
        &["decoder.up.0.block.2.conv1.bias is missing (expected shape [32])"],
    );
    refused(
        |c| c.decoder.hidden = 24,
        &["decoder_blocks.0.mlp.fc1.bias has shape [20] (expected [24])"],
    );
    let missing = Model::load(Path::new("nowhere.ckpt"), &small(), &device).err().unwrap();
    assert!(missing.to_string().contains("nowhere.ckpt"), "{missing}");
    // Weights only, without the rest of the training state.
    let text = Model::load(&fixture("tiny/weights.safetensors"), &small(), &device);
    assert!(
        text.err()
            .unwrap()
            .to_string()
            .contains("expected weights with the names")
    );
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.ckpt");
    let whole = std::fs::read(fixture("state.ckpt")).unwrap();
    for length in [0, 10, 1000, whole.len() / 2, whole.len() - 30] {
        std::fs::write(&cut, &whole[..length]).unwrap();
        assert!(Model::load(&cut, &small(), &device).is_err(), "{length}");
    }
}

#[test]
fn weights_that_are_not_finite_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "io.safetensors"] {
        std::fs::copy(fixture("tiny").join(name), folder.path().join(name)).unwrap();
    }
    let mut bytes = std::fs::read(fixture("tiny/weights.safetensors")).unwrap();
    let end = bytes.len();
    // Last number of the last tensor.
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(folder.path().join("weights.safetensors"), bytes).unwrap();
    let error = compare(folder.path(), MODELS, &Device::flex()).unwrap_err().to_string();
    assert!(error.contains("not finite") && error.contains("the tensor "), "{error}");
}

#[test]
fn a_folder_of_another_model_is_told_which_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let open = || compare(folder.path(), MODELS, &Device::flex()).unwrap_err().to_string();
    assert!(open().contains("config.json"));
    std::fs::copy(fixture("tiny/io.safetensors"), folder.path().join("io.safetensors")).unwrap();
    std::fs::write(folder.path().join("config.json"), r#"{"class": "Other"}"#).unwrap();
    let error = open();
    assert!(
        error.contains("Other") && error.contains("UVA/MAR AutoencoderKL"),
        "{error}"
    );
}

#[test]
fn all_modes_give_what_they_should_and_items_do_not_see_their_neighbors() {
    let device = Device::flex();
    let uva = loaded();
    let config = uva.config().clone();
    device.seed(5);
    let shape = |batch| [batch, 4, 2, 8, 8];
    let random = || Tensor::<5>::random(shape(2), burn::tensor::Distribution::Default, &device);
    let (history, seen) = (random(), random());
    let actions = uva.actions(&vec![vec![[100.0, 200.0]; 16]; 2]).unwrap();
    let tasks = |history: Tensor<5>, seen: Tensor<5>, actions: Tensor<3>| {
        let future = || Masked::all(&config, history.dims()[0], &device);
        [
            Task::Video {
                history: history.clone(),
                future: future(),
            },
            Task::Dynamics {
                history: history.clone(),
                future: future(),
                actions,
            },
            Task::Policy {
                history: history.clone(),
            },
            Task::Inverse { future: seen },
            Task::FullDynamics {
                history: history.clone(),
                future: future(),
            },
        ]
    };
    let both = tasks(history.clone(), seen.clone(), actions.clone());
    let second = tasks(history.narrow(0, 1, 1), seen.narrow(0, 1, 1), actions.narrow(0, 1, 1));
    for (both, second) in both.iter().zip(&second) {
        let (all, one) = (uva.run(both, &[1, 2]).unwrap(), uva.run(second, &[2]).unwrap());
        assert_eq!(
            (all.latents.is_some(), all.actions.is_some()),
            (both.gives_video(), both.gives_actions())
        );
        if let (Some(all), Some(one)) = (all.actions, one.actions) {
            assert_eq!((all.len(), all[1].len()), (2, 16));
            close(&all[1], &one[0]);
        }
        if let (Some(all), Some(one)) = (all.latents, one.latents) {
            assert_eq!(all.dims(), shape(2));
            let off: f32 = (all.narrow(0, 1, 1) - one).abs().max().into_scalar();
            assert!(off < 1e-3, "{off}");
        }
    }
    let few = Task::Policy {
        history: random().narrow(1, 0, 3),
    };
    assert!(
        uva.run(&few, &[1, 2])
            .unwrap_err()
            .to_string()
            .contains("the history has shape")
    );
    assert!(uva.run(&both[2], &[1]).unwrap_err().to_string().contains("seeds"));
}

#[test]
fn given_tokens_stay_and_masked_ones_are_drawn_whatever_the_rounds() {
    let device = Device::flex();
    let source = loaded();
    for rounds in [1, 3, 100] {
        let config = Config { rounds, ..small() };
        let autoencoder = config.autoencoder.init(&device);
        let uva = Model::new(
            config.clone(),
            source.net().clone(),
            autoencoder,
            *source.scale(),
            &device,
        )
        .unwrap();
        let latents = Tensor::<5>::full([1, 4, 2, 8, 8], 0.25, &device);
        let mask: Vec<f32> = (0..64).map(|i| f32::from(u8::from(i % 3 != 0))).collect();
        let mask = Tensor::<1>::from_floats(mask.as_slice(), &device).unsqueeze::<2>();
        let future = Masked { latents, mask };
        let history = Tensor::zeros([1, 4, 2, 8, 8], &device);
        let output = uva.run(&Task::Video { history, future }, &[3]).unwrap();
        let values: Vec<f32> = output.latents.unwrap().into_data().try_to_vec().unwrap();
        for (i, value) in values.iter().enumerate() {
            assert_eq!((*value - 0.25).abs() < 1e-7, (i % 64) % 3 == 0, "{rounds} {i} {value}");
        }
    }
}

#[test]
fn a_network_of_any_sizes_can_be_made() {
    let device = Device::flex();
    let net = Net::new(&small(), &device);
    let history = Tensor::zeros([1, 4, 2, 8, 8], &device);
    assert_eq!(net.forward(&Task::Policy { history }).dims(), [1, 256, 12]);
}

#[test]
fn weights_in_shards_are_put_together_and_an_index_that_lies_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "io.safetensors"] {
        std::fs::copy(fixture("kl").join(name), folder.path().join(name)).unwrap();
    }
    let whole = fixture("kl/weights.safetensors");
    for part in ["one.safetensors", "two.safetensors"] {
        std::fs::copy(&whole, folder.path().join(part)).unwrap();
    }
    let names: Vec<String> = Checkpoint::open(&whole)
        .unwrap()
        .tensors()
        .map(|(name, _)| name.to_string())
        .collect();
    let with = |extra: Option<(&str, &str)>| {
        let file = |i: usize| {
            if i.is_multiple_of(2) {
                "one.safetensors"
            } else {
                "two.safetensors"
            }
        };
        let mut map: serde_json::Map<String, serde_json::Value> = names
            .iter()
            .enumerate()
            .map(|(i, name)| (name.clone(), file(i).into()))
            .collect();
        if let Some((name, file)) = extra {
            map.insert(name.into(), file.into());
        }
        let index = serde_json::json!({ "weight_map": map });
        std::fs::write(folder.path().join("weights.safetensors.index.json"), index.to_string()).unwrap();
        compare(folder.path(), MODELS, &Device::flex())
    };
    assert!(with(None).unwrap().passed());
    let refused = |name, file| with(Some((name, file))).unwrap_err().to_string();
    assert!(refused("other.weight", "one.safetensors").contains("other.weight"));
    assert!(refused("a", "../one.safetensors").contains("same folder"));
    assert!(refused("a", "three.safetensors").contains("three.safetensors"));
}

#[test]
fn a_part_of_a_training_state_is_chosen_by_its_key() {
    let state = fixture("state.ckpt");
    let averaged = Checkpoint::open_part(&state, &["nothing", "state_dicts.ema_model"]).unwrap();
    assert!(averaged.shape("model.z_proj.weight").is_some() && averaged.shape("exp_avg").is_none());
    // Without such a key the file is opened as a whole; the configuration object in it is passed over.
    let whole = Checkpoint::open_part(&state, &["weights", "net"]).unwrap();
    assert!(whole.shape("state_dicts.ema_model.model.z_proj.weight").is_some());
}
