//! Who may do what: users and roles with the deeds that matter, and the credentials of users.

use jiff::Timestamp;

use super::words::{count, days};
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::access::{Access, Credentials, DEEDS, Deed, Grant, Principal, PrincipalKind};
use crate::domain::facts::Facts;
use crate::domain::order::Ordered;
use crate::domain::passing::Passing;
use crate::domain::rights::{self, Rights};

pub(super) const VIEW: View = View {
    id: "access",
    title: "Access",
    doc: "Who may delete backups, restore, change databases, read secrets, deploy, grant rights; passwords, second factors, old keys",
    group: Group::Safety,
    lines: &["iam"],
    needs: &["access", "identity"],
    make: Make::Facts(make),
};

const MATRIX: &[Head] = &[
    Head::left("who", 22).grow(3),
    Head::left("is", 7),
    Head::left("everything", 10),
    Head::left("delete backups", 14),
    Head::left("restore", 8),
    Head::left("database", 8),
    Head::left("secrets", 8),
    Head::left("deploy", 7),
    Head::left("rights", 7),
    Head::left("taken by", 20).grow(2).drop(1),
];

const THROUGH: &[Head] = &[
    Head::left("who", 22).grow(2),
    Head::left("takes the role", 22).grow(2),
    Head::left("gains", 20).grow(2),
    Head::left("by", 30).grow(3).drop(1),
];

const CREDENTIALS: &[Head] = &[
    Head::left("user", 22).grow(2),
    Head::left("password", 8),
    Head::left("second factor", 13),
    Head::right("keys", 5),
    Head::right("oldest key", 10),
    Head::right("last used", 10),
];

/// Days after which a key is old (CIS AWS Foundations Benchmark, "Ensure access keys are rotated every 90 days or less").
const OLD_DAYS: i64 = 90;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.access;
    // Where not all is known, nobody is cleared.
    let known = part.value.as_ref().is_none_or(|access| is_known(access));
    let none = match known {
        true => "No user and no role may do any of this.",
        false => "None of those that were read may do any of this.",
    };
    let mut matrix = Section::of(part, now, "principals", "Who may do what", MATRIX, none);
    let none = "No credential report: `aws iam generate-credential-report` has AWS make one.";
    let mut credentials = Section::of(
        part,
        now,
        "credentials",
        "Credentials of users",
        CREDENTIALS,
        none,
    );
    let none = match known {
        true => "Nobody gains anything by a role that may be passed to a service.",
        false => {
            "Nobody is known to gain anything by a role that may be passed to a service; not all are known."
        }
    };
    let mut taken = Section::of(part, now, "through", "Through others' roles", THROUGH, none);
    if let Some(access) = &part.value {
        principals(access, facts, &mut matrix);
        // What the console itself may do stands first: who reads on knows as whom.
        let rights = Rights::of(facts, now);
        let tone = match rights.unknown {
            Some(_) => Tone::Unknown,
            None => Tone::Plain,
        };
        // What may not be done has a line of its own: behind a long list of what may, it would be cut off.
        let words = rights.words();
        for (n, told) in words.split("; ").enumerate() {
            matrix.notes.insert(n, Cell::new(told, tone));
        }
        through(access, &mut taken);
        left_open(access, &mut matrix, &mut taken);
        for c in access.credentials.iter().flatten() {
            credentials.row(&c.user, credential_cells(c, now), c);
            // Since when a second factor is missing is told nowhere: an old key alone has an age.
            let oldest = c.keys.iter().flatten().min().copied();
            let oldest = oldest.filter(|at| days(*at, now) > OLD_DAYS);
            credentials.found(Found {
                since: oldest,
                ..Found::all(&credential_faults(c, oldest, now))
            });
        }
        if let Some(why) = &access.no_credentials {
            credentials.note(format!("no credential report: {why}"), Tone::Unknown);
        }
    }
    vec![matrix, taken, credentials]
}

/// Whether the policies of all were read and worked out.
fn is_known(access: &Access) -> bool {
    let mut all = access.principals.iter().filter(|p| !p.of_service);
    !access.cut && all.all(|p| p.unread.is_empty())
}

