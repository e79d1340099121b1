//! How long a server asks its callers to wait, in all the ways in which they say it.

use std::time::{Duration, SystemTime};

use ninefold_core::Timestamp;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// A server that asks for more is taken to ask for this.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait that an answer asks for: `retry-after-ms`, `retry-after` in seconds or as a date, the delay in the body of
/// Google's errors; and when the status says that there were too many requests, the time until a rate limit is filled
/// again. A date is compared with the server's own, so that two clocks that differ do no harm; with `now` where it sends
/// none.
pub(super) fn asked(status: u16, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let millis = || Some(seconds(text("retry-after-ms")?)? / 1_000);
    let after = || {
        // A gateway hands on what the provider behind it said.
        let text = text("retry-after").or_else(|| text("llm_provider-retry-after"))?;
        seconds(text).or_else(|| {
            let then = httpdate::parse_http_date(text).ok()?;
            let sent = text_date(headers).unwrap_or_else(|| system(now));
            Some(then.duration_since(sent).unwrap_or_default())
        })
    };
    let limits = || if status == 429 { reset(headers, now) } else { None };
    let wait = millis().or_else(after).or_else(|| in_body(body)).or_else(limits)?;
    Some(wait.min(LONGEST))
}

fn text_date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get("date")?.to_str().ok()?.trim()).ok()
}

fn system(now: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(now.0).unwrap_or_default())
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

/// `{"error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]}}`, alone or in a list.
fn in_body(body: &[u8]) -> Option<Duration> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let error = body.get("error").or_else(|| body.get(0)?.get("error"))?;
    let details = error.get("details")?.as_array()?;
    details.iter().find_map(|detail| go_duration(detail.get("retryDelay")?.as_str()?))
}

/// The time until the limit that is used up is filled again: the longest of those with nothing remaining, otherwise the
/// shortest of all.
fn reset(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: String| headers.get(name)?.to_str().ok();
    let limits = ["-requests", "-tokens", ""].into_iter().filter_map(|of| {
        let text_of_reset = text(format!("x-ratelimit-reset{of}"))?.trim();
        let reset = go_duration(text_of_reset).or_else(|| until(text_of_reset, now))?;
        let used_up = text(format!("x-ratelimit-remaining{of}")).is_some_and(|left| left.trim() == "0");
        Some((used_up, reset))
    });
    let limits: Vec<(bool, Duration)> = limits.collect();
    let used_up = limits.iter().filter(|(used_up, _)| *used_up).map(|(_, reset)| *reset).max();
    used_up.or_else(|| limits.iter().map(|(_, reset)| *reset).min())
}

/// A number alone: milliseconds or seconds since the epoch when it is large enough for one, otherwise seconds from now.
fn until(text: &str, now: Timestamp) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    let now = now.0 as f64 / 1e6;
    let wait = match number {
        number if number > 1e11 => number / 1e3 - now,
        number if number > 1e9 => number - now,
        number => number,
    };
    Duration::try_from_secs_f64(wait.max(0.0)).ok()
}

/// `6m0s`, `1h2m3.5s`, `20ms`: as Go writes durations, which `OpenAI` and Groq do.
fn go_duration(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|char: char| char.is_ascii_alphabetic() || char == 'µ')?;
        let (number, tail) = rest.split_at(end);
        let unit = tail.find(|char: char| char.is_ascii_digit() || char == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let scale = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * scale;
        rest = tail;
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(total).ok() }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    /// 2026-11-21 10:00:00 UTC.
    const NOW: Timestamp = Timestamp(1_795_255_200_000_000);

    fn of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Option<f64> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        asked(status, &headers, body.as_bytes(), NOW).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn seconds_milliseconds_and_dates() {
        assert_eq!(of(429, &[("retry-after", "20")], ""), Some(20.0));
        assert_eq!(of(503, &[("retry-after", "1.5")], ""), Some(1.5));
        assert_eq!(of(429, &[("retry-after", "20"), ("retry-after-ms", "250")], ""), Some(0.25));
        let then = ("retry-after", "Sat, 21 Nov 2026 10:00:30 GMT");
        assert_eq!(of(429, &[then], ""), Some(30.0), "by the run's clock");
        assert_eq!(of(429, &[then, ("date", "Sat, 21 Nov 2026 10:00:20 GMT")], ""), Some(10.0), "by the server's");
        assert_eq!(of(429, &[then, ("date", "Sat, 21 Nov 2026 10:01:00 GMT")], ""), Some(0.0));
        assert_eq!(of(429, &[("retry-after", "1e300")], ""), None);
        assert_eq!(of(429, &[("retry-after", "99999999")], ""), Some(86_400.0));
        for nonsense in ["", "-1", "NaN", "soon", "Sat, 99 Nov"] {
            assert_eq!(of(429, &[("retry-after", nonsense)], ""), None, "{nonsense:?}");
        }
    }

    #[test]
    fn limits_that_are_used_up() {
        let openai = [
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ];
        assert_eq!(of(429, &openai, ""), Some(360.0));
        assert_eq!(of(500, &openai, ""), None, "an error has nothing to do with a limit");
        assert_eq!(
            of(429, &[("x-ratelimit-reset-tokens", "7.66s"), ("x-ratelimit-reset-requests", "2m59.56s")], ""),
            Some(7.66)
        );
        assert_eq!(of(429, &[("x-ratelimit-reset", "1795255260000")], ""), Some(60.0));
        assert_eq!(of(429, &[("x-ratelimit-reset", "1795255260")], ""), Some(60.0));
        assert_eq!(of(429, &[("x-ratelimit-reset", "12")], ""), Some(12.0));
    }

    #[test]
    fn delays_in_the_body() {
        let detail = r#"{"error": {"code": 429, "details": [{"@type": "x"}, {"retryDelay": "34.5s"}]}}"#;
        assert_eq!(of(429, &[], detail), Some(34.5));
        assert_eq!(of(429, &[], &format!("[{detail}]")), Some(34.5));
        assert_eq!(of(429, &[], "{\"error\": []}"), None);
    }
}
