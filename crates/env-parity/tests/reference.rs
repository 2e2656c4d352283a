//! The recorded behavior of the references, if available.
#![allow(clippy::unwrap_used)]

use std::path::Path;

fn recorded_behavior_is_reproduced(reference: &Path) {
    let report = env_parity::compare(&reference.join("golden/env")).unwrap();
    assert!(report.missing.is_empty(), "{:?}", report.missing);
    let failed: Vec<_> = report.checks.iter().filter(|c| !c.passed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

fn stable_worldmodel_is_reproduced(reference: &Path) {
    let report = env_parity::compare(&reference.join("golden/swm")).unwrap();
    assert!(report.missing.is_empty(), "{:?}", report.missing);
    let failed: Vec<_> = report.checks.iter().filter(|c| !c.passed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

test_support::main!(test_support::reference => [
    recorded_behavior_is_reproduced, stable_worldmodel_is_reproduced
]);
