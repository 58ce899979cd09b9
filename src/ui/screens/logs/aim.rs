//! The line that a log is opened for: what was written last before a moment, or the last error of what failed then.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::log::{Level, LogLine};

/// What is to be selected as soon as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aim {
    /// The moment (UTC): no later line is meant.
    pub at: Timestamp,
    /// What failed then.
    pub failed: Option<Failed>,
}

/// Tasks that failed: a service that goes on writes beside them, and after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// Since when they may have written (UTC).
    pub since: Option<Timestamp>,
    /// Their ids; none where they are not told.
    pub tasks: Vec<String>,
}

impl Failed {
    /// Whether one of its tasks wrote a line: a stream is named by prefix, container and task.
    fn wrote(&self, line: &LogLine) -> bool {
        let task = line.stream.rsplit('/').next();
        self.tasks.iter().any(|id| Some(id.as_str()) == task)
    }

    /// Its last error: of its tasks by their streams, and where none of those is here, of any until then.
    fn error<'a>(&self, lines: &'a [Arc<LogLine>], at: Timestamp) -> Option<&'a Arc<LogLine>> {
        let is_error = |l: &&Arc<LogLine>| l.level >= Some(Level::Error);
        if lines.iter().any(|l| self.wrote(l)) {
            let mut errors = lines.iter().rev().filter(is_error);
            return errors.find(|l| self.wrote(l));
        }
        let in_time = |l: &&Arc<LogLine>| l.at <= at && self.since.is_none_or(|s| l.at >= s);
        lines.iter().rev().filter(in_time).find(is_error)
    }
}

impl Aim {
    /// The line that is meant, of lines by their time.
    pub fn line<'a>(&self, lines: &'a [Arc<LogLine>]) -> Option<&'a Arc<LogLine>> {
        let error = self.failed.as_ref().and_then(|f| f.error(lines, self.at));
        let last = || {
            let until = lines.partition_point(|l| l.at <= self.at);
            lines.get(until.saturating_sub(1))
        };
        error.or_else(last)
    }
}
