#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    // Three digits of a status line, then the body.
    if let Some((line, body)) = input.split_at_checked(3)
        && let Some(http) = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok())
    {
        lro_http::fuzz::http_error(http, body);
    }
});
