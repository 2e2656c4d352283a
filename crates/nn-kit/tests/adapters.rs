//! Files of adapters: where alpha is found, and what is refused.

#![allow(clippy::unwrap_used)]

mod files;

use std::path::Path;

use files::write_safetensors;
use nn_kit::AdapterFile;

const Q: &str = "transformer_blocks.0.attn1.to_q";
const UP: &str = "transformer_blocks.1.ff.net.0.proj";

/// Adapters of ranks 4 and 2.
fn adapters(prefix: &str) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let one = |layer: &str, end: &str, shape: [usize; 2]| {
        let count = shape.iter().product();
        (format!("{prefix}{layer}.{end}"), shape.to_vec(), vec![1.0; count])
    };
    vec![
        one(Q, "lora_A.weight", [4, 3]),
        one(Q, "lora_B.weight", [3, 4]),
        one(UP, "lora_A.weight", [2, 3]),
        one(UP, "lora_B.weight", [5, 2]),
    ]
}

fn number(name: &str, value: f32) -> (String, Vec<usize>, Vec<f32>) {
    (name.to_string(), Vec::new(), vec![value])
}

/// Scales of both layers and the description.
fn scales(file: &AdapterFile) -> ([f64; 2], String) {
    ([Q, UP].map(|layer| file.layers()[layer].scale), file.description())
}

#[test]
fn alpha_is_found_where_it_is_stated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adapters.safetensors");
    let open = |metadata: &[(&str, &str)], tensors: &[_]| {
        write_safetensors(&path, metadata, tensors);
        scales(&AdapterFile::open(&path).unwrap())
    };
    let plain = adapters("transformer.");
    let (found, text) = open(&[], &plain);
    assert_eq!(found, [1.0, 1.0]);
    assert!(
        text.contains("2 adapters of rank 2 to 4, scale 1: alpha is not stated"),
        "{text}"
    );

    let header = |text: &str| open(&[("lora_adapter_metadata", text)], &plain);
    let text = r#"{"transformer.r": 4, "transformer.lora_alpha": 1, "transformer.rank_pattern": {"ff.net.0.proj": 2}}"#;
    let (found, text) = header(text);
    assert_eq!(found, [0.25, 0.5]);
    assert!(
        text.contains("scale 0.25 to 0.5: alpha 1 from lora_adapter_metadata in its header"),
        "{text}"
    );
    let text = r#"{"r": 4, "lora_alpha": 8, "rank_pattern": {"transformer_blocks.1.ff.net.0.proj": 2},
                   "alpha_pattern": {"proj": 3}, "use_rslora": true, "lora_dropout": 0.1}"#;
    let (found, _) = header(text);
    assert!(
        (found[0] - 4.0).abs() < 1e-12 && (found[1] - 3.0 / 2.0_f64.sqrt()).abs() < 1e-12,
        "{found:?}"
    );

    let one_rank = &plain[..2];
    write_safetensors(
        &path,
        &[("ss_network_alpha", "16.0"), ("ss_network_dim", "4")],
        one_rank,
    );
    assert_eq!(AdapterFile::open(&path).unwrap().layers()[Q].scale, 4.0);
    // kohya's `None`: alpha is not stated there.
    write_safetensors(
        &path,
        &[("ss_network_alpha", "None"), ("ss_network_dim", "4")],
        one_rank,
    );
    assert_eq!(AdapterFile::open(&path).unwrap().layers()[Q].scale, 1.0);

    // A tensor for each layer, which goes before the header.
    let mut with_tensors = plain.clone();
    with_tensors.push(number(&format!("transformer.{Q}.alpha"), 2.0));
    with_tensors.push(number(&format!("transformer.{UP}.alpha"), 1.0));
    let (found, text) = open(&[("ss_network_alpha", "7")], &with_tensors);
    assert_eq!(found, [0.5, 0.5]);
    assert!(text.contains("from tensors"), "{text}");

    // peft's configuration beside the file, and the folder of both.
    let config = folder.path().join("adapter_config.json");
    std::fs::write(
        &config,
        r#"{"r": 4, "lora_alpha": 2, "rank_pattern": {"proj": 2}, "bias": "none"}"#,
    )
    .unwrap();
    let (found, text) = open(&[], &adapters("base_model.model."));
    assert_eq!(found, [0.5, 1.0]);
    assert!(text.contains("adapter_config.json beside it"), "{text}");
    assert_eq!(scales(&AdapterFile::open(folder.path()).unwrap()).0, found);
}

