#![no_main]

use fuzz_targets::FuzzTarget;

libfuzzer_sys::fuzz_target!(|input: &[u8]| FuzzTarget::PLAY.run(input));
