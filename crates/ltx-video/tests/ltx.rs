//! LTX-Video: comparison with recordings, published file formats, and errors. `fixtures/make_ltx.py` wrote the small
//! recordings; those of the published implementation are reference data.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod recorded;

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use ltx_video::{
    Clips, Config, Coordinates, Example, Files, Input, Layout, Lora, Pipeline, Rotary, Timesteps, Transformer, Vae,
    VaeConfig, Version, loss, transformer_shapes, vae_shapes,
};
use nn_kit::{Checkpoint, published_gradients, save_safetensors};

#[test]
fn small_recordings_are_reproduced() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    assert_eq!(recorded::all_reproduced(&folder, &[""]), 8);
}

fn count(shapes: &BTreeMap<String, Vec<usize>>) -> usize {
    shapes.values().map(|shape| shape.iter().product::<usize>()).sum()
}

#[test]
fn the_published_sizes_have_the_published_parameters() {
    let ltx = |config: &Config| count(&transformer_shapes(config, Layout::Folder).unwrap());
    assert_eq!(ltx(&Config::default()), 1_923_385_472);
    assert_eq!(ltx(&Config::ltx_13b()), 13_042_569_344);
    let vae = |version: Version| vae_shapes(&version.config(), Layout::Folder).unwrap();
    assert_eq!(
        (vae(Version::V090).len(), count(&vae(Version::V090))),
        (190, 419_193_905)
    );
    assert_eq!(vae(Version::V095).len(), 226);
    let millions = |version| (count(&vae(version)) as f64 / 1e5).round() / 10.0;
    assert_eq!((millions(Version::V091), millions(Version::V095)), (935.0, 1246.9));
}

/// Converts names of single files to those of folders by replacements in this order, like published converters: first
/// the encoder's blocks, then the decoder's, then words.
fn as_in_a_folder(name: &str, version: Version) -> String {
    let down: &[&str] = match version {
        Version::V095 => &[
            "0",
            "0.downsamplers.0",
            "1",
            "1.downsamplers.0",
            "2",
            "2.downsamplers.0",
            "3",
            "3.downsamplers.0",
            "mid",
        ],
        _ => &[
            "0",
            "0.downsamplers.0",
            "0.conv_out",
            "1",
            "1.downsamplers.0",
            "1.conv_out",
            "2",
            "2.downsamplers.0",
            "3",
            "mid",
        ],
    };
    let up: &[&str] = match version {
        Version::V090 => &[
            "mid",
            "0",
            "1.upsamplers.0",
            "1",
            "2.conv_in",
            "2.upsamplers.0",
            "2",
            "3.conv_in",
            "3.upsamplers.0",
            "3",
        ],
        _ => &[
            "mid",
            "0.upsamplers.0",
            "0",
            "1.upsamplers.0",
            "1",
            "2.upsamplers.0",
            "2",
        ],
    };
    let mut name = name.strip_prefix("vae.").unwrap().to_string();
    for (list, places) in [("down_blocks", down), ("up_blocks", up)] {
        if let Some((before, after)) = name.clone().split_once(&format!("{list}.")) {
            let (index, rest) = after.split_once('.').unwrap();
            let place = places[index.parse::<usize>().unwrap()];
            let place = if place == "mid" {
                "mid_block".to_string()
            } else {
                format!("{list}.{place}")
            };
            name = format!("{before}{place}.{rest}");
        }
    }
    for (theirs, folders) in [
        ("conv_shortcut.", "conv_shortcut.conv."),
        ("res_blocks", "resnets"),
        ("norm3.norm", "norm3"),
        ("last_time_embedder", "time_embedder"),
        ("last_scale_shift_table", "scale_shift_table"),
        ("per_channel_statistics.mean-of-means", "latents_mean"),
        ("per_channel_statistics.std-of-means", "latents_std"),
    ] {
        name = name.replace(theirs, folders);
    }
    name
}

