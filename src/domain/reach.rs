//! How far policies reach together (IAM User Guide, "Policy evaluation logic"): what a principal's own statements allow, within what
//! its permissions boundary allows, less what either denies. Of resources that two patterns share only in part nobody can say by the
//! policies alone whether they are: that is neither an allowance nor the lack of one.

use super::effort::Effort;
use super::patterns::{covers, overlap};
use super::policy::{Allowance, Patterns, Statement, allows_on};

/// Parts that an action's allowances may fall into.
const SPANS: usize = 500;
/// Patterns that are told of one allowance.
const TOLD: usize = 8;

/// What bounds a principal.
#[derive(Clone, Copy, Debug)]
pub enum Bound<'a> {
    /// Nothing.
    Free,
    /// A boundary that could not be read: it may take anything away, and gives nothing.
    Unread,
    /// The statements of its boundary.
    By(&'a [Statement]),
}

impl<'a> Bound<'a> {
    fn statements(self) -> &'a [Statement] {
        match self {
            Self::By(all) => all,
            Self::Free | Self::Unread => &[],
        }
    }
}

/// How far an action is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// What is allowed for certain, at its widest.
    pub sure: Option<Allowance>,
    /// What hangs on a boundary that was not read, or that shares a part of the resources.
    pub perhaps: Option<Allowance>,
}

/// Some of what is allowed.
#[derive(Clone, Debug)]
struct Span {
    on: Patterns,
    conditional: bool,
    partly_denied: bool,
    sure: bool,
}

/// How far an action is allowed by a principal's own statements within its boundary.
pub fn reach(own: &[Statement], bound: Bound<'_>, action: &str, effort: &Effort) -> Reach {
    reach_where(own, bound, action, effort, |_| true)
}

/// The same of those allowances alone that matter to who asks: a wide one that does not must not stand before a narrow one that does.
pub fn reach_where(
    own: &[Statement],
    bound: Bound<'_>,
    action: &str,
    effort: &Effort,
    matters: impl Fn(&Allowance) -> bool,
) -> Reach {
    let limits = bound.statements();
    let denials = [about(own, false, action), about(limits, false, action)].concat();
    if denials.iter().any(|s| s.is_total()) {
        return Reach::default();
    }
    let given = about(own, true, action);
    let mut spans: Vec<Span> = Vec::new();
    match bound {
        Bound::Free => spans.extend(given.iter().map(|s| Span::of(s, true))),
        Bound::Unread => spans.extend(given.iter().map(|s| Span::of(s, false))),
        Bound::By(_) => {
            let limits = about(limits, true, action);
            let mut cut = false;
            let pairs = given
                .iter()
                .flat_map(|s| limits.iter().map(move |limit| (*s, *limit)));
            for (s, limit) in pairs {
                if effort.is_spent() || spans.len() >= SPANS {
                    cut = true;
                    break;
                }
                spans.extend(Span::of(s, true).within(limit, effort));
            }
            if cut || effort.is_spent() {
                // What is given, as far as the boundary lets it: that was not worked out, or not to its end.
                spans = given.iter().map(|s| Span::of(s, false)).collect();
            }
        }
    }
    let mut left: Vec<Span> = spans
        .into_iter()
        .filter_map(|span| {
            let mut denials = denials.iter();
            denials.try_fold(span, |span, d| span.without(d, effort))
        })
        .collect();
    if effort.is_spent() {
        left.iter_mut().for_each(|span| span.sure = false);
    }
    let (sure, perhaps): (Vec<Span>, Vec<Span>) = left.into_iter().partition(|span| span.sure);
    Reach {
        sure: widest(sure, &matters),
        perhaps: widest(perhaps, &matters),
    }
}

/// Statements that allow, or deny, an action.
fn about<'a>(all: &'a [Statement], allow: bool, action: &str) -> Vec<&'a Statement> {
    let those = all.iter().filter(|s| s.allow == allow);
    those.filter(|s| s.is_about(action)).collect()
}

/// Whether an action is allowed on one resource, and how.
pub fn reach_on(
    own: &[Statement],
    bound: Bound<'_>,
    action: &str,
    resource: &str,
) -> Option<Passage> {
    let conditional = allows_on(own, action, resource)?;
    let (more, sure) = match bound {
        Bound::Free => (false, true),
        Bound::Unread => (false, false),
        Bound::By(all) => (allows_on(all, action, resource)?, true),
    };
    Some(Passage {
        conditional: conditional || more,
        sure,
    })
}

/// How something is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Whether a condition has to hold.
    pub conditional: bool,
    /// Whether the boundary lets it, for certain.
    pub sure: bool,
}

