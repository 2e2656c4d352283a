//! Adapters of published trainers: whatever their names and wherever alpha stands, the transformer computes the same.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use ltx_video::{Config, Coordinates, Input, Lora, Rotary, Timesteps, Transformer};
use nn_kit::save_safetensors;

type Tensors = BTreeMap<String, TensorData>;

fn config() -> Config {
    Config {
        in_channels: 4,
        out_channels: 4,
        num_attention_heads: 2,
        attention_head_dim: 12,
        cross_attention_dim: 24,
        num_layers: 2,
        caption_channels: 6,
        ..Config::default()
    }
}

fn model() -> Transformer {
    training::init_seeded(4, &Device::flex(), |device| {
        Transformer::new(&config(), device).unwrap()
    })
}

fn lora(alpha: f64) -> Lora {
    Lora {
        rank: 4,
        alpha,
        targets: vec!["attn1.to_q".into(), "to_out.0".into(), "ff.net.0.proj".into()],
    }
}

/// Adapters by the names of the layers alone; B is multiplied by `factor`.
fn adapters(factor: f32) -> Tensors {
    let shapes = model().adapted(&lora(4.0), &Device::flex()).unwrap().adapter_shapes();
    let filled = shapes.into_iter().enumerate().map(|(at, (name, shape))| {
        let factor = if name.contains("lora_B") { factor } else { 1.0 };
        let number = |i: usize| factor * (0.37 * i as f32 + at as f32).sin();
        let values = (0..shape.iter().product()).map(number).collect();
        (name, TensorData::new::<f32, _>(values, shape))
    });
    filled.collect()
}

fn outputs(model: &Transformer) -> TensorData {
    let device = Device::flex();
    let wave = |shape: [usize; 3]| {
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|i: usize| (0.7 * i as f32).sin())
            .collect();
        Tensor::<3>::from_data(TensorData::new(values, shape), &device)
    };
    let input = Input {
        latents: wave([1, 8, 4]),
        timesteps: Timesteps::Clip(vec![300.0]),
        text: wave([1, 3, 6]),
        text_mask: None,
        rotary: Rotary::new(
            &Coordinates::grid(2, 2, 2, Some([0.8, 32.0, 32.0])),
            model.width(),
            &device,
        ),
    };
    model.forward(input).into_data()
}

fn with(path: &Path) -> TensorData {
    outputs(&model().with_adapters(path, &Device::flex()).unwrap())
}

#[test]
fn all_published_names_and_places_of_alpha_compute_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adapters.safetensors");
    let write = |tensors: &Tensors| save_safetensors(&path, tensors).unwrap();
    let named = |factor: f32, name: &dyn Fn(&str) -> String| -> Tensors {
        let adapters = adapters(factor).into_iter();
        adapters.map(|(own, data)| (name(&own), data)).collect()
    };
    write(&named(1.0, &|name| format!("transformer.{name}")));
    let plain = with(&path);
    write(&named(0.25, &|name| format!("transformer.{name}")));
    let quarter = with(&path);
    assert_ne!(plain, quarter);
    assert_ne!(plain, outputs(&model()));

    for prefix in [
        "",
        "diffusion_model.",
        "base_model.model.",
        "base_model.model.transformer.",
        "model.diffusion_model.",
    ] {
        write(&named(1.0, &|name| format!("{prefix}{name}")));
        assert_eq!(with(&path), plain, "{prefix}");
    }
    write(&named(1.0, &|name| name.replace(".weight", ".default.weight")));
    assert_eq!(with(&path), plain);
    // kohya's names, with an alpha for each layer.
    let kohya = |name: &str| {
        let (layer, part) = name.split_once(".lora_").unwrap();
        let part = if part.starts_with('A') { "down" } else { "up" };
        format!("lora_unet_{}.lora_{part}.weight", layer.replace('.', "_"))
    };
    let mut tensors = named(1.0, &kohya);
    let layers: Vec<String> = tensors
        .keys()
        .filter_map(|name| name.strip_suffix(".lora_up.weight"))
        .map(str::to_owned)
        .collect();
    for layer in layers {
        tensors.insert(format!("{layer}.alpha"), TensorData::new(vec![1.0_f32], [1]));
    }
    write(&tensors);
    assert_eq!(with(&path), quarter);

    // An alpha of its own is kept by saving, in the header.
    write(&named(1.0, &|name| format!("transformer.{name}")));
    let device = Device::flex();
    let trained = model()
        .adapted(&lora(1.0), &device)
        .unwrap()
        .load_adapters(&path, FloatDType::F32)
        .unwrap();
    assert_eq!(outputs(&trained), quarter);
    trained.save_adapters(&path).unwrap();
    assert_eq!(with(&path), quarter);
    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
    assert!(text.contains(r#"\"transformer.lora_alpha\":1.0"#), "{}", &text[..300]);
    // The scale of some layers only.
    let loaded = model().with_adapters(&path, &device).unwrap();
    loaded.save_adapters(&path).unwrap();
    assert_eq!(with(&path), quarter);
}

#[test]
fn adapters_on_some_blocks_and_of_several_ranks_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adapters.safetensors");
    let all = adapters(1.0);
    let mut some: Tensors = all.clone();
    some.retain(|name, _| name.starts_with("transformer_blocks.1."));
    save_safetensors(&path, &some).unwrap();
    let partial = with(&path);
    assert_ne!(partial, outputs(&model()));
    // Adapters of zeros on the other block are the same as none.
    let zero = |(name, data): (String, TensorData)| {
        let own = name.starts_with("transformer_blocks.1.");
        let data = if own {
            data
        } else {
            TensorData::zeros::<f32, _>(data.shape())
        };
        (name, data)
    };
    save_safetensors(&path, &all.into_iter().map(zero).collect()).unwrap();
    assert_eq!(with(&path), partial);

    let refused = |tensors: &Tensors, part: &str| {
        save_safetensors(&path, tensors).unwrap();
        let text = model().with_adapters(&path, &Device::flex()).err().unwrap().to_string();
        assert!(text.contains(part), "{text}");
    };
    let moved = |from: &str, to: &str| -> Tensors {
        some.iter()
            .map(|(name, data)| (name.replace(from, to), data.clone()))
            .collect()
    };
    refused(
        &moved("transformer_blocks.1.", "transformer_blocks.7."),
        "transformer_blocks.7.attn1.to_out.0.lora_A.weight",
    );
    let mut wide = some.clone();
    wide.insert(
        "transformer_blocks.1.attn1.to_q.lora_A.weight".into(),
        TensorData::new(vec![0.0_f32; 20], [4, 5]),
    );
    refused(&wide, "attn1.to_q.lora_A.weight has shape [4, 5] (expected [4, 24])");
}
