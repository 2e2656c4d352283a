//! Cosmos-Predict1: comparison with recordings, published file formats, pipelines and the training step.
//! `fixtures/make_cosmos.py` wrote the small recordings; others are reference data.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Distribution, FloatDType, Tensor, TensorData};
use cosmos_predict::parity::MODELS;
use cosmos_predict::{
    Autoencoder, AutoencoderConfig, Batch, Condition, Config, EndFrame, Error, Input, Layout, Memory, Pipeline,
    SigmaDraws, Time, Transformer, Variant, autoencoder_shapes, transformer_shapes,
};
use diffusion_schedulers::EdmConfig;
use model_parity::{Case, compare};
use nn_kit::{published_gradients, save_safetensors};
use training::init_seeded;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

#[test]
fn small_recordings_are_reproduced() {
    let cases = [
        "edm_exponential",
        "edm_velocity_zero",
        "pipeline_text2world",
        "pipeline_video2world",
        "training_start_end",
        "transformer_frame_times",
        "transformer_start_end",
        "vae_haar",
    ];
    for case in cases {
        let report = compare(&fixture(case), MODELS, &Device::flex()).unwrap();
        assert_eq!(report.problems(), [""; 0], "{case}");
    }
}

fn count(shapes: &BTreeMap<String, Vec<usize>>) -> usize {
    shapes.values().map(|shape| shape.iter().product::<usize>()).sum()
}

#[test]
fn the_published_sizes_have_the_published_parameters() {
    let transformer = |config: &Config| transformer_shapes(config, Layout::Folder).unwrap();
    let text = transformer(&Config::text2world_7b());
    let video = transformer(&Config::video2world_7b());
    assert_eq!((text.len(), count(&text)), (570, 7_236_192_256));
    assert_eq!((video.len(), count(&video)), (570, 7_236_208_640));
    assert_eq!(count(&transformer(&Config::text2world_14b())), 14_267_149_312);
    let coder = AutoencoderConfig::default();
    let coder = autoencoder_shapes(&coder, Layout::Folder).unwrap();
    assert_eq!((coder.len(), count(&coder)), (310, 105_653_696));
}

#[test]
fn the_original_names_are_as_many_and_no_two_are_the_same() {
    let config = Config::video2world_7b();
    let original = transformer_shapes(&config, Layout::Original).unwrap();
    assert_eq!((original.len(), count(&original)), (570, 7_236_208_640));
    let shape = |name: &str| original.get(name).map(Vec::as_slice);
    assert_eq!(
        shape("net.blocks.block27.blocks.2.block.layer1.weight"),
        Some(&[16384, 4096][..])
    );
    assert_eq!(
        shape("net.blocks.block0.blocks.1.block.attn.to_k.1.weight"),
        Some(&[128][..])
    );
    assert_eq!(
        shape("net.blocks.block3.blocks.2.adaLN_modulation.2.weight"),
        Some(&[12288, 256][..])
    );
    assert_eq!(shape("net.x_embedder.proj.1.weight"), Some(&[4096, 72][..]));
    assert_eq!(shape("net.affline_norm.weight"), Some(&[4096][..]));
    let coder = AutoencoderConfig::default();
    let coder = autoencoder_shapes(&coder, Layout::Original).unwrap();
    assert_eq!((coder.len(), count(&coder)), (310, 105_653_696));
    let shape = |name: &str| coder.get(name).map(Vec::as_slice);
    assert_eq!(shape("encoder.conv_in.0.conv3d.weight"), Some(&[128, 192, 1, 3, 3][..]));
    assert_eq!(
        shape("decoder.up.0.block.0.nin_shortcut.conv3d.weight"),
        Some(&[256, 512, 1, 1, 1][..])
    );
    assert_eq!(shape("decoder.mid.attn_1.1.proj_out.conv3d.bias"), Some(&[512][..]));
    assert_eq!(
        shape("encoder.down.0.downsample.conv2.conv3d.weight"),
        Some(&[256, 256, 3, 1, 1][..])
    );
}

/// A configuration small enough to run in milliseconds.
fn small() -> (Config, AutoencoderConfig) {
    let transformer = Config {
        in_channels: 5,
        out_channels: 4,
        num_attention_heads: 2,
        attention_head_dim: 12,
        num_layers: 1,
        mlp_ratio: 2.0,
        text_embed_dim: 6,
        adaln_lora_dim: 4,
        max_size: [4, 8, 8],
        ..Config::default()
    };
    let autoencoder = AutoencoderConfig {
        latent_channels: 4,
        encoder_block_out_channels: vec![4, 4, 6, 6],
        decode_block_out_channels: vec![4, 4, 6, 6],
        attention_resolutions: vec![],
        num_layers: 1,
        ..AutoencoderConfig::default()
    };
    (transformer, autoencoder)
}

