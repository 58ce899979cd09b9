//! A rollout that goes on, in a preview: the service is set to one revision, and its users may have another.
//!
//! What a deploy copies is the one that is set, although nobody has proved it. That is what ECS's own tools and pipelines do; whoever
//! set it there, perhaps by CloudFormation, wants its settings, and the image that is deployed may need them: a copy of the one before
//! would drop them without a word. So that nothing is taken over without a word either, what changes is told against the one that users
//! have, or, where they have several, the last that was proved; a warning names who has what.

use super::goal::Sight;
use super::look::{Look, Subject};
use super::shares::Shares;
use super::{back, diff, words};
use crate::domain::action::DiffMark;
use crate::domain::deployment::{Deployment, DeploymentState};
use crate::domain::service::{Revision, TaskDefinition};

/// A revision that is on its way, and what users have meanwhile.
#[derive(Debug, PartialEq)]
pub struct Coming<'a> {
    /// The one that the service is set to.
    to: &'a Revision,
    /// The last one that was rolled out to its end, or each that it may be.
    before: Vec<&'a Revision>,
    /// Whether the coming one was once rolled out to its end, too: somebody goes back to it.
    proved: bool,
    /// How much each has of what users get.
    shares: Shares<'a>,
    have: Have<'a>,
}

/// What users have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Have<'a> {
    One(&'a Revision),
    Both,
    Several,
    Nothing,
    /// Something runs, and nobody tells what.
    Untold,
}

/// From what to what a deploy goes.
#[derive(Debug)]
pub struct Told {
    /// In words.
    pub text: String,
    /// What is told of it against, in words.
    pub against: String,
    /// The definition that it is told against, or why that is not known.
    pub before: Result<TaskDefinition, String>,
}

/// What is coming to a service; nothing where no rollout of another revision goes on, or it goes back.
pub fn of(sight: &Sight) -> Option<Coming<'_>> {
    let onward = |d: &&Deployment| {
        matches!(
            d.state,
            DeploymentState::Pending | DeploymentState::InProgress
        )
    };
    let running = sight.running().filter(onward)?;
    let to = &running.to.as_ref()?.revision;
    let mut before = back::possible(running);
    before.retain(|r| !words::same(r, to));
    if before.is_empty() || !words::same(to, &sight.service.revision) {
        return None;
    }
    // Of several that are replaced, those that were not rolled out to their end either are as unproved.
    let done = (sight.deployments.iter()).filter(|d| d.state == DeploymentState::Successful);
    let done: Vec<&Revision> = done
        .filter_map(|d| d.to.as_ref())
        .map(|to| &to.revision)
        .collect();
    let is_before = |r: &&&Revision| before.iter().any(|b| words::same(b, r));
    if let Some(last) = done.iter().find(is_before) {
        before = vec![*last];
    }
    let proved = done.iter().any(|r| words::same(r, to));
    let shares = Shares::of(running);
    let fails = running.failures.is_some_and(|(failed, _)| failed > 0);
    let have = match shares.holders().as_deref() {
        Some([]) if sight.service.counts.running == 0 => Have::Nothing,
        Some([]) | None => Have::Untold,
        // It runs, and its tasks do not stay: whether the balancer sends them anything nobody tells.
        Some([only]) if words::same(only, to) && shares.are_tasks() && fails => Have::Untold,
        Some([only]) => Have::One(only),
        Some([_, _]) => Have::Both,
        Some(_) => Have::Several,
    };
    Some(Coming {
        to,
        before,
        proved,
        shares,
        have,
    })
}

