//! Reading a pattern or a query from the left to the right.

use regex_lite::Regex;

/// What is still to be read.
pub(super) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Another one that stands here, to look ahead with.
    pub fn fork(&self) -> Self {
        Self { rest: self.rest }
    }

    /// What comes next, after white space.
    pub fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    /// The very next character, be it white space.
    pub fn touching(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes the very next character, whatever it is.
    pub fn any(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    /// Takes a sign or word, if it comes next.
    pub fn take(&mut self, sign: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(sign) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    /// Takes a word in any case, if it comes next and no letter follows.
    pub fn word(&mut self, word: &str) -> bool {
        self.rest = self.rest.trim_start();
        let Some((head, after)) = self.rest.split_at_checked(word.len()) else {
            return false;
        };
        let whole = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let is = head.eq_ignore_ascii_case(word) && whole;
        if is {
            self.rest = after;
        }
        is
    }

    pub fn demand(&mut self, sign: char) -> Result<(), String> {
        if self.take(sign.encode_utf8(&mut [0; 4])) {
            return Ok(());
        }
        Err(format!("expected '{sign}' at {}", self.here()))
    }

    pub fn end(&mut self) -> Result<(), String> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(format!("unexpected text at {}", self.here())),
        }
    }

    /// Where reading stands, for people.
    pub fn here(&self) -> String {
        match self.rest.trim() {
            "" => "the end".into(),
            rest => format!("'{}'", rest.chars().take(16).collect::<String>()),
        }
    }

    /// The characters from here on that belong.
    pub fn leading(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (head, after) = self.rest.split_at(end);
        self.rest = after;
        head
    }

    /// A quoted text, from behind its opening quote; `\` before a quote or itself takes it as it is.
    pub fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut text = String::new();
        let mut escaped = false;
        for (at, c) in self.rest.char_indices() {
            if escaped {
                if c != quote && c != '\\' {
                    text.push('\\');
                }
                text.push(c);
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                self.rest = self.rest.get(at + c.len_utf8()..).unwrap_or_default();
                return Ok(text);
            } else {
                text.push(c);
            }
        }
        Err("a quoted text does not end".into())
    }

    /// A regular expression, from behind its opening `%`.
    pub fn regex(&mut self) -> Result<Regex, String> {
        let (text, after) = self
            .rest
            .split_once('%')
            .ok_or("a regular expression does not end with %")?;
        self.rest = after;
        Regex::new(text).map_err(|e| format!("the regular expression {text} is wrong: {e}"))
    }
}
