//! A log event as a line: JSON (pino, bunyan, zap, structlog ...), logfmt or plain text to level, message and fields.

use std::hash::{DefaultHasher, Hash, Hasher};

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use jiff::Timestamp;
use serde_json::Value;

use super::convert::{millis, text};
use crate::domain::log::{Level, LogLine};
use crate::domain::text::{inert, inert_lines};

/// Bytes kept of one event: ten thousand of them must stay small.
const KEPT: usize = 16 * 1024;
/// Fields kept of one JSON line.
const FIELDS: usize = 64;

const LEVEL_KEYS: [&str; 7] = [
    "level",
    "severity",
    "lvl",
    "log.level",
    "levelname",
    "log_level",
    "loglevel",
];
const MESSAGE_KEYS: [&str; 3] = ["msg", "message", "@message"];

/// A line of a group.
pub fn line(group: &str, event: &FilteredLogEvent) -> LogLine {
    let whole = event.message().unwrap_or("");
    let (kept, cut) = keep(whole);
    let parsed = parse(kept.trim_end_matches(['\r', '\n']));
    let mut raw = inert(kept.trim_end_matches(['\r', '\n']));
    if cut > 0 {
        raw.push_str(&format!("… ({cut} bytes more)"));
    }
    LogLine {
        id: identity(event, whole),
        at: millis(event.timestamp()).unwrap_or(Timestamp::UNIX_EPOCH),
        group: group.to_owned(),
        stream: text(event.log_stream_name()),
        level: parsed.level,
        message: parsed.message,
        fields: parsed.fields,
        raw,
    }
}

fn keep(whole: &str) -> (&str, usize) {
    let mut end = whole.len().min(KEPT);
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    (whole.get(..end).unwrap_or(whole), whole.len() - end)
}

/// The vendor's event id; an emulator may lack it: then what the event is.
fn identity(event: &FilteredLogEvent, whole: &str) -> String {
    match event.event_id() {
        Some(id) if !id.is_empty() => inert(id),
        _ => {
            let mut hasher = DefaultHasher::new();
            (event.log_stream_name(), event.timestamp(), whole).hash(&mut hasher);
            format!(
                "{}-{:016x}",
                event.timestamp().unwrap_or(0),
                hasher.finish()
            )
        }
    }
}

struct Parsed {
    level: Option<Level>,
    message: Vec<String>,
    fields: Vec<(String, String)>,
}

fn parse(event: &str) -> Parsed {
    if event.trim_start().starts_with('{')
        && let Ok(Value::Object(map)) = serde_json::from_str::<Value>(event)
    {
        return of_json(&map);
    }
    Parsed {
        level: level_of_text(event),
        message: lines(event),
        fields: Vec::new(),
    }
}

fn lines(words: &str) -> Vec<String> {
    let lines = inert_lines(words);
    if lines.is_empty() {
        vec![String::new()]
    } else {
        lines
    }
}

