//! The hosts of the platform, and the security headers that each sends.

use super::super::world::World;
use super::super::world::service::Service;
use super::super::world::task::Health;

/// The zone that all hosts are in.
pub const APEX: &str = "laser.example";

/// A host.
#[derive(Debug)]
pub struct Host {
    /// Its name.
    pub name: &'static str,
    /// The service of production behind it; `None` for what lies at the edge itself.
    pub service: Option<&'static str>,
    /// Days ago on which its certificate was issued.
    pub issued: i32,
    /// What its root page is: media type and body.
    pub root: (&'static str, &'static str),
    /// Security headers.
    pub headers: &'static [(&'static str, &'static str)],
}

const HSTS: (&str, &str) = (
    "strict-transport-security",
    "max-age=63072000; includeSubDomains; preload",
);
const NOSNIFF: (&str, &str) = ("x-content-type-options", "nosniff");
const NO_FRAMES: (&str, &str) = ("x-frame-options", "DENY");
const NO_SENSORS: (&str, &str) = (
    "permissions-policy",
    "camera=(), geolocation=(), microphone=()",
);

/// Every host.
pub const HOSTS: &[Host] = &[
    Host {
        name: "app.laser.example",
        service: None,
        issued: 12,
        root: (
            "text/html; charset=utf-8",
            "<!doctype html><title>Laser</title><h1>What does a cut cost?</h1>\n",
        ),
        headers: &[
            HSTS,
            (
                "content-security-policy",
                "default-src 'self'; img-src 'self' https://cdn.laser.example; connect-src https://api.laser.example; \
                 object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
            ),
            NOSNIFF,
            NO_FRAMES,
            ("referrer-policy", "strict-origin-when-cross-origin"),
            NO_SENSORS,
        ],
    },
    Host {
        name: "api.laser.example",
        service: Some("api"),
        issued: 12,
        root: ("application/json", "{\"name\":\"laser api\"}\n"),
        headers: &[
            HSTS,
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            NOSNIFF,
            NO_FRAMES,
            ("referrer-policy", "no-referrer"),
            NO_SENSORS,
        ],
    },
    Host {
        name: "admin.laser.example",
        service: Some("admin"),
        issued: 34,
        root: (
            "text/html; charset=utf-8",
            "<!doctype html><title>Laser admin</title><h1>Sign in</h1>\n",
        ),
        headers: &[
            HSTS,
            (
                "content-security-policy",
                "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            ),
            NOSNIFF,
            NO_FRAMES,
            ("referrer-policy", "same-origin"),
            NO_SENSORS,
        ],
    },
    // Not everything is well: files are handed out without a policy for content and referrers.
    Host {
        name: "cdn.laser.example",
        service: None,
        issued: 51,
        root: ("text/plain; charset=utf-8", "laser cdn\n"),
        headers: &[HSTS, NOSNIFF, NO_FRAMES, NO_SENSORS],
    },
];

/// The host of a name.
pub fn find(name: &str) -> Option<&'static Host> {
    let name = name.strip_suffix('.').unwrap_or(name);
    HOSTS.iter().find(|h| h.name.eq_ignore_ascii_case(name))
}

/// What stands behind a host, as its health page counts it.
#[derive(Debug, PartialEq, Eq)]
pub struct Behind {
    /// The image's tag.
    pub version: String,
    /// Running tasks that are healthy.
    pub healthy: usize,
    /// Tasks wanted.
    pub desired: u32,
}

/// Counts what stands behind a service of production; `None` where there is no such service.
pub fn behind(world: &World, name: &str) -> Option<Behind> {
    let key = world
        .services
        .keys()
        .find(|(cluster, service)| cluster == "laser-prod" && service == name)?;
    let service = world.services.get(key)?;
    let healthy = world
        .tasks_of(key)
        .filter(|t| t.is_running() && t.health == Health::Healthy);
    Some(Behind {
        version: version(world, service),
        healthy: healthy.count(),
        desired: service.desired,
    })
}

/// The tag of what most users see: the newest revision that is wholly there.
fn version(world: &World, service: &Service) -> String {
    let settled = service.rollouts.iter().find(|r| r.state == "COMPLETED");
    let revision = settled.map_or_else(|| service.revision(), |r| r.revision.definition);
    world
        .definition(&service.family, revision)
        .and_then(|d| d.image.rsplit_once(':'))
        .map(|(_, tag)| tag.to_owned())
        .unwrap_or_default()
}
