//! How long a server asks to be left alone: `Retry-After` in seconds or as a date.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// The longest that is believed.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// What the header says. A date counts from the server's own, so that its clock may be wrong.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let value = text(RETRY_AFTER)?;
    let wait = match value.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 => Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST),
        Ok(_) => return None,
        Err(_) => {
            let now = text(DATE).and_then(date).unwrap_or_else(Timestamp::now);
            Duration::try_from(date(value)?.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST))
}

fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

    use super::{LONGEST, retry_after};

    fn headers(retry: &str, date: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry.parse().unwrap());
        if !date.is_empty() {
            headers.insert(DATE, date.parse().unwrap());
        }
        headers
    }

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        const DATE: &str = "Sun, 29 Nov 2026 08:49:37 GMT";
        let read = |text| retry_after(&headers(text, DATE));
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read(" 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(read("0"), Some(Duration::ZERO));
        assert_eq!(read("Sun, 29 Nov 2026 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(read("Sun, 29 Nov 2026 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("Tue, 29 Nov 2033 08:00:00 GMT"), Some(LONGEST));
        for longest in ["99999999999999999999999", "1e300", "inf"] {
            assert_eq!(read(longest), Some(LONGEST), "{longest}");
        }
        for nonsense in ["", "-1", "soon", "NaN", "Sun, 99 Nov 2026 08:50:07 GMT"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn a_date_without_the_servers_own_counts_from_now() {
        let in_a_minute = Timestamp::now() + jiff::SignedDuration::from_secs(60);
        let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&in_a_minute).unwrap();
        let wait = retry_after(&headers(&text, "")).unwrap();
        assert!((50..=60).contains(&wait.as_secs()), "{wait:?}");
    }
}
