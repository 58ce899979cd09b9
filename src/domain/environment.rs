//! Environments side by side: which there are, what belongs to each, and whether each answers.

use jiff::Timestamp;
use serde::Serialize;

use super::facts::Facts;
use super::part::{Freshness, Part};
use super::service::Service;
use super::target::TargetGroup;

/// An environment of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Env {
    /// Where the customers are.
    Production,
    /// Where what comes next is tried.
    Staging,
    /// Where it is made.
    Development,
}

/// Words in a name that tell its environment. Production's count wherever they stand: the mistake that costs most is the one that
/// takes production for something else.
const WORDS: [(Env, &[&str]); 3] = [
    (Env::Production, &["production", "prod", "prd", "live"]),
    (
        Env::Staging,
        &[
            "staging",
            "stage",
            "stg",
            "preprod",
            "uat",
            "qa",
            "preview",
            "integration",
        ],
    ),
    (
        Env::Development,
        &[
            "development",
            "develop",
            "dev",
            "test",
            "tests",
            "testing",
            "sandbox",
            "local",
            "ci",
            "demo",
        ],
    ),
];

impl Env {
    /// All of them, in the order shown.
    pub const ALL: [Self; 3] = [Self::Production, Self::Staging, Self::Development];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Development => "development",
        }
    }

    /// The environment that a name tells by its words; `None` where it tells none.
    pub fn named(name: &str) -> Option<Self> {
        let lower = name.to_lowercase();
        let has = |words: &[&str]| {
            lower
                .split(|c: char| !c.is_alphanumeric())
                .any(|part| words.contains(&part))
        };
        WORDS
            .iter()
            .find(|(_, words)| has(words))
            .map(|(env, _)| *env)
    }

    /// The environment that is looked at. One whose name says nothing is production, as the console's own guard has it.
    pub fn looked_at(facts: &Facts) -> Self {
        Self::named(&facts.environment).unwrap_or(Self::Production)
    }
}

/// What belongs to an environment.
#[derive(Clone, Debug)]
pub struct Belongings<'a> {
    /// Which environment.
    pub env: Env,
    /// Clusters, by name.
    pub clusters: Vec<&'a str>,
    /// Services in ACTIVE state, sorted by id.
    pub services: Vec<&'a Service>,
    /// URLs that are probed.
    pub urls: Vec<&'a str>,
}

impl<'a> Belongings<'a> {
    /// What belongs to an environment. Clusters and hosts tell by the words of their names; those that do not say, and clusters that
    /// the configuration lists, belong to the environment that is looked at. A URL that verifies a service belongs where that runs.
    pub fn of(env: Env, facts: &'a Facts) -> Self {
        let ours = |cluster: &str| facts.env_of_cluster(cluster) == env;
        let services: Vec<&Service> = facts
            .service_rows()
            .iter()
            .map(AsRef::as_ref)
            .filter(|s| s.status == "ACTIVE" && ours(&s.id.cluster))
            .collect();
        let listed = facts.clusters.value.iter().flatten();
        let mut clusters: Vec<&str> = listed
            .filter(|c| c.status == "ACTIVE")
            .map(|c| c.name.as_str())
            .filter(|name| ours(name))
            .chain(services.iter().map(|s| s.id.cluster.as_str()))
            .collect();
        clusters.sort_unstable();
        clusters.dedup();
        let urls = facts.https.keys().map(String::as_str);
        Self {
            env,
            clusters,
            services,
            urls: urls.filter(|u| env_of_url(u, facts) == env).collect(),
        }
    }

    /// The name under which the configuration keeps it beside the one that is looked at, whose clusters alone are asked about.
    pub fn kept_as<'f>(&self, facts: &'f Facts) -> Option<&'f str> {
        // One whose cluster is listed here has that as its reason.
        let is_other = self.env != Env::looked_at(facts) && facts.listed_of(self.env).is_none();
        let mut names = facts.environments.iter().filter(|_| is_other);
        let name = names.find(|n| Env::named(n) == Some(self.env))?;
        Some(name)
    }

    /// Why there is nothing that could answer.
    pub fn why_none(&self, facts: &Facts) -> String {
        let env = self.env.word();
        if let Some(name) = self.kept_as(facts) {
            return format!("looked at by itself: flightdeck --env {name} show environments");
        }
        match facts.listed_of(self.env) {
            Some(cluster) => format!(
                "no cluster and no probed host is left for {env}: [aws] clusters lists {cluster}, which makes it {}'s",
                Env::looked_at(facts).word()
            ),
            None => format!("no cluster and no probed host is named for {env}"),
        }
    }

    /// Whether there is anything that could answer.
    pub fn exists(&self) -> bool {
        !self.clusters.is_empty() || !self.urls.is_empty()
    }
}