/// Says once of how many principals it is not known what they may, and why: a page full of `?` does not.
fn left_open(access: &Access, matrix: &mut Section, taken: &mut Section) {
    let all = || access.principals.iter().filter(|p| !p.of_service);
    let spent = all().filter(|p| p.is_too_much()).count();
    let unreadable: Vec<(&Principal, &str)> = all()
        .filter_map(|p| Some((p, p.unreadable().next()?)))
        .collect();
    if spent > 0 {
        let words = format!(
            "working this out stopped at its bound of time: what {} may, or gains by others' roles, was left out (?)",
            count(spent, "principal")
        );
        matrix.note(words.clone(), Tone::Unknown);
        taken.note(words, Tone::Unknown);
    }
    if let Some((first, policy)) = unreadable.first() {
        let n = unreadable.len();
        let words = format!(
            "policies of {} could not be read (?): {policy} of {}{}",
            count(n, "principal"),
            first.name,
            if n > 1 { ", and others" } else { "" }
        );
        matrix.note(words.clone(), Tone::Unknown);
        taken.note(words, Tone::Unknown);
    }
}

fn principals(access: &Access, facts: &Facts, matrix: &mut Section) {
    let identity = facts.identity.value.as_ref();
    let you = identity.and_then(|i| rights::ours(access, &i.arn));
    let is_empty =
        |p: &&Principal| p.grants.is_empty() && p.perhaps.is_empty() && p.unread.is_empty();
    let of_service = access.principals.iter().filter(|p| p.of_service).count();
    let mut rows: Vec<&Principal> = access
        .principals
        .iter()
        .filter(|p| !p.of_service && !is_empty(p))
        .collect();
    rows.order_by_key(|p| (!p.administers, std::cmp::Reverse(p.grants.len()), &p.name));
    let wrong = access.deleters().filter(|(p, _)| !access.is_right(p));
    let wrong = wrong.count();
    if wrong > 0 {
        let words = format!(
            "{} may delete backups that ought not to; {}",
            count(wrong, "principal"),
            access.rule()
        );
        matrix.note(words, Tone::Bad);
    }
    let doubtful = rows.iter().filter(|p| !p.perhaps.is_empty()).count();
    if doubtful > 0 {
        let words = format!(
            "what {} may is not certain (?): a boundary could not be read, or shares only some of the resources",
            count(doubtful, "principal")
        );
        matrix.note(words, Tone::Unknown);
    }
    if access.cut {
        matrix.note("there are more than are read", Tone::Unknown);
    }
    let idle = access.principals.len() - rows.len() - of_service;
    matrix.note(
        format!(
            "{} may do none of this; {} can be taken by AWS services alone; what an organisation forbids is not seen; whom a bucket or a secret lets in by itself is on its page",
            count(idle, "other principal"),
            count(of_service, "role")
        ),
        Tone::Muted,
    );
    for p in rows {
        let mut cells = cells(access, p);
        if let (Some(first), true) = (cells.first_mut(), you == Some(p)) {
            *first = Cell::name(format!("{} (you)", p.name));
        }
        matrix.row(&p.arn, cells, p);
    }
}

/// One row for each role that somebody can have a service use for them.
fn through(access: &Access, section: &mut Section) {
    for p in &access.principals {
        for passing in &p.through {
            let doubt = if passing.unsure {
                ", if a boundary lets it"
            } else {
                ""
            };
            let gains = match passing.administers {
                // Neither bad nor well: nobody knows.
                _ if passing.unsure => Cell::new(gained(passing), Tone::Unknown),
                true => Cell::new(gained(passing), Tone::Bad),
                false => {
                    let wrong = passing.gains.contains(&Deed::DeleteBackups) && !access.is_right(p);
                    let tone = if wrong { Tone::Bad } else { Tone::Warn };
                    Cell::new(gained(passing), tone)
                }
            };
            let held = if passing.conditional {
                ", if a condition holds"
            } else {
                ""
            };
            let cells = vec![
                Cell::name(&p.name),
                Cell::plain(&passing.role),
                gains,
                Cell::plain(format!(
                    "iam:PassRole and {}{held}{doubt}",
                    passing.by.join(", ")
                )),
            ];
            let thing = serde_json::json!({"who": p.arn, "through": passing});
            section.row(format!("{} {}", p.arn, passing.role), cells, &thing);
            let deeds = match passing.administers {
                true => "do everything".to_owned(),
                false => gained(passing).replace(", ", " and "),
            };
            let role = &passing.role;
            section.found(Found::told(format!("may {deeds} as {role}{held}{doubt}")));
        }
        if p.through_more > 0 {
            let gains = match p.through_more_open {
                true => Cell::new("not told here", Tone::Unknown),
                false => Cell::plain("no more than those"),
            };
            let cells = vec![
                Cell::name(&p.name),
                Cell::plain(count(p.through_more, "more role")),
                gains,
                Cell::plain("as those"),
            ];
            let thing = serde_json::json!({"who": p.arn, "more": p.through_more, "open": p.through_more_open});
            section.row(format!("{} more", p.arn), cells, &thing);
        }
    }
}

