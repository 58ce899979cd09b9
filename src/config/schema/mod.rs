//! Every section and key of `flightdeck.toml`, once: the reader, its suggestions and the starter file all follow this table.

mod systems;

use systems::{
    BACKUPS_KEY, CLOUDFLARE_KEY, COST_KEY, GITHUB_KEY, POSTGRES_KEY, REDIS_KEY, SENTRY_KEY,
    SLACK_KEY, SMTP_KEY, VERCEL_KEY,
};

/// What a key's value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A path, relative to the file that names it; `~/` is the home directory.
    Path,
    /// `true` or `false`.
    Switch,
    /// A whole number in a range (both ends allowed).
    Whole(i64, i64),
    /// A number in a range (both ends allowed).
    Number(i64, i64),
    /// `"250ms"`, `"30s"`, `"5m"`, `"1h"`.
    Duration,
    /// `http://` or `https://`, without user or password.
    Url,
    /// `https://` alone.
    HttpsUrl,
    /// A server's URL with one of these schemes, perhaps with a user, never with a password.
    Server(&'static [&'static str]),
    /// `"127.0.0.1:53"`.
    Socket,
    /// A day: `2026-11-24`, without quotes.
    Date,
    /// An array of strings.
    Texts,
    /// A section of its own.
    Section(&'static Section),
    /// An array of tables.
    List(&'static Section),
    /// A table of environments, each holding the keys of [`ENVIRONMENT`].
    Environments,
}

impl Kind {
    /// What was expected, in words.
    pub fn expects(self) -> String {
        match self {
            Self::Text => "a string, such as \"name\"".into(),
            Self::Path => "a path, such as \"plan.toml\"".into(),
            Self::Switch => "true or false".into(),
            Self::Whole(from, to) => format!("a whole number from {from} to {to}"),
            Self::Number(from, to) => format!("a number from {from} to {to}"),
            Self::Duration => "a duration, such as \"30s\", \"5m\" or \"1h\"".into(),
            Self::Url => {
                "an http:// or https:// URL without user or password, such as \"http://127.0.0.1:4566\"".into()
            }
            Self::HttpsUrl => {
                "an https:// URL without user or password, such as \"https://api.example.com/health\"".into()
            }
            Self::Server(schemes) => format!(
                "a URL that begins with {}, without a password, such as \"{}user@host\"",
                schemes.join(" or "),
                schemes.first().unwrap_or(&"")
            ),
            Self::Socket => "an address with a port, such as \"127.0.0.1:53\"".into(),
            Self::Date => "a day without quotes, such as 2026-11-24".into(),
            Self::Texts => "an array of strings, such as [\"a\", \"b\"]".into(),
            Self::Section(_) => "a section of keys".into(),
            Self::List(_) => "a list of tables, each begun by [[...]]".into(),
            Self::Environments => "one section an environment, such as [environments.staging]".into(),
        }
    }
}

/// One key.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it is for, in a line or two.
    pub doc: &'static str,
    /// A value to show, as TOML; empty for sections.
    pub example: &'static str,
}

/// A section: the keys that may stand in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// Its keys, in the order in which the starter file shows them.
    pub keys: &'static [Key],
}

impl Section {
    /// A key by name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|k| k.name == name)
    }
}

const fn key(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        doc,
        example,
    }
}

const READ_ONLY: Key = key(
    "read_only",
    Kind::Switch,
    "false",
    "No request that changes anything leaves the program. `--read-only` does the same for one run.",
);
const STORE: Key = key(
    "store",
    Kind::Path,
    "\"~/.local/state/flightdeck/flightdeck.db\"",
    "Database file of the journal, the audit chain and sign-offs; default: in the user's state directory.",
);
const PLAN: Key = key(
    "plan",
    Kind::Path,
    "\"plan.toml\"",
    "A plan file that replaces or extends the default plan of five stages.",
);
const PLAN_START: Key = key(
    "plan_start",
    Kind::Date,
    "2026-11-24",
    "First day of the plan's calendar, where the plan file names none: without one nothing counts as late.",
);
const AWS_KEY: Key = key(
    "aws",
    Kind::Section(&AWS),
    "",
    "AWS: where it is and what to look at.",
);
const PROBES_KEY: Key = key(
    "probes",
    Kind::Section(&PROBES),
    "",
    "Probes that run from this machine.",
);
const SLO_KEY: Key = key(
    "slo",
    Kind::Section(&SLO),
    "",
    "Promises to users: targets and where they are measured.",
);
const UI_KEY: Key = key(
    "ui",
    Kind::Section(&UI),
    "",
    "How the console looks and which keys it takes.",
);

/// The whole file.
pub static ROOT: Section = Section {
    keys: &[
        key(
            "environment",
            Kind::Text,
            "\"production\"",
            "The environment used without `--env`; default: production, or the only one there is.",
        ),
        READ_ONLY,
        STORE,
        PLAN,
        PLAN_START,
        AWS_KEY,
        PROBES_KEY,
        BACKUPS_KEY,
        COST_KEY,
        GITHUB_KEY,
        SENTRY_KEY,
        SLACK_KEY,
        SMTP_KEY,
        POSTGRES_KEY,
        REDIS_KEY,
        VERCEL_KEY,
        CLOUDFLARE_KEY,
        SLO_KEY,
        UI_KEY,
        key(
            "environments",
            Kind::Environments,
            "",
            "Environments. Each takes the keys and sections above (but `environment`), which then win over the common ones.",
        ),
    ],
};

