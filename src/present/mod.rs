//! What each system shows: sections of rows, made from the facts by pure functions, as plain data. The console draws them, the
//! command line prints them and writes them as JSON, so that no face knows more than another. One file a view; the table below
//! is the registry.

mod access;
mod backups;
mod btrees;
mod buckets;
mod caches;
mod capacity;
mod cloudflare;
mod clusters;
mod connections;
mod cost;
mod databases;
mod drills;
mod environments;
mod errors;
mod findings;
mod firing;
mod flags;
mod found;
mod guests;
mod images;
pub mod map;
mod network;
mod pages;
mod pipelines;
mod place;
mod postgres;
mod redis_server;
mod restores;
mod row;
mod safety;
mod scaling;
mod secrets;
mod section;
mod security;
mod slack;
mod spending;
mod stacks;
mod stamp;
mod statements;
mod strangers;
mod targets;
mod tone;
mod topics;
mod vercel;
mod walls;
pub mod words;

use jiff::Timestamp;

pub use found::Found;
pub use pages::Pages;
pub use place::Place;
pub use row::{Row, phrase};
pub use section::{Cell, Head, Section, Standing};
pub use stamp::{Stamp, observed};
pub use tone::Tone;

use crate::domain::facts::Facts;

/// What a view is about: the order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Databases, caches, stores, backups.
    Data,
    /// Hosting, CDN, DNS, network.
    Edge,
    /// Pipelines, images, flags, stacks, errors.
    Delivery,
    /// Secrets, findings.
    Safety,
    /// Scaling, capacity, cost.
    Money,
    /// Where alerts and people meet.
    People,
}

impl Group {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Edge => "edge",
            Self::Delivery => "delivery",
            Self::Safety => "safety",
            Self::Money => "capacity and cost",
            Self::People => "people",
        }
    }
}

/// What the sections of a view are made of.
#[derive(Clone, Copy)]
pub enum Make {
    /// Of the picture.
    Facts(fn(&Facts, Timestamp) -> Vec<Section>),
    /// Of the picture and of what other views say.
    Pages(fn(&Pages<'_>) -> Vec<Section>),
}

/// A view.
pub struct View {
    /// Its name on the command line and in the palette: `secrets`.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// A sentence.
    pub doc: &'static str,
    /// What it is about.
    pub group: Group,
    /// Lines (names of providers), one of which must be configured for the view to apply; none: it always does.
    pub lines: &'static [&'static str],
    /// What it is made of: parts of the estate and subjects of the watch, for a command that asks no more than it shows.
    pub needs: &'static [&'static str],
    /// Makes its sections.
    make: Make,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

impl PartialEq for View {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// Every view, by group and then in the order shown.
pub const VIEWS: &[View] = &[
    databases::VIEW,
    statements::VIEW,
    postgres::VIEW,
    caches::VIEW,
    redis_server::VIEW,
    backups::VIEW,
    buckets::VIEW,
    map::VIEW,
    vercel::VIEW,
    cloudflare::VIEW,
    targets::VIEW,
    environments::VIEW,
    clusters::VIEW,
    flags::VIEW,
    stacks::VIEW,
    pipelines::VIEW,
    errors::VIEW,
    security::VIEW,
    network::VIEW,
    access::VIEW,
    secrets::VIEW,
    images::VIEW,
    walls::VIEW,
    findings::VIEW,
    spending::VIEW,
    capacity::VIEW,
    cost::VIEW,
    scaling::VIEW,
    topics::VIEW,
    slack::VIEW,
];

impl View {
    /// The view of that name.
    pub fn named(id: &str) -> Option<&'static Self> {
        VIEWS.iter().find(|v| v.id == id)
    }

    /// Whether the console lists it: what another page tells as well is asked for by name alone.
    pub fn is_listed(&self) -> bool {
        !spending::TOLD_HERE.contains(&self.id)
    }

    /// Whether it is put together of other pages.
    pub fn is_of_pages(&self) -> bool {
        matches!(self.make, Make::Pages(_))
    }

    /// Its sections, for who needs no other view of the same picture ([`Pages`] otherwise).
    pub fn make(&self, facts: &Facts, now: Timestamp) -> Vec<Section> {
        Pages::new(facts, now).of(self)
    }

    /// The views that this one is made of: what they are made of, it is.
    pub fn made_of(&self) -> Vec<&'static Self> {
        if self == &security::VIEW {
            security::TOLD_BY.to_vec()
        } else if self == &spending::VIEW {
            let told = spending::TOLD_HERE.iter();
            told.filter_map(|id| Self::named(id)).collect()
        } else {
            Vec::new()
        }
    }

    /// The section with which the right half begins where there is room for two: none for most.
    pub fn right_half(&self) -> Option<&'static str> {
        (self == &spending::VIEW).then_some(spending::RIGHT)
    }

    /// Whether users or deliveries suffer where it is bad. What is unsafe or dear can wait for the morning.
    pub fn is_live(&self) -> bool {
        matches!(self.group, Group::Data | Group::Edge | Group::Delivery)
    }

    /// Whether the configuration asks for any of the systems that it shows.
    pub fn applies(&self, facts: &Facts) -> bool {
        let configured = |line: &&str| {
            facts
                .providers
                .iter()
                .any(|p| p.name == **line && p.configured)
        };
        self.lines.is_empty() || self.lines.iter().any(configured)
    }

    /// The worst of all its sections.
    pub fn worst(sections: &[Section]) -> Tone {
        sections
            .iter()
            .map(Section::worst)
            .max_by_key(|t| t.weight())
            .unwrap_or(Tone::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_have_names_of_their_own_and_say_what_they_need() {
        let mut ids: Vec<_> = VIEWS.iter().map(|v| v.id).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
        assert!(
            VIEWS
                .iter()
                .all(|v| !v.doc.is_empty() && !v.needs.is_empty())
        );
        assert!(VIEWS.is_sorted_by_key(|v| v.group));
    }

    #[test]
    fn nothing_known_is_no_good_news_and_says_so() {
        let facts = Facts::default();
        for view in VIEWS {
            let sections = view.make(&facts, Timestamp::UNIX_EPOCH);
            assert!(!sections.is_empty(), "{view:?}");
            assert_ne!(View::worst(&sections), Tone::Ok, "{view:?}");
            for section in sections.iter().filter(|s| s.rows.is_empty()) {
                assert!(
                    !section.why_empty().is_empty(),
                    "{view:?}: {}",
                    section.title
                );
            }
        }
    }
}
