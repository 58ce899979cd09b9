//! What travels is encrypted: databases and buckets refuse what comes in the clear. Caches have a probe of their own, and what load
//! balancers speak with tasks is said.

use super::Probe;
use super::judgement::{Findings, Verdict};
use super::look::Look;
use crate::domain::stores::is_ours;
use crate::domain::told::Told;
use crate::plan::checklist::Evidence;

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "transit.forced",
    question: "does every database and every bucket refuse what comes without TLS?",
    params: &[],
    judge: forced,
}];

fn forced(look: &Look<'_>) -> Verdict {
    let e = &look.facts.estate;
    let databases = look.fresh(&e.databases, "the databases")?;
    let transit = look.fresh(&e.db_transit, "the parameters of databases")?;
    let buckets = look.fresh(&e.buckets, "the buckets")?;
    let source = format!("{}, {}", transit.source, buckets.source);
    let at = transit.at.min(buckets.at);
    let mut found = Findings::new("store", look.question(&source), at);
    let ours =
        |tag: &Option<String>, id: &str| is_ours(tag.as_deref(), id, &look.facts.environment);
    let known = databases.value;
    let instances = known.instances.iter().filter(|d| d.cluster.is_none());
    let instances = instances.map(|d| (&d.id, &d.environment));
    let clusters = known.clusters.iter().map(|c| (&c.id, &c.environment));
    for (id, _) in instances.chain(clusters).filter(|(id, tag)| ours(tag, id)) {
        let Some(told) = transit.value.iter().find(|t| &t.id == id) else {
            found.unknown(id, "its parameters were not read yet");
            continue;
        };
        match &told.forced {
            Told::Set(true) => found.good(id, &format!("{} is on", told.parameter)),
            Told::Set(false) => found.bad(
                id,
                format!(
                    "takes connections in the clear: {} is off in {}",
                    told.parameter, told.group
                ),
            ),
            Told::Unset => found.unknown(id, "its engine has no parameter that says so"),
            Told::Unknown(why) => found.unknown(id, why),
        }
    }
    for b in buckets.value.iter().filter(|b| ours(&None, &b.name)) {
        match &b.plain_refused {
            Told::Set(true) => found.good(&b.name, "its policy refuses what comes without TLS"),
            Told::Set(false) => found.bad(
                &b.name,
                "no statement of its policy denies what comes without TLS (aws:SecureTransport)",
            ),
            Told::Unset => found.bad(
                &b.name,
                "no policy denies what comes without TLS (aws:SecureTransport)",
            ),
            Told::Unknown(why) => found.unknown(&b.name, why),
        }
    }
    let mut judgement = found.verdict();
    if let Some(said) = behind_balancers(look) {
        judgement.evidence.push(Evidence {
            question: BEHIND.into(),
            answer: said,
            at: look.now,
            ok: true,
            probe: "",
        });
    }
    Ok(judgement)
}

const BEHIND: &str =
    "elasticloadbalancing:DescribeTargetGroups: what do load balancers speak with tasks?";

/// What load balancers speak with tasks: it does not leave the network, so it is said and not judged.
fn behind_balancers(look: &Look<'_>) -> Option<String> {
    let groups = look.facts.target_groups.fresh(look.now)?;
    let used = groups.iter().filter(|g| !g.load_balancers.is_empty());
    let mut spoken: Vec<&str> = used.filter_map(|g| g.protocol.as_deref()).collect();
    spoken.sort_unstable();
    spoken.dedup();
    let words = spoken.join(" and ");
    match spoken.is_empty() {
        true => None,
        false => Some(format!("{words}, inside the VPC: said, not judged")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::bucket::Bucket;
    use crate::domain::database::{Database, Databases};
    use crate::domain::facts::Facts;
    use crate::domain::target::TargetGroup;
    use crate::domain::transit::DbTransit;
    use crate::plan::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{judged, part};

    fn facts(db: Told<bool>, bucket: Told<bool>) -> Facts {
        let id = |name: &str| Database {
            id: name.into(),
            engine: "postgres".into(),
            ..Database::default()
        };
        let of = |name: &str, forced| DbTransit {
            id: name.into(),
            group: "pg15".into(),
            parameter: "rds.force_ssl",
            forced,
        };
        let stored = |name: &str, plain_refused| Bucket {
            name: name.into(),
            plain_refused,
            ..Bucket::default()
        };
        let mut facts = Facts {
            environment: "production".into(),
            ..Facts::default()
        };
        facts.estate.databases = part(Arc::new(Databases {
            instances: vec![id("shop-prod"), id("shop-staging")],
            ..Databases::default()
        }));
        facts.estate.db_transit = part(Arc::new(vec![
            of("shop-prod", db),
            of("shop-staging", Told::Set(false)),
        ]));
        facts.estate.buckets = part(Arc::new(vec![
            stored("shop-prod-files", bucket),
            stored("shop-dev-files", Told::Unset),
        ]));
        facts
    }

    #[test]
    fn what_takes_the_clear_fails_and_other_environments_are_left_out() {
        let judge = |db, bucket| judged("transit.forced", &facts(db, bucket));
        assert_eq!(judge(Told::Set(true), Told::Set(true)).state, Proved);
        let open = judge(Told::Set(false), Told::Set(true));
        assert_eq!(open.state, Failing);
        assert!(
            open.reason.contains("rds.force_ssl is off in pg15"),
            "{}",
            open.reason
        );
        assert_eq!(judge(Told::Set(true), Told::Set(false)).state, Failing);
        assert_eq!(judge(Told::Set(true), Told::Unset).state, Failing);
        let unknown = || Told::Unknown("may not".to_owned());
        assert_eq!(judge(unknown(), Told::Set(true)).state, Unknown);
        assert_eq!(judge(Told::Set(true), unknown()).state, Unknown);
        // What balancers speak with tasks is said, and stands for no store.
        let mut none = facts(Told::Set(true), Told::Set(true));
        none.estate.databases = part(Arc::default());
        none.estate.buckets = part(Arc::default());
        none.target_groups = part(Arc::new(vec![TargetGroup {
            arn: "arn".into(),
            name: "tg".into(),
            load_balancers: vec!["alb".into()],
            protocol: Some("HTTP".into()),
            health_check_path: None,
            targets: Vec::new(),
        }]));
        let none = judged("transit.forced", &none);
        assert_eq!(none.state, Unknown, "{}", none.reason);
        assert!(format!("{:?}", none.evidence).contains("HTTP, inside the VPC"));
        let mut unread = facts(Told::Set(true), Told::Set(true));
        unread.estate.db_transit = part(Arc::default());
        assert_eq!(judged("transit.forced", &unread).state, Unknown);
    }
}
