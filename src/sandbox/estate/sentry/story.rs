//! Which errors the platform's applications make, and where in their code.

use super::stacks::{BANK, CHUNK, CONFIGURATION, DATABASE, Frame, KERF, MODULE, SOCKET, THICKNESS};

/// A project of the organization.
#[derive(Debug)]
pub struct Project {
    /// Id.
    pub id: u64,
    /// Slug, and name.
    pub slug: &'static str,
    /// SDK's platform.
    pub platform: &'static str,
    /// Service of production whose images are its releases; `None` for the front end.
    pub service: Option<&'static str>,
    /// Package in its versions.
    pub package: &'static str,
}

/// Every project.
pub const PROJECTS: &[Project] = &[
    Project {
        id: 4_507_000_001,
        slug: "laser-api",
        platform: "node-express",
        service: Some("api"),
        package: "api",
    },
    Project {
        id: 4_507_000_002,
        slug: "laser-calculator",
        platform: "node",
        service: Some("calculator"),
        package: "calculator",
    },
    Project {
        id: 4_507_000_003,
        slug: "laser-worker",
        platform: "node",
        service: Some("worker"),
        package: "worker",
    },
    Project {
        id: 4_507_000_004,
        slug: "laser-web",
        platform: "javascript-react",
        service: None,
        package: "web",
    },
    Project {
        id: 4_507_000_005,
        slug: "laser-admin",
        platform: "node",
        service: Some("admin"),
        package: "admin",
    },
    Project {
        id: 4_507_000_006,
        slug: "laser-auth",
        platform: "node",
        service: Some("auth"),
        package: "auth",
    },
    Project {
        id: 4_507_000_007,
        slug: "laser-pdf-render",
        platform: "node",
        service: Some("pdf-render"),
        package: "pdf-render",
    },
];

/// What makes an error happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Ordinary use.
    Use,
    /// Tasks of the project's service that fail what they serve.
    FailingTasks,
    /// Tasks of the project's service that stop by themselves.
    CrashingTasks,
}

/// An error.
#[derive(Debug)]
pub struct Plan {
    /// Index of its project.
    pub project: usize,
    /// Exception's class.
    pub kind: &'static str,
    /// Its words.
    pub value: &'static str,
    /// Where the fault is thought to be.
    pub culprit: &'static str,
    /// `error`, `warning`, `info`, `fatal`.
    pub level: &'static str,
    /// What makes it happen.
    pub cause: Cause,
    /// Times an hour at ordinary load.
    pub an_hour: f64,
    /// Hours ago on which it was first seen; 0: not yet.
    pub first_hours: f64,
    /// Hours ago on which it was last seen, where it ended.
    pub ended_hours: Option<f64>,
    /// `unresolved`, `resolved`, `ignored`.
    pub status: &'static str,
    /// Who it was given to.
    pub assigned: Option<&'static str>,
    /// Stack, outermost call first, as the API gives it.
    pub frames: &'static [Frame],
}

macro_rules! error {
    ($project:expr, $kind:expr, $value:expr, $culprit:expr, $level:expr, $cause:ident, $an_hour:expr, $first:expr, $ended:expr, $status:expr, $assigned:expr, $frames:expr) => {
        Plan {
            project: $project,
            kind: $kind,
            value: $value,
            culprit: $culprit,
            level: $level,
            cause: Cause::$cause,
            an_hour: $an_hour,
            first_hours: $first,
            ended_hours: $ended,
            status: $status,
            assigned: $assigned,
            frames: $frames,
        }
    };
}

/// Every error. One is new in the release that runs; one was resolved; one is ignored; the last ones wait for a bad image.
pub const PLANS: &[Plan] = &[
    error!(
        0,
        "TimeoutError",
        "timeout talking to the database",
        "GET /api/quote/:id",
        "error",
        Use,
        14.0,
        1_464.0,
        None,
        "unresolved",
        Some("ben"),
        DATABASE
    ),
    error!(
        0,
        "Error",
        "socket hang up",
        "POST /api/quote",
        "error",
        Use,
        6.0,
        1_900.0,
        None,
        "unresolved",
        None,
        SOCKET
    ),
    error!(
        0,
        "TypeError",
        "Cannot read properties of undefined (reading 'thickness')",
        "price(src/quotes/price)",
        "error",
        Use,
        1.6,
        46.0,
        None,
        "unresolved",
        None,
        THICKNESS
    ),
    error!(
        0,
        "DeprecationWarning",
        "deprecated header used by client",
        "POST /api/session",
        "info",
        Use,
        9.0,
        2_000.0,
        None,
        "ignored",
        None,
        SOCKET
    ),
    error!(
        1,
        "RangeError",
        "Invalid kerf width",
        "offset(src/geometry/offset)",
        "error",
        Use,
        3.0,
        600.0,
        None,
        "unresolved",
        Some("ana"),
        KERF
    ),
    error!(
        2,
        "BankError",
        "the bank did not answer",
        "Invoice.send(src/invoice)",
        "warning",
        Use,
        0.5,
        900.0,
        None,
        "unresolved",
        None,
        BANK
    ),
    error!(
        3,
        "ChunkLoadError",
        "Loading chunk 17 failed.",
        "lazy(src/App)",
        "error",
        Use,
        2.0,
        1_100.0,
        None,
        "unresolved",
        None,
        CHUNK
    ),
    error!(
        3,
        "TypeError",
        "Failed to fetch",
        "useQuote(src/quote/useQuote)",
        "error",
        Use,
        4.0,
        1_400.0,
        Some(480.0),
        "resolved",
        Some("cleo"),
        CHUNK
    ),
    error!(
        0,
        "ConfigError",
        "configuration key PRICING_TABLE is missing",
        "Config.require(src/config)",
        "error",
        FailingTasks,
        0.0,
        0.0,
        None,
        "unresolved",
        None,
        CONFIGURATION
    ),
    error!(
        1,
        "ConfigError",
        "configuration key PRICING_TABLE is missing",
        "Config.require(src/config)",
        "error",
        FailingTasks,
        0.0,
        0.0,
        None,
        "unresolved",
        None,
        CONFIGURATION
    ),
    error!(
        0,
        "Error",
        "Cannot find module './pricing'",
        "<anonymous>(src/server)",
        "fatal",
        CrashingTasks,
        0.0,
        0.0,
        None,
        "unresolved",
        None,
        MODULE
    ),
    error!(
        1,
        "Error",
        "Cannot find module './pricing'",
        "<anonymous>(src/server)",
        "fatal",
        CrashingTasks,
        0.0,
        0.0,
        None,
        "unresolved",
        None,
        MODULE
    ),
    error!(
        2,
        "Error",
        "Cannot find module './pricing'",
        "<anonymous>(src/server)",
        "fatal",
        CrashingTasks,
        0.0,
        0.0,
        None,
        "unresolved",
        None,
        MODULE
    ),
];