fn pipeline(change: impl FnOnce(&mut Config)) -> Pipeline {
    let device = Device::flex();
    let (mut transformer, autoencoder) = small();
    change(&mut transformer);
    let transformer = init_seeded(1, &device, |device| Transformer::new(&transformer, device).unwrap());
    let autoencoder = init_seeded(2, &device, |device| Autoencoder::new(&autoencoder, device).unwrap());
    Pipeline::new(transformer, autoencoder, EdmConfig::default(), &device).unwrap()
}

#[test]
fn start_and_end_are_given_in_the_first_and_the_last_latent_frame() {
    let pipeline = pipeline(|_| {});
    let device = Device::flex();
    let picture = |fill: f32| Tensor::<4>::full([1, 3, 16, 32], fill, &device);
    let ends = |kind| {
        let end = Some((picture(-0.5), kind));
        Condition::ends(pipeline.autoencoder(), picture(0.5), end, 17, 0.5).unwrap()
    };
    let (native, shifted) = (ends(EndFrame::InPlace), ends(EndFrame::Shifted));
    assert_eq!(native.given, [true, false, true]);
    assert_eq!(shifted.given, native.given);
    let alone = |fill| {
        let latents = pipeline.autoencoder().encode(picture(fill).unsqueeze_dim(2)).unwrap();
        pipeline.autoencoder().scaled(latents, 0.5).unwrap().into_data()
    };
    let frame = |condition: &Condition, at: usize| condition.latents.clone().narrow(2, at, 1).into_data();
    let close = burn::tensor::Tolerance::<f32>::absolute(1e-5);
    frame(&native, 0).assert_approx_eq::<f32>(&alone(0.5), close);
    frame(&shifted, 0).assert_approx_eq::<f32>(&alone(0.5), close);
    frame(&shifted, 2).assert_approx_eq::<f32>(&alone(-0.5), close);
    assert_ne!(frame(&native, 2), alone(-0.5));
}

#[test]
fn the_original_file_is_the_same_model() {
    let device = Device::flex();
    let model = Transformer::open(&fixture("model.pt"), None, FloatDType::F32, &device).unwrap();
    let case = Case::open(&fixture("training_start_end")).unwrap();
    assert_eq!(*model.config(), case.setting::<Config>("/model").unwrap());
    let sigma: Vec<f32> = case.numbers("sigma").unwrap().iter().map(|v| *v as f32).collect();
    let times: Vec<f32> = sigma.iter().map(|sigma| sigma.ln() / 4.0).collect();
    let output = model.forward(Input {
        latents: case.tensor("net_in", &device).unwrap(),
        time: Time::Clip(Tensor::from_floats(times.as_slice(), &device)),
        text: case.tensor("encoder_hidden_states", &device).unwrap(),
        text_bias: None,
        condition: Some(case.tensor("condition_mask", &device).unwrap()),
        padding: None,
        fps: Some(24.0),
    });
    assert!(case.check("net_out", output.unwrap(), 2e-5).unwrap().passed());
    let wrong = Transformer::open(
        &fixture("model.pt"),
        Some(Variant::Text2World),
        FloatDType::F32,
        &device,
    );
    let text = wrong.err().unwrap().to_string();
    assert!(text.contains("is a video2world model; a text2world model"), "{text}");
}

