//! The audit on human demonstrations.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;

use clip_audit::Auditor;

fn the_human_demonstrations_are_clean(reference: &Path) {
    let path = reference.join("data/pusht/pusht_cchi_v7_replay.zarr");
    let auditor = Auditor::new().unwrap();
    // Every twentieth; docs/results/audit.md has them all.
    let source = pusht_data::open(path).unwrap();
    let flagged: Vec<usize> = (0..source.len())
        .step_by(20)
        .filter(|&e| {
            let episode = source.episode(e).unwrap();
            !auditor.audit(&episode.frames).unwrap().findings.is_empty()
        })
        .collect();
    assert!(flagged.is_empty(), "{flagged:?}");
}

test_support::main!(test_support::reference => [the_human_demonstrations_are_clean]);