#[test]
fn single_files_name_the_same_parameters() {
    for version in [Version::V090, Version::V091, Version::V095] {
        let config = version.config();
        let single = vae_shapes(&config, Layout::Single).unwrap();
        let renamed = single
            .into_iter()
            .map(|(name, shape)| (as_in_a_folder(&name, version), shape));
        let folder = vae_shapes(&config, Layout::Folder).unwrap();
        assert_eq!(renamed.collect::<BTreeMap<_, _>>(), folder, "{version:?}");
    }
    let config = Config::default();
    let single = transformer_shapes(&config, Layout::Single).unwrap();
    let renamed = single.into_iter().map(|(name, shape)| {
        let name = name
            .strip_prefix("model.diffusion_model.")
            .unwrap()
            .replace("patchify_proj", "proj_in");
        (
            name.replace("adaln_single", "time_embed")
                .replace("q_norm", "norm_q")
                .replace("k_norm", "norm_k"),
            shape,
        )
    });
    assert_eq!(
        renamed.collect::<BTreeMap<_, _>>(),
        transformer_shapes(&config, Layout::Folder).unwrap()
    );
}

#[test]
fn sizes_that_are_no_model_are_refused_by_name() {
    let refused = |change: fn(&mut VaeConfig), name: &str| {
        let mut config = Version::V095.config();
        change(&mut config);
        let text = config.check().unwrap_err().to_string();
        assert!(text.contains(name), "{text}");
    };
    refused(|c| c.block_out_channels.truncate(4), "block_out_channels");
    refused(|c| c.layers_per_block.truncate(4), "layers_per_block");
    refused(|c| c.upsample_factor[1] = 3, "upsample_factor");
    refused(|c| c.block_out_channels[2] = 500, "downsample_type");
    refused(|c| c.scaling_factor = f64::NAN, "scaling_factor");
    refused(|c| c.latent_channels = 0, "a width");
    let text = |config: Config| config.check().unwrap_err().to_string();
    assert!(
        text(Config {
            patch_size: 2,
            ..Config::default()
        })
        .contains("patch_size")
    );
    assert!(
        text(Config {
            num_layers: 0,
            ..Config::default()
        })
        .contains("num_layers")
    );
    assert!(
        text(Config {
            cross_attention_dim: 1024,
            ..Config::default()
        })
        .contains("2048")
    );
    assert!(Checkpoint::open_folder(Path::new("nowhere")).is_err());
}

/// Writes the models of a recorded pipeline as a folder of published files.
fn published_folder(folder: &Path) {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pipe_conditioned");
    let config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(recorded.join("config.json")).unwrap()).unwrap();
    let weights = Checkpoint::open(&recorded.join("weights.safetensors")).unwrap();
    for part in ["transformer", "vae"] {
        let folder = folder.join(part);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.json"), config[part].to_string()).unwrap();
        let tensors = weights.tensors().filter_map(|(name, _)| {
            let own = name.strip_prefix(part)?.strip_prefix('.')?;
            Some((own.to_string(), weights.values(name).unwrap()))
        });
        save_safetensors(&folder.join("model.safetensors"), &tensors.collect()).unwrap();
    }
    let scheduler = folder.join("scheduler");
    std::fs::create_dir_all(&scheduler).unwrap();
    std::fs::write(scheduler.join("scheduler_config.json"), config["scheduler"].to_string()).unwrap();
}

fn files(folder: &Path) -> Files<'_> {
    Files {
        model: folder,
        text: None,
        version: Some(Version::V095),
        dtype: FloatDType::F32,
    }
}

#[test]
fn files_that_do_not_fit_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    published_folder(folder.path());
    let device = Device::flex();
    let refused = |files: Files<'_>, parts: &[&str]| {
        let text = Pipeline::open(files, &device).unwrap_err().to_string();
        parts.iter().for_each(|part| assert!(text.contains(part), "{text}"));
    };
    let older = Files {
        version: Some(Version::V090),
        ..files(folder.path())
    };
    refused(
        older,
        &["holds the autoencoder of LTX-Video 0.9.5", "0.9.0 was asked for"],
    );
    let path = folder.path().join("transformer/model.safetensors");
    let whole = Checkpoint::open(&path).unwrap();
    let mut tensors: BTreeMap<String, TensorData> = whole
        .tensors()
        .map(|(name, _)| (name.to_string(), whole.values(name).unwrap()))
        .collect();
    let lost = tensors.remove("proj_in.weight").unwrap();
    save_safetensors(&path, &tensors).unwrap();
    refused(
        files(folder.path()),
        &["proj_in.weight is missing (expected shape [8, 4])"],
    );
    tensors.insert("proj_in.weight".into(), TensorData::new(vec![0.0_f32; 8], [2, 4]));
    save_safetensors(&path, &tensors).unwrap();
    refused(
        files(folder.path()),
        &["proj_in.weight has shape [2, 4] (expected [8, 4])"],
    );
    tensors.insert("proj_in.weight".into(), lost);
    tensors.insert("other".into(), TensorData::new(vec![0.0_f32], [1]));
    save_safetensors(&path, &tensors).unwrap();
    refused(files(folder.path()), &["other has no place in the model"]);
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 7, 9, 100, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        refused(files(folder.path()), &["model.safetensors"]);
    }
    std::fs::write(folder.path().join("vae/config.json"), "{").unwrap();
    refused(files(folder.path()), &["vae/config.json"]);
    refused(
        Files {
            model: Path::new("nowhere"),
            ..files(folder.path())
        },
        &["nowhere"],
    );
}

