#![no_main]

libfuzzer_sys::fuzz_target!(|lines: &[u8]| lro_http::fuzz::retry_after(lines));