impl Reach {
    /// Whether anything is allowed at all, and how.
    pub fn passage(&self) -> Option<Passage> {
        let sure = self.sure.is_some();
        let how = self.sure.as_ref().or(self.perhaps.as_ref())?;
        Some(Passage {
            conditional: how.conditional,
            sure,
        })
    }
}

impl Span {
    fn of(s: &Statement, sure: bool) -> Self {
        Self {
            on: s.resources.clone(),
            conditional: s.conditional,
            partly_denied: false,
            sure,
        }
    }

    fn on(&self, all: Vec<String>, sure: bool, partly: bool) -> Option<Self> {
        (!all.is_empty()).then_some(Self {
            on: Patterns { all, but: false },
            conditional: self.conditional,
            partly_denied: self.partly_denied || partly,
            sure: self.sure && sure,
        })
    }

    /// What of it a boundary's statement allows as well.
    fn within(self, limit: &Statement, effort: &Effort) -> Vec<Self> {
        let whole = Self {
            conditional: self.conditional || limit.conditional,
            ..self
        };
        let by = &limit.resources;
        if by.is_everything() {
            return vec![whole];
        }
        if whole.on.is_everything() {
            let on = by.clone();
            return vec![Self { on, ..whole }];
        }
        match (whole.on.but, by.but) {
            (true, true) => {
                let mut on = by.clone();
                on.all.extend(whole.on.all.iter().cloned());
                vec![Self { on, ..whole }]
            }
            (false, true) => whole.outside(&whole.on.all, &by.all, effort),
            (true, false) => whole.outside(&by.all, &whole.on.all, effort),
            (false, false) => {
                let (mut sure, mut partly) = (Vec::new(), Vec::new());
                for own in &whole.on.all {
                    for limit in &by.all {
                        if effort.is_spent() {
                            break;
                        }
                        if covers(limit, own, effort) {
                            sure.push(own.clone());
                        } else if covers(own, limit, effort) {
                            sure.push(limit.clone());
                        } else if overlap(own, limit, effort) {
                            partly.push(format!("{own} within {limit}"));
                        }
                    }
                }
                let (sure, partly) = (whole.on(sure, true, false), whole.on(partly, false, false));
                sure.into_iter().chain(partly).collect()
            }
        }
    }

    /// Those patterns of which something is outside of others.
    fn outside(&self, of: &[String], others: &[String], effort: &Effort) -> Vec<Self> {
        let covered = |p: &&String| others.iter().any(|o| covers(o, p, effort));
        let left = of.iter().filter(|p| !covered(p));
        let (cut, whole): (Vec<String>, Vec<String>) = left
            .cloned()
            .partition(|p| others.iter().any(|o| overlap(o, p, effort)));
        let (whole, cut) = (self.on(whole, true, false), self.on(cut, true, true));
        whole.into_iter().chain(cut).collect()
    }

    /// What of it a denial leaves.
    fn without(self, denial: &Statement, effort: &Effort) -> Option<Self> {
        let (not, mine) = (&denial.resources, &self.on);
        let touches = match (mine.but, not.but) {
            (false, false) => {
                let any = |p: &String| not.all.iter().any(|n| overlap(n, p, effort));
                mine.all.iter().any(any)
            }
            // All but what is denied everywhere else: untouched where it lies within those.
            (false, true) => {
                let inside = |p: &String| not.all.iter().any(|n| covers(n, p, effort));
                !mine.all.iter().all(inside)
            }
            (true, _) => true,
        };
        if !touches {
            return Some(self);
        }
        let cut = Self {
            partly_denied: true,
            ..self
        };
        if denial.conditional || cut.on.but {
            return Some(cut);
        }
        let lost = |p: &String| match denial.resources.but {
            false => denial.resources.all.iter().any(|n| covers(n, p, effort)),
            true => !denial.resources.all.iter().any(|n| overlap(n, p, effort)),
        };
        let left: Vec<String> = cut.on.all.iter().filter(|p| !lost(p)).cloned().collect();
        let on = Patterns {
            all: left,
            but: false,
        };
        (!on.all.is_empty()).then_some(Self { on, ..cut })
    }

    fn allowance(self) -> Allowance {
        let everywhere = self.on.is_everything();
        Allowance {
            on: (!everywhere).then(|| {
                let but = if self.on.but { ALL_BUT } else { "" };
                let all = self.on.all.iter();
                all.map(|p| format!("{but}{p}")).collect()
            }),
            conditional: self.conditional,
            partly_denied: self.partly_denied,
        }
    }
}

