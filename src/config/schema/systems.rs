//! Sections of the systems beside AWS's first five: one key and one section each.

use super::{Key, Kind, Section, key};

pub(super) const BACKUPS_KEY: Key = key(
    "backups",
    Kind::Section(&BACKUPS),
    "",
    "Backups: how old they may be, and where their copies go.",
);
pub(super) const VARIABLES_KEY: Key = key(
    "variables",
    Kind::List(&VARIABLES),
    "",
    "Names of environment variables that must be set: the checklist proves that they are.",
);
pub(super) const COST_KEY: Key = key(
    "cost",
    Kind::Section(&COST),
    "",
    "Cost Explorer, asked only where this section is filled: each of its questions costs USD 0.01, and one look takes three.",
);
pub(super) const SLACK_KEY: Key = key(
    "slack",
    Kind::Section(&SLACK),
    "",
    "Slack; its token comes from SLACK_BOT_TOKEN or `flightdeck login slack`, never from this file.",
);
pub(super) const SMTP_KEY: Key = key(
    "smtp",
    Kind::Section(&SMTP),
    "",
    "The mail server that alerts go through: whether it can be reached. Nothing is sent, and no password is asked for.",
);
pub(super) const POSTGRES_KEY: Key = key(
    "postgres",
    Kind::Section(&POSTGRES),
    "",
    "PostgreSQL itself; the password comes from PGPASSWORD or `flightdeck login postgres`, never from this file. Those of other environments are asked for their schema (PGPASSWORD_STAGING, `flightdeck login postgres-staging`).",
);
pub(super) const REDIS_KEY: Key = key(
    "redis",
    Kind::Section(&REDIS),
    "",
    "Redis itself; the password comes from REDISCLI_AUTH or `flightdeck login redis`, never from this file. That of other environments is asked, too (REDISCLI_AUTH_STAGING, `flightdeck login redis-staging`).",
);
pub(super) const GITHUB_KEY: Key = key(
    "github",
    Kind::Section(&GITHUB),
    "",
    "GitHub; its token comes from GITHUB_TOKEN or `flightdeck login github`, never from this file.",
);
pub(super) const SENTRY_KEY: Key = key(
    "sentry",
    Kind::Section(&SENTRY),
    "",
    "Sentry; its token comes from SENTRY_AUTH_TOKEN or `flightdeck login sentry`, never from this file.",
);
pub(super) const VERCEL_KEY: Key = key(
    "vercel",
    Kind::Section(&VERCEL),
    "",
    "Vercel; its token comes from VERCEL_TOKEN or `flightdeck login vercel`, never from this file.",
);
pub(super) const CLOUDFLARE_KEY: Key = key(
    "cloudflare",
    Kind::Section(&CLOUDFLARE),
    "",
    "Cloudflare; its token comes from CLOUDFLARE_API_TOKEN or `flightdeck login cloudflare`, never from this file.",
);

static BACKUPS: Section = Section {
    keys: &[
        key(
            "rpo",
            Kind::Duration,
            "\"26h\"",
            "The age that the newest backup of a store may have; default: a day and two hours.",
        ),
        key(
            "rto",
            Kind::Duration,
            "\"4h\"",
            "The time that the restore of a store may take, from its beginning to its end; default: none, and then no drill is held against one.",
        ),
        key(
            "second_region",
            Kind::Text,
            "\"eu-west-1\"",
            "Region that copies of backups go to; default: the one that the account copies to.",
        ),
        key(
            "may_delete",
            Kind::Texts,
            "[\"backup-operator\", \"Admin*\"]",
            "Users and roles that may delete backups, by name; default: administrators, and those whose name says backup.",
        ),
    ],
};

static COST: Section = Section {
    keys: &[
        key(
            "monthly_budget",
            Kind::Number(0, 1_000_000_000),
            "2000",
            "What a month may cost, in the currency of the bill.",
        ),
        key(
            "asks_a_day",
            Kind::Whole(1, 24),
            "3",
            "How many times a day the bill is asked for; answers are kept in the user's cache folder.",
        ),
    ],
};

