//! What a probe may look at: the facts, the expectations, its parameters, the time. Nothing stale or failed gets through.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Call;
use super::judgement::{Judgement, list};
use crate::domain::facts::Facts;
use crate::domain::kept::Lags;
use crate::domain::order::Ordered;
use crate::domain::part::{Freshness, Part};
use crate::domain::service::{Service, ServiceId, TaskDefinition};
use crate::domain::skew;
use crate::domain::stores::StoreBackups;
use crate::plan::checklist::{CriterionState, Evidence, Figure, NOT_ASKED};
use crate::plan::expect::Expectations;
use crate::plan::needs;

/// What a probe may look at.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// What is known.
    pub facts: &'a Facts,
    /// What the configuration expects.
    pub expect: &'a Expectations,
    /// Now (UTC).
    pub now: Timestamp,
    /// The probe with its parameters.
    pub call: &'a Call,
    /// What several probes work out of the same facts.
    pub shared: &'a Shared,
    /// What the probe leaves out: its answer says so.
    pub left_out: &'a RefCell<Vec<String>>,
}

/// What is worked out once for all probes of one judging, when the first of them asks.
#[derive(Debug, Default)]
pub struct Shared {
    /// Every store with its backups, and what those come to that may be believed.
    pub stores: OnceCell<Vec<(StoreBackups, Option<StoreBackups>)>>,
    /// Names that services of several clusters have.
    pub twins: OnceCell<BTreeSet<String>>,
}

/// A value that may be believed, with when and by whom it was answered.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a, T: ?Sized> {
    /// The value.
    pub value: &'a T,
    /// When the answer was received (UTC).
    pub at: Timestamp,
    /// Who answered.
    pub source: &'a str,
}

impl<'a> Look<'a> {
    /// A part's value while it may be believed; else the judgement is unknown, with the reason.
    pub fn fresh<T>(&self, part: &'a Part<T>, what: &str) -> Result<Seen<'a, T>, Judgement> {
        match (part.fresh(self.now), part.observed_at) {
            (Some(value), Some(at)) => Ok(Seen {
                value,
                at,
                source: &part.source,
            }),
            _ => Err(Judgement::unknown(self.why_not(part, what))),
        }
    }

    /// A system that the configuration does not ask for proves nothing; the judgement says so, and how to change that.
    pub fn configured(&self, line: &str) -> Result<(), Judgement> {
        let known = self.facts.providers.iter().find(|p| p.name == line);
        match known {
            Some(p) if !p.configured => Err(Judgement::unknown(format!(
                "{line} is not configured: add [{line}] to flightdeck.toml"
            ))),
            _ => Ok(()),
        }
    }

    /// Why a part may not be believed, in words.
    pub fn why_not<T>(&self, part: &Part<T>, what: &str) -> String {
        match (part.freshness(self.now), &part.error) {
            (Freshness::Failed, Some(p)) => format!("{}: {}", p.what, p.why),
            (Freshness::Stale, _) => format!(
                "the last answer about {what} is {} old",
                span(part.age(self.now).unwrap_or_default())
            ),
            _ => format!("{what}: {NOT_ASKED}"),
        }
    }

    /// The question as evidence shows it: who is asked, and what.
    pub fn question(&self, source: &str) -> String {
        let question = self.call.probe.question;
        if source.is_empty() {
            question.to_owned()
        } else {
            format!("{source}: {question}")
        }
    }

    /// Takes down what is left out of what is judged, by names.
    pub fn leave_out(&self, names: impl Iterator<Item = String>) {
        let mut left_out = self.left_out.borrow_mut();
        for name in names {
            if !left_out.contains(&name) {
                left_out.push(name);
            }
        }
    }

    /// How far copies of buckets are behind.
    pub fn lags(&self) -> Lags<'a> {
        Lags {
            facts: self.facts,
            now: self.now,
        }
    }

