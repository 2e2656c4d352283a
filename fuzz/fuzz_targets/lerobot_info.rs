#![no_main]

use fuzz_targets::FuzzTarget;

libfuzzer_sys::fuzz_target!(
    // Panics of decoders and of parquet are caught where they are called; libFuzzer's own hook would end the process before that.
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |input: &[u8]| FuzzTarget::LEROBOT_INFO.run(input)
);