impl Coming<'_> {
    /// The one that users have alone, where that is not the coming one.
    fn serves(&self) -> Option<&Revision> {
        match self.have {
            Have::One(only) if !self.has_arrived() => Some(only),
            _ => None,
        }
    }

    /// Whether users have the coming one alone, although its rollout has not ended.
    fn has_arrived(&self) -> bool {
        matches!(self.have, Have::One(only) if words::same(only, self.to))
    }

    /// What a deploy is told against: one revision, or each that it may be.
    fn basis(&self) -> Vec<&Revision> {
        match self.have {
            Have::One(only) => vec![only],
            _ => self.before.clone(),
        }
    }

    /// What users have, in a sentence.
    fn users(&self) -> String {
        let shares = self.shares.words();
        match self.have {
            Have::One(_) if self.has_arrived() => format!("users have it already ({shares})"),
            Have::One(only) => format!("users have {only}"),
            Have::Both => format!("{} ({shares})", self.shares.held("both")),
            Have::Several => format!("{} ({shares})", self.shares.held("several")),
            Have::Nothing => format!("nothing serves ({shares})"),
            Have::Untold => "what users have is not told".to_owned(),
        }
    }

    /// That what is set is no more than on its way, to stand behind its name.
    pub fn mark(&self) -> String {
        match self.serves() {
            Some(only) => format!("  (is coming; {only} serves)"),
            None => format!("  (is coming; {})", self.users()),
        }
    }

    /// What it means for an action that takes its place or begins it anew.
    pub fn replaced(&self, how: &str) -> String {
        let proved = match self.proved {
            true => "",
            false => " and not proved",
        };
        format!(
            "a deployment is running: {} is coming{proved}, {}; {how}",
            self.to,
            self.users()
        )
    }

    /// The definition of what a deploy is told against.
    ///
    /// # Errors
    /// Why it is not known, in words.
    async fn definition(
        &self,
        look: &Look<'_>,
        subject: &Subject,
        set: &TaskDefinition,
    ) -> Result<TaskDefinition, String> {
        let basis = self.basis();
        let [only] = basis.as_slice() else {
            return Err(format!("which of {} came last is not told", names(&basis)));
        };
        if words::same(only, &set.revision) {
            return Ok(set.clone());
        }
        let asked = look.backend.ecs.task_definition(&only.arn);
        let told = subject.spare.wait(asked).await;
        told.and_then(|told| told.map_err(|p| p.why))
    }

    /// From what to what a deploy goes.
    pub async fn told(&self, look: &Look<'_>, subject: &Subject, set: &TaskDefinition) -> Told {
        let before = self.definition(look, subject, set).await;
        let bound = words::bound(subject.service());
        Told {
            text: self.way(before.as_ref().ok(), set, bound),
            against: self.against(&before),
            before,
        }
    }

    /// The way of a deploy in words. `bound`: the container that its load balancer speaks to.
    fn way(
        &self,
        before: Option<&TaskDefinition>,
        set: &TaskDefinition,
        bound: Option<&str>,
    ) -> String {
        let image = |d: &TaskDefinition| {
            let container = d.main_container(bound);
            container.map_or_else(String::new, |c| {
                format!("  {}", words::short_image(&c.image))
            })
        };
        let old = match self.serves() {
            Some(only) => vec![only],
            None => self.before.clone(),
        };
        let is_old = |d: &&TaskDefinition| old.iter().any(|r| words::same(r, &d.revision));
        let now = before.filter(is_old).map_or_else(String::new, image);
        let to = match old.iter().all(|r| r.family == self.to.family) {
            true => format!(":{}", self.to.number),
            false => self.to.to_string(),
        };
        let share = |of: &[&Revision]| {
            let told = of.iter().filter_map(|r| self.shares.of_one(r));
            let told: Vec<String> = told.collect();
            match told.is_empty() || self.have == Have::Untold {
                true => String::new(),
                false => format!(" ({})", told.join(", ")),
            }
        };
        let (has, comes) = match self.serves() {
            Some(_) => (" (serves)".to_owned(), String::new()),
            None => (share(&old), share(&[self.to])),
        };
        format!(
            "{}{now}{has}, {to}{} is coming{comes}",
            names(&old),
            image(set)
        )
    }

    /// What a deploy is told against, in words.
    fn against(&self, before: &Result<TaskDefinition, String>) -> String {
        match before {
            Err(why) => format!("told against {}: {why}", self.to),
            Ok(d) => match self.have {
                Have::One(_) => format!("told against {}, which users have", d.revision),
                _ => format!("told against {}", d.revision),
            },
        }
    }

    /// The warning of a deploy: of what its revision is a copy, and whether that differs in more than the image from what it is told against.
    pub fn copied(
        &self,
        before: &Result<TaskDefinition, String>,
        set: &TaskDefinition,
        container: &str,
    ) -> String {
        let rest = match before {
            Err(why) => format!("; what else of it is not as before cannot be told: {why}"),
            Ok(before) if words::same(&before.revision, self.to) => String::new(),
            Ok(before) => match differs(before, set, container) {
                true => format!(
                    ", and brings what else of it is not as {} has it: see what changes",
                    before.revision
                ),
                false => format!(
                    ", which differs from {} in no more than its image as far as is read here",
                    before.revision
                ),
            },
        };
        self.replaced(&format!("the new revision is a copy of {}{rest}", self.to))
    }
}

fn names(revisions: &[&Revision]) -> String {
    let names: Vec<String> = revisions.iter().map(ToString::to_string).collect();
    names.join(" or ")
}