/// `[environments.NAME]`.
pub static ENVIRONMENT: Section = Section {
    keys: &[
        key(
            "production",
            Kind::Switch,
            "true",
            "Whether it is production: actions then ask for its name to be typed. Default: true, but for names that say test, staging, dev and the like.",
        ),
        READ_ONLY,
        STORE,
        PLAN,
        PLAN_START,
        AWS_KEY,
        PROBES_KEY,
        BACKUPS_KEY,
        COST_KEY,
        GITHUB_KEY,
        SENTRY_KEY,
        SLACK_KEY,
        SMTP_KEY,
        POSTGRES_KEY,
        REDIS_KEY,
        VERCEL_KEY,
        CLOUDFLARE_KEY,
        SLO_KEY,
        UI_KEY,
    ],
};

static AWS: Section = Section {
    keys: &[
        key(
            "profile",
            Kind::Text,
            "\"laser-prod\"",
            "Profile of ~/.aws/config; default: AWS_PROFILE and the rest of the ordinary chain.",
        ),
        key(
            "region",
            Kind::Text,
            "\"us-east-1\"",
            "Region; default: AWS_REGION, then the profile's.",
        ),
        key(
            "endpoint",
            Kind::Url,
            "\"http://127.0.0.1:4566\"",
            "Another endpoint for all AWS services; default: AWS_ENDPOINT_URL, then AWS itself.",
        ),
        key(
            "second_region",
            Kind::Text,
            "\"eu-west-1\"",
            "Another region whose load balancers share the traffic; the checklist proves healthy targets there.",
        ),
        key(
            "clusters",
            Kind::Texts,
            "[\"laser-prod\"]",
            "ECS clusters to show, all of them this environment's own; default: all that the credentials can see.",
        ),
        key(
            "expected_account",
            Kind::Text,
            "\"123456789012\"",
            "The account that the credentials are to be of: with another one's nothing is done, status ends with 3, and the header says NOT and this one.",
        ),
        key(
            "timeout",
            Kind::Duration,
            "\"15s\"",
            "Deadline of one question, all its attempts included.",
        ),
    ],
};

static PROBES: Section = Section {
    keys: &[
        key(
            "dns_server",
            Kind::Socket,
            "\"9.9.9.9:53\"",
            "Ask this DNS server; default: the system's.",
        ),
        key(
            "connect_to",
            Kind::Socket,
            "\"127.0.0.1:8443\"",
            "Connect HTTPS and TLS probes here whatever the name resolves to (an edge under test); names stay as they are.",
        ),
        key(
            "extra_roots",
            Kind::Path,
            "\"ca.pem\"",
            "PEM file of further trusted certificate authorities.",
        ),
        key(
            "https",
            Kind::List(&HTTPS),
            "",
            "URLs to probe: status, latency, security headers, and the TLS of the host.",
        ),
        key(
            "protected",
            Kind::List(&PROTECTED),
            "",
            "URLs that take credentials: the checklist proves that strangers are refused there.",
        ),
        key("dns", Kind::List(&DNS), "", "Names to resolve."),
        systems::VARIABLES_KEY,
    ],
};

static HTTPS: Section = Section {
    keys: &[
        key(
            "url",
            Kind::HttpsUrl,
            "\"https://api.example.com/health\"",
            "Required.",
        ),
        key(
            "expect_status",
            Kind::Whole(100, 599),
            "200",
            "The status that is right; default: 200.",
        ),
        key(
            "verifies",
            Kind::Text,
            "\"laser-prod/api\"",
            "The service (name or cluster/name) whose deploys this URL verifies.",
        ),
    ],
};

static PROTECTED: Section = Section {
    keys: &[
        key(
            "url",
            Kind::HttpsUrl,
            "\"https://api.example.com/v1/orders\"",
            "Required. It is asked with GET and OPTIONS alone, without credentials.",
        ),
        key(
            "burst",
            Kind::Whole(2, 200),
            "50",
            "Requests that may be sent one after the other, once an hour at most and none after the first 429, to see that a limit answers; default: none are sent.",
        ),
    ],
};

static DNS: Section = Section {
    keys: &[
        key("name", Kind::Text, "\"api.example.com\"", "Required."),
        key(
            "expected",
            Kind::Texts,
            "[\"203.0.113.10\"]",
            "All addresses that are right (of a kind, IPv4 or IPv6, that is listed), or a CNAME that is; default: what Cloudflare's record says, where it is not proxied.",
        ),
    ],
};

static SLO: Section = Section {
    keys: &[
        key(
            "availability",
            Kind::Number(0, 100),
            "99.9",
            "Percent of requests that must not fail with 5xx.",
        ),
        key(
            "response_ms",
            Kind::Number(0, 600_000),
            "200",
            "Mean response time, milliseconds.",
        ),
        key(
            "error_rate",
            Kind::Number(0, 100),
            "0.1",
            "Percent of requests that may fail.",
        ),
        key(
            "window_days",
            Kind::Whole(1, 455),
            "30",
            "Days that the promises are made over.",
        ),
        key(
            "load_balancers",
            Kind::Texts,
            "[\"app/laser-prod/50dc6c495c0c9188\"]",
            "Load balancers (CloudWatch's LoadBalancer dimension) that count; default: those that are found, up to 20.",
        ),
    ],
};

static UI: Section = Section {
    keys: &[
        key(
            "theme",
            Kind::Text,
            "\"default\"",
            "default, light, high-contrast, ansi16, light16, mono, or one of yours; default: by the terminal's colours and ground.",
        ),
        key(
            "keymap",
            Kind::Text,
            "\"default\"",
            "default, vim, emacs, or one of yours.",
        ),
        key(
            "no_color",
            Kind::Switch,
            "false",
            "No colour at all (as NO_COLOR).",
        ),
    ],
};
