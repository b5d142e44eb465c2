#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    lro::fuzz::duration(text);
    lro::fuzz::timestamp(text);
    lro::fuzz::field_mask(text);
});