fn of_json(map: &serde_json::Map<String, Value>) -> Parsed {
    let find = |keys: &[&'static str]| keys.iter().copied().find(|k| map.contains_key(*k));
    let level_key = find(&LEVEL_KEYS);
    let message_key = find(&MESSAGE_KEYS);
    let value = |key: Option<&str>| key.and_then(|k| map.get(k)).map(plain);
    let level = value(level_key).and_then(|word| Level::parse(&word));
    let fields: Vec<(String, String)> = map
        .iter()
        .filter(|(k, _)| Some(k.as_str()) != message_key)
        .filter(|(k, _)| Some(k.as_str()) != level_key || level.is_none())
        .take(FIELDS)
        .map(|(k, v)| (inert(k), inert(&plain(v))))
        .collect();
    let message = match value(message_key) {
        Some(words) => lines(&words),
        None => vec![LogLine::summary(&fields)],
    };
    Parsed {
        level,
        message,
        fields,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

/// The level that a line of plain text begins with: `ERROR`, `[warn]`, `level=info`, `error: ...`, klog's `E0102`.
fn level_of_text(event: &str) -> Option<Level> {
    let first = event.lines().find(|l| !l.trim().is_empty())?;
    if let Some(level) = klog(first) {
        return Some(level);
    }
    first
        .split_whitespace()
        .take(8)
        .enumerate()
        .find_map(|(i, word)| {
            let labelled = ["level=", "lvl=", "severity="]
                .iter()
                .find_map(|k| word.strip_prefix(k));
            if let Some(value) = labelled {
                return Level::parse(value.trim_matches('"'));
            }
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let bracketed = word.starts_with(['[', '<', '(']) && word.len() > bare.len() + 1;
            let shouted = bare.len() > 2 && bare.chars().all(|c| c.is_ascii_uppercase());
            let heading = i == 0 && word.ends_with(':');
            let telling = (bracketed || shouted || heading) && !bare.eq_ignore_ascii_case("log");
            if telling && bare.chars().all(char::is_alphabetic) {
                Level::parse(bare)
            } else {
                None
            }
        })
}

fn klog(first: &str) -> Option<Level> {
    let mut chars = first.chars();
    let level = match chars.next()? {
        'I' => Level::Info,
        'W' => Level::Warn,
        'E' => Level::Error,
        'F' => Level::Fatal,
        _ => return None,
    };
    let digits: String = chars.by_ref().take(4).collect();
    let dated = digits.len() == 4 && digits.chars().all(|c| c.is_ascii_digit());
    (dated && chars.next() == Some(' ')).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &str) -> LogLine {
        let e = FilteredLogEvent::builder()
            .message(message)
            .timestamp(1_500)
            .event_id("e1");
        line("/ecs/api", &e.build())
    }

    #[test]
    fn json_lines_of_many_loggers_are_read() {
        let pino = of(r#"{"level":50,"time":1,"msg":"boom","req":{"id":7}}"#);
        assert_eq!(
            (pino.level, pino.message.as_slice()),
            (Some(Level::Error), &["boom".to_owned()][..])
        );
        assert_eq!(
            pino.fields,
            [
                ("time".into(), "1".into()),
                ("req".into(), r#"{"id":7}"#.into())
            ]
        );
        assert_eq!(
            of(r#"{"severity":"WARNING","message":"m"}"#).level,
            Some(Level::Warn)
        );
        let odd = of(r#"{"level":"weird","a":1}"#);
        assert_eq!(
            (odd.level, odd.message[0].as_str()),
            (None, "level=weird a=1")
        );
    }

    #[test]
    fn plain_text_tells_its_level_only_where_it_means_it() {
        let cases = [
            ("2024-01-01T00:00:00Z ERROR db down", Some(Level::Error)),
            ("[warn] slow", Some(Level::Warn)),
            ("ts=1 level=debug msg=x", Some(Level::Debug)),
            ("error: nope", Some(Level::Error)),
            ("E0102 15:04:05 file.go:1] x", Some(Level::Error)),
            ("no error here", None),
            ("GET /error 200", None),
            ("", None),
        ];
        for (text, level) in cases {
            assert_eq!(of(text).level, level, "{text}");
        }
    }

    #[test]
    fn events_of_several_lines_keep_them_and_hostile_ones_are_inert() {
        assert_eq!(of("panic:\n\tat main\n").message, ["panic:", "    at main"]);
        let bad = of("{\"msg\":\"\\u001b[2J\u{202e}x\",\"\u{7}k\":\"\\u009b\"}");
        for text in bad
            .message
            .iter()
            .chain([&bad.raw])
            .chain(bad.fields.iter().flat_map(|(k, v)| [k, v]))
        {
            assert!(text.chars().all(crate::domain::text::is_inert), "{text:?}");
        }
    }

    #[test]
    fn a_huge_event_is_cut_and_says_so() {
        let huge = of(&"é".repeat(KEPT));
        assert!(
            huge.raw.len() < KEPT + 100 && huge.raw.ends_with("bytes more)"),
            "{}",
            huge.raw.len()
        );
    }

    #[test]
    fn an_event_without_an_id_gets_a_steady_one() {
        let e = |m: &str| {
            line(
                "g",
                &FilteredLogEvent::builder().message(m).timestamp(5).build(),
            )
            .id
        };
        assert_eq!(e("a"), e("a"));
        assert_ne!(e("a"), e("b"));
    }
}
