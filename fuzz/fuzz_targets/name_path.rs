#![no_main]

libfuzzer_sys::fuzz_target!(|name: &str| lro_http::fuzz::name_path(name));
