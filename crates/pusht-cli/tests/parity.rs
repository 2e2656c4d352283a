//! `pusht parity`.
#![cfg(feature = "parity")]

mod common;

use std::path::Path;

use common::{ends_with, json, pusht};

#[test]
fn a_comparison_that_fails_is_status_3_and_a_folder_that_cannot_be_compared_1() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // A recorded schedule, and a copy of it with another number at its end.
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model-parity/tests/fixtures/sched_karras");
    for name in ["good", "bad"] {
        std::fs::create_dir(folder.join(name)).unwrap();
        for file in ["config.json", "io.safetensors"] {
            let mut bytes = std::fs::read(recorded.join(file)).unwrap();
            if (name, file) == ("bad", "io.safetensors") {
                let end = bytes.len() - 4;
                bytes[end..].copy_from_slice(&1e6_f32.to_le_bytes());
            }
            std::fs::write(folder.join(name).join(file), bytes).unwrap();
        }
    }
    let good = json(folder, &["parity", "model", "good"]);
    assert_eq!(
        (&good["passed"], &good["folders"][0]["folder"]),
        (&true.into(), &"good".into())
    );

    let output = pusht(folder, &["parity", "model", "good", "bad"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(
        text.starts_with("good\n  ") && text.contains("\nbad\n  ") && text.contains("FAIL"),
        "{text}"
    );

    let error = ends_with(1, folder, &["parity", "model", "good", "missing"]);
    assert!(error.starts_with("error: ") && error.contains("missing"), "{error}");
    let error = ends_with(1, folder, &["parity", "env", "good"]);
    assert!(error.contains("holds none of the recordings"), "{error}");
}
