//! Encoder and tokenizer compared with recordings of the published implementation.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::tensor::Device;
use model_parity::compare;
use t5_encoder::parity::MODELS;

fn recordings_are_reproduced(reference: &Path) {
    for case in ["t5_v10_relu", "t5_v11_gated_gelu", "tokenizer_t5_tiny"] {
        let folder = reference.join("golden/video").join(case);
        let report = compare(&folder, MODELS, &Device::flex()).unwrap();
        assert_eq!(report.problems(), [""; 0], "{case}");
    }
}

test_support::main!(test_support::reference => [recordings_are_reproduced]);
