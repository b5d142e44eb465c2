use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// Checks the header `Retry-After`, one value a line: SPEC 32.
pub fn retry_after(lines: &[u8]) {
    let mut headers = HeaderMap::new();
    for value in lines.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        headers.append(header::RETRY_AFTER, value);
    }
    let wish = lro::retry_after(&headers);
    assert_ne!(wish, Some(Duration::ZERO));

    let values: Vec<&[u8]> = headers.get_all(header::RETRY_AFTER).iter().map(HeaderValue::as_bytes).collect();
    let &[value] = &*values else {
        return assert_eq!(wish, None, "{values:?}");
    };
    let text = String::from_utf8_lossy(value);
    let text = text.trim_matches([' ', '\t']);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    {
        // A number over the range is the longest delay.
        let seconds = whole.parse::<u64>().unwrap_or(u64::MAX);
        let seconds = if fraction.trim_matches('0').is_empty() { seconds } else { seconds.saturating_add(1) };
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
        fn dates_count_from_the_date_of_the_reply(sent in 0_u64..1 << 37, delay in 0_u64..1 << 20) {
            let date = |seconds| {
                let date = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
                HeaderValue::try_from(httpdate::fmt_http_date(date)).unwrap()
            };
            let headers =
                HeaderMap::from_iter([(header::DATE, date(sent)), (header::RETRY_AFTER, date(sent + delay))]);
            let wish = (delay > 0).then(|| Duration::from_secs(delay));
            prop_assert_eq!(lro::retry_after(&headers), wish);
        }

        #[test]
        fn any_bytes(lines: Vec<u8>) {
            retry_after(&lines);
        }

        #[test]
        fn near_wishes(text in "[ \t]?([-+]?[0-9]{0,21}|[0-9]{0,21}\\.[0-9]{0,3}|[0-9]s)[ \t]?(\n[0-9])?") {
            retry_after(text.as_bytes());
        }

        #[test]
        fn near_dates(text in NEAR_DATE) {
            retry_after(text.as_bytes());
        }

        #[test]
        fn dates_to_come(seconds in 2_u64..1 << 36) {
            let (now, delay) = (SystemTime::now(), Duration::from_secs(seconds));
            let date = httpdate::fmt_http_date(now + delay);
            let value = HeaderValue::try_from(date).unwrap();
            let wish = lro::retry_after(&HeaderMap::from_iter([(header::RETRY_AFTER, value)]));
            // A date has no fraction of a second, and the clock advances.
            let passed = now.elapsed().unwrap_or_default() + Duration::from_secs(1);
            let range = delay.saturating_sub(passed)..=delay;
            prop_assert!(range.contains(&wish.unwrap_or_default()), "{wish:?} instead of {seconds} s");
        }
    }

    const NEAR_DATE: &str = concat!(
        "(Mon|Thu|Sunday|Fri),? [0-3 ][0-9][ -](Jan|Feb|Nov|Dec)[ -][0-9]{2,4} ",
        "[0-2][0-9]:[0-6][0-9]:[0-6][0-9] ?(GMT|[0-9]{4})?",
    );
}
