//! What Vercel hosts when the story begins, and who pushes what as it goes on.

use super::deployments::{Commit, Deployment};
use super::projects::{Domain, Project};
use super::variables::{Shared, Variable};
use super::{Vercel, id};
use crate::world::World;

const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 24.0 * HOUR_S;
/// Story seconds between pushes, at least, and how many more at most.
const PUSH_S: (f64, f64) = (900.0, 1_500.0);

const PEOPLE: [(&str, &str); 3] = [
    ("ana", "Ana Lima"),
    ("ben", "Ben Okafor"),
    ("chris", "Chris Vogel"),
];

/// A deployment of the past: hours ago, branch, message, whether for production.
type Past = (f64, &'static str, &'static str, bool);

const WEB: &[Past] = &[
    (612.0, "main", "Ask for material before thickness", true),
    (
        498.0,
        "main",
        "Keep the drawing when the page reloads",
        true,
    ),
    (
        420.0,
        "staging",
        "Try the quote page with one column",
        false,
    ),
    (
        343.0,
        "main",
        "Show prices with the tax of the buyer's country",
        true,
    ),
    (
        250.0,
        "fix/upload-limit",
        "Say how large a drawing may be",
        false,
    ),
    (171.0, "main", "Say how large a drawing may be", true),
    (96.0, "bad-bundle", "Split the bundle by route", false),
    (
        72.0,
        "perf/split-bundle",
        "Split the bundle by route, second try",
        false,
    ),
    (47.0, "main", "Split the bundle by route", true),
    (20.0, "staging", "Compare two quotes side by side", false),
    (
        3.2,
        "feat/compare",
        "Compare two quotes side by side",
        false,
    ),
];

const DOCS: &[Past] = &[
    (700.0, "main", "Explain kerf and tolerance", true),
    (230.0, "main", "Add a page on materials", true),
];

/// Branches that people work on, and what they say of it.
const WORK: [(&str, &str); 6] = [
    ("fix/rounding", "Round a price once, at the end"),
    ("feat/last-material", "Remember the last material"),
    (
        "fix/preview-phone",
        "Make the cut preview readable on a phone",
    ),
    ("feat/refusal-reason", "Say why a drawing was refused"),
    ("perf/fonts", "Load the fonts from our own host"),
    ("feat/queue", "Show the queue before the order is sent"),
];

/// A variable of the story: name, kind, where, age of its value in days.
type Set = (&'static str, &'static str, &'static [&'static str], f64);

/// One sensitive value is older than it ought to be, and one name is missing for previews: findings.
const WEB_VARIABLES: &[Set] = &[
    ("VITE_API_URL", "plain", &["production"], 180.0),
    ("VITE_API_URL", "plain", &["preview", "development"], 180.0),
    (
        "VITE_SENTRY_DSN",
        "encrypted",
        &["production", "preview"],
        61.0,
    ),
    ("SESSION_SECRET", "sensitive", &["production"], 24.0),
    (
        "SESSION_SECRET",
        "encrypted",
        &["preview", "development"],
        180.0,
    ),
    ("MAPS_API_KEY", "sensitive", &["production"], 402.0),
    (
        "FEATURE_FLAGS_KEY",
        "encrypted",
        &["production", "preview", "development"],
        33.0,
    ),
];

const DOCS_VARIABLES: &[Set] = &[("SEARCH_KEY", "encrypted", &["production", "preview"], 90.0)];

impl Vercel {
    /// Tells the beginning.
    pub(super) fn tell(&mut self, world: &World) {
        let now = world.stamp();
        let web = [
            ("app.laser.example", None, true),
            ("laser.example", Some("app.laser.example"), true),
        ];
        let docs = [("docs.laser.example", None, false)];
        self.found(world, "laser-web", "vite", 410.0, &web, WEB_VARIABLES, WEB);
        self.found(
            world,
            "laser-docs",
            "astro",
            300.0,
            &docs,
            DOCS_VARIABLES,
            DOCS,
        );
        let since = now - 200.0 * DAY_S;
        self.shared.push(Shared {
            variable: Variable {
                id: "env_Tq8mWz3Kp6Yb1Xr5Nd2Hs7Gf".into(),
                key: "SENTRY_ORG".into(),
                value: "sandbox-sentry_org".into(),
                kind: "encrypted",
                targets: vec!["production", "preview", "development"],
                comment: String::new(),
                created: since,
                updated: since,
            },
            projects: self.projects.iter().map(|p| p.id.clone()).collect(),
        });
        self.assign(now);
        // Somebody has just pushed.
        let commit = self.commit("feat/compare", "Compare quotes on a phone, too");
        let age = 12.0 / world.speed;
        self.begin(0, commit, false, "git", world);
        if let Some(moving) = self.deployments.last_mut() {
            moving.created -= age;
        }
        self.next_push = PUSH_S.0;
    }

    #[allow(clippy::too_many_arguments)]
    fn found(
        &mut self,
        world: &World,
        name: &'static str,
        framework: &'static str,
        age_days: f64,
        domains: &[(&'static str, Option<&'static str>, bool)],
        variables: &[Set],
        past: &[Past],
    ) {
        let now = world.stamp();
        let created = now - age_days * DAY_S;
        let mut project = Project {
            id: id(&mut self.dice, "prj_", 28),
            name,
            framework,
            created,
            domains: Vec::new(),
            variables: Vec::new(),
            production: None,
            rolled_back: false,
            pointing: None,
            made: 0,
        };
        for (n, (name, redirect, verified)) in domains.iter().enumerate() {
            project.domains.push(Domain {
                name,
                redirect: *redirect,
                verified: *verified,
                added: created + (n as f64 + 1.0) * HOUR_S,
            });
        }
        for (key, kind, targets, days) in variables {
            project.variables.push(Variable {
                id: id(&mut self.dice, "", 16),
                key: (*key).to_owned(),
                value: format!("sandbox-{}", key.to_lowercase()),
                kind,
                targets: targets.to_vec(),
                comment: String::new(),
                created: created.min(now - days * DAY_S),
                updated: now - days * DAY_S,
            });
        }
        for (hours, branch, message, production) in past {
            let commit = self.commit(branch, message);
            let mut made: Deployment =
                self.made(project.id.clone(), project.name, commit, *production);
            made.created = now - hours * HOUR_S;
            if *production {
                made.promoted = Some(made.ends_at());
                project.production = Some(made.id.clone());
            }
            self.deployments.push(made);
        }
        self.projects.push(project);
        self.deployments
            .sort_by(|a, b| a.created.total_cmp(&b.created));
    }

    /// A commit by one of the people.
    pub(super) fn commit(&mut self, branch: &str, message: &str) -> Commit {
        let digit = |n: u32| char::from_digit(n, 16).unwrap_or('0');
        let (login, name) = self.dice.choice(PEOPLE).unwrap_or_default();
        Commit {
            branch: branch.to_owned(),
            sha: (0..40).map(|_| digit(self.dice.u32(0..16))).collect(),
            message: message.to_owned(),
            author: (login.to_owned(), name.to_owned()),
        }
    }

    /// Somebody pushes to a branch; every fourth time it goes to production.
    pub(super) fn push(&mut self, world: &World) {
        self.next_push = world.story_time() + PUSH_S.0 + PUSH_S.1 * self.dice.f64();
        let (branch, message) = self.dice.choice(WORK).unwrap_or_default();
        let production = self.dice.u32(0..4) == 0;
        let commit = self.commit(if production { "main" } else { branch }, message);
        self.begin(0, commit, production, "git", world);
    }
}
