//! Faults on request: what a bad day looks like, at a rate.

use std::str::FromStr;

use super::web::VENDORS;
use super::wire::SERVICES;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ThrottlingException`.
    Throttle,
    /// HTTP 500 with a proxy's HTML.
    Error,
    /// The answer comes two seconds late.
    Delay,
    /// No answer comes.
    Hang,
    /// The connection ends in the middle of the body.
    Cut,
    /// A body that is not the protocol's.
    Malformed,
    /// Credentials have expired.
    Expired,
    /// Credentials may not do this.
    Denied,
}

impl Kind {
    const ALL: [(&'static str, Self); 8] = [
        ("throttle", Self::Throttle),
        ("error", Self::Error),
        ("delay", Self::Delay),
        ("hang", Self::Hang),
        ("cut", Self::Cut),
        ("malformed", Self::Malformed),
        ("expired", Self::Expired),
        ("denied", Self::Denied),
    ];
}

/// A fault, how often, and for which service.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// Share of calls, 0..=1.
    pub rate: f64,
    /// Only this system, by its name (`ecs`, `cloudwatch`, `vercel` ...); `None`: all.
    pub scope: Option<String>,
}

/// Names of every system that is played.
pub fn systems() -> impl Iterator<Item = &'static str> {
    let vendors = VENDORS.iter().map(|v| v.name);
    let names = SERVICES.iter().map(|r| r.name).chain(vendors);
    names.chain(["redis", "postgres", "smtp"])
}

impl Fault {
    /// Whether it concerns a system, by its name.
    pub fn concerns(&self, system: &str) -> bool {
        self.scope.as_deref().is_none_or(|s| s == system)
    }
}

impl FromStr for Fault {
    type Err = String;

    /// Reads `throttle=0.3` or `ecs:throttle=0.3`.
    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Kind::ALL.map(|(n, _)| n).join(", ");
        let (what, rate) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?}: a fault is NAME=RATE, NAME one of {}", names()))?;
        let (scope, name) = match what.split_once(':') {
            Some((scope, name)) => (Some(scope), name),
            None => (None, what),
        };
        let known: Vec<&str> = systems().collect();
        if let Some(scope) = scope.filter(|s| !known.contains(s)) {
            return Err(format!("{scope:?} is none of {}", known.join(", ")));
        }
        let kind = Kind::ALL
            .iter()
            .find(|(n, _)| *n == name)
            .ok_or_else(|| format!("{name:?} is none of {}", names()))?
            .1;
        let rate: f64 = rate
            .parse()
            .map_err(|_| format!("{rate:?} is not a rate from 0 to 1"))?;
        if !(0.0..=1.0).contains(&rate) {
            return Err(format!("{rate} is not a rate from 0 to 1"));
        }
        Ok(Self {
            kind,
            rate,
            scope: scope.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_or_explained() {
        assert_eq!(
            "throttle=0.3".parse::<Fault>().map(|f| (f.kind, f.rate)),
            Ok((Kind::Throttle, 0.3))
        );
        assert_eq!(
            "ecs:cut=1".parse::<Fault>().map(|f| f.scope),
            Ok(Some("ecs".into()))
        );
        for wrong in ["throttle", "trottle=1", "cut=2", "s9:cut=1", "cut=x"] {
            assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
        }
    }
}