#[track_caller]
fn refused(path: &Path, parts: &[&str]) {
    let text = AdapterFile::open(path).err().unwrap().to_string();
    parts
        .iter()
        .for_each(|part| assert!(text.contains(part), "{part:?} is not in: {text}"));
}

#[test]
fn what_cannot_be_right_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adapters.safetensors");
    let plain = adapters("");
    let header = |text: &str, parts: &[&str]| {
        write_safetensors(&path, &[("lora_adapter_metadata", text)], &plain);
        refused(&path, parts);
    };
    header(r#"{"r": 4, "lora_alpha": 1}"#, &[UP, "has rank 2", "states 4"]);
    let other = |text: &str| format!(r#"{{"rank_pattern": {{"proj": 2}}, "r": 4, {text}}}"#);
    header(&other(r#""lora_alpha": 0"#), &["alpha", "is 0", "above 0"]);
    header(&other(r#""lora_alpha": "many""#), &["lora_adapter_metadata"]);
    header(&other(r#""use_dora": true"#), &["use_dora"]);
    header(&other(r#""alpha_pattern": {".*to_[qk]$": 3}"#), &["pattern", "to_[qk]"]);
    header(r#"{"transformer.r": 4, "text_encoder.r": 4}"#, &["several models"]);
    header("{", &["lora_adapter_metadata"]);

    let with = |name: &str, parts: &[&str]| {
        let mut tensors = plain.clone();
        tensors.push(number(name, 1.0));
        write_safetensors(&path, &[], &tensors);
        refused(&path, parts);
    };
    with(&format!("{Q}.dora_scale"), &["DoRA"]);
    with(&format!("{Q}.lora_magnitude_vector"), &["DoRA"]);
    with("proj_in.weight", &["proj_in.weight is no part of an adapter"]);
    with(
        "transformer_blocks.0.attn2.to_k.alpha",
        &["attn2.to_k.alpha has no lora_A"],
    );
    with(&format!("transformer.{Q}.alpha"), &["does not begin with"]);
    with(&format!("{Q}.lora_A.default.weight"), &["same part"]);
    write_safetensors(&path, &[], &plain[..3]);
    refused(&path, &["ff.net.0.proj.lora_A.weight has no lora_B"]);
    write_safetensors(&path, &[], &[number("proj_in.weight", 1.0)]);
    refused(&path, &["holds 1 tensors (proj_in.weight)", "expected adapters"]);
    // Alpha of several numbers, or none that can be used.
    let mut tensors = plain[..2].to_vec();
    tensors.push((format!("{Q}.alpha"), vec![2], vec![1.0, 1.0]));
    write_safetensors(&path, &[], &tensors);
    refused(&path, &["alpha has shape [2]"]);
    tensors[2] = number(&format!("{Q}.alpha"), -1.0);
    write_safetensors(&path, &[], &tensors);
    refused(&path, &["above 0"]);
}

#[test]
fn adapters_in_other_forms_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adapters.safetensors");
    let layers = [
        "base_model.model.transformer_blocks.0.attn1.to_q",
        "lora_unet_transformer_blocks_0_attn1_to_q",
        "lycoris_transformer_blocks_0_attn1_to_q",
    ];
    for (part, form) in [
        ("hada_w1_a", "LoHa"),
        ("hada_w2_b", "LoHa"),
        ("lokr_w1", "LoKr"),
        ("oft_blocks", "OFT"),
        ("ia3_l", "(IA)³"),
    ] {
        for layer in layers {
            let name = format!("{layer}.{part}");
            write_safetensors(
                &path,
                &[],
                &[number(&format!("{layer}.alpha"), 1.0), number(&name, 1.0)],
            );
            refused(&path, &[&name, form, "expected LoRA", "merge the adapter"]);
            // As the weights of a model.
            let net = burn::nn::LinearConfig::new(2, 2).init(&burn::tensor::Device::flex());
            let weights = nn_kit::Checkpoint::open(&path).unwrap();
            let text = weights
                .load_into::<burn::nn::Linear>(&net, &[])
                .unwrap_err()
                .to_string();
            assert!(
                text.contains(&format!("adapters in the form {form}, not weights")),
                "{text}"
            );
        }
    }
}

#[test]
fn numbers_of_the_header_that_cannot_be_meant_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adapters.safetensors");
    let plain = adapters("");
    for (metadata, parts) in [
        (
            &[("ss_network_alpha", "abc")][..],
            &["ss_network_alpha in its header is \"abc\"", "expected a number"][..],
        ),
        (&[("lora_alpha", "nan")], &["lora_alpha in its header is \"nan\""]),
        (
            &[("ss_network_alpha", "4"), ("ss_network_dim", "four")],
            &["ss_network_dim in its header is \"four\""],
        ),
        (
            &[("ss_network_alpha", "4"), ("ss_network_dim", "1.5")],
            &["ss_network_dim in its header is 1.5"],
        ),
        (
            &[("ss_network_alpha", "8"), ("lora_alpha", "16")],
            &["states 8 as ss_network_alpha and 16 as lora_alpha"],
        ),
        // Without alpha the rank counts, too.
        (
            &[("ss_network_alpha", "None"), ("ss_network_dim", "8")],
            &["has rank 4", "states 8"],
        ),
    ] {
        write_safetensors(&path, metadata, &plain[..2]);
        refused(&path, parts);
    }
    // What the header says does not matter where tensors state alpha; kohya's tools write such words there.
    let mut with_tensors = plain[..2].to_vec();
    with_tensors.push(number(&format!("{Q}.alpha"), 2.0));
    write_safetensors(&path, &[("ss_network_alpha", "Dynamic")], &with_tensors);
    assert_eq!(AdapterFile::open(&path).unwrap().layers()[Q].scale, 0.5);
}

#[test]
fn a_rank_of_the_header_that_the_tensors_contradict_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adapters.safetensors");
    let plain = adapters("");
    let mut with_tensors = plain.clone();
    with_tensors.push(number(&format!("{Q}.alpha"), 2.0));
    with_tensors.push(number(&format!("{UP}.alpha"), 1.0));
    let open = |metadata: &[(&str, &str)]| {
        write_safetensors(&path, metadata, &with_tensors);
        scales(&AdapterFile::open(&path).unwrap())
    };
    for (rank, told) in [
        ("8", "ss_network_dim in its header is 8, which is that of no tensor"),
        ("four", "ss_network_dim in its header is \"four\"; expected a number"),
        ("1.5", "ss_network_dim in its header is 1.5; expected a rank"),
    ] {
        let (found, text) = open(&[("ss_network_dim", rank)]);
        assert_eq!(found, [0.5, 0.5]);
        assert!(
            text.contains(told) && text.ends_with("the rank of the tensors is used"),
            "{text}"
        );
    }
    // That of one of them, or none at all.
    for rank in ["4", "2", "Dynamic", "None"] {
        let (_, text) = open(&[("ss_network_dim", rank)]);
        assert!(text.ends_with("scale 0.5: alpha from tensors of that name"), "{text}");
    }

    // Beside a configuration that states alpha.
    let one_rank = &plain[..2];
    let config = r#"{"r": 4, "lora_alpha": 2}"#;
    let told = "ss_network_dim in its header is 8";
    write_safetensors(
        &path,
        &[("lora_adapter_metadata", config), ("ss_network_dim", "8")],
        one_rank,
    );
    let text = AdapterFile::open(&path).unwrap().description();
    assert!(text.contains("scale 0.5") && text.contains(told), "{text}");
    std::fs::write(folder.path().join("adapter_config.json"), config).unwrap();
    write_safetensors(&path, &[("ss_network_dim", "8")], one_rank);
    let text = AdapterFile::open(&path).unwrap().description();
    assert!(text.contains("scale 0.5") && text.contains(told), "{text}");
}
