#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lro::fuzz::any(bytes));
