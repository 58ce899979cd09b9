//! Markdown in a terminal: headings, emphasis, code, lists, rules, tables; links with where they lead. Raw HTML is text.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};

use crate::domain::text::{inert, width};
use crate::ui::theme::Theme;

/// A line: pieces with their styles.
pub(super) type Line = Vec<(String, Style)>;

/// Lines that are made at most: a widget shows a screenful.
const LINES: usize = 2_000;

/// Sets Markdown in lines of at most `columns`.
pub(super) fn set(markdown: &str, columns: u16, theme: &Theme) -> Vec<Line> {
    let mut setter = Setter {
        columns: usize::from(columns).max(8),
        theme,
        lines: Vec::new(),
        line: Vec::new(),
        used: 0,
        indent: Vec::new(),
        styles: vec![theme.text],
        lists: Vec::new(),
        links: Vec::new(),
        code: false,
        cells: None,
    };
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    for event in Parser::new_ext(markdown, options) {
        setter.event(event);
        if setter.lines.len() > LINES {
            break;
        }
    }
    setter.flush();
    while setter.lines.last().is_some_and(Vec::is_empty) {
        setter.lines.pop();
    }
    setter.lines
}

struct Setter<'t> {
    columns: usize,
    theme: &'t Theme,
    lines: Vec<Line>,
    line: Line,
    used: usize,
    /// Columns that each level of lists and quotes indents.
    indent: Vec<(String, Style)>,
    styles: Vec<Style>,
    lists: Vec<Option<u64>>,
    links: Vec<String>,
    code: bool,
    /// Cells of a table's row, where one is being read.
    cells: Option<Vec<String>>,
}

