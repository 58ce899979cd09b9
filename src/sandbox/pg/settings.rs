//! Settings of a session: the server's own, and those of its start.

use super::answer::VERSION;

/// Those that PostgreSQL reports at the start (documentation, chapter 55.2.7), as this server has them.
const REPORTED: [(&str, &str); 11] = [
    ("server_version", VERSION),
    ("server_encoding", "UTF8"),
    ("client_encoding", "UTF8"),
    ("default_transaction_read_only", "on"),
    ("in_hot_standby", "off"),
    ("integer_datetimes", "on"),
    ("standard_conforming_strings", "on"),
    ("is_superuser", "off"),
    ("DateStyle", "ISO, MDY"),
    ("TimeZone", "UTC"),
    ("application_name", ""),
];

/// Settings that a session may bring along.
const MOST: usize = 64;

/// What stands for a blank that is part of a value, while blanks part values.
const HELD: char = '\u{a0}';

/// Names, case and all, with their values.
#[derive(Debug)]
pub(super) struct Settings(Vec<(String, String)>);

impl Settings {
    /// Those of a session that starts with these parameters.
    pub(super) fn new(parameters: &[(String, String)]) -> Self {
        let own = REPORTED.map(|(n, v)| (n.to_owned(), v.to_owned()));
        let mut settings = Self(own.into());
        for (name, value) in parameters {
            match name.as_str() {
                "application_name" => settings.set(name, value),
                // `-c name=value`, with a backslash before a blank that is part of it.
                "options" => {
                    let held = value.replace("\\ ", &HELD.to_string());
                    for word in held.split(' ') {
                        let pair = word.trim_start_matches("-c").split_once('=');
                        if let Some((name, value)) = pair {
                            settings.set(name, &value.replace(HELD, " "));
                        }
                    }
                }
                _ => {}
            }
        }
        settings
    }

    /// A setting's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, v)| v.as_str())
    }

    /// Changes a setting.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let room = self.0.len() < MOST;
        let mut all = self.0.iter_mut();
        match all.find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some((_, old)) => value.clone_into(old),
            None if room => self.0.push((name.to_owned(), value.to_owned())),
            None => {}
        }
    }

    /// What a client is told of at the start.
    pub(super) fn reported(&self) -> impl Iterator<Item = (&str, &str)> {
        let value = |name| self.get(name).unwrap_or_default();
        REPORTED
            .into_iter()
            .map(move |(name, _)| (name, value(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_session_brings_along_is_kept() {
        let parameters = [
            ("application_name", "ana"),
            ("options", "-c statement_timeout=500 -csearch_path=a,\\ b"),
        ];
        let parameters = parameters.map(|(n, v)| (n.to_owned(), v.to_owned()));
        let mut settings = Settings::new(&parameters);
        assert_eq!(settings.get("STATEMENT_TIMEOUT"), Some("500"));
        assert_eq!(settings.get("search_path"), Some("a, b"));
        assert!(
            settings
                .reported()
                .any(|s| s == ("application_name", "ana"))
        );
        settings.set("timezone", "Europe/Vienna");
        assert!(
            settings
                .reported()
                .any(|s| s == ("TimeZone", "Europe/Vienna"))
        );
        assert_eq!(settings.get("nothing"), None);
    }
}
