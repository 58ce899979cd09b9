//! The list of systems: one line each, with the worst that it says.

use jiff::Timestamp;

use crate::domain::facts::Facts;
use crate::domain::order::Ordered;
use crate::domain::text::clip;
use crate::present::{Cell, Pages, Place, Row, Section, Tone, VIEWS, View, phrase};

/// What is bad in a system.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The component.
    pub name: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// The row that says so.
    pub place: Place,
}

/// A line of the list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The view.
    pub view: &'static View,
    /// The worst that it says.
    pub tone: Tone,
    /// What it says, in short.
    pub says: String,
    /// What to do about it, where somebody said.
    pub todo: Option<String>,
    /// The component that is bad, where a row of it says so, and since when, where that is known.
    pub fault: Option<Fault>,
    /// The row that it says most of, where something of it wants a look.
    pub told: Option<Place>,
    /// Whether every fault in it is a row of its own elsewhere.
    pub told_elsewhere: bool,
    /// Age of the oldest answer that it is made of.
    pub oldest: Option<Timestamp>,
    /// Who answers.
    pub source: String,
}

impl Entry {
    /// Whether it burns: it is bad, users or deliveries suffer, and no other row tells of the same fault.
    pub fn burns(&self) -> bool {
        self.view.is_live() && self.tone == Tone::Bad && !self.told_elsewhere
    }

    /// Whether it was bad when it was last read, and nobody knows by now: it is not read any more.
    pub fn may_burn(&self) -> bool {
        let unread = self.view.is_live() && self.tone != Tone::Bad && !self.told_elsewhere;
        unread && self.fault.is_some()
    }
}

impl Entry {
    /// Its state in a word or two.
    pub fn state(&self) -> &'static str {
        match self.tone {
            Tone::Bad => "bad",
            Tone::Warn => "needs a look",
            Tone::Unknown => "not known",
            Tone::Info => "moving",
            Tone::Ok => "well",
            Tone::Plain | Tone::Strong | Tone::Muted => "not asked",
        }
    }
}

/// Systems that the configuration does not name: what they would show, and what to do.
pub fn absent(facts: &Facts) -> Vec<Entry> {
    let views = VIEWS.iter().filter(|v| v.is_listed() && !v.applies(facts));
    let entry = |view: &'static View| {
        // A line that the configuration may name has the name of its section.
        let lacking = facts.providers.iter().filter(|p| !p.configured);
        let sections: Vec<String> = lacking
            .map(|p| p.name.as_str())
            .filter(|name| view.lines.contains(name) && !name.contains('-'))
            .map(|name| format!("[{name}]"))
            .collect();
        let todo = format!("add {} to flightdeck.toml", sections.join(" or "));
        (!sections.is_empty()).then(|| Entry {
            view,
            tone: Tone::Plain,
            says: todo.clone(),
            todo: Some(format!(
                "{todo}; `flightdeck config init` fills in what it finds"
            )),
            fault: None,
            told: None,
            told_elsewhere: false,
            oldest: None,
            source: String::new(),
        })
    };
    views.filter_map(entry).collect()
}

/// Every view that applies.
pub(super) fn listed(facts: &Facts) -> impl Iterator<Item = &'static View> {
    VIEWS.iter().filter(|v| v.is_listed() && v.applies(facts))
}

/// The line of a view, and when each answer that it is made of came.
pub(super) fn entry(view: &'static View, pages: &Pages<'_>) -> (Entry, Vec<Timestamp>) {
    let sections = pages.of(view);
    let first = sections.first();
    let answers = sections.iter().filter_map(|s| s.standing.observed_at);
    let answers: Vec<Timestamp> = answers.collect();
    let entry = Entry {
        view,
        tone: View::worst(&sections),
        says: says(&sections),
        todo: todo(&sections),
        fault: fault(view.id, &sections),
        told: told(view.id, &sections),
        told_elsewhere: !pages.tells_more(view),
        oldest: answers.iter().min().copied(),
        source: first.map_or_else(String::new, |s| s.standing.source.clone()),
    };
    (entry, answers)
}

/// The row that is bad: the one where the fault starts, where one says that it does, else the first.
fn fault(view: &'static str, sections: &[Section]) -> Option<Fault> {
    let place = Section::place_of_worst(view, sections)?;
    let section = sections.iter().find(|s| s.name == place.section)?;
    let row = section.rows.iter().find(|r| r.id == place.row)?;
    if row.worst() != Tone::Bad {
        return None;
    }
    let since = row.thing.get("since").and_then(|v| v.as_str());
    Some(Fault {
        name: row.name().to_owned(),
        since: since.and_then(|s| s.parse().ok()),
        place,
    })
}