#[test]
fn files_that_are_no_such_model_are_named() {
    let device = Device::flex();
    let refused = |path: &Path, parts: &[&str]| {
        let error = Transformer::open(path, None, FloatDType::F32, &device)
            .err()
            .unwrap()
            .to_string();
        for part in parts {
            assert!(error.contains(part), "{error}");
        }
    };
    // Another model's tensors.
    let other = fixture("vae_haar/weights.safetensors");
    refused(&other, &["expected weights with the names"]);
    let folder = tempfile::tempdir().unwrap();
    refused(folder.path(), &["model.pt"]);
    let transformer = folder.path().join("transformer");
    std::fs::create_dir(&transformer).unwrap();
    refused(folder.path(), &["config.json"]);
    let (config, _) = small();
    std::fs::write(transformer.join("config.json"), serde_json::to_vec(&config).unwrap()).unwrap();
    refused(folder.path(), &["safetensors"]);
    std::fs::copy(
        fixture("training_start_end/weights.safetensors"),
        transformer.join("diffusion_pytorch_model.safetensors"),
    )
    .unwrap();
    refused(
        folder.path(),
        &["learnable_pos_embed.pos_emb_h has shape [2, 12] (expected [4, 24])"],
    );
    let bytes = std::fs::read(fixture("training_start_end/weights.safetensors")).unwrap();
    std::fs::write(
        transformer.join("diffusion_pytorch_model.safetensors"),
        &bytes[..bytes.len() / 2],
    )
    .unwrap();
    refused(folder.path(), &["cannot be read"]);
    let scripted = folder.path().join("vae");
    std::fs::create_dir(&scripted).unwrap();
    std::fs::write(scripted.join("encoder.jit"), b"PK").unwrap();
    let error = Autoencoder::open(folder.path(), FloatDType::F32, &device)
        .err()
        .unwrap();
    assert!(error.to_string().contains("TorchScript"), "{error}");
}

#[test]
fn input_that_does_not_fit_is_refused() {
    let device = Device::flex();
    let (config, coder) = small();
    let model = Transformer::new(&config, &device).unwrap();
    let input = || Input {
        latents: Tensor::zeros([2, 4, 3, 4, 4], &device),
        time: Time::Clip(Tensor::zeros([2], &device)),
        text: Tensor::zeros([2, 3, 6], &device),
        text_bias: None,
        condition: Some(Tensor::zeros([2, 1, 3, 4, 4], &device)),
        padding: None,
        fps: None,
    };
    assert_eq!(model.forward(input()).unwrap().dims(), [2, 4, 3, 4, 4]);
    let refused = |change: &dyn Fn(&mut Input), part: &str| {
        let mut wrong = input();
        change(&mut wrong);
        let text = model.forward(wrong).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    };
    refused(
        &|i| i.latents = Tensor::zeros([2, 3, 3, 4, 4], &device),
        "latents has shape [2, 3, 3, 4, 4]",
    );
    refused(&|i| i.latents = Tensor::zeros([2, 4, 3, 5, 4], &device), "5 rows");
    refused(
        &|i| i.time = Time::Frame(Tensor::zeros([2, 2], &device)),
        "time has shape [2, 2]; expected [2, 3]",
    );
    refused(&|i| i.text = Tensor::zeros([2, 3, 7], &device), "text has shape");
    refused(&|i| i.condition = None, "video2world");
    refused(
        &|i| i.padding = Some(Tensor::zeros([3, 1, 4, 4], &device)),
        "padding has shape",
    );

    let text2world = Config {
        in_channels: 4,
        ..config.clone()
    };
    let text2world = Transformer::new(&text2world, &device).unwrap();
    let text = text2world.forward(input()).unwrap_err().to_string();
    assert!(text.contains("text2world"), "{text}");
    for wrong in [
        Config {
            in_channels: 9,
            ..config.clone()
        },
        Config {
            attention_head_dim: 4,
            ..config.clone()
        },
        Config {
            num_layers: 0,
            ..config.clone()
        },
        Config {
            mlp_ratio: f64::NAN,
            ..config.clone()
        },
    ] {
        assert!(matches!(Transformer::new(&wrong, &device), Err(Error::Config { .. })));
    }
    let coder = Autoencoder::new(&coder, &device).unwrap();
    let encoded = |shape: [usize; 5]| coder.encode(Tensor::zeros(shape, &device)).map(|z| z.dims());
    assert_eq!(encoded([1, 3, 9, 16, 8]).unwrap(), [1, 4, 2, 2, 1]);
    assert!(
        encoded([1, 3, 8, 16, 8])
            .unwrap_err()
            .to_string()
            .contains("such as 1 or 9")
    );
    assert!(
        encoded([1, 3, 9, 12, 8])
            .unwrap_err()
            .to_string()
            .contains("12 rows of pixels")
    );
    assert!(
        encoded([1, 4, 9, 16, 8])
            .unwrap_err()
            .to_string()
            .contains("the clip has shape")
    );
}