static GITHUB: Section = Section {
    keys: &[
        key(
            "repository",
            Kind::Text,
            "\"acme/shop\"",
            "The repository that is built and deployed: owner/name.",
        ),
        key(
            "endpoint",
            Kind::Url,
            "\"https://github.example.com/api/v3\"",
            "Another endpoint; default: GitHub itself.",
        ),
    ],
};

static SENTRY: Section = Section {
    keys: &[
        key(
            "organization",
            Kind::Text,
            "\"acme\"",
            "Slug of the organization.",
        ),
        key(
            "projects",
            Kind::Texts,
            "[\"shop-api\", \"shop-web\"]",
            "Slugs of the projects; default: all that the token sees.",
        ),
        key(
            "environment",
            Kind::Text,
            "\"production\"",
            "Environment as the SDKs name it; default: all.",
        ),
        key(
            "endpoint",
            Kind::Url,
            "\"https://de.sentry.io/api/0\"",
            "Another endpoint; default: Sentry itself.",
        ),
    ],
};

static SLACK: Section = Section {
    keys: &[
        key(
            "channel",
            Kind::Text,
            "\"ops\"",
            "The channel that alerts go to.",
        ),
        key(
            "endpoint",
            Kind::Url,
            "\"http://127.0.0.1:4003/api\"",
            "Another endpoint; default: Slack itself.",
        ),
    ],
};

static SMTP: Section = Section {
    keys: &[
        key(
            "host",
            Kind::Text,
            "\"mail.example.com\"",
            "Its name, which its certificate must be for.",
        ),
        key(
            "port",
            Kind::Whole(1, 65_535),
            "587",
            "Its port; default: the one that goes with tls (587, 465, 25).",
        ),
        key(
            "tls",
            Kind::Text,
            "\"starttls\"",
            "\"starttls\", \"implicit\" (from the first byte) or \"none\" (in the clear, on purpose).",
        ),
    ],
};

static POSTGRES: Section = Section {
    keys: &[key(
        "url",
        Kind::Server(&["postgres://", "postgresql://"]),
        "\"postgres://flightdeck@db.example.com:5432/laser\"",
        "A role that is a member of pg_monitor and of nothing else. Another machine must show a trusted certificate, unless ?sslmode= says otherwise.",
    )],
};

static REDIS: Section = Section {
    keys: &[key(
        "url",
        Kind::Server(&["redis://", "rediss://"]),
        "\"rediss://cache.example.com:6379\"",
        "rediss:// is with TLS. A user may do with +info +dbsize +slowlog|get +select +ping.",
    )],
};

static VERCEL: Section = Section {
    keys: &[
        key(
            "team",
            Kind::Text,
            "\"team_1a2b3c\"",
            "Id or slug of the team whose projects these are, or \"own\" for what the token sees without naming one; default: the one team that it sees.",
        ),
        key(
            "projects",
            Kind::Texts,
            "[\"laser-web\"]",
            "Projects to show; default: all.",
        ),
        key(
            "endpoint",
            Kind::Url,
            "\"http://127.0.0.1:4000\"",
            "Another endpoint; default: Vercel itself.",
        ),
    ],
};

static CLOUDFLARE: Section = Section {
    keys: &[
        key(
            "zones",
            Kind::Texts,
            "[\"example.com\"]",
            "Zones to show; default: all that the token sees.",
        ),
        key(
            "endpoint",
            Kind::Url,
            "\"http://127.0.0.1:4000/client/v4\"",
            "Another endpoint; default: Cloudflare itself.",
        ),
    ],
};

static VARIABLES: Section = Section {
    keys: &[
        key(
            "service",
            Kind::Text,
            "\"laser-prod/api\"",
            "The service (name or cluster/name) that needs them; default: every service, unless project is set.",
        ),
        key(
            "project",
            Kind::Text,
            "\"laser-web\"",
            "The Vercel project that needs them in production.",
        ),
        key(
            "container",
            Kind::Text,
            "\"app\"",
            "The container of the service's task that needs them; default: every one that the task stops with (essential).",
        ),
        key(
            "names",
            Kind::Texts,
            "[\"DATABASE_URL\"]",
            "Required. An empty list says that none is needed.",
        ),
    ],
};
