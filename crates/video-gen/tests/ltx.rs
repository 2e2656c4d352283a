//! LTX-Video and its text encoder: their arithmetic against recordings, their files, what they refuse, a clip.
//! `fixtures/make_ltx.py` made the small recordings; those of the published implementation are reference data.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use nn_kit::parity::{Model, compare};
use nn_kit::{Checkpoint, FLOW_MODELS};
use video_gen::{
    LTX_MODELS, LtxConfig, LtxLayout, LtxVaeConfig, LtxVersion, T5Config, TEXT_MODELS, ltx_shapes, ltx_vae_shapes,
    t5_shapes,
};

fn reference() -> Option<PathBuf> {
    let found = std::env::var("PUSHT_REFERENCE").ok().map(PathBuf::from);
    if found.is_none() {
        println!("skipped: PUSHT_REFERENCE is not set");
    }
    found
}

/// Folders whose names begin with one of `starts` are reproduced, with nothing left uncompared.
fn same_as_recorded(folder: &Path, starts: &[&str]) -> usize {
    let models: Vec<Model> = [LTX_MODELS, TEXT_MODELS, FLOW_MODELS].concat();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let mut wrong = Vec::new();
    let mut compared = 0;
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().to_string();
        if !starts.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        compared += 1;
        match compare(&folder, &models, &Device::flex()) {
            Ok(report) => {
                println!("{name}: {} checks", report.checks.len());
                for check in report.checks.iter().filter(|check| !check.passed()) {
                    wrong.push(format!("{name}: {check}"));
                }
                wrong.extend(
                    report
                        .unused
                        .iter()
                        .map(|unused| format!("{name}: {unused} is not compared")),
                );
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    compared
}

#[test]
fn small_recordings_are_reproduced() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ltx");
    assert_eq!(same_as_recorded(&folder, &[""]), 15);
}

#[test]
fn recordings_of_the_published_implementation_are_reproduced() {
    let Some(reference) = reference() else { return };
    let starts = ["t5_", "tokenizer_t5", "sched_flow", "ltx_", "pipe_ltx", "train_ltx"];
    assert!(same_as_recorded(&reference.join("golden/video"), &starts) >= 15);
}

fn count(shapes: &BTreeMap<String, Vec<usize>>) -> usize {
    shapes.values().map(|shape| shape.iter().product::<usize>()).sum()
}

#[test]
fn the_published_sizes_have_the_published_parameters() {
    let ltx = |config: &LtxConfig| count(&ltx_shapes(config, LtxLayout::Folder).unwrap());
    assert_eq!(ltx(&LtxConfig::default()), 1_923_385_472);
    assert_eq!(ltx(&LtxConfig::ltx_13b()), 13_042_569_344);
    let vae = |version: LtxVersion| ltx_vae_shapes(&version.config(), LtxLayout::Folder).unwrap();
    assert_eq!(
        (vae(LtxVersion::V090).len(), count(&vae(LtxVersion::V090))),
        (190, 419_193_905)
    );
    assert_eq!(vae(LtxVersion::V095).len(), 226);
    let millions = |version| (count(&vae(version)) as f64 / 1e5).round() / 10.0;
    assert_eq!(
        (millions(LtxVersion::V091), millions(LtxVersion::V095)),
        (935.0, 1246.9)
    );
    assert_eq!(count(&t5_shapes(&T5Config::default())), 4_762_310_656);
    assert_eq!(count(&t5_shapes(&T5Config::t5_11b())), 4_864_791_552);
}

#[test]
fn names_and_shapes_are_those_of_the_published_lists() {
    let Some(reference) = reference() else { return };
    let list = |name: &str| -> BTreeMap<String, Vec<usize>> {
        let path = reference.join("design/checkpoint-keys").join(name);
        let keys: Vec<(String, Vec<usize>)> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        // A single number is a tensor without dimensions there.
        let one = |shape: Vec<usize>| if shape.is_empty() { vec![1] } else { shape };
        keys.into_iter().map(|(name, shape)| (name, one(shape))).collect()
    };
    assert_eq!(
        ltx_shapes(&LtxConfig::default(), LtxLayout::Folder).unwrap(),
        list("keys_LTX.json")
    );
    for (version, name) in [
        (LtxVersion::V090, "keys_VAE090.json"),
        (LtxVersion::V095, "keys_VAE095.json"),
    ] {
        assert_eq!(
            ltx_vae_shapes(&version.config(), LtxLayout::Folder).unwrap(),
            list(name)
        );
    }
}

/// Names of single files become those of folders by replacements in this order, as published converters do it: first the
/// encoder's blocks, then the decoder's, then words.
fn as_in_a_folder(name: &str, version: LtxVersion) -> String {
    let down: &[&str] = match version {
        LtxVersion::V095 => &[
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
        LtxVersion::V090 => &[
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
    for version in [LtxVersion::V090, LtxVersion::V091, LtxVersion::V095] {
        let config = version.config();
        let single = ltx_vae_shapes(&config, LtxLayout::Single).unwrap();
        let renamed = single
            .into_iter()
            .map(|(name, shape)| (as_in_a_folder(&name, version), shape));
        let folder = ltx_vae_shapes(&config, LtxLayout::Folder).unwrap();
        assert_eq!(renamed.collect::<BTreeMap<_, _>>(), folder, "{version:?}");
    }
    let config = LtxConfig::default();
    let single = ltx_shapes(&config, LtxLayout::Single).unwrap();
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
        ltx_shapes(&config, LtxLayout::Folder).unwrap()
    );
}

#[test]
fn sizes_that_are_no_model_are_refused_by_name() {
    let refused = |change: fn(&mut LtxVaeConfig), name: &str| {
        let mut config = LtxVersion::V095.config();
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
    let text = |config: LtxConfig| config.check().unwrap_err().to_string();
    assert!(
        text(LtxConfig {
            patch_size: 2,
            ..LtxConfig::default()
        })
        .contains("patch_size")
    );
    assert!(
        text(LtxConfig {
            num_layers: 0,
            ..LtxConfig::default()
        })
        .contains("num_layers")
    );
    assert!(
        text(LtxConfig {
            cross_attention_dim: 1024,
            ..LtxConfig::default()
        })
        .contains("2048")
    );
    assert!(Checkpoint::open_folder(Path::new("nowhere")).is_err());
}