impl Setter<'_> {
    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or(self.theme.text)
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code => {
                for row in text.lines() {
                    self.word(row, self.theme.info);
                    self.flush();
                }
            }
            Event::Text(text) => self.text(&text, self.style()),
            Event::Code(text) => self.text(&text, self.theme.info),
            Event::Html(text) | Event::InlineHtml(text) => self.text(&text, self.theme.muted),
            Event::SoftBreak => self.text(" ", self.style()),
            Event::HardBreak => self.flush(),
            Event::Rule => {
                self.flush();
                let rule = "─".repeat(self.columns);
                self.lines.push(vec![(rule, self.theme.border)]);
            }
            Event::TaskListMarker(done) => {
                self.text(if done { "[x] " } else { "[ ] " }, self.theme.muted);
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.block();
                self.styles.push(match level {
                    HeadingLevel::H1 => self.theme.strong.add_modifier(Modifier::UNDERLINED),
                    HeadingLevel::H2 => self.theme.strong,
                    _ => self.theme.title,
                });
            }
            Tag::Paragraph if self.lists.is_empty() => self.block(),
            Tag::BlockQuote(_) => {
                self.block();
                self.indent.push(("▌ ".into(), self.theme.border));
            }
            Tag::CodeBlock(_) => {
                self.block();
                self.code = true;
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.block();
                } else {
                    self.flush();
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Emphasis => self
                .styles
                .push(self.style().add_modifier(Modifier::ITALIC)),
            Tag::Strong => self.styles.push(self.style().patch(self.theme.strong)),
            Tag::Strikethrough => {
                self.styles
                    .push(self.style().add_modifier(Modifier::CROSSED_OUT));
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(dest_url.to_string());
                self.styles.push(self.theme.key);
            }
            Tag::Table(_) => self.block(),
            Tag::TableHead | Tag::TableRow => self.cells = Some(Vec::new()),
            Tag::TableCell => {
                if let Some(cells) = &mut self.cells {
                    cells.push(String::new());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.styles.pop();
                self.flush();
            }
            TagEnd::Paragraph => self.flush(),
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.indent.pop();
            }
            TagEnd::CodeBlock => self.code = false,
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.indent.pop();
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => {
                self.styles.pop();
                let to = self.links.pop().unwrap_or_default();
                if !to.is_empty() {
                    self.text(&format!(" ({to})"), self.theme.muted);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => self.row(tag == TagEnd::TableHead),
            _ => {}
        }
    }

    /// A blank line between blocks.
    fn block(&mut self) {
        self.flush();
        if self.lines.last().is_some_and(|l| !l.is_empty()) && self.lines.len() > 1 {
            self.lines.push(Vec::new());
        }
    }

    fn item(&mut self) {
        self.flush();
        let depth = self.lists.len().saturating_sub(1);
        let mark = match self.lists.last_mut() {
            Some(Some(n)) => {
                *n += 1;
                format!("{}. ", *n - 1)
            }
            _ => "• ".to_owned(),
        };
        self.begin();
        self.line.push((
            format!("{}{mark}", if depth > 0 { "" } else { " " }),
            self.theme.muted,
        ));
        let columns = width(&mark) + usize::from(depth == 0);
        self.used += columns;
        self.indent.push((" ".repeat(columns), self.theme.text));
    }

    /// A row of a table, its cells as wide as each other.
    fn row(&mut self, head: bool) {
        let cells = self.cells.take().unwrap_or_default();
        if cells.is_empty() {
            return;
        }
        let room = (self.columns / cells.len()).saturating_sub(1).max(4);
        let style = if head {
            self.theme.column
        } else {
            self.theme.text
        };
        let text: String = cells
            .iter()
            .map(|c| {
                let c = crate::domain::text::clip(c, room);
                let pad = " ".repeat(room.saturating_sub(width(&c)) + 1);
                c + &pad
            })
            .collect();
        self.lines.push(vec![(text, style)]);
    }

    fn begin(&mut self) {
        if self.line.is_empty() {
            self.line.extend(self.indent.iter().cloned());
            self.used = self.indent.iter().map(|(s, _)| width(s)).sum();
        }
    }

    fn flush(&mut self) {
        if !self.line.is_empty() {
            self.lines.push(std::mem::take(&mut self.line));
        }
        self.used = 0;
    }

    /// Text that breaks at blanks.
    fn text(&mut self, text: &str, style: Style) {
        if let Some(cell) = self.cells.as_mut().and_then(|c| c.last_mut()) {
            cell.push_str(&inert(text));
            return;
        }
        for word in text.split_inclusive(' ') {
            self.word(word, style);
        }
    }

    fn word(&mut self, word: &str, style: Style) {
        let safe = inert(word);
        let columns = width(safe.trim_end());
        let empty = self.line.len() <= self.indent.len();
        if !empty && self.used + columns > self.columns {
            self.flush();
        }
        if self.line.is_empty() && safe.trim().is_empty() && !self.code {
            return;
        }
        self.begin();
        self.used += width(&safe);
        let begun = self.line.len() > self.indent.len();
        match self.line.last_mut() {
            Some((last, same)) if *same == style && begun => {
                last.push_str(&safe);
            }
            _ => self.line.push((safe, style)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::is_inert;
    use crate::ui::theme::{Depth, Theme};
    use proptest::prelude::*;

    fn plain(markdown: &str, columns: u16) -> Vec<String> {
        let theme = Theme::load(None, None, Depth::True).unwrap();
        let lines = set(markdown, columns, &theme);
        let join = |l: &Line| l.iter().map(|(s, _)| s.as_str()).collect::<String>();
        lines
            .iter()
            .map(|l| join(l).trim_end().to_owned())
            .collect()
    }

    #[test]
    fn markdown_is_set_in_lines() {
        let text = "# Title\nSome **bold** and `code`, then [a link](https://x.example/y).\n\n- one\n- two\n  1. deep\n\n---\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n";
        let got = plain(text, 40);
        assert_eq!(got[0], "Title");
        assert_eq!(got[1], "Some bold and code, then a link");
        assert_eq!(got[2], "(https://x.example/y).");
        assert!(got.contains(&" • one".to_owned()), "{got:#?}");
        assert!(got.iter().any(|l| l.ends_with("1. deep")), "{got:#?}");
        assert!(got.contains(&"▌ quoted".to_owned()), "{got:#?}");
        assert!(
            got.iter().any(|l| l.starts_with('1') && l.ends_with('2')),
            "{got:#?}"
        );
    }

    #[test]
    fn what_could_harm_a_terminal_is_text() {
        let got = plain("a\u{1b}[2Jb <b>\u{202e}x</b> `\u{7}`", 60).join("\n");
        assert!(got.chars().all(|c| c == '\n' || is_inert(c)), "{got}");
        assert!(got.contains("\\e[2Jb") && got.contains("<b>"));
    }

    proptest! {
        #[test]
        fn any_text_is_set(text in "[#*_`>| \\n\\-\\[\\]()a-z0-9]{0,200}", columns in 8u16..120) {
            for line in plain(&text, columns) {
                prop_assert!(line.chars().all(is_inert));
            }
        }
    }
}