#[test]
fn what_does_not_fit_into_memory_is_refused_with_what_would() {
    let (model, coder) = (Config::video2world_7b(), AutoencoderConfig::default());
    let clip = [33, 256, 256];
    let found = Memory::check(&model, &coder, clip, 2, 80_000_000_000).unwrap();
    assert_eq!(found.transformer, 2 * 7_236_208_640);
    assert_eq!(found.autoencoder, 2 * 105_653_696);
    assert!((100_000_000..2_000_000_000).contains(&found.activations), "{found:?}");
    let long = Memory::estimate(&model, &coder, [121, 256, 256], 2).unwrap();
    assert!(long.activations > found.activations);
    let text = Memory::check(&model, &coder, clip, 4, 24_000_000_000)
        .unwrap_err()
        .to_string();
    assert!(text.contains("33 frames of 256 × 256 px in bf16 would fit"), "{text}");
    let text = Memory::check(&model, &coder, clip, 2, 8_000_000_000)
        .unwrap_err()
        .to_string();
    assert!(text.contains("the weights alone are 14.7 GB"), "{text}");
}

#[test]
fn adapters_under_the_names_of_the_original_files_are_read() {
    let device = Device::flex();
    let (config, _) = small();
    let model = || init_seeded(3, &device, |device| Transformer::new(&config, device).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adapters.safetensors");
    let loss = |model: &Transformer| {
        let wave = |shape: [usize; 5]| {
            let values: Vec<f32> = (0..shape.iter().product())
                .map(|i: usize| (0.7 * i as f32).sin())
                .collect();
            Tensor::<5>::from_data(TensorData::new(values, shape), &device)
        };
        let batch = Batch {
            latents: wave([1, 4, 2, 4, 4]),
            noise: wave([1, 4, 2, 4, 4]),
            sigma: vec![0.5],
            text: Tensor::ones([1, 3, 6], &device),
            given: Some(vec![vec![true, false]]),
            fps: None,
        };
        model
            .loss(batch, &EdmConfig::default())
            .unwrap()
            .loss
            .into_scalar::<f32>()
    };
    let shapes = model().adapted(2, 2.0, &|_| true, &device).adapter_shapes();
    let with = |name: &dyn Fn(&str) -> String| {
        let filled = shapes.iter().enumerate().map(|(at, (own, shape))| {
            let values = (0..shape.iter().product())
                .map(|i: usize| (0.37 * i as f32 + at as f32).sin())
                .collect();
            (name(own), TensorData::new::<f32, _>(values, shape.clone()))
        });
        save_safetensors(&path, &filled.collect()).unwrap();
        loss(&model().with_adapters(&path, &device).unwrap())
    };
    let expected = with(&|name| format!("transformer.{name}"));
    assert_ne!(expected, loss(&model()));
    let original = |name: &str| {
        let renamed = [
            ("transformer_blocks.", "blocks.block"),
            ("attn1.to_out.0.", "blocks.0.block.attn.to_out.0."),
            ("attn2.to_out.0.", "blocks.1.block.attn.to_out.0."),
            ("attn1.to_q.", "blocks.0.block.attn.to_q.0."),
            ("attn2.to_q.", "blocks.1.block.attn.to_q.0."),
            ("attn1.to_k.", "blocks.0.block.attn.to_k.0."),
            ("attn2.to_k.", "blocks.1.block.attn.to_k.0."),
            ("attn1.to_v.", "blocks.0.block.attn.to_v.0."),
            ("attn2.to_v.", "blocks.1.block.attn.to_v.0."),
            ("ff.net.0.proj.", "blocks.2.block.layer1."),
            ("ff.net.2.", "blocks.2.block.layer2."),
        ];
        let name = renamed
            .iter()
            .fold(name.to_string(), |name, (ours, theirs)| name.replace(ours, theirs));
        format!("net.{name}")
    };
    assert_eq!(with(&original), expected);
}

#[test]
fn adapters_change_nothing_until_they_are_trained_and_are_all_that_is() {
    let device = Device::flex().autodiff();
    let (config, _) = small();
    let model = init_seeded(3, &device, |device| Transformer::new(&config, device).unwrap());
    let random = |shape: [usize; 5]| Tensor::<5>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    let (latents, noise) = (random([1, 4, 2, 4, 4]), random([1, 4, 2, 4, 4]));
    let loss = |model: &Transformer| {
        let batch = Batch {
            latents: latents.clone(),
            noise: noise.clone(),
            sigma: SigmaDraws::default().sigmas(&[0.4]),
            text: Tensor::ones([1, 3, 6], &device),
            given: Some(vec![vec![true, false]]),
            fps: None,
        };
        model.loss(batch, &EdmConfig::default()).unwrap().loss
    };
    let before = loss(&model).into_scalar::<f32>();
    let chosen = |name: &str| name.contains("to_");
    assert_eq!(nn_kit::ADAPTED_LAYERS.iter().filter(|name| chosen(name)).count(), 8);
    let model = init_seeded(4, &device, |device| model.clone().adapted(2, 2.0, &chosen, device));
    let after = loss(&model);
    assert_eq!(after.clone().into_scalar::<f32>(), before);
    let gradients = GradientsParams::from_grads(after.backward(), &model);
    // A down and an up matrix for each of four layers in two attentions.
    assert_eq!(gradients.len(), 16);
    assert_eq!(
        model.num_params() - Transformer::new(&config, &device).unwrap().num_params(),
        2 * (4 * 48 + 2 * 48 + 2 * 30)
    );
}

#[test]
fn half_precision_weights_give_nearly_the_same() {
    let device = Device::flex();
    let off = |a: Tensor<5>, b: Tensor<5>| {
        let largest = |x: Tensor<5>| x.abs().max().into_scalar::<f32>();
        assert_eq!(a.dims(), b.dims());
        let a = a.cast(FloatDType::F32);
        largest(a - b.clone()) / largest(b)
    };
    let case = Case::open(&fixture("training_start_end")).unwrap();
    let run = |dtype| {
        let model = Transformer::open(&fixture("model.pt"), None, dtype, &device).unwrap();
        let input = Input {
            latents: case.tensor("net_in", &device).unwrap(),
            time: Time::Clip(Tensor::from_floats([0.1, -0.2], &device)),
            text: case.tensor("encoder_hidden_states", &device).unwrap(),
            text_bias: Some(Tensor::zeros([2, 5], &device)),
            condition: Some(case.tensor("condition_mask", &device).unwrap()),
            padding: None,
            fps: Some(24.0),
        };
        model.forward(input).unwrap()
    };
    let error = off(run(FloatDType::BF16), run(FloatDType::F32));
    assert!(error > 0.0 && error < 0.05, "{error}");
    let case = Case::open(&fixture("vae_haar")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = serde_json::to_vec(&case.config()["model"]).unwrap();
    std::fs::write(folder.path().join("config.json"), settings).unwrap();
    std::fs::copy(
        fixture("vae_haar/weights.safetensors"),
        folder.path().join("model.safetensors"),
    )
    .unwrap();
    let half = Autoencoder::open(folder.path(), FloatDType::BF16, &device).unwrap();
    let decoded = half
        .decode(half.encode(case.tensor("sample", &device).unwrap()).unwrap())
        .unwrap();
    let error = off(decoded, case.tensor("decoded", &device).unwrap());
    assert!(error > 0.0 && error < 0.1, "{error}");
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

#[test]
fn gradients_block_by_block_are_those_of_all_at_once() {
    let device = Device::flex();
    let config = Config {
        in_channels: 5,
        out_channels: 4,
        num_attention_heads: 2,
        attention_head_dim: 12,
        num_layers: 3,
        mlp_ratio: 2.0,
        text_embed_dim: 6,
        adaln_lora_dim: 4,
        max_size: [4, 8, 8],
        ..Config::default()
    };
    let full = init_seeded(3, &device, |device| Transformer::new(&config, device).unwrap());
    let adapted = init_seeded(4, &device, |device| {
        full.clone().adapted(3, 3.0, &|layer| layer.starts_with("attn"), device)
    });
    for model in [full, adapted] {
        let model = model.train();
        let batch = Batch {
            latents: wave([2, 4, 3, 4, 4], 0.7, &device),
            noise: wave([2, 4, 3, 4, 4], 1.1, &device),
            sigma: vec![0.5, 2.0],
            text: wave([2, 5, 6], 0.4, &device),
            given: Some(vec![vec![true, false, true]; 2]),
            fps: Some(10.0),
        };
        let levels = EdmConfig::default();
        let loss = model.loss(batch.clone(), &levels).unwrap().loss;
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        let (same_loss, found) = model.loss_by_block(batch, &levels).unwrap();
        let (off, count) = apart(&model, &grads, &found);
        println!("{count} gradients, {off:.1e} apart");
        assert!(off < 1e-5 && count >= 3 * 8 * 2, "{off} {count}");
        assert!(same(loss, same_loss));
    }
}
