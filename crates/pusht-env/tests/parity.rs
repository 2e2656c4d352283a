//! The recorded behaviour of the references, where it is at hand.
#![cfg(feature = "parity")]

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