    /// Services of the environment that is looked at, in ACTIVE state. None at all is a failure: the account was asked, and nothing runs
    /// there. What is named like another environment proves nothing of this one, and is not at fault in its plan either: it is left out.
    pub fn services(&self) -> Result<Services<'a>, Judgement> {
        let all = self.services_everywhere()?;
        let here = |s: &&Service| needs::is_here(self.facts, &s.id.cluster);
        let (rows, others): (Vec<_>, Vec<_>) = all.rows.into_iter().partition(here);
        let others = others.iter().map(|s| s.id.to_string());
        if rows.is_empty() {
            let names: Vec<String> = others.collect();
            return Err(Judgement::unknown(format!(
                "no service is this environment's by the name of its cluster ({}): list its own in clusters",
                list(&names, 4)
            )));
        }
        self.leave_out(others);
        Ok(Services { rows, ..all })
    }

    /// Services of all environments in ACTIVE state.
    fn services_everywhere(&self) -> Result<Services<'a>, Judgement> {
        let seen = self.fresh(&self.facts.services, "the services")?;
        let rows: Vec<&'a Service> = seen
            .value
            .iter()
            .map(Arc::as_ref)
            .filter(|s| s.status == "ACTIVE")
            .collect();
        if rows.is_empty() {
            return Err(Judgement::single(
                false,
                self.question(seen.source),
                "no active service".into(),
                seen.at,
            ));
        }
        Ok(Services {
            rows,
            at: seen.at,
            source: seen.source,
        })
    }

    /// Active services of this environment, each with the task definition that it is set to, or else with the one that is replaced. What a
    /// revision says never changes (Amazon ECS, "Updating an Amazon ECS task definition": an update makes a new revision), so it is read
    /// once and does not age; which revision a service is set to does.
    pub fn definitions(&self) -> Result<Definitions<'a>, Judgement> {
        self.defined_all(self.services()?)
    }

    /// The same of the services of all environments.
    pub fn definitions_everywhere(&self) -> Result<Definitions<'a>, Judgement> {
        self.defined_all(self.services_everywhere()?)
    }

    fn defined_all(&self, services: Services<'a>) -> Result<Definitions<'a>, Judgement> {
        let part = &self.facts.task_definitions;
        // What some of them could not be read for does not hide what the others say.
        let partly = !self.facts.definitions_unread.is_empty();
        let told = match part.freshness(self.now) {
            Freshness::Fresh | Freshness::Stale => part.value.is_some(),
            Freshness::Failed => partly && part.value.is_some(),
            Freshness::Never => false,
        };
        if !told {
            let why = self.why_not(part, "the task definitions");
            return Err(Judgement::unknown(why));
        }
        Ok(Definitions {
            rows: services.rows.iter().map(|s| self.defined(s)).collect(),
            at: services.at,
            source: &part.source,
        })
    }

    fn defined(&self, service: &'a Service) -> Defined<'a> {
        let facts = self.facts;
        let own = &service.revision.arn;
        let unread = match (facts.task_definition(service), own.as_str()) {
            (Some(_), _) => None,
            (None, "") => Some("names no task definition".to_owned()),
            (None, own) => Some(match facts.definitions_unread.get(own) {
                Some(problem) => format!("{} cannot be read: {}", service.revision, problem.why),
                None => format!("{} not read yet", service.revision),
            }),
        };
        Defined {
            service,
            definition: facts.definition_in_use(service).map(Arc::as_ref),
            unread,
        }
    }

    /// What a service is called in evidence: its name alone, or with its cluster where several clusters have one of that name.
    pub fn name(&self, id: &ServiceId) -> String {
        let twins = self.shared.twins.get_or_init(|| {
            let mut seen = BTreeSet::new();
            let rows = self.facts.service_rows().iter();
            let again = rows.filter(|s| !seen.insert(s.id.name.as_str()));
            again.map(|s| s.id.name.clone()).collect()
        });
        match twins.contains(&id.name) {
            true => id.to_string(),
            false => id.name.clone(),
        }
    }

    /// A number given in the plan, or the probe's default.
    pub fn number(&self, name: &str) -> f64 {
        self.call.value(name).parse().unwrap_or_default()
    }

    /// A list of words given in the plan, or the probe's default.
    pub fn words(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.call
            .value(name)
            .split(',')
            .map(str::trim)
            .filter(|w| !w.is_empty())
    }
}

/// Services that were read.
#[derive(Debug)]
pub struct Services<'a> {
    /// Sorted by id.
    pub rows: Vec<&'a Service>,
    /// When (UTC).
    pub at: Timestamp,
    /// By whom.
    pub source: &'a str,
}

