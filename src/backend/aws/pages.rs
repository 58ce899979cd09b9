//! Lists that come in pages: where the next one starts, and when to stop asking.

use crate::domain::problem::{Problem, ProblemKind};

/// Most pages of one list. Of the smallest pages asked for (100 rows) that is more than any account may hold.
const MOST: u32 = 1_000;

/// The way through a list.
#[derive(Debug, Default)]
pub struct Pages {
    token: Option<String>,
    turned: u32,
}

impl Pages {
    /// What the next question has to name; `None` for the first page.
    pub fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Takes the token that came with a page; whether there is another page.
    ///
    /// # Errors
    /// `Malformed` where the same token came twice, or the list does not end: asking on would go round for ever.
    pub fn turn(&mut self, next: Option<String>) -> Result<bool, Problem> {
        let Some(next) = next.filter(|t| !t.is_empty()) else {
            return Ok(false);
        };
        self.turned += 1;
        if self.turned >= MOST || self.token.as_ref() == Some(&next) {
            return Err(Problem::new(
                ProblemKind::Malformed,
                "aws",
                "The list was not read to its end",
                match self.turned >= MOST {
                    true => format!("there are more than {MOST} pages of it"),
                    false => "the same page was offered again".to_owned(),
                },
                "Check the endpoint: something between this machine and AWS repeats its answers.",
            ));
        }
        self.token = Some(next);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_and_one_that_goes_round_is_told() {
        let mut pages = Pages::default();
        assert_eq!(pages.token(), None);
        assert!(pages.turn(Some("a".into())).unwrap());
        assert_eq!(pages.token().as_deref(), Some("a"));
        assert!(pages.turn(Some("b".into())).unwrap());
        assert!(!Pages::default().turn(Some(String::new())).unwrap());
        assert!(!Pages::default().turn(None).unwrap());
        let why = pages.turn(Some("b".into())).unwrap_err();
        assert_eq!(why.kind, ProblemKind::Malformed);
        let mut endless = Pages::default();
        let end = (0..2 * MOST).find(|n| endless.turn(Some(n.to_string())).is_err());
        assert_eq!(end, Some(MOST - 1));
    }
}
