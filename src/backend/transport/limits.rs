//! What vendors say of their limits, and how long to wait before asking again.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

/// Pause before the first retry; it doubles.
const FIRST: Duration = Duration::from_millis(400);
/// Longest pause between two attempts of one question.
const LONGEST: Duration = Duration::from_secs(4);
/// Longest rest that a vendor is believed to want; beyond it a clock or a header is wrong.
const LONGEST_REST: Duration = Duration::from_secs(3_600);

/// Full jitter: anything from nothing to the doubled pause, but not less than what the vendor asks for, where that is short.
pub fn backoff(failures: u32, asked_for: Option<Duration>) -> Duration {
    let ceiling = FIRST.saturating_mul(1 << failures.min(8)).min(LONGEST);
    let jittered = ceiling.mul_f64(fastrand::f64());
    jittered.max(asked_for.unwrap_or_default().min(LONGEST))
}

/// Whether a vendor's wish is short enough to wait for within one question.
pub fn may_wait(asked_for: Option<Duration>) -> bool {
    asked_for.is_none_or(|d| d <= LONGEST)
}

/// When a vendor that asked to be left alone for so long may be asked again.
pub fn after(asked_for: Duration, now: Timestamp) -> Option<Timestamp> {
    let rest = jiff::SignedDuration::try_from(asked_for.min(LONGEST_REST)).ok()?;
    now.checked_add(rest).ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let said = text(headers, "retry-after")?;
    if let Ok(seconds) = said.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = jiff::fmt::rfc2822::parse(said).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// What a vendor says of its window.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    left: Option<i64>,
    reset: Option<i64>,
}

impl Window {
    /// `X-RateLimit-*` as GitHub and Vercel send them (reset in seconds since 1970), `RateLimit-*` of others (in seconds from now),
    /// `Ratelimit: "default";r=50;t=30` as Cloudflare sends it (draft-ietf-httpapi-ratelimit-headers-10, section 4).
    fn of(headers: &HeaderMap) -> Self {
        let number = |name| text(headers, name)?.parse::<i64>().ok();
        // Where several windows are told of, the one that is used up counts, else the first.
        let listed = text(headers, "ratelimit").unwrap_or_default();
        let windows: Vec<Self> = listed.split(',').map(Self::listed).collect();
        let spent = windows.iter().find(|w| w.left.is_some_and(|n| n <= 0));
        let listed = spent.or(windows.first()).copied().unwrap_or_default();
        Self {
            left: number("x-ratelimit-remaining")
                .or_else(|| number("ratelimit-remaining"))
                .or(listed.left),
            reset: number("x-ratelimit-reset")
                .or_else(|| number("ratelimit-reset"))
                .or(listed.reset),
        }
    }

    fn listed(item: &str) -> Self {
        let find = |name: &str| {
            let mut all = item.split(';').filter_map(|p| p.trim().split_once('='));
            all.find(|(key, _)| *key == name)?.1.trim().parse().ok()
        };
        Self {
            left: find("r"),
            reset: find("t"),
        }
    }
}

/// How long a vendor that refused wants to be left alone: as it says, else until its window begins anew where nothing is left of it. A
/// 429 that tells of no rest has none left by itself; a 403 that has some left is about something else.
pub fn wanted(status: u16, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let said = retry_after(headers, now);
    said.or_else(|| {
        let mut window = Window::of(headers);
        if status == 429 {
            window.left = Some(window.left.unwrap_or(0));
        } else if status != 403 {
            return None;
        }
        let until = until(window, now)?;
        Duration::try_from(until.duration_since(now)).ok()
    })
}

/// Until when a vendor is to be left alone by what a good answer says: nothing is left of the window.
pub fn rest_until(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    until(Window::of(headers), now)
}

