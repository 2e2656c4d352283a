//! `pusht bench`.
#![cfg(feature = "parity")]

mod common;

use common::{ends_with, json};

#[test]
fn the_environment_is_timed_on_recorded_actions() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let bytes: Vec<u8> = [100.0_f32, 200.0, 110.0, 210.0, 300.0, 300.0, 310.0, 300.0]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    std::fs::write(folder.join("actions.f32"), bytes).unwrap();
    let bench = [
        "bench",
        "env",
        "--actions",
        "actions.f32",
        "--seconds",
        "0.01",
        "--steps",
    ];
    let result = json(folder, &[&bench[..], &["2"]].concat());
    assert!(
        result["state"].as_f64().unwrap() > 0.0 && result["pixels"].as_f64().unwrap() > 0.0,
        "{result}"
    );
    assert_eq!(result["last_states"].as_array().unwrap().len(), 2);
    let error = ends_with(1, folder, &[&bench[..], &["3"]].concat());
    assert!(error.contains("actions.f32") && error.contains("32 bytes"), "{error}");
    let error = ends_with(
        1,
        folder,
        &[
            "bench",
            "env",
            "--actions",
            "actions.f32",
            "--steps",
            "2",
            "--seconds=-1",
        ],
    );
    assert!(error.contains("--seconds"), "{error}");
}