/// What stands before a pattern that is left out of what is allowed.
pub const ALL_BUT: &str = "all but ";

/// The widest of some that matter: narrow ones that are held back alike add up.
fn widest(spans: Vec<Span>, matters: &impl Fn(&Allowance) -> bool) -> Option<Allowance> {
    let mut all: Vec<Allowance> = spans.into_iter().map(Span::allowance).collect();
    all.retain(matters);
    let least = all.iter().map(Allowance::held).min()?;
    all.retain(|a| a.held() == least);
    let mut all = all.into_iter();
    let mut best = all.next()?;
    for found in all {
        match (&mut best.on, found.on) {
            (Some(known), Some(more)) => {
                known.extend(more);
                best.partly_denied |= found.partly_denied;
            }
            _ => best.partly_denied &= found.partly_denied,
        }
    }
    if let Some(on) = &mut best.on {
        on.sort_unstable();
        on.dedup();
        let more = on.len().saturating_sub(TOLD);
        if more > 1 {
            on.truncate(TOLD);
            on.push(format!("and {more} more"));
            // A policy of thousands of resources must not leave their room behind with each who has it.
            on.shrink_to_fit();
        }
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::policy::read;

    const ACTION: &str = "s3:DeleteObjectVersion";

    fn statements(all: &Value) -> Vec<Statement> {
        read(&json!({ "Statement": all }).to_string()).unwrap()
    }

    fn allow(resource: &Value) -> Value {
        json!({"Effect": "Allow", "Action": "s3:*", "Resource": resource})
    }

    fn deny(resource: &Value) -> Value {
        json!({"Effect": "Deny", "Action": "s3:*", "Resource": resource})
    }

    fn found(own: &Value, bound: &Value) -> (Option<Vec<String>>, Option<Vec<String>>) {
        let (own, bound) = (statements(own), statements(bound));
        let found = reach(&own, Bound::By(&bound), ACTION, &Effort::default());
        let on = |a: Option<Allowance>| a.map(|a| a.on.unwrap_or_else(|| vec!["*".into()]));
        (on(found.sure), on(found.perhaps))
    }

    fn some(all: &[&str]) -> Option<Vec<String>> {
        Some(all.iter().map(|s| (*s).to_owned()).collect())
    }

    #[test]
    fn what_a_boundary_says_of_other_resources_allows_nothing() {
        let star = allow(&json!("*"));
        for (own, bound, sure, perhaps) in [
            (
                star.clone(),
                allow(&json!("arn:a/*")),
                some(&["arn:a/*"]),
                None,
            ),
            (
                allow(&json!("arn:a/1")),
                star.clone(),
                some(&["arn:a/1"]),
                None,
            ),
            (
                allow(&json!("arn:a/1")),
                allow(&json!("arn:a/*")),
                some(&["arn:a/1"]),
                None,
            ),
            (
                allow(&json!("arn:a/*")),
                allow(&json!("arn:a/1")),
                some(&["arn:a/1"]),
                None,
            ),
            (
                allow(&json!("arn:a/1")),
                allow(&json!("arn:b/*")),
                None,
                None,
            ),
            (
                allow(&json!("arn:*/1")),
                allow(&json!("arn:a/*")),
                None,
                some(&["arn:*/1 within arn:a/*"]),
            ),
            (
                allow(&json!("arn:${aws:username}/x")),
                allow(&json!("arn:ana/*")),
                None,
                some(&["arn:${aws:username}/x within arn:ana/*"]),
            ),
        ] {
            assert_eq!(found(&own, &bound), (sure, perhaps), "{own} {bound}");
        }
        let but = json!({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:a/*"});
        assert_eq!(found(&allow(&json!("arn:a/1")), &but), (None, None));
        assert_eq!(
            found(&allow(&json!("arn:b")), &but),
            (some(&["arn:b"]), None)
        );
        assert_eq!(found(&star, &but), (some(&["all but arn:a/*"]), None));
    }

    #[test]
    fn a_denial_in_either_wins_and_an_unread_boundary_makes_nothing_sure() {
        let star = allow(&json!("*"));
        let both = json!([star.clone(), deny(&json!("*"))]);
        assert_eq!(found(&both, &star), (None, None));
        assert_eq!(found(&star, &both), (None, None));
        // A denial of all that is allowed is a denial; of a part of it, a part.
        let narrow = json!([allow(&json!("arn:a/1")), deny(&json!("arn:a/*"))]);
        assert_eq!(found(&narrow, &star), (None, None));
        let rest = json!({"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:b/*"});
        assert_eq!(
            found(&allow(&json!("arn:a/1")), &json!([star.clone(), rest])),
            (None, None)
        );
        let own = statements(&json!([allow(&json!("arn:a/*")), deny(&json!("arn:a/1"))]));
        assert!(
            reach(&own, Bound::Free, ACTION, &Effort::default())
                .sure
                .unwrap()
                .partly_denied
        );
        let own = statements(&star);
        let unread = reach(&own, Bound::Unread, ACTION, &Effort::default());
        assert!(unread.sure.is_none() && unread.perhaps.is_some());
        assert!(!unread.passage().unwrap().sure);
        let own = statements(&both);
        assert_eq!(
            reach(&own, Bound::Unread, ACTION, &Effort::default()),
            Reach::default()
        );
        assert_eq!(
            reach(&[], Bound::Unread, ACTION, &Effort::default()),
            Reach::default()
        );
    }

    #[test]
    fn a_boundary_s_condition_is_a_condition() {
        let held = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}});
        let (own, bound) = (statements(&allow(&json!("*"))), statements(&held));
        let sure = reach(&own, Bound::By(&bound), ACTION, &Effort::default())
            .sure
            .unwrap();
        assert!(sure.conditional && sure.on.is_none());
        let sure = reach_on(&own, Bound::By(&bound), ACTION, "arn:a").unwrap();
        assert!(sure.conditional && sure.sure);
    }

    #[test]
    fn a_wide_allowance_that_does_not_matter_hides_no_narrow_one_that_does() {
        let held = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::backups/*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}});
        let bound = json!([allow(&json!("arn:aws:s3:::uploads/*")), held]);
        let (own, bound) = (statements(&allow(&json!("*"))), statements(&bound));
        let of_backups = |a: &Allowance| a.on.iter().flatten().any(|p| p.contains("backups"));
        let found = reach_where(
            &own,
            Bound::By(&bound),
            ACTION,
            &Effort::default(),
            of_backups,
        );
        assert!(found.sure.is_some_and(|a| a.conditional));
    }

    #[test]
    fn keys_have_their_case() {
        let own = json!([
            allow(&json!("arn:shop/Backup/*")),
            deny(&json!("arn:shop/backup/*"))
        ]);
        let left = reach(&statements(&own), Bound::Free, ACTION, &Effort::default())
            .sure
            .unwrap();
        assert!(
            left.partly_denied,
            "what lies beside it is not denied for certain"
        );
    }

    /// What nobody writes, but anybody may: it is answered soon, and nothing of it is called certain.
    #[test]
    fn policies_that_would_take_minutes_are_not_worked_out() {
        let many = |of: &dyn Fn(usize) -> String| {
            let all: Vec<Value> = (0..60).map(|n| allow(&json!(of(n)))).collect();
            statements(&json!(all))
        };
        let own = many(&|n| format!("arn:aws:s3:::*-t{n}/*"));
        let bound = many(&|n| format!("arn:aws:s3:::eu{n}-*/*"));
        let (long, other) = ("a*".repeat(2_000), "*a".repeat(2_000));
        let (long, other) = (
            statements(&allow(&json!(long))),
            statements(&allow(&json!(other))),
        );
        let begun = std::time::Instant::now();
        for (own, bound) in [(&own, &bound), (&long, &other)] {
            let effort = Effort::default();
            for _ in 0..140 {
                let found = reach(own, Bound::By(bound), ACTION, &effort);
                assert!(found.sure.is_none(), "{found:?}");
                let on = found.perhaps.unwrap().on.unwrap();
                assert!(on.len() <= TOLD + 1);
            }
        }
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }

    /// The first pattern takes all of the effort: what comes behind it is given all the same.
    #[test]
    fn what_was_not_compared_any_more_is_perhaps_allowed() {
        let (long, other) = ("a*".repeat(2_000), "*a".repeat(2_000));
        let own = json!([allow(&json!([long, "arn:aws:s3:::laser-backups/*"]))]);
        let bound = json!([allow(&json!([other, "arn:aws:s3:::laser-*/*"]))]);
        let (own, bound) = (statements(&own), statements(&bound));
        let effort = Effort::default();
        let backups = |a: &Allowance| {
            let on = a.on.as_deref().unwrap_or_default();
            on.iter().any(|p| p.contains("laser-backups"))
        };
        let found = reach_where(&own, Bound::By(&bound), ACTION, &effort, backups);
        assert!(effort.is_spent(), "the story needs it");
        assert!(found.sure.is_none() && found.perhaps.is_some(), "{found:?}");
    }
}
