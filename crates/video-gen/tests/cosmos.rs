//! Cosmos-Predict1: its arithmetic against recordings, its files, its pipelines, its training step.
//! `fixtures/make_cosmos.py` made the small recordings; others are reference data.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use nn_kit::parity::compare;
use video_gen::COSMOS_MODELS;

/// A folder of the reference data, where there is any.
fn reference(part: &str) -> Option<PathBuf> {
    let Ok(reference) = std::env::var("PUSHT_REFERENCE") else {
        println!("skipped: PUSHT_REFERENCE is not set");
        return None;
    };
    Some(Path::new(&reference).join(part))
}

fn same_as_recorded(folder: &Path) {
    let report = compare(folder, COSMOS_MODELS, &Device::flex()).unwrap();
    println!("{}", folder.display());
    for check in &report.checks {
        println!("{check}");
    }
    assert!(report.passed(), "{folder:?}");
    assert_eq!(report.unused, Vec::<String>::new());
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
        same_as_recorded(
            &Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/fixtures/cosmos")
                .join(case),
        );
    }
}

#[test]
fn recordings_of_the_published_implementation_are_reproduced() {
    let Some(video) = reference("golden/video") else { return };
    let cases = [
        "cosmos_transformer_text2world",
        "cosmos_transformer_video2world_start_end",
        "cosmos_vae_haar",
        "cosmos_vae_image",
        "sched_edm_cosmos",
        "sched_edm_vpred_zero",
        "train_cosmos_edm_start_end",
    ];
    for case in cases {
        same_as_recorded(&video.join(case));
    }
}
