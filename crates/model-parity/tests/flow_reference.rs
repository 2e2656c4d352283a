//! Flow schedules compared with recordings of the published implementation.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::tensor::Device;
use model_parity::{FLOW_MODELS, compare};

fn recordings_are_reproduced(reference: &Path) {
    let cases = [
        "sched_flow_linear_quadratic_per_token",
        "sched_flow_ltx_dynamic",
        "sched_flow_plain_shift3",
    ];
    for case in cases {
        let folder = reference.join("golden/video").join(case);
        let report = compare(&folder, FLOW_MODELS, &Device::flex()).unwrap();
        assert_eq!(report.problems(), [""; 0], "{case}");
    }
}

test_support::main!(test_support::reference => [recordings_are_reproduced]);
