use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// Checks the header `Retry-After`, one value a line: SPEC 32.
pub fn retry_after(lines: &[u8]) {
    let mut headers = HeaderMap::new();
    for value in lines.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        headers.append(header::RETRY_AFTER, value);
    }
    let wish = crate::reply::retry_after(&headers);
    assert_ne!(wish, Some(Duration::ZERO));

    let first = headers.get(header::RETRY_AFTER).map_or(&b""[..], HeaderValue::as_bytes);
    let text = String::from_utf8_lossy(first);
    let text = text.trim_matches([' ', '\t']);
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number over the range is the longest delay.
        let seconds = text.parse().unwrap_or(u64::MAX);
        assert_eq!(wish, (seconds > 0).then(|| Duration::from_secs(seconds)), "{text}");
    } else if let Some(wish) = wish {
        // A date has a time of day, and its year is at most 9999.
        assert!(text.matches(':').count() == 2 && wish < EIGHT_THOUSAND_YEARS, "{text:?} is {wish:?}");
    }
}

const EIGHT_THOUSAND_YEARS: Duration = Duration::from_secs(8_000 * 366 * 86_400);

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::{HeaderMap, HeaderValue, header};
    use proptest::prelude::*;

    use super::retry_after;

    proptest! {
        #[test]
        fn any_bytes(lines: Vec<u8>) {
            retry_after(&lines);
        }

        #[test]
        fn near_wishes(text in "[ \t]?([-+]?[0-9]{0,21}|[0-9]\\.[0-9]|[0-9]s)[ \t]?(\n[0-9])?") {
            retry_after(text.as_bytes());
        }

        #[test]
        fn near_dates(text in NEAR_DATE) {
            retry_after(text.as_bytes());
        }

        #[test]
        fn dates_to_come(seconds in 2_u64..1 << 36) {
            let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
            let value = HeaderValue::try_from(date).unwrap();
            let wish = crate::reply::retry_after(&HeaderMap::from_iter([(header::RETRY_AFTER, value)]));
            // A date has no fraction of a second, and the clock advances.
            let range = Duration::from_secs(seconds - 2)..=Duration::from_secs(seconds);
            prop_assert!(range.contains(&wish.unwrap_or_default()), "{wish:?} instead of {seconds} s");
        }
    }

    const NEAR_DATE: &str = concat!(
        "(Mon|Thu|Sunday|Fri),? [0-3 ][0-9][ -](Jan|Feb|Nov|Dec)[ -][0-9]{2,4} ",
        "[0-2][0-9]:[0-6][0-9]:[0-6][0-9] ?(GMT|[0-9]{4})?",
    );
}
