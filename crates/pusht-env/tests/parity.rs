//! The recorded behaviour of the references, where it is at hand.
#![cfg(feature = "parity")]
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

#[test]
fn recorded_behaviour_is_reproduced() {
    let Some(reference) = std::env::var_os("PUSHT_REFERENCE") else {
        println!("skipped: PUSHT_REFERENCE is not set");
        return;
    };
    let report = pusht_env::parity::compare(&PathBuf::from(reference).join("golden/env")).unwrap();
    for check in &report.checks {
        println!("{check:?}");
    }
    assert!(report.missing.is_empty(), "{:?}", report.missing);
    let failed: Vec<_> = report.checks.iter().filter(|c| !c.passed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn folders_that_are_no_recordings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |path: &std::path::Path| pusht_env::parity::compare(path).unwrap_err().to_string();
    assert!(refusal(&folder.path().join("missing")).contains("is not a folder"));
    assert!(refusal(folder.path()).contains("none of the recordings"));
    std::fs::write(folder.path().join("coverage.npz"), b"no zip file").unwrap();
    assert!(refusal(folder.path()).contains("coverage.npz"));
}