fn env_of_url(url: &str, facts: &Facts) -> Env {
    let here = Env::looked_at(facts);
    let target = facts.https_targets.iter().find(|t| t.url == url);
    if let Some(service) = target.and_then(|t| t.verifies.as_deref()) {
        let cluster = match service.split_once('/') {
            Some((cluster, _)) => Some(cluster),
            None => only_cluster(service, facts),
        };
        if let Some(cluster) = cluster {
            return facts.env_of_cluster(cluster);
        }
    }
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or(rest);
    // The last label says nothing: `.dev` is a top-level domain, too.
    let name = host.rsplit_once('.').map_or(host, |(name, _)| name);
    Env::named(name).unwrap_or(here)
}

/// The one cluster that runs a service of that name.
fn only_cluster<'a>(name: &str, facts: &'a Facts) -> Option<&'a str> {
    let mut found = facts.service_rows().iter().filter(|s| s.id.name == name);
    let first = found.next()?;
    found.next().is_none().then_some(first.id.cluster.as_str())
}

/// Whether an environment answers, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answering {
    /// `None`: it could not be asked, or not all of it.
    pub answers: Option<bool>,
    /// Whether anything of it does: a service that runs all that it wants, a URL that is right.
    pub alive: bool,
    /// What came back and is well.
    pub well: Vec<String>,
    /// What came back and is not.
    pub ill: Vec<String>,
    /// What could not be asked, and why.
    pub unseen: Vec<String>,
    /// Who was asked.
    pub sources: Vec<String>,
    /// The oldest of the answers (UTC).
    pub at: Option<Timestamp>,
}

impl Answering {
    /// Asks what is known: services run as many tasks as they want and at least one of them does, their targets are healthy, and
    /// URLs answer with the status that is right.
    pub fn of(what: &Belongings<'_>, facts: &Facts, now: Timestamp) -> Self {
        let mut found = Self {
            answers: None,
            alive: false,
            well: Vec::new(),
            ill: Vec::new(),
            unseen: Vec::new(),
            sources: Vec::new(),
            at: None,
        };
        let mut alive = false;
        if !what.clusters.is_empty() && found.believes(&facts.services, "the services", now) {
            alive |= found.services(what, facts, now);
        }
        for url in &what.urls {
            let Some(part) = facts.https.get(*url) else {
                continue;
            };
            if let Some(probe) = part
                .value
                .as_ref()
                .filter(|_| found.believes(part, url, now))
            {
                if let Some(why) = probe.unseen() {
                    found.unseen.push(format!("{url}: {why}"));
                    continue;
                }
                let target = facts.https_targets.iter().find(|t| t.url == *url);
                let right = target.map_or(200, |t| t.status);
                if probe.status == right {
                    alive = true;
                    let words = format!("{url} {} in {:.0} ms", probe.status, probe.latency_ms);
                    found.well.push(words);
                } else {
                    let words = format!("{url} {}, expected {right}", probe.status);
                    found.ill.push(words);
                }
            }
        }
        if !alive && found.ill.is_empty() && found.unseen.is_empty() {
            let mut all = what.services.iter();
            let rests = !what.services.is_empty() && all.all(|s| facts.is_elsewhere(&s.id));
            match rests {
                // At night, say: that is its own affair, and proves nothing either way.
                true => found.unseen.push("it rests, scaled to 0".into()),
                false => found.ill.push("nothing runs there".into()),
            }
        }
        found.alive = alive;
        found.answers = match (found.ill.is_empty(), found.unseen.is_empty()) {
            (false, _) => Some(false),
            (true, false) => None,
            (true, true) => Some(true),
        };
        found
    }

