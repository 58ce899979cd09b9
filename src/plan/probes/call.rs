//! A probe as a plan names it: `tls.valid days=14`.

use super::{Param, ParamKind, Probe, registry};
use crate::config::mistake::suggest;
use crate::domain::text::inert;

/// A probe with its parameters.
#[derive(Clone)]
pub struct Call {
    /// Which.
    pub probe: &'static Probe,
    /// What the plan sets; the rest has its default.
    values: Vec<(&'static str, String)>,
}

/// Why a call cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongCall {
    /// What is wrong, with a suggestion where one is near.
    pub what: String,
    /// What was expected.
    pub expected: String,
}

impl Call {
    /// Reads `name` or `name key=value key=value`.
    pub fn parse(text: &str) -> Result<Self, WrongCall> {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default();
        let Some(probe) = registry().find(|p| p.name == name) else {
            let names = || registry().map(|p| p.name);
            return Err(WrongCall {
                what: format!(
                    "there is no probe \"{}\"{}",
                    inert(name),
                    hint(name, names())
                ),
                expected: format!("one of: {}", names().collect::<Vec<_>>().join(", ")),
            });
        };
        let values = words
            .map(|word| parameter(probe, word))
            .collect::<Result<_, _>>()?;
        Ok(Self { probe, values })
    }

    /// A parameter's value: the plan's, else its default.
    pub fn value(&self, name: &str) -> &str {
        if let Some((_, value)) = self.values.iter().find(|(n, _)| *n == name) {
            return value;
        }
        self.probe
            .params
            .iter()
            .find(|p| p.name == name)
            .map_or("", |p| p.default)
    }
}

fn hint<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    suggest(word, names)
        .map(|n| format!("; did you mean \"{n}\"?"))
        .unwrap_or_default()
}

fn parameter(probe: &'static Probe, word: &str) -> Result<(&'static str, String), WrongCall> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let Some(param) = probe.params.iter().find(|p| p.name == name) else {
        let names = || probe.params.iter().map(|p| p.name);
        return Err(WrongCall {
            what: format!(
                "{} takes no parameter \"{}\"{}",
                probe.name,
                inert(name),
                hint(name, names())
            ),
            expected: match names().collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => "no parameters".into(),
                some => format!("name=value with one of: {some}"),
            },
        });
    };
    if !fits(param, value) {
        return Err(WrongCall {
            what: format!("{name} of {} is \"{}\"", probe.name, inert(value)),
            expected: param.kind.expects(),
        });
    }
    Ok((param.name, value.to_owned()))
}

fn fits(param: &Param, value: &str) -> bool {
    match param.kind {
        ParamKind::Number => value
            .parse::<f64>()
            .is_ok_and(|n| n.is_finite() && n >= 0.0),
        ParamKind::Words => !value.is_empty(),
        ParamKind::OneOf(words) => words.contains(&value),
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.probe.name)?;
        for (name, value) in &self.values {
            write!(f, " {name}={}", inert(value))?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.probe.name == other.probe.name && self.values == other.values
    }
}

impl Eq for Call {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_reads_its_parameters_and_keeps_the_defaults() {
        let call = Call::parse("tls.valid days=30").unwrap();
        assert_eq!(call.value("days"), "30");
        assert_eq!(Call::parse("tls.valid").unwrap().value("days"), "14");
        assert_eq!(call.to_string(), "tls.valid days=30");
    }

    #[test]
    fn a_misspelt_probe_or_parameter_is_told_its_neighbour() {
        let wrong = Call::parse("ecs.services-runing").unwrap_err();
        assert!(
            wrong.what.contains("ecs.services-running"),
            "{}",
            wrong.what
        );
        let wrong = Call::parse("tls.valid day=3").unwrap_err();
        assert!(wrong.what.contains("\"days\""), "{}", wrong.what);
        let wrong = Call::parse("tls.valid days=soon").unwrap_err();
        assert_eq!(wrong.expected, "a number, such as 14");
    }

    #[test]
    fn names_in_the_registry_are_unique() {
        let mut names: Vec<_> = registry().map(|p| p.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