fn gained(passing: &Passing) -> String {
    if passing.administers {
        return "everything".into();
    }
    let words: Vec<&str> = passing.gains.iter().map(|d| d.word()).collect();
    words.join(", ")
}

fn cells(access: &Access, p: &Principal) -> Vec<Cell> {
    let mut cells = vec![
        Cell::name(&p.name),
        Cell::muted(match p.kind {
            PrincipalKind::User => "user",
            PrincipalKind::Role => "role",
        }),
        match (p.administers, p.perhaps_administers) {
            (true, _) => Cell::plain("yes"),
            (false, true) => Cell::new("?", Tone::Unknown),
            (false, false) => Cell::plain("-"),
        },
    ];
    for deed in DEEDS {
        cells.push(match p.grants.get(&deed) {
            Some(grants) => {
                let wrong = deed == Deed::DeleteBackups && !access.is_right(p);
                let tone = if wrong { Tone::Bad } else { Tone::Plain };
                Cell::new(how(grants), tone)
            }
            None if p.unread.is_empty() && !p.perhaps.contains_key(&deed) => Cell::muted("-"),
            None => Cell::new("?", Tone::Unknown),
        });
    }
    let taken = match p.kind {
        PrincipalKind::Role => p.trusted.join(", "),
        PrincipalKind::User => p.groups.join(", "),
    };
    cells.push(Cell::muted(taken));
    cells
}

/// How far, by the widest of the grants: `yes`, `some` of the resources, `if` a condition holds.
fn how(grants: &[Grant]) -> &'static str {
    let rank = |g: &Grant| match (g.how.on.is_some(), g.how.conditional) {
        (false, false) => 0,
        (true, false) => 1,
        (false, true) => 2,
        (true, true) => 3,
    };
    match grants.iter().map(rank).min() {
        Some(0) | None => "yes",
        Some(1) => "some",
        Some(2) => "if",
        Some(_) => "some, if",
    }
}

fn is_root_with_key(c: &Credentials) -> bool {
    c.user == "<root_account>" && !c.keys.is_empty()
}

/// What is not as it ought to be with a user's credentials; `oldest`: an access key that is too old.
fn credential_faults(c: &Credentials, oldest: Option<Timestamp>, now: Timestamp) -> Vec<String> {
    let mut told = Vec::new();
    if is_root_with_key(c) {
        told.push("has an access key".to_owned());
    }
    if c.password && !c.mfa {
        told.push("signs in without a second factor".to_owned());
    }
    if let Some(at) = oldest {
        told.push(format!(
            "its oldest access key is {} days old",
            days(at, now)
        ));
    }
    told
}