/// Whether two definitions differ in more than the image of a container.
fn differs(serves: &TaskDefinition, set: &TaskDefinition, container: &str) -> bool {
    let mut alike = serves.clone();
    for c in alike.containers.iter_mut().filter(|c| c.name == container) {
        let twin = set.containers.iter().find(|t| t.name == container);
        c.image = twin.map_or_else(String::new, |t| t.image.clone());
    }
    let changes = diff::of(&alike, set);
    changes.iter().any(|line| line.mark != DiffMark::Same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deployment::{DeploymentSource, RevisionLoad};
    use crate::domain::service::{
        CircuitBreaker, ContainerSpec, DeploymentConfig, Service, ServiceId, Strategy, TaskCounts,
    };

    fn definition(number: u32, image: &str, level: &str) -> TaskDefinition {
        TaskDefinition {
            revision: Revision::parse(&format!("api:{number}")).unwrap(),
            status: "ACTIVE".into(),
            cpu_units: Some(256),
            memory_mib: Some(512),
            containers: vec![ContainerSpec {
                name: "api".into(),
                image: image.into(),
                environment: vec![("LEVEL".into(), level.into())],
                ..ContainerSpec::default()
            }],
            registered_at: None,
            registered_by: None,
        }
    }

    /// Of a revision: how many tasks run, and its percent of the traffic.
    type Load = (u32, u32, Option<f64>);

    fn counts(running: u32) -> TaskCounts {
        TaskCounts {
            desired: 6,
            running,
            ..TaskCounts::default()
        }
    }

    fn deployment(strategy: Strategy, from: &[Load], to: Load) -> Deployment {
        let load = |(number, running, traffic_percent): &Load| RevisionLoad {
            digests: Vec::new(),
            revision: Revision::parse(&format!("api:{number}")).unwrap(),
            service_revision: None,
            image: None,
            counts: counts(*running),
            traffic_percent: *traffic_percent,
        };
        Deployment {
            id: "d".into(),
            service: ServiceId {
                cluster: "laser".into(),
                name: "api".into(),
            },
            strategy,
            state: DeploymentState::InProgress,
            reason: String::new(),
            from: from.iter().map(load).collect(),
            to: Some(load(&to)),
            circuit_breaker: CircuitBreaker::default(),
            failures: None,
            alarms: Vec::new(),
            lifecycle_stage: None,
            pace: Default::default(),
            rollback_reason: None,
            rollback_to: None,
            rollback_since: None,
            created_at: None,
            started_at: None,
            finished_at: None,
            source: DeploymentSource::ServiceDeployments,
        }
    }

    /// A service whose rollout goes on, and whose last before it brought `:5`.
    fn sight(running: Deployment) -> Sight {
        let done = Deployment {
            id: "done".into(),
            state: DeploymentState::Successful,
            ..deployment(running.strategy, &[], (5, 6, None))
        };
        let all = running.from.iter().chain(&running.to);
        Sight {
            service: Service {
                id: running.service.clone(),
                arn: String::new(),
                status: "ACTIVE".into(),
                counts: counts(all.map(|r| r.counts.running).sum()),
                revision: running.to.as_ref().unwrap().revision.clone(),
                launch_type: "FARGATE".into(),
                deployment: DeploymentConfig {
                    strategy: running.strategy,
                    minimum_healthy_percent: 100,
                    maximum_percent: 200,
                    circuit_breaker: CircuitBreaker::default(),
                    alarms: vec![],
                    alarms_rollback: false,
                    bake_minutes: None,
                    shift_minutes: None,
                },
                load_balancers: vec![],
                rollouts: vec![],
                revisions: vec![],
                scaling: None,
                events: vec![],
                created_at: None,
            },
            deployments: vec![running, done],
            unread: None,
        }
    }

    /// What a preview says: the way of a deploy, what it is told against, its warning; and the mark of what is set.
    fn said(sight: &Sight) -> [String; 4] {
        let coming = of(sight).unwrap();
        let (old, set) = (
            definition(5, "api:1", "info"),
            definition(6, "api:2", "info"),
        );
        let before = match coming.basis().as_slice() {
            [only] if words::same(only, &set.revision) => set.clone(),
            _ => old,
        };
        let way = coming.way(Some(&before), &set, None);
        let before = Ok(before);
        [
            way,
            coming.against(&before),
            coming.copied(&before, &set, "api"),
            coming.mark(),
        ]
    }

    #[test]
    fn one_that_is_coming_serves_nobody_as_long_as_it_has_nothing() {
        let rolling = deployment(Strategy::Rolling, &[(5, 6, None)], (6, 0, None));
        // All tasks of the green side run, and no request reaches them.
        let green = deployment(
            Strategy::BlueGreen,
            &[(5, 6, Some(100.0))],
            (6, 6, Some(0.0)),
        );
        for d in [rolling, green] {
            let [way, against, copied, mark] = said(&sight(d));
            assert_eq!(way, "api:5  api:1 (serves), :6  api:2 is coming");
            assert_eq!(against, "told against api:5, which users have");
            assert!(
                copied.starts_with("a deployment is running: api:6 is coming and not proved, users have api:5; the new revision is a copy of api:6, which differs from api:5"),
                "{copied}"
            );
            assert_eq!(mark, "  (is coming; api:5 serves)");
        }
    }

    /// The bake time comes after the traffic was shifted, and the state is the same: users have what nobody has proved.
    #[test]
    fn one_that_has_all_of_the_traffic_is_what_users_have_however_its_rollout_stands() {
        let shares = "api:5 0 %, api:6 100 %";
        for strategy in [Strategy::BlueGreen, Strategy::Canary, Strategy::Linear] {
            let baking = deployment(strategy, &[(5, 6, Some(0.0))], (6, 6, Some(100.0)));
            let [way, against, copied, mark] = said(&sight(baking));
            assert_eq!(way, "api:5 (0 %), :6  api:2 is coming (100 %)");
            assert_eq!(against, "told against api:6, which users have");
            let whole = format!(
                "a deployment is running: api:6 is coming and not proved, users have it already ({shares}); the new revision is a copy of api:6"
            );
            assert_eq!(copied, whole);
            let marked = format!("  (is coming; users have it already ({shares}))");
            assert_eq!(mark, marked);
        }
        // The fix of a service of which nothing ran.
        let fix = deployment(Strategy::Rolling, &[(5, 0, None)], (6, 2, None));
        let [way, against, ..] = said(&sight(fix));
        assert_eq!(way, "api:5 (0 tasks), :6  api:2 is coming (2 tasks)");
        assert_eq!(against, "told against api:6, which users have");
    }

    #[test]
    fn where_users_have_both_it_is_said_how_much_of_each() {
        let rolling = deployment(Strategy::Rolling, &[(5, 1, None)], (6, 5, None));
        let [way, against, copied, mark] = said(&sight(rolling));
        assert_eq!(way, "api:5  api:1 (1 task), :6  api:2 is coming (5 tasks)");
        assert_eq!(against, "told against api:5");
        let shares = "both run (api:5 1 task, api:6 5 tasks)";
        assert!(copied.contains(shares), "{copied}");
        assert_eq!(mark, format!("  (is coming; {shares})"));
        let canary = deployment(Strategy::Canary, &[(5, 6, Some(87.5))], (6, 6, Some(12.5)));
        let [way, ..] = said(&sight(canary));
        assert_eq!(way, "api:5  api:1 (87.5 %), :6  api:2 is coming (12.5 %)");
        // One that took another's place before that was proved.
        let third = deployment(
            Strategy::Rolling,
            &[(5, 2, None), (4, 1, None)],
            (6, 3, None),
        );
        let [.., mark] = said(&sight(third));
        let shares = "api:5 2 tasks, api:4 1 task, api:6 3 tasks";
        assert_eq!(mark, format!("  (is coming; several run ({shares}))"));
    }

    #[test]
    fn what_nobody_tells_is_not_said_to_serve() {
        let down = deployment(Strategy::Rolling, &[(5, 0, None)], (6, 0, None));
        let [.., mark] = said(&sight(down.clone()));
        assert_eq!(
            mark,
            "  (is coming; nothing serves (api:5 0 tasks, api:6 0 tasks))"
        );
        let mut uncounted = sight(down);
        uncounted.service.counts = counts(6);
        // An endpoint that shifts traffic and tells no weights.
        let unweighed = deployment(Strategy::BlueGreen, &[(5, 6, None)], (6, 6, None));
        for vague in [uncounted, sight(unweighed)] {
            let [way, .., mark] = said(&vague);
            assert_eq!(mark, "  (is coming; what users have is not told)");
            assert_eq!(way, "api:5  api:1, :6  api:2 is coming");
        }
    }

    /// A fix is deployed over a revision that nobody has proved: what that one changed goes with it, and is told.
    #[test]
    fn what_is_taken_over_from_a_revision_that_is_coming_is_told() {
        let sight = sight(deployment(Strategy::Rolling, &[(5, 6, None)], (6, 0, None)));
        let coming = of(&sight).unwrap();
        let said = |before: Result<TaskDefinition, String>, set: &TaskDefinition| {
            coming.copied(&before, set, "api")
        };
        let old = || Ok(definition(5, "api:1", "info"));
        let plain = said(old(), &definition(6, "api:2", "info"));
        assert!(
            plain.ends_with(
                "a copy of api:6, which differs from api:5 in no more than its image as far as is read here"
            ),
            "{plain}"
        );
        let other = said(old(), &definition(6, "api:2", "debug"));
        assert!(
            other.ends_with("not as api:5 has it: see what changes"),
            "{other}"
        );
        let unread = said(
            Err("no answer within 5s".into()),
            &definition(6, "api:2", "info"),
        );
        assert!(
            unread.ends_with("cannot be told: no answer within 5s"),
            "{unread}"
        );
    }
}
