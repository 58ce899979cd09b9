//! Lists that come in pages: where the next one starts, and when to stop asking.

use std::collections::HashSet;

use crate::domain::problem::{Problem, ProblemKind};

/// Most pages of one list. Of the smallest pages asked for (50 rows) that is more than any account may hold.
const MOST: usize = 1_000;

/// Most rows of one list, all its pages together.
const ROWS: usize = 50_000;

/// Pages in a row without a row more than before, of a list that is wanted whole: AWS leaves some empty, and goes on with the rest.
const BARREN: usize = 100;

/// The way through a list.
#[derive(Debug, Default)]
pub struct Pages {
    token: Option<String>,
    /// Every token so far: an endpoint may go round by more than one page.
    seen: HashSet<String>,
    /// Tokens that were there before the first page.
    first: usize,
    enough: Option<usize>,
    cut: bool,
    /// Rows after the last page that brought some, and pages since then.
    rows: usize,
    barren: usize,
}

impl Pages {
    /// The way through the first pages of a list, which are enough: there it ends, and whoever shows them asks [`Self::is_cut`].
    pub fn at_most(pages: usize) -> Self {
        Self {
            enough: Some(pages),
            ..Self::default()
        }
    }

    /// The same, from a place that an earlier question came to.
    #[must_use]
    pub fn from(mut self, token: Option<String>) -> Self {
        self.seen.extend(token.clone());
        self.first = self.seen.len();
        self.token = token;
        self
    }

    /// What the next question has to name; `None` for the first page.
    pub fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Whether the list went on where its first pages were enough.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Takes how many rows were read so far and the token that came with a page; whether there is another page to ask for.
    ///
    /// # Errors
    /// `Malformed` where a token came twice, or the list does not end: asking on would go round for ever, and take all memory.
    pub fn turn(&mut self, rows: usize, next: Option<String>) -> Result<bool, Problem> {
        let Some(next) = next.filter(|t| !t.is_empty()) else {
            return Ok(false);
        };
        if !self.seen.insert(next.clone()) {
            return Err(endless("a page was offered again".to_owned()));
        }
        let turned = self.seen.len() - self.first;
        if turned >= MOST {
            return Err(endless(format!("there are more than {MOST} pages of it")));
        }
        if rows >= ROWS && self.enough.is_none() {
            return Err(endless(format!(
                "there are more than {ROWS} rows of it: read no further"
            )));
        }
        self.barren = match rows > self.rows {
            true => 0,
            false => self.barren + 1,
        };
        self.rows = rows;
        if self.barren >= BARREN && self.enough.is_none() {
            return Err(endless(format!(
                "{BARREN} pages of it in a row hold nothing"
            )));
        }
        self.token = Some(next);
        self.cut = self
            .enough
            .is_some_and(|pages| turned >= pages || rows >= ROWS);
        Ok(!self.cut)
    }
}

fn endless(why: String) -> Problem {
    Problem::new(
        ProblemKind::Malformed,
        "aws",
        "Cannot read the list to its end",
        why,
        "Check the endpoint: something between this machine and AWS repeats its answers or makes them up.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_and_one_that_goes_round_is_told() {
        let mut pages = Pages::default();
        assert_eq!(pages.token(), None);
        assert!(pages.turn(0, Some("a".into())).unwrap());
        assert_eq!(pages.token().as_deref(), Some("a"));
        assert!(pages.turn(0, Some("b".into())).unwrap());
        assert!(!Pages::default().turn(0, Some(String::new())).unwrap());
        assert!(!Pages::default().turn(0, None).unwrap());
        for again in ["b", "a"] {
            let why = pages.turn(0, Some(again.into())).unwrap_err();
            assert_eq!(why.kind, ProblemKind::Malformed, "{again}");
        }
        let mut endless = Pages::default();
        let end = (0..2 * MOST).find(|n| endless.turn(*n, Some(n.to_string())).is_err());
        assert_eq!(end, Some(MOST - 1));
        // One that offers another page each time, and nothing on them, is asked no further.
        let mut empty = Pages::default();
        let end = (0..2 * MOST).find(|n| empty.turn(7, Some(n.to_string())).is_err());
        assert_eq!(end, Some(BARREN));
        // Of one of which the first pages are enough somebody may look for a line among many.
        let mut first = Pages::at_most(2 * BARREN);
        let turned = (1..2 * BARREN).all(|n| first.turn(0, Some(n.to_string())).unwrap());
        assert!(turned && !first.is_cut());
    }

    #[test]
    fn the_first_pages_are_enough_where_somebody_says_so_and_what_is_left_out_is_known() {
        let mut pages = Pages::at_most(2);
        assert!(pages.turn(0, Some("a".into())).unwrap());
        assert!(!pages.turn(0, Some("b".into())).unwrap());
        assert!(pages.is_cut());
        let mut whole = Pages::at_most(2);
        assert!(whole.turn(0, Some("a".into())).unwrap());
        assert!(!whole.turn(0, None).unwrap());
        assert!(!whole.is_cut());
        assert_eq!(pages.token().as_deref(), Some("b"), "where to go on");
        let mut on = Pages::at_most(2).from(pages.token());
        assert!(on.turn(0, Some("c".into())).unwrap());
        assert!(on.turn(0, Some("b".into())).is_err(), "where it began");
    }

    #[test]
    fn a_list_whose_pages_never_run_out_of_rows_is_cut_or_told() {
        let mut pages = Pages::default();
        assert!(pages.turn(ROWS - 1, Some("a".into())).unwrap());
        assert!(!pages.turn(ROWS + 9, None).unwrap(), "its last page");
        let p = pages.turn(ROWS, Some("b".into())).unwrap_err();
        assert!(p.why.contains("more than 50000 rows"), "{p}");
        let mut first = Pages::at_most(900);
        assert!(!first.turn(ROWS, Some("a".into())).unwrap());
        assert!(first.is_cut());
    }
}