/// Services with their task definitions.
#[derive(Debug)]
pub struct Definitions<'a> {
    /// Sorted by the service's id.
    pub rows: Vec<Defined<'a>>,
    /// When the services said which revision they are set to (UTC).
    pub at: Timestamp,
    /// Who told what the revisions say.
    pub source: &'a str,
}

/// A service with what is known of its task definition.
#[derive(Clone, Debug)]
pub struct Defined<'a> {
    /// The service.
    pub service: &'a Service,
    /// Of the revision that it is set to; where that was not read, of the one that is replaced; `None`: of neither.
    pub definition: Option<&'a TaskDefinition>,
    /// Why the revision that it is set to is not known, where it is not.
    unread: Option<String>,
}

impl Defined<'_> {
    /// Why the revision that it is set to is not known; empty where it is.
    pub fn unread(&self) -> &str {
        self.unread.as_deref().unwrap_or_default()
    }

    /// An answer about [`Self::definition`]: what is told of a revision that is replaced says so.
    pub fn said(&self, answer: &str) -> String {
        match (&self.unread, answer) {
            (None, _) => answer.to_owned(),
            (Some(why), "") => why.clone(),
            (Some(why), _) => format!("{answer}; {why}"),
        }
    }
}

/// An age in its shortest honest form: `12s`, `4m`, `3h`, `2d`.
pub fn span(age: Duration) -> String {
    match age.as_secs() {
        s @ 0..60 => format!("{s}s"),
        s @ 60..3_600 => format!("{}m", s / 60),
        s @ 3_600..172_800 => format!("{}h", s / 3_600),
        s => format!("{}d", s / 86_400),
    }
}

/// Whether something happened within so many days before now. What is dated ahead has not happened: one of the clocks is wrong.
pub fn within(at: Timestamp, now: Timestamp, days: f64) -> bool {
    let seconds = now.duration_since(at).as_secs_f64();
    seconds <= days * 86_400.0 && skew::ahead(at, now).is_none()
}

/// Joins judgements that must all hold: one failure fails, else one unknown leaves it unknown. Evidence against comes first.
pub fn all(judgements: Vec<Judgement>) -> Option<Judgement> {
    let worst = judgements.iter().map(|j| j.state).min()?;
    let reason = match worst {
        CriterionState::Proved => join_reasons(&judgements, worst, 3),
        _ => join_reasons(&judgements, worst, 2),
    };
    let figure = joined(&judgements);
    let mut evidence: Vec<Evidence> = judgements.into_iter().flat_map(|j| j.evidence).collect();
    evidence.order_by_key(|e| e.ok);
    Some(Judgement {
        state: worst,
        evidence,
        reason,
        figure,
    })
}

/// What several measured against one target stands side by side; of different ones the first that is told.
fn joined(judgements: &[Judgement]) -> Option<Figure> {
    let mut all = judgements.iter().filter_map(|j| j.figure.as_ref());
    let first = all.next()?;
    let alike = all.filter(|f| f.target == first.target);
    let told = std::iter::once(first).chain(alike).map(|f| f.now.as_str());
    Some(Figure {
        now: told.collect::<Vec<_>>().join(", "),
        target: first.target.clone(),
    })
}