    /// What came back, in a line: what is not well first.
    pub fn said(&self) -> String {
        let unseen = self.unseen.iter().map(|u| format!("not known: {u}"));
        let all: Vec<String> = self.ill.iter().cloned().chain(unseen).collect();
        let all = all.into_iter().chain(self.well.iter().cloned());
        all.collect::<Vec<_>>().join("; ")
    }

    /// Whether any service runs all that it wants.
    fn services(&mut self, what: &Belongings<'_>, facts: &Facts, now: Timestamp) -> bool {
        let (mut full, mut idle) = (Vec::new(), Vec::new());
        for s in &what.services {
            let answering = s.answering();
            let (running, desired) = (answering.running, answering.desired);
            match desired {
                0 if !s.load_balancers.is_empty() && !facts.is_elsewhere(&s.id) => {
                    // Whoever asks it is answered by nobody.
                    self.ill.push(format!("{} scaled to 0", s.id.name));
                }
                // What is scaled to 0 on purpose is not asked to answer.
                0 => idle.push(s.id.name.as_str()),
                n if running >= n => full.push(format!("{} {running} of {n}", s.id.name)),
                n => self.ill.push(format!("{} {running} of {n} running", s.id)),
            }
        }
        let wanted = what.services.len() - idle.len();
        if !full.is_empty() {
            let words = format!("{} of {wanted} services run", full.len());
            self.well.push(format!("{words} ({})", full.join(", ")));
        }
        if !idle.is_empty() {
            self.well.push(format!("scaled to 0: {}", idle.join(", ")));
        }
        let bound = |s: &&&Service| s.counts.desired > 0 && !s.load_balancers.is_empty();
        let bound: Vec<&&Service> = what.services.iter().filter(bound).collect();
        if !bound.is_empty() && self.believes(&facts.target_groups, "the targets", now) {
            self.targets(&bound, facts);
        }
        !full.is_empty()
    }

    fn targets(&mut self, bound: &[&&Service], facts: &Facts) {
        let mut healthy_groups = 0;
        for s in bound {
            let groups = facts.bound_targets_of(s);
            let is_untold = |g: &TargetGroup| facts.untold_since(g).is_some();
            if groups.is_empty() || facts.targets_of(s).any(is_untold) {
                self.unseen.push(format!("targets of {}", s.id));
                continue;
            }
            // Each group is as old as its own answer.
            let told = facts.targets_of(s).map(|g| facts.targets_told.of(&g.arn));
            let read = told.flatten().map(|t| t.read);
            self.at = self.at.into_iter().chain(read).min();
            for g in groups {
                // Targets that drain leave on purpose.
                let wanted = g.targets.iter().filter(|t| t.state != "draining").count();
                match g.healthy() {
                    n if wanted > 0 && n >= wanted => healthy_groups += 1,
                    n => {
                        let words = format!("{n} of {wanted} targets of {} healthy", g.name);
                        self.ill.push(words);
                    }
                }
            }
        }
        if healthy_groups > 0 {
            let s = if healthy_groups == 1 { "" } else { "s" };
            self.well
                .push(format!("{healthy_groups} target group{s} healthy"));
        }
    }