/// A narrow transformer with the number of heads of the published models.
fn narrow() -> Config {
    Config {
        in_channels: 4,
        out_channels: 4,
        attention_head_dim: 2,
        cross_attention_dim: 64,
        num_layers: 2,
        caption_channels: 6,
        ..Config::default()
    }
}

fn input(config: &Config, device: &Device) -> Input {
    let wave = |shape: [usize; 3]| {
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|i: usize| (0.7 * i as f32).sin())
            .collect();
        Tensor::<3>::from_data(TensorData::new(values, shape), device)
    };
    Input {
        latents: wave([1, 8, config.in_channels]),
        timesteps: Timesteps::Clip(vec![300.0]),
        text: wave([1, 5, config.caption_channels]),
        text_mask: None,
        rotary: Rotary::new(
            &Coordinates::grid(2, 2, 2, Some([0.8, 32.0, 32.0])),
            config.width(),
            device,
        ),
    }
}

#[test]
fn single_files_and_bf16_give_the_same_transformer() {
    let device = Device::flex();
    let config = narrow();
    let model = training::init_seeded(3, &device, |device| Transformer::new(&config, device).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("transformer");
    std::fs::create_dir(&part).unwrap();
    std::fs::write(part.join("config.json"), serde_json::to_string(&config).unwrap()).unwrap();
    model.save(&part.join("model.safetensors")).unwrap();
    let expected = model.forward(input(&config, &device)).into_data();
    let read = Transformer::open(folder.path(), FloatDType::F32, &device).unwrap();
    assert_eq!(read.forward(input(&config, &device)).into_data(), expected);

    let saved = Checkpoint::open(&part.join("model.safetensors")).unwrap();
    let renamed = |prefix: &str| -> BTreeMap<String, TensorData> {
        let renamed = saved.tensors().map(|(name, _)| {
            let name_there = name
                .replace("proj_in", "patchify_proj")
                .replace("time_embed", "adaln_single");
            let name_there = name_there.replace("norm_q", "q_norm").replace("norm_k", "k_norm");
            (format!("{prefix}{name_there}"), saved.data(name).unwrap())
        });
        renamed.collect()
    };
    let single = folder.path().join("ltx-video.safetensors");
    // Bare, with a training script's wrappers, and as published.
    for prefix in ["", "state_dict.module.model.diffusion_model."] {
        save_safetensors(&single, &renamed(prefix)).unwrap();
        let read = Transformer::open(&single, FloatDType::F32, &device).unwrap();
        assert_eq!(read.forward(input(&config, &device)).into_data(), expected, "{prefix}");
    }
    save_safetensors(&single, &renamed("model.diffusion_model.")).unwrap();
    let read = Transformer::open(&single, FloatDType::F32, &device).unwrap();
    assert_eq!(read.forward(input(&config, &device)).into_data(), expected);
    let text = Vae::open(&single, None, FloatDType::F32, &device)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("(model.diffusion_model.adaln_single.")
            && text.contains("expected weights with the names decoder."),
        "{text}"
    );

    let half = Transformer::open(&single, FloatDType::BF16, &device).unwrap();
    let found = half.forward(input(&config, &device)).into_data();
    let largest = expected.iter::<f32>().fold(0.0_f32, |m, v| m.max(v.abs()));
    let off = expected
        .iter::<f32>()
        .zip(found.iter::<f32>())
        .map(|(a, b)| (a - b).abs());
    let off = off.fold(0.0_f32, f32::max) / largest;
    assert!(off > 0.0 && off < 0.05, "{off}");
    let saved_half = folder.path().join("half.safetensors");
    half.save(&saved_half).unwrap();
    let bytes = |path: &Path| std::fs::metadata(path).unwrap().len();
    assert!(bytes(&saved_half) < bytes(&single) * 6 / 10);
}

