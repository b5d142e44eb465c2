#![no_main]

libfuzzer_sys::fuzz_target!(|saved: &[u8]| lro::fuzz::handle(saved));