/// The row that [`says`] is about: the worst of the section whose note it is, else the worst of all.
fn told(view: &'static str, sections: &[Section]) -> Option<Place> {
    let notes = sections
        .iter()
        .flat_map(|s| s.notes.iter().map(move |n| (n.tone, s)));
    let noted = notes.filter(|(tone, _)| tone.weight() >= Tone::Warn.weight());
    // Of several the first, as it is said first.
    let noted = noted.min_by_key(|(tone, _)| std::cmp::Reverse(tone.weight()));
    let heaviest = noted.map_or(0, |(tone, _)| tone.weight());
    let of_cell = worst_cell(sections).is_some_and(|(tone, _)| tone.weight() > heaviest);
    let of_note = noted.filter(|_| !of_cell);
    of_note
        .and_then(|(_, s)| Section::place_of_worst(view, std::slice::from_ref(s)))
        .or_else(|| Section::place_of_worst(view, sections))
}

/// What to do: what the failure asks for, else what the empty section does, where nothing is found that is worse than not to know.
fn todo(sections: &[Section]) -> Option<String> {
    let failed = sections.iter().find_map(|s| s.standing.problem.as_ref());
    if let Some(p) = failed {
        return Some(p.fix.clone());
    }
    if View::worst(sections).weight() >= Tone::Warn.weight() {
        return None;
    }
    let unasked = sections.iter().find(|s| !s.is_asked() && s.rows.is_empty());
    unasked.map(Section::why_empty)
}

/// The most important first: why it cannot be asked, its worst note, how much there is.
fn says(sections: &[Section]) -> String {
    let failed = sections.iter().find_map(|s| s.standing.problem.as_ref());
    let unanswered = sections.iter().all(|s| s.is_asked() && !s.is_answered());
    let mut pieces: Vec<String> = Vec::new();
    if let Some(p) = failed {
        pieces.push(p.why.clone());
    } else if unanswered {
        // A view may know already what nobody can be asked for.
        let doubts = sections.iter().flat_map(|s| &s.notes);
        let mut doubts = doubts.filter(|n| n.tone == Tone::Unknown);
        return doubts
            .next()
            .map_or_else(|| "asking ...".into(), |n| n.text.clone());
    }
    let notes = sections.iter().flat_map(|s| &s.notes);
    let mut bad: Vec<_> = notes
        .filter(|n| n.tone.weight() >= Tone::Unknown.weight())
        .collect();
    bad.order_by_key(|n| std::cmp::Reverse(n.tone.weight()));
    // What is only not known is no reason for what a row says to be wrong.
    let worst = worst_cell(sections);
    let heaviest = bad.first().map_or(0, |n| n.tone.weight());
    match worst {
        Some((tone, said)) if tone.weight() > heaviest => pieces.push(said),
        _ => pieces.extend(bad.iter().take(2).map(|n| n.text.clone())),
    }
    if pieces.is_empty() && View::worst(sections) == Tone::Unknown {
        let unasked = sections.iter().find(|s| !s.is_asked() && s.rows.is_empty());
        let why = unasked.map(Section::why_empty).unwrap_or_default();
        let first = why.split(". ").next().unwrap_or_default();
        pieces.extend((!first.is_empty()).then(|| first.trim_end_matches('.').to_owned()));
    }
    // What is wrong stands alone: a count beside it would read as a part of it.
    if !unanswered && pieces.is_empty() {
        let counted = sections.iter().filter(|s| !s.rows.is_empty()).take(3);
        pieces.extend(counted.map(|s| counted_rows(s.name, s.count())));
        pieces.extend(sections.iter().flat_map(|s| &s.asides).cloned());
    }
    if pieces.is_empty() {
        return "nothing there".into();
    }
    pieces.join(" · ")
}

/// `5 databases`, `1 anomaly`: how much a section holds, by the name of its list.
pub(super) fn counted_rows(name: &str, n: usize) -> String {
    let name = match name {
        "slow" => "slow commands".to_owned(),
        "web_acl_rules" => "web ACL rules".to_owned(),
        name => name.replace('_', " "),
    };
    match (n, name.strip_suffix("ies"), name.strip_suffix('s')) {
        (1, Some(stem), _) => format!("1 {stem}y"),
        (1, None, Some(one)) if one.ends_with("xe") => format!("1 {}", one.trim_end_matches('e')),
        (1, None, Some(one)) => format!("1 {one}"),
        _ => format!("{n} {name}"),
    }
}