    /// Whether a part may be believed; notes who was asked and when, or why not.
    fn believes<T>(&mut self, part: &Part<T>, what: &str, now: Timestamp) -> bool {
        if !self.sources.contains(&part.source) {
            self.sources.push(part.source.clone());
        }
        match (part.freshness(now), part.observed_at) {
            (Freshness::Fresh, Some(at)) => {
                self.at = Some(self.at.map_or(at, |known| known.min(at)));
                return true;
            }
            (Freshness::Failed, _) => {
                let why = part.error.as_ref().map_or("it failed", |p| p.why.as_str());
                self.unseen.push(format!("{what}: {why}"));
            }
            (Freshness::Stale, _) => self.unseen.push(format!("{what}: the answer is old")),
            _ => self.unseen.push(format!("{what}: not asked yet")),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::probe::{Grade, HttpsProbe, HttpsTarget};
    use crate::domain::service::{
        CircuitBreaker, Cluster, DeploymentConfig, LoadBalancerBinding, Revision, Rollout,
        ServiceId, Strategy, TaskCounts,
    };

    fn now() -> Timestamp {
        Timestamp::from_second(1_000).unwrap()
    }

    fn part<T>(value: T) -> Part<T> {
        Part::answered(value, now(), "x:Y", Duration::from_secs(30))
    }

    fn service(cluster: &str, name: &str, running: u32, desired: u32) -> Arc<Service> {
        Arc::new(Service {
            id: ServiceId {
                cluster: cluster.into(),
                name: name.into(),
            },
            arn: String::new(),
            status: "ACTIVE".into(),
            counts: TaskCounts {
                desired,
                running,
                ..TaskCounts::default()
            },
            revision: Revision::parse("api:1").unwrap(),
            launch_type: "FARGATE".into(),
            deployment: DeploymentConfig {
                strategy: Strategy::Rolling,
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                circuit_breaker: CircuitBreaker {
                    enabled: true,
                    rollback: true,
                    ..CircuitBreaker::default()
                },
                alarms: Vec::new(),
                alarms_rollback: false,
                bake_minutes: None,
                shift_minutes: None,
            },
            load_balancers: Vec::new(),
            rollouts: Vec::new(),
            revisions: vec![],
            scaling: None,
            events: Vec::new(),
            created_at: None,
        })
    }

    fn cluster(name: &str) -> Cluster {
        Cluster {
            arn: String::new(),
            name: name.into(),
            status: "ACTIVE".into(),
            active_services: 0,
            running_tasks: 0,
            pending_tasks: 0,
            container_instances: 0,
            capacity_providers: Vec::new(),
        }
    }

    fn page(url: &str, status: u16) -> (String, Part<HttpsProbe>) {
        let probe = HttpsProbe {
            url: url.into(),
            status,
            latency_ms: 12.0,
            headers: Vec::new(),
            grade: Grade {
                letter: "A".into(),
                reasons: Vec::new(),
            },
            mitigated: None,
        };
        (url.to_owned(), part(probe))
    }

    fn facts() -> Facts {
        Facts {
            environment: "production".into(),
            environments: vec!["production".into(), "staging".into(), "dev".into()],
            clusters: part(vec![
                cluster("laser-prod"),
                cluster("laser-staging"),
                cluster("laser-dev"),
            ]),
            services: part(Arc::new(vec![
                service("laser-prod", "api", 4, 4),
                service("laser-staging", "api", 0, 1),
            ])),
            https: [
                page("https://api.laser.dev/health", 200),
                page("https://staging.laser.dev/", 200),
                page("https://hidden.laser.dev/", 503),
            ]
            .into(),
            https_targets: vec![HttpsTarget {
                url: "https://hidden.laser.dev/".into(),
                status: 200,
                verifies: Some("laser-dev/api".into()),
            }],
            ..Facts::default()
        }
    }

    fn answering(env: Env, facts: &Facts) -> Answering {
        Answering::of(&Belongings::of(env, facts), facts, now())
    }

    #[test]
    fn names_tell_their_environment_and_production_wins() {
        assert_eq!(Env::named("laser-prod"), Some(Env::Production));
        assert_eq!(Env::named("laser-staging"), Some(Env::Staging));
        assert_eq!(Env::named("dev_cluster"), Some(Env::Development));
        assert_eq!(Env::named("product-live"), Some(Env::Production));
        assert_eq!(Env::named("test-in-prod"), Some(Env::Production));
        assert_eq!(Env::named("default"), None);
    }

    #[test]
    fn hosts_belong_where_their_words_or_their_service_say() {
        let facts = facts();
        let urls = |env| Belongings::of(env, &facts).urls;
        assert_eq!(urls(Env::Production), ["https://api.laser.dev/health"]);
        assert_eq!(urls(Env::Staging), ["https://staging.laser.dev/"]);
        assert_eq!(urls(Env::Development), ["https://hidden.laser.dev/"]);
    }

    #[test]
    fn an_environment_answers_while_its_services_run_and_its_urls_answer() {
        let facts = facts();
        let production = answering(Env::Production, &facts);
        assert_eq!(production.answers, Some(true), "{production:?}");
        assert!(production.alive, "{production:?}");
        assert!(
            production
                .said()
                .contains("1 of 1 services run (api 4 of 4)")
        );
        assert!(production.said().contains("200 in 12 ms"));
        let staging = answering(Env::Staging, &facts);
        assert_eq!((staging.answers, staging.alive), (Some(false), true));
        assert!(
            staging
                .said()
                .starts_with("laser-staging/api 0 of 1 running")
        );
        let development = answering(Env::Development, &facts);
        assert_eq!(
            development.ill,
            ["https://hidden.laser.dev/ 503, expected 200"]
        );
        assert!(!development.alive, "{development:?}");
    }

    #[test]
    fn what_the_edge_answers_for_itself_is_no_answer_of_an_environment() {
        let mut facts = facts();
        let url = "https://hidden.laser.dev/";
        let page = facts.https.get_mut(url).unwrap();
        page.value.as_mut().unwrap().mitigated = Some("Vercel challenged this machine".into());
        let told = answering(Env::Development, &facts);
        assert_eq!((told.answers, told.alive), (None, false), "{told:?}");
        assert!(told.unseen[0].contains("Vercel challenged"), "{told:?}");
        assert!(told.ill.is_empty(), "{told:?}");
    }

    #[test]
    fn a_service_that_requests_come_to_is_one_of_all_even_at_none() {
        let mut facts = facts();
        facts.https.clear();
        let at_none = |name: &str, bound: bool| {
            let mut service = Service::clone(&service("laser-prod", name, 0, 0));
            service.load_balancers = vec![LoadBalancerBinding {
                alternate_target_group_arn: None,
                target_group_arn: "arn:aws:elasticloadbalancing:r:1:targetgroup/auth/1".into(),
                container: name.into(),
                port: 80,
            }];
            service.load_balancers.retain(|_| bound);
            Arc::new(service)
        };
        facts.services = part(Arc::new(vec![
            service("laser-prod", "api", 4, 4),
            at_none("auth", true),
            at_none("nightly", false),
        ]));
        let production = answering(Env::Production, &facts);
        let said = production.said();
        assert!(
            said.starts_with("auth scaled to 0; 1 of 2 services run (api"),
            "{said}"
        );
        assert!(said.contains("; scaled to 0: nightly"), "{said}");
        assert_eq!(production.ill, ["auth scaled to 0"]);
        // Another one's is its own affair: what else runs there answers, and where nothing does it proves nothing.
        facts.environment = "staging".into();
        let production = answering(Env::Production, &facts);
        assert_eq!((production.answers, production.ill.len()), (Some(true), 0));
        facts.services = part(Arc::new(vec![at_none("auth", true)]));
        let production = answering(Env::Production, &facts);
        assert_eq!((production.answers, production.ill.len()), (None, 0));
        assert!(production.said().contains("not known: it rests"));
    }

    /// CodeDeploy has tasks of the new set stand by: they answer nobody until the traffic is theirs.
    #[test]
    fn tasks_without_the_traffic_do_not_make_up_for_those_with_it() {
        let mut facts = facts();
        let mut service = Service::clone(&service("laser-prod", "api", 2, 2));
        service.deployment.strategy = Strategy::CodeDeploy;
        let set = |status: &str, running: u32| Rollout {
            id: format!("ecs-svc/{status}"),
            status: status.into(),
            revision: Revision::parse("api:1").unwrap(),
            counts: TaskCounts {
                desired: 2,
                running,
                ..TaskCounts::default()
            },
            rollout_state: String::new(),
            rollout_reason: String::new(),
            created_at: Some(now()),
            updated_at: None,
        };
        let mut said = |running: u32| {
            service.counts.running = running + 2;
            service.rollouts = vec![set("PRIMARY", running), set("ACTIVE", 2)];
            facts.services = part(Arc::new(vec![Arc::new(service.clone())]));
            answering(Env::Production, &facts).said()
        };
        let none = said(0);
        assert!(none.contains("api 0 of 2 running"), "{none}");
        assert!(!none.contains("2 of 2"), "{none}");
        // Those that stand by are no more than are wanted.
        let all = said(2);
        assert!(all.contains("(api 2 of 2)"), "{all}");
    }

    #[test]
    fn targets_that_nobody_tells_of_any_more_are_not_known() {
        use crate::domain::problem::{Problem, ProblemKind};
        use crate::domain::target::Target;
        use crate::domain::targets_told::GroupTold;
        let arn = "arn:aws:elasticloadbalancing:r:1:targetgroup/api/1";
        let told = |minutes: i64| {
            let mut facts = facts();
            facts.https.clear();
            let mut api = Service::clone(&service("laser-prod", "api", 1, 1));
            api.load_balancers = vec![LoadBalancerBinding {
                alternate_target_group_arn: None,
                target_group_arn: arn.into(),
                container: "api".into(),
                port: 80,
            }];
            facts.services = part(Arc::new(vec![Arc::new(api)]));
            facts.target_groups = part(Arc::new(vec![TargetGroup {
                arn: arn.into(),
                name: "tg-api".into(),
                load_balancers: Vec::new(),
                protocol: None,
                health_check_path: None,
                targets: vec![Target {
                    id: "10.0.0.1".into(),
                    port: 80,
                    zone: "a".into(),
                    state: "healthy".into(),
                    reason: String::new(),
                }],
            }]));
            let read = GroupTold {
                read: now() - jiff::SignedDuration::from_mins(minutes),
                none_since: None,
                failure: Some(Problem::new(ProblemKind::Timeout, "elb", "w", "y", "f")),
            };
            facts.targets_told = Arc::new([(arn.to_owned(), read)].into_iter().collect());
            facts.taken_at = now();
            answering(Env::Production, &facts)
        };
        let young = told(2);
        assert_eq!(young.answers, Some(true), "{young:?}");
        let at = now() - jiff::SignedDuration::from_mins(2);
        assert_eq!(young.at, Some(at), "as old as its own answer");
        assert_eq!(told(12).answers, None);
    }

    /// What the configuration lists is the console's own, whatever its name says.
    #[test]
    fn a_listed_cluster_belongs_to_the_environment_that_is_looked_at() {
        let mut facts = facts();
        facts.listed_clusters = vec!["laser-prod".into(), "laser-dev".into()];
        let urls = |env| Belongings::of(env, &facts).urls.len();
        assert_eq!((urls(Env::Production), urls(Env::Development)), (2, 0));
        let clusters = Belongings::of(Env::Production, &facts).clusters;
        assert_eq!(clusters, ["laser-dev", "laser-prod"]);
        let development = Belongings::of(Env::Development, &facts);
        assert!(!development.exists());
        let why = development.why_none(&facts);
        assert!(why.contains("lists laser-dev, which makes it production's"));
        // So a service of it that nobody is answered by is production's fault, and not development's rest.
        let mut gone = Service::clone(&service("laser-dev", "auth", 0, 0));
        gone.load_balancers = vec![LoadBalancerBinding {
            alternate_target_group_arn: None,
            target_group_arn: "arn:aws:elasticloadbalancing:r:1:targetgroup/auth/1".into(),
            container: "auth".into(),
            port: 80,
        }];
        assert!(facts.is_gone(&gone));
        facts.listed_clusters.clear();
        assert!(!facts.is_gone(&gone));
        // Unless nobody looks after that one.
        facts.environments.pop();
        assert!(facts.is_gone(&gone));
        facts.services = part(Arc::new(vec![Arc::new(gone)]));
        let development = answering(Env::Development, &facts);
        assert!(development.ill.contains(&"auth scaled to 0".to_owned()));
    }

    #[test]
    fn nothing_that_runs_is_no_answer_and_what_is_old_is_none_either() {
        let mut facts = facts();
        facts.https.clear();
        assert_eq!(answering(Env::Development, &facts).answers, Some(false));
        facts.services.observed_at = Some(Timestamp::from_second(100).unwrap());
        let production = answering(Env::Production, &facts);
        assert_eq!(production.answers, None);
        assert!(production.said().contains("not known: the services"));
        facts.clusters = part(Vec::new());
        facts.services = part(Arc::new(Vec::new()));
        assert!(!Belongings::of(Env::Staging, &facts).exists());
    }
}