fn credential_cells(c: &Credentials, now: Timestamp) -> Vec<Cell> {
    let ages: Vec<Option<i64>> = c.keys.iter().map(|at| at.map(|at| days(at, now))).collect();
    let oldest = ages.iter().flatten().max();
    let made = c.keys.iter().flatten().min().copied();
    let old = oldest.is_some_and(|d| *d > OLD_DAYS);
    let root_key = is_root_with_key(c);
    vec![
        Cell::name(&c.user),
        Cell::plain(if c.password { "yes" } else { "no" }),
        match (c.password, c.mfa) {
            (true, false) => Cell::new("no", Tone::Warn),
            (false, false) => Cell::muted("-"),
            (_, true) => Cell::plain("yes"),
        },
        Cell::new(
            c.keys.len().to_string(),
            if root_key { Tone::Bad } else { Tone::Plain },
        ),
        Cell::new(
            oldest.map_or_else(|| "-".into(), |d| format!("{d}d")),
            Tone::fine(!old),
        )
        .since(made),
        Cell::ago(c.last_used, now),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::part::Part;
    use crate::domain::policy::read;
    use crate::domain::reach::Bound;

    fn principal(name: &str, statement: &str) -> Principal {
        let mut p = Principal {
            name: name.into(),
            arn: format!("arn:{name}"),
            ..Principal::default()
        };
        let document = format!("{{\"Statement\":{statement}}}");
        p.judge(&read(&document).unwrap(), Bound::Free);
        p
    }

    fn sections(access: Access) -> Vec<Section> {
        let mut facts = Facts::default();
        let now = Timestamp::UNIX_EPOCH;
        facts.estate.access =
            Part::answered(Arc::new(access), now, "iam:x", Duration::from_secs(600));
        make(&facts, now)
    }

    #[test]
    fn the_mighty_come_first_and_wrong_deleters_are_bad() {
        let all = sections(Access {
            principals: vec![
                principal(
                    "ci",
                    r#"{"Effect":"Allow","Action":"rds:*","Resource":"*"}"#,
                ),
                principal(
                    "idle",
                    r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#,
                ),
                principal("ana", r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#),
                principal(
                    "api",
                    r#"{"Effect":"Allow","Action":"secretsmanager:*","Resource":"arn:x","Condition":{"Bool":{"a":"true"}}}"#,
                ),
            ],
            ..Access::default()
        });
        let rows: Vec<Vec<&str>> = all[0]
            .rows
            .iter()
            .map(|r| r.cells.iter().map(|c| c.text.as_str()).collect())
            .collect();
        assert_eq!(rows[0][..5], ["ana", "user", "yes", "yes", "yes"]);
        assert_eq!(rows[1][..6], ["ci", "user", "-", "yes", "yes", "yes"]);
        assert_eq!(rows[2][6], "some, if");
        assert_eq!(rows.len(), 3);
        assert_eq!(all[0].rows[1].cells[3].tone, Tone::Bad);
        assert_eq!(all[0].worst(), Tone::Bad);
        let said =
            "1 other principal may do none of this; 0 roles can be taken by AWS services alone; ";
        let notes = &all[0].notes;
        assert!(notes.iter().any(|n| n.text.starts_with(said)), "{notes:?}");
    }

    #[test]
    fn a_boundary_that_was_not_read_makes_unknown_what_it_bounds() {
        let mut ops = principal("ops", r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#);
        let own = read(r#"{"Statement":{"Effect":"Allow","Action":"ecs:*","Resource":"*"}}"#);
        ops.judge(&own.unwrap(), Bound::Unread);
        let all = sections(Access {
            principals: vec![ops],
            ..Access::default()
        });
        let cells = &all[0].rows[0].cells;
        assert_eq!(
            (cells[7].text.as_str(), cells[7].tone),
            ("?", Tone::Unknown)
        );
        // What its own policies do not allow, no boundary gives.
        assert_eq!(cells[3].text, "-");
        let notes = all[0].notes.iter();
        assert!(notes.map(|n| &n.text).any(|n| n.contains("boundary")));
    }

    #[test]
    fn what_was_left_out_is_said_once_and_nobody_is_cleared_beside_it() {
        let left = |unread: &[&str]| {
            let named = |n: usize| {
                let mut p = principal(
                    &format!("p{n}"),
                    r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
                );
                p.unread = unread.iter().map(|u| (*u).to_owned()).collect();
                p
            };
            let all = sections(Access {
                principals: (0..3).map(named).collect(),
                ..Access::default()
            });
            let notes = |s: &Section| -> Vec<String> {
                let of = s.notes.iter().filter(|n| n.tone == Tone::Unknown);
                of.map(|n| n.text.clone()).collect()
            };
            let said = (notes(&all[0]), notes(&all[1]));
            (said, all[1].why_empty())
        };
        let ((matrix, taken), empty) = left(&[]);
        assert!(!matrix.iter().any(|n| n.contains('?')) && taken.is_empty());
        assert!(empty.starts_with("Nobody gains"), "{empty}");
        let spent = format!("ops {}", crate::domain::access::TOO_MUCH);
        let ((matrix, taken), empty) = left(&[&spent]);
        let of = |n: &&String| n.contains("bound of time") && n.contains("3 principals");
        assert_eq!(matrix.iter().filter(of).count(), 1, "{matrix:?}");
        assert_eq!(taken.iter().filter(of).count(), 1, "{taken:?}");
        assert!(empty.contains("not all are known"), "{empty}");
        let ((matrix, taken), empty) = left(&["ops"]);
        let of = "policies of 3 principals could not be read (?): ops of p0, and others".to_owned();
        assert!(matrix.contains(&of), "{matrix:?}");
        assert_eq!(taken, [of]);
        assert!(empty.contains("not all are known"), "{empty}");
    }

    #[test]
    fn rights_that_are_taken_through_a_role_are_told() {
        let mut ci = principal(
            "ci",
            r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"}"#,
        );
        let passing = |role: &str, administers, gains: &[Deed]| Passing {
            role: role.into(),
            administers,
            by: vec!["ecs:RunTask"],
            gains: gains.to_vec(),
            conditional: !administers,
            unsure: false,
        };
        ci.through = vec![
            passing("root", true, &DEEDS),
            passing("api", false, &[Deed::ReadSecrets]),
            passing("keeper", false, &[Deed::DeleteBackups]),
        ];
        let all = sections(Access {
            principals: vec![ci],
            ..Access::default()
        });
        let rows: Vec<(&str, Tone)> = all[1]
            .rows
            .iter()
            .map(|r| (r.cells[2].text.as_str(), r.cells[2].tone))
            .collect();
        assert_eq!(
            rows,
            [
                ("everything", Tone::Bad),
                ("read secrets", Tone::Warn),
                ("delete backups", Tone::Bad)
            ]
        );
        let by = |n: usize| all[1].rows[n].cells[3].text.clone();
        assert_eq!(by(0), "iam:PassRole and ecs:RunTask");
        assert!(by(1).ends_with("if a condition holds"));
    }

    #[test]
    fn what_the_rest_of_many_roles_gives_is_unknown_where_one_of_them_may_give_more() {
        let rest = |open| {
            let mut ci = principal("ci", r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#);
            (ci.through_more, ci.through_more_open) = (1, open);
            let all = sections(Access {
                principals: vec![ci],
                ..Access::default()
            });
            let cells = all[1].rows[0].cells.iter();
            let cells: Vec<_> = cells.map(|c| (c.text.clone(), c.tone)).collect();
            assert_eq!(cells[1].0, "1 more role");
            (cells[2].clone(), all[1].worst())
        };
        let (cell, worst) = rest(true);
        assert_eq!(cell, ("not told here".into(), Tone::Unknown));
        assert_eq!(worst, Tone::Unknown);
        assert_eq!(rest(false).0, ("no more than those".into(), Tone::Plain));
    }

    #[test]
    fn passwords_without_a_second_factor_and_old_keys_are_warned_of() {
        let at = |days: i64| Some(Timestamp::UNIX_EPOCH - SignedDuration::from_hours(24 * days));
        let user = |name: &str, password, mfa, keys| Credentials {
            user: name.into(),
            password,
            mfa,
            keys,
            last_used: None,
        };
        let all = sections(Access {
            credentials: Some(vec![
                user("ana", true, true, vec![at(3)]),
                user("ben", true, false, Vec::new()),
                user("ci", false, false, vec![at(91)]),
            ]),
            ..Access::default()
        });
        let tones: Vec<(Tone, Tone)> = all[2]
            .rows
            .iter()
            .map(|r| (r.cells[2].tone, r.cells[4].tone))
            .collect();
        let (plain, warn) = (Tone::Plain, Tone::Warn);
        assert_eq!(tones, [(plain, plain), (warn, plain), (Tone::Muted, warn)]);
    }
}