fn join_reasons(judgements: &[Judgement], state: CriterionState, most: usize) -> String {
    // What several probes found of the same things is said once.
    let mut rows: Vec<&str> = Vec::new();
    for j in judgements.iter().filter(|j| j.state == state) {
        if !rows.contains(&j.reason.as_str()) {
            rows.push(&j.reason);
        }
    }
    let shown = rows.get(..most).unwrap_or(&rows).join("; ");
    match rows.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::image::{Image, Registry, Repository, Scan};
    use crate::domain::log::{LineSample, LogGroup};
    use crate::domain::service::ContainerSpec;
    use crate::plan::checklist::CriterionState::Proved;
    use crate::plan::probes::testing::{ago, deploy, judged, part, running};

    const URI: &str = "1.dkr.ecr.home.amazonaws.com/laser/api";

    fn image() -> Image {
        Image {
            repository: "laser/api".into(),
            uri: URI.into(),
            tags: vec!["1.8.2".into()],
            digest: "sha256:1".into(),
            bytes: 90_000_000,
            pushed_at: None,
            pulled_at: None,
            parts: None,
            scan: Scan {
                status: "COMPLETE".into(),
                completed_at: ago(1),
                ..Scan::default()
            },
            findings: Vec::new(),
        }
    }

    #[test]
    fn what_several_probes_say_alike_is_said_once() {
        let one = |reason: &str| super::Judgement {
            state: Proved,
            ..super::Judgement::unknown(reason)
        };
        let all = [
            one("all 2 services: a, b"),
            one("1 host: x"),
            one("all 2 services: a, b"),
        ];
        let joined = super::all(all.to_vec()).unwrap();
        assert_eq!(joined.reason, "all 2 services: a, b; 1 host: x");
    }

    #[test]
    fn what_is_measured_against_one_target_stands_side_by_side() {
        let one = |now: &str, target: &str| super::Judgement::unknown("").measured(now, target);
        let joined = |all: &[super::Judgement]| super::all(all.to_vec()).unwrap().figure;
        let images = one("1 in images", "0 critical");
        let told = joined(&[images.clone(), one("2 in code", "0 critical")]).unwrap();
        assert_eq!(
            (told.now.as_str(), told.target.as_str()),
            ("1 in images, 2 in code", "0 critical")
        );
        let told = joined(&[images, one("2 in code", "0 high")]).unwrap();
        assert_eq!(told.now, "1 in images");
        assert_eq!(joined(&[super::Judgement::unknown("")]), None);
    }

    #[test]
    fn a_service_is_named_with_its_cluster_where_another_has_its_name() {
        let mut facts = running(vec![ContainerSpec::default()]);
        let named = |facts: &_| {
            judged("ecs.circuit-breaker", facts).evidence[0]
                .answer
                .clone()
        };
        let services = facts.services.value.as_mut().unwrap();
        let mut other = (*services[0]).clone();
        let (name, cluster) = (other.id.name.clone(), other.id.cluster.clone());
        other.id.cluster = "elsewhere".into();
        other.id.name = "alone".into();
        Arc::make_mut(services).push(Arc::new(other));
        assert!(!named(&facts).contains(&format!("{cluster}/{name}")));
        let services = facts.services.value.as_mut().unwrap();
        let services = Arc::make_mut(services);
        Arc::make_mut(services.last_mut().unwrap()).id.name = name.clone();
        let said = judged("ecs.circuit-breaker", &facts);
        let said: String = said.evidence.iter().map(|e| e.answer.as_str()).collect();
        assert!(said.contains(&format!("{cluster}/{name}")), "{said}");
        assert!(said.contains(&format!("elsewhere/{name}")), "{said}");
    }

    #[test]
    fn what_is_told_of_a_revision_that_is_replaced_says_so() {
        let mut facts = running(vec![ContainerSpec {
            name: "api".into(),
            image: format!("{URI}:1.8.2"),
            environment: vec![("NODE_ENV".into(), "production".into())],
            log_group: Some("/ecs/api".into()),
            ..ContainerSpec::default()
        }]);
        facts.estate.secrets = part(Arc::default());
        facts.estate.registry = part(Arc::new(Registry {
            repositories: vec![Repository {
                name: "laser/api".into(),
                uri: URI.into(),
                scan_on_push: true,
                immutable: true,
                created_at: None,
            }],
            images: vec![image()],
            gone: Vec::new(),
            missing: Vec::new(),
        }));
        facts.log_groups = part(Arc::new(vec![LogGroup {
            name: "/ecs/api".into(),
            retention_days: Some(30),
            stored_bytes: 0,
            created_at: None,
        }]));
        let sample = part(LineSample {
            lines: 1,
            structured: 1,
        });
        facts.log_samples.insert("/ecs/api".into(), sample);
        let calls = [
            "ecs.images-pinned",
            "ecs.secrets-referenced",
            "ecs.environment required=NODE_ENV",
            "secretsmanager.referenced",
            "logs.groups",
            "logs.structured",
            "ecr.scanned",
        ];
        let says = |facts: &_| {
            calls.map(|call| {
                let got = judged(call, facts);
                assert_eq!(got.state, Proved, "{call}: {got:?}");
                got.evidence[0].answer.contains("api:8 not read yet")
            })
        };
        assert_eq!(says(&facts), [false; 7]);
        deploy(&mut facts);
        assert_eq!(says(&facts), [true; 7]);
    }
}