fn until(window: Window, now: Timestamp) -> Option<Timestamp> {
    if window.left? > 0 {
        return None;
    }
    let until = match window.reset? {
        // Epochs are large; spans of a window are not.
        r if r > 1_000_000_000_000 => Timestamp::from_millisecond(r).ok()?,
        r if r > 1_000_000_000 => Timestamp::from_second(r).ok()?,
        r => now.checked_add(jiff::SignedDuration::from_secs(r)).ok()?,
    };
    let latest = now
        .checked_add(jiff::SignedDuration::try_from(LONGEST_REST).ok()?)
        .ok()?;
    (until > now).then(|| until.min(latest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(k, v)| (http::HeaderName::from_static(k), v.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_long_wish_is_heeded_and_not_waited_for() {
        assert!(may_wait(None));
        assert!(may_wait(Some(Duration::from_secs(2))));
        assert!(!may_wait(Some(Duration::from_secs(900))));
        let now = Timestamp::UNIX_EPOCH;
        let at = |d| after(Duration::from_secs(d), now).unwrap().as_second();
        assert_eq!((at(900), at(1_000_000)), (900, 3_600));
    }

    #[test]
    fn pauses_have_full_jitter_and_heed_the_vendor() {
        for failures in 0..12 {
            assert!(backoff(failures, None) <= LONGEST);
        }
        let spread: Vec<_> = (0..50).map(|_| backoff(2, None)).collect();
        assert!(spread.iter().any(|p| *p < FIRST) && spread.iter().any(|p| *p > FIRST));
        assert!(backoff(0, Some(Duration::from_secs(2))) >= Duration::from_secs(2));
        assert_eq!(backoff(0, Some(Duration::from_secs(900))), LONGEST);
    }

    #[test]
    fn a_refusal_without_retry_after_is_heeded_until_the_window_begins_anew() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let rest = |status, pairs: &[(&'static str, &str)]| {
            wanted(status, &headers(pairs), now).map(|d| d.as_secs())
        };
        let github = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1790000600"),
        ];
        assert_eq!(rest(403, &github), Some(600));
        assert_eq!(rest(429, &github), Some(600));
        assert_eq!(rest(500, &github), None);
        let some_left = [("x-ratelimit-remaining", "7"), github[1]];
        assert_eq!(rest(403, &some_left), None, "a permission");
        assert_eq!(rest(429, &[("x-ratelimit-reset", "1790000060")]), Some(60));
        assert_eq!(rest(403, &[("x-ratelimit-reset", "1790000060")]), None);
        let both = [("retry-after", "9"), github[0], github[1]];
        assert_eq!(rest(403, &both), Some(9), "what it says itself");
        let cloudflare = [("ratelimit", "\"default\";r=0;t=240")];
        assert_eq!(rest(429, &cloudflare), Some(240));
        let two = [("ratelimit", "\"burst\";r=5;t=1, \"day\"; r=0; t=300")];
        assert_eq!(rest(429, &two), Some(300));
        for wrong in [
            "",
            "nonsense",
            "\"x\";r=;t=x",
            "\"x\";r=0;t=-99999999999999999999",
        ] {
            assert_eq!(rest(429, &[("ratelimit", wrong)]), None, "{wrong}");
        }
    }

    #[test]
    fn limits_are_read_in_every_form_that_vendors_use() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let after = |v| retry_after(&headers(&[("retry-after", v)]), now);
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("soon"), None);
        assert_eq!(after("-1"), None);
        let date = "Mon, 21 Sep 2026 14:14:00 GMT";
        assert_eq!(after(date), Some(Duration::from_secs(40)));
        let until = |left, reset| {
            let h = headers(&[
                ("x-ratelimit-remaining", left),
                ("x-ratelimit-reset", reset),
            ]);
            rest_until(&h, now).map(|t| t.as_second() - now.as_second())
        };
        assert_eq!(until("5", "1790000060"), None);
        assert_eq!(until("0", "1790000060"), Some(60));
        assert_eq!(until("0", "1790000060000"), Some(60));
        assert_eq!(until("0", "45"), Some(45));
        assert_eq!(until("0", "1999999999"), Some(3_600), "a wrong clock");
        assert_eq!(until("0", "1700000000"), None, "long over");
    }
}
