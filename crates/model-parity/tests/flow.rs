//! Flow schedules compared with small recordings, which `ltx-video/tests/fixtures/make_ltx.py` wrote.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::tensor::Device;
use model_parity::{FLOW_MODELS, compare};

#[test]
fn small_recordings_are_reproduced() {
    for case in [
        "sched_exponential",
        "sched_karras",
        "sched_linear_shift",
        "sched_per_token",
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(case);
        let report = compare(&folder, FLOW_MODELS, &Device::flex()).unwrap();
        assert_eq!(report.problems(), [""; 0], "{case}");
    }
}