#[test]
fn adapters_begin_as_nothing_and_are_all_that_is_trained() {
    let device = Device::flex();
    let config = narrow();
    let build = |device: &Device| Transformer::new(&config, device).unwrap();
    let model = training::init_seeded(4, &device, build);
    let expected = model.forward(input(&config, &device)).into_data();
    let adapted = model
        .adapted(
            &Lora {
                rank: 3,
                ..Lora::default()
            },
            &device,
        )
        .unwrap();
    assert_eq!(adapted.forward(input(&config, &device)).into_data(), expected);
    let model = adapted.train();
    let velocity = model.forward(input(&config, &device.clone().autodiff()));
    let grads = GradientsParams::from_grads(velocity.square().mean().backward(), &model);
    // Two matrices for each of the eight layers of two blocks.
    assert_eq!(grads.len(), 2 * 8 * 2);
    let refused = |lora: Lora, part: &str| {
        let text = Transformer::new(&narrow(), &Device::flex())
            .unwrap()
            .adapted(&lora, &Device::flex());
        let text = text.err().unwrap().to_string();
        assert!(text.contains(part), "{text}");
    };
    refused(
        Lora {
            rank: 0,
            ..Lora::default()
        },
        "rank",
    );
    refused(
        Lora {
            targets: vec!["to_x".into()],
            ..Lora::default()
        },
        "to_x",
    );
}

fn wave<const D: usize>(shape: [usize; D], step: f32, device: &Device) -> Tensor<D> {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|i: usize| (step * i as f32 + 0.3).sin()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Largest difference of all gradients relative to the largest magnitude, and the number of gradients.
fn apart<M: Module>(model: &M, a: &GradientsParams, b: &GradientsParams) -> (f64, usize) {
    let (a, b) = (published_gradients(model, a, &[]), published_gradients(model, b, &[]));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    let (mut off, mut most) = (0.0_f64, 0.0_f64);
    for (name, a) in &a {
        for (a, b) in a.iter::<f64>().zip(b[name].iter::<f64>()) {
            assert!(a.is_finite() && b.is_finite(), "{name}");
            off = off.max((a - b).abs());
            most = most.max(a.abs());
        }
    }
    (off / most, a.len())
}

/// Compares losses up to the last digits: without autodiff, attention is computed in another order.
fn same(a: Tensor<1>, b: Tensor<1>) -> bool {
    let (a, b) = (a.into_scalar::<f32>(), b.into_scalar::<f32>());
    (a - b).abs() < 1e-6 * a.abs()
}

fn example(config: &Config, device: &Device) -> Example {
    let places = Coordinates::grid(2, 2, 2, Some([0.8, 32.0, 32.0]));
    Clips {
        latents: wave([2, 8, config.in_channels], 0.7, device),
        noise: wave([2, 8, config.in_channels], 1.3, device),
        times: vec![0.4, 0.7],
        given: (0..16).map(|token| token % 8 < 4).collect(),
        text: wave([2, 5, config.caption_channels], 0.5, device),
        text_mask: Some(Tensor::ones([2, 5], device)),
        rotary: Rotary::new(&places, config.width(), device),
    }
    .example()
}

#[test]
fn gradients_block_by_block_are_those_of_all_at_once() {
    let device = Device::flex();
    let config = Config {
        in_channels: 4,
        out_channels: 4,
        num_attention_heads: 2,
        attention_head_dim: 12,
        cross_attention_dim: 24,
        num_layers: 3,
        caption_channels: 6,
        ..Config::default()
    };
    let full = training::init_seeded(3, &device, |device| Transformer::new(&config, device).unwrap());
    let lora = Lora {
        rank: 3,
        alpha: 3.0,
        ..Lora::default()
    };
    let adapted = training::init_seeded(4, &device, |device| full.clone().adapted(&lora, device).unwrap());
    // All parameters; two adapter matrices for each of eight layers of three blocks.
    for (model, expected) in [(full, 90), (adapted, 3 * 8 * 2)] {
        let model = model.train();
        let example = example(&config, &device);
        let loss = loss(
            model.forward(example.input.clone()),
            example.target.clone(),
            example.counted.clone(),
        );
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        let (same_loss, found) = model.loss_by_block(example);
        let (off, count) = apart(&model, &grads, &found);
        println!("{count} gradients, {off:.1e} apart");
        assert!(off < 1e-5, "{off}");
        assert_eq!(count, expected);
        assert!(same(loss, same_loss));
    }
}