/// Columns of a row's name in the words about it: a statement may be long.
const NAMED: usize = 32;

/// What the worst cell of all rows says, and of what: where no note sums it up.
fn worst_cell(sections: &[Section]) -> Option<(Tone, String)> {
    let cells = sections
        .iter()
        .flat_map(|s| s.rows.iter().map(move |r| (s, r)));
    let ill = cells.flat_map(|(s, row)| {
        row.cells
            .iter()
            .enumerate()
            .map(move |(at, c)| (s, row, at, c))
    });
    let ill: Vec<_> = ill
        .filter(|(.., c)| c.tone.weight() >= Tone::Warn.weight())
        .collect();
    let most = ill.iter().map(|(.., c)| c.tone.weight()).max()?;
    let worst = |x: &&(&Section, &Row, usize, &Cell)| x.3.tone.weight() == most;
    // Of several rows that are as bad, the first: sections and rows stand in the order of what matters. Of its cells the last,
    // which says more than the ones before it.
    let first = ill.iter().find(worst)?.1;
    let here = |x: &&(&Section, &Row, usize, &Cell)| std::ptr::eq(x.1, first);
    let told = |x: &&(&Section, &Row, usize, &Cell)| !matches!(x.3.text.as_str(), "" | "-");
    let telling = ill.iter().filter(worst).filter(told).rfind(here);
    let any = || ill.iter().filter(worst).rfind(here);
    let (section, row, at, cell) = telling.or_else(any)?;
    let head = section.heads.get(*at).map_or("", |h| h.title);
    // The cell that is its name, wherever that stands; else the first one.
    let strong = row.cells.iter().find(|c| c.tone == Tone::Strong);
    let name = strong.map_or_else(|| row.name(), |c| c.text.as_str());
    let found = row.found.as_ref();
    let said = match at {
        // Where its system has a phrase for it, a column and its value are none.
        _ if let Some(what) = found.and_then(|f| f.what.as_ref()) => {
            let place = found.and_then(|f| f.place.as_deref());
            format!("{}: {what}", clip(place.unwrap_or(name), NAMED))
        }
        // The kind of row is what is ill, as `missing` of an index.
        0 if cell.text != name => format!("{}: {} {name}", section.title, cell.text),
        0 => format!("{}: {name}", section.title),
        _ => format!("{}: {}", clip(name, NAMED), phrase(head, &cell.text)),
    };
    let mut rows: Vec<*const Row> = ill
        .iter()
        .filter(worst)
        .map(|x| std::ptr::from_ref(x.1))
        .collect();
    rows.dedup();
    let said = match rows.len() - 1 {
        0 => said,
        n => format!("{said}, and {n} more"),
    };
    Some((cell.tone, said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::ProviderHealth;
    use crate::domain::part::Part;
    use crate::present::Head;

    const HEADS: &[Head] = &[Head::left("", 8), Head::left("index", 20)];
    const STATES: &[Head] = &[Head::left("service", 8), Head::left("state", 20)];

    fn section(rows: &[(&str, Tone, &str)]) -> Section {
        let now = Timestamp::UNIX_EPOCH;
        let part = Part::answered((), now, "postgres", std::time::Duration::from_secs(60));
        let mut s = Section::of(&part, now, "indexes", "Indexes", HEADS, "none");
        for (kind, tone, of) in rows {
            s.row(*of, vec![Cell::new(kind, *tone), Cell::name(of)], of);
        }
        s
    }

    #[test]
    fn what_is_wrong_is_a_sentence_of_its_own() {
        let one = section(&[
            ("used", Tone::Plain, "quotes_pkey"),
            ("missing", Tone::Warn, "quotes user_id"),
            ("missing", Tone::Warn, "orders at"),
        ]);
        assert_eq!(says(&[one]), "Indexes: missing quotes user_id, and 1 more");
        let well = section(&[("used", Tone::Plain, "quotes_pkey")]);
        assert_eq!(says(&[well]), "1 index");
        let nameless = section(&[("failed", Tone::Bad, "failed")]);
        assert_eq!(says(&[nameless]), "Indexes: failed");
        let mut scaling = section(&[]);
        scaling.heads = STATES;
        let cells = vec![Cell::name("api"), Cell::new("no policy", Tone::Warn)];
        scaling.row("api", cells, &());
        assert_eq!(says(&[scaling]), "api: no policy");
    }

    #[test]
    fn enter_leads_to_what_is_said_and_the_hint_is_about_that() {
        let stores = section(&[("used", Tone::Plain, "a"), ("missing", Tone::Warn, "b")]);
        let mut jobs = section(&[("done", Tone::Plain, "1"), ("failed", Tone::Warn, "2")]);
        jobs.name = "jobs";
        jobs.note("1 job failed", Tone::Warn);
        let now = Timestamp::UNIX_EPOCH;
        let never: Part<()> = Part::default();
        let mut unasked = Section::of(&never, now, "hosts", "Hosts", HEADS, "No host is probed.");
        unasked.standing.freshness = None;
        let all = [stores, jobs, unasked];
        assert_eq!(says(&all), "1 job failed");
        let row = |sections: &[Section]| told("backups", sections).map(|p| (p.section, p.row));
        assert_eq!(row(&all), Some(("jobs", "2".to_owned())));
        assert_eq!(row(&all[..1]), Some(("indexes", "b".to_owned())));
        assert_eq!(row(&all[2..]), None);
        // What is not probed says nothing of a job that failed.
        assert_eq!(todo(&all), None);
    }

    /// `bad anybody may reach` and `change +49 %` are no phrases.
    #[test]
    fn what_a_system_has_a_phrase_for_is_said_by_it() {
        use crate::present::Found;
        const BILL: &[Head] = &[Head::left("service", 8), Head::right("change", 8)];
        const CACHES: &[Head] = &[Head::left("cache", 8), Head::left("failover", 8)];
        const UNSAFE: &[Head] = &[Head::left("severity", 9), Head::left("finding", 20)];
        let mut doors = section(&[("bad", Tone::Bad, "anybody may reach its port 22")]);
        doors.heads = UNSAFE;
        doors.found(Found {
            place: Some("bastion".into()),
            ..Found::told("anybody may reach its port 22")
        });
        assert_eq!(says(&[doors]), "bastion: anybody may reach its port 22");
        let mut bill = section(&[]);
        bill.heads = BILL;
        let cells = vec![Cell::name("Logs"), Cell::new("+49 %", Tone::Warn)];
        bill.row("Logs", cells, &());
        bill.found(Found::told("costs 49 % more than last month"));
        assert_eq!(says(&[bill]), "Logs: costs 49 % more than last month");
        let mut caches = section(&[]);
        caches.heads = CACHES;
        let cells = vec![Cell::name("redis"), Cell::new("no", Tone::Warn)];
        caches.row("redis", cells, &());
        assert_eq!(says(&[caches]), "redis: no failover");
        assert_eq!(counted_rows("web_acl_rules", 3), "3 web ACL rules");
    }

    #[test]
    fn a_row_that_is_wrong_is_said_before_what_is_not_known() {
        let mut ports = section(&[("open", Tone::Bad, "port 22")]);
        ports.note("no host is looked at from outside", Tone::Unknown);
        assert_eq!(says(&[ports]), "Indexes: open port 22");
        let mut doubtful = section(&[("used", Tone::Plain, "quotes_pkey")]);
        doubtful.note("no host is looked at from outside", Tone::Unknown);
        assert_eq!(says(&[doubtful]), "no host is looked at from outside");
        let mut aside = section(&[("used", Tone::Plain, "quotes_pkey")]);
        aside.aside("sizes are not asked for");
        assert_eq!(View::worst(std::slice::from_ref(&aside)), Tone::Ok);
        assert_eq!(says(&[aside]), "1 index · sizes are not asked for");
    }

    #[test]
    fn a_system_that_is_not_configured_says_which_section_to_add() {
        let mut facts = Facts::default();
        for name in ["slack", "smtp", "redis", "redis-elsewhere"] {
            facts.providers.push(ProviderHealth {
                name: name.into(),
                last_ok: None,
                problem: None,
                next_try: None,
                calls_per_minute: 0,
                metered: None,
                latency_ms: None,
                clock_s: None,
                configured: false,
            });
        }
        let all = absent(&facts);
        assert_eq!(all.len(), 2, "others are not a matter of the file");
        let redis = all.iter().find(|e| e.view.id == "redis").unwrap();
        assert_eq!(redis.says, "add [redis] to flightdeck.toml");
        let slack = all.iter().find(|e| e.view.id == "slack").unwrap();
        assert_eq!(slack.says, "add [slack] or [smtp] to flightdeck.toml");
        assert_eq!(slack.state(), "not asked");
    }
}
