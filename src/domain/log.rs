//! Log groups and log lines, after the CloudWatch Logs API reference.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{redact, said};

/// Events may become visible later than their neighbours: what is within this of the newest line, or of the end of a search, is not all
/// read yet.
pub const VISIBLE_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogGroup {
    /// Name.
    pub name: String,
    /// Days kept; `None` keeps for ever.
    pub retention_days: Option<u32>,
    /// Bytes stored.
    pub stored_bytes: u64,
    /// Created (UTC).
    pub created_at: Option<Timestamp>,
}

/// Severity of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// trace
    Trace,
    /// debug
    Debug,
    /// info
    Info,
    /// warning
    Warn,
    /// error
    Error,
    /// fatal, panic, critical
    Fatal,
}

impl Level {
    /// Reads the words and numbers (pino, bunyan) that programs use.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "trace" | "10" => Self::Trace,
            "debug" | "20" | "dbg" => Self::Debug,
            "info" | "information" | "notice" | "30" | "log" => Self::Info,
            "warn" | "warning" | "40" => Self::Warn,
            "error" | "err" | "50" => Self::Error,
            "fatal" | "critical" | "crit" | "panic" | "emerg" | "alert" | "60" => Self::Fatal,
            _ => return None,
        })
    }

    /// Five columns.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

/// A line of a log. All text is inert already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// The vendor's event id: what a selection is tied to.
    pub id: String,
    /// Event time (UTC), to the millisecond.
    pub at: Timestamp,
    /// Group.
    pub group: String,
    /// Stream.
    pub stream: String,
    /// Level, where the line tells.
    pub level: Option<Level>,
    /// The message: a JSON line's `msg`/`message`, else the whole line; lines of a multi-line event are kept apart.
    pub message: Vec<String>,
    /// The other fields of a JSON line, in their order.
    pub fields: Vec<(String, String)>,
    /// The whole event as it came, made inert.
    pub raw: String,
}

impl LogLine {
    /// Takes the secrets out of what it says.
    pub fn hide_secrets(&mut self) {
        let made = self.is_made_of_fields();
        for (name, value) in &mut self.fields {
            *value = redact::named(name, value);
        }
        if made {
            self.message = vec![Self::summary(&self.fields)];
        }
        for text in &mut self.message {
            *text = said::words(text);
        }
        self.raw = said::words(&self.raw);
    }
}

/// What a few of the newest lines of a group came to. The lines themselves are not kept: there may be thousands of groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LineSample {
    /// Lines looked at.
    pub lines: usize,
    /// Those of them that are JSON and say their level.
    pub structured: usize,
}

impl LineSample {
    /// Of some lines.
    pub fn of(lines: &[LogLine]) -> Self {
        let structured = |l: &&LogLine| l.level.is_some() && l.raw.trim_start().starts_with('{');
        Self {
            lines: lines.len(),
            structured: lines.iter().filter(structured).count(),
        }
    }
}

/// Names under which programs write the time of a line, which has its place already.
const TIMES: [&str; 5] = ["ts", "time", "timestamp", "@timestamp", "asctime"];

impl LogLine {
    /// A JSON line without a message is told by its fields, but for the time.
    pub fn summary(fields: &[(String, String)]) -> String {
        let told = fields.iter().filter(|(k, _)| !TIMES.contains(&k.as_str()));
        let words: Vec<String> = told.map(|(k, v)| format!("{k}={v}")).collect();
        words.join(" ")
    }

    fn is_made_of_fields(&self) -> bool {
        matches!(self.message.as_slice(), [one] if *one == Self::summary(&self.fields))
    }

    /// The fields that say what neither the line's time nor its message says.
    pub fn told(&self) -> impl Iterator<Item = &(String, String)> {
        let fields = if self.is_made_of_fields() {
            &[]
        } else {
            self.fields.as_slice()
        };
        fields.iter().filter(|(k, _)| !TIMES.contains(&k.as_str()))
    }
}

/// What is tailed or searched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct LogRequest {
    /// Groups, merged by time.
    pub groups: Vec<String>,
    /// Streams, each with its group; none: all of the groups.
    pub streams: Vec<(String, String)>,
    /// CloudWatch filter pattern; empty for all.
    pub pattern: String,
    /// Start (UTC).
    pub from: Timestamp,
    /// End (UTC), or follow.
    pub until: Option<Timestamp>,
}

impl LogRequest {
    /// The streams that are read of a group; none: all of them.
    pub fn streams_of(&self, group: &str) -> Vec<String> {
        let own = self.streams.iter().filter(|(g, _)| g == group);
        own.map(|(_, stream)| stream.clone()).collect()
    }
}

/// What the watch holds of a [`LogRequest`]: a bounded buffer that says what it dropped.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LogTail {
    /// The request answered; `None` before the first.
    pub request: Option<LogRequest>,
    /// Oldest first.
    pub lines: std::sync::Arc<[std::sync::Arc<LogLine>]>,
    /// Lines dropped from the front because the buffer is bounded.
    pub dropped: u64,
    /// Whether everything up to now has been read (the tail has caught up).
    pub caught_up: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_line_is_told_twice() {
        let line = |message: &str| LogLine {
            id: "1".into(),
            at: Timestamp::UNIX_EPOCH,
            group: "g".into(),
            stream: "s".into(),
            level: None,
            message: vec![message.into()],
            fields: vec![
                ("ts".into(), "2026-11-24T15:00:00Z".into()),
                ("a".into(), "1".into()),
                ("route".into(), "/x".into()),
            ],
            raw: String::new(),
        };
        let told = |message: &str| line(message).told().count();
        assert_eq!((told("data=12"), told("a=1 route=/x")), (2, 0));
    }

    #[test]
    fn a_line_is_structured_that_is_json_and_says_its_level() {
        let line = |level, raw: &str| LogLine {
            id: "1".into(),
            at: Timestamp::UNIX_EPOCH,
            group: "g".into(),
            stream: "s".into(),
            level,
            message: Vec::new(),
            fields: Vec::new(),
            raw: raw.into(),
        };
        let lines = [
            line(Some(Level::Info), " {\"level\":\"info\"}"),
            line(Some(Level::Error), "ERROR hello"),
            line(None, "{}"),
        ];
        let sample = LineSample::of(&lines);
        assert_eq!((sample.lines, sample.structured), (3, 1));
    }
}
