//! Metric math as text: which queries an expression rests on, and the same expression with those called otherwise.

/// A piece of an expression.
enum Piece<'a> {
    /// A name that is not called like a function.
    Name(&'a str),
    /// Anything else, as it stands.
    Other(&'a str),
}

/// Cuts an expression up. What stands in quotes is no name.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let belongs = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = match first {
            '\'' | '"' => rest
                .get(1..)
                .and_then(|r| r.find(first))
                .map_or(rest.len(), |end| end + 2),
            c if belongs(c) => rest.find(|c: char| !belongs(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let called = after.trim_start().starts_with('(');
        all.push(match first {
            c if (c.is_ascii_alphabetic() || c == '_') && !called => Piece::Name(piece),
            _ => Piece::Other(piece),
        });
        rest = after;
    }
    all
}

/// Whether an expression is a Metrics Insights query.
pub(super) fn is_insights(text: &str) -> bool {
    let text = text.trim_start();
    text.get(..6)
        .is_some_and(|w| w.eq_ignore_ascii_case("select"))
        && text.get(6..7).is_some_and(|c| c.trim().is_empty())
}

/// Whether an expression cannot share a question with other widgets: `METRICS()` means all metrics of its question, and a
/// question takes one Metrics Insights query.
pub fn is_alone(text: &str) -> bool {
    is_insights(text) || text.to_ascii_uppercase().contains("METRICS(")
}

/// The expression with each name that `is_query` knows put behind a prefix.
pub fn renamed(text: &str, is_query: impl Fn(&str) -> bool, prefix: &str) -> String {
    if is_insights(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for piece in pieces(text) {
        match piece {
            Piece::Name(name) if is_query(name) => {
                out.push_str(prefix);
                out.push_str(name);
            }
            Piece::Name(piece) | Piece::Other(piece) => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_queries_change_and_nothing_else() {
        let known = |n: &str| ["m1", "m2", "e1"].contains(&n);
        for (before, after) in [
            ("m1/m2*100", "w3_m1/w3_m2*100"),
            ("SUM([m1, m2])", "SUM([w3_m1, w3_m2])"),
            ("IF(m1 > 5, e1, 0)", "IF(w3_m1 > 5, w3_e1, 0)"),
            ("FILL(m1, REPEAT)", "FILL(w3_m1, REPEAT)"),
            ("m12 + xm1", "m12 + xm1"),
            (
                "SEARCH('{NS,m1} MetricName=\"m2\"', 'Sum', 60)+m1",
                "SEARCH('{NS,m1} MetricName=\"m2\"', 'Sum', 60)+w3_m1",
            ),
            ("SELECT AVG(m1) FROM m2", "SELECT AVG(m1) FROM m2"),
            ("'m1", "'m1"),
        ] {
            assert_eq!(renamed(before, known, "w3_"), after);
        }
        assert!(is_alone("SUM(METRICS('m'))") && is_alone(" select max(x) from y"));
        assert!(!is_alone("SUM([m1,m2])") && !is_alone("SELECTOR"));
    }

    proptest! {
        #[test]
        fn without_known_names_nothing_changes(text in any::<String>()) {
            prop_assert_eq!(renamed(&text, |_| false, "x_"), text);
        }
    }
}
