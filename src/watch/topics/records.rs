//! The store's own part of the picture: sign-offs, audit rows, the chain's verdict. Read again when the store says that
//! something was written, by this console or another one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::domain::audit::{AuditRow, ChainVerdict, Proven, Sighting, SignOff};
use crate::domain::caller::principal;
use crate::domain::interest::Interest;
use crate::domain::observer::{LastFailure, Observer};
use crate::domain::part::Freshness;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;
use crate::store::{Store, Trace};
use crate::watch::picture::Picture;

/// Rows that are always at hand.
const FEW: u32 = 50;
/// Rows while somebody looks at the audit trail.
const MANY: u32 = 1_000;

/// After this the chain is verified anew, whatever the store says of itself: who changes the file by hand tells nobody.
pub const VERIFIED: Duration = Duration::from_secs(180);

/// What was last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The store's count of changes.
    change: u64,
    /// How many audit rows were asked for.
    rows: u32,
    /// What the files looked like.
    trace: Trace,
    /// When the chain was verified.
    verified: Instant,
    /// Who looked: what one saw failing, another did not.
    observer: Observer,
}

impl Known {
    /// Whether nothing speaks for reading anew.
    fn holds(&self, change: u64, rows: u32, trace: &Trace, observer: &Observer) -> bool {
        self.change == change
            && self.rows == rows
            && &self.observer == observer
            && &self.trace == trace
            && self.verified.elapsed() < VERIFIED
    }
}

/// How many rows are wanted now.
pub fn rows(p: &Picture) -> u32 {
    if p.interests.contains(&Interest::Audit) {
        MANY
    } else {
        FEW
    }
}

/// Changes when other rows are wanted, and when it becomes known who looks.
pub fn stamp(p: &Picture) -> u64 {
    let is_known = p.facts.identity.value.is_some();
    u64::from(rows(p)) | (u64::from(is_known) << 32)
}

/// What the store holds; nothing where nothing was written since.
#[derive(Debug)]
pub enum Records {
    /// As it was read before.
    Same,
    /// Read anew.
    Read(Box<Rows>),
}

/// What the store holds.
#[derive(Debug)]
pub struct Rows {
    known: Known,
    signoffs: Result<Vec<SignOff>, Problem>,
    proven: Result<BTreeMap<String, Proven>, Problem>,
    failed: Result<BTreeMap<String, LastFailure>, Problem>,
    audit: Result<Vec<AuditRow>, Problem>,
    chain: Result<ChainVerdict, Problem>,
}

/// Who looks here, by what makes one judge otherwise than another and stays the same from start to start: the host, whether it is a
/// console or a command that looks once, the configuration, where it asks and as whom. It is told
/// once it has endpoint and region, as the clients go there. Nothing of it is a secret.
fn observer(host: &str, p: &Picture, place: Option<&str>) -> Observer {
    let face = match p.asks_once {
        true => "commands",
        false => "console",
    };
    let file = p.config.file.as_ref();
    let file = file.map_or_else(|| "defaults".into(), |f| f.display().to_string());
    let profile = p.config.aws.profile.as_deref().unwrap_or("default");
    let identity = p.facts.identity.value.as_ref();
    let whom = identity.map(|i| inert(&format!("{} {}", i.account, who(&i.arn))));
    Observer {
        machine: inert(&format!("{host} {profile} {file}")),
        place: place.map(inert),
        whom,
        face,
    }
}

/// Who looks, and what is to be put down as seen by them. Until the first answer of AWS or its failure says whether there is a place to
/// ask, nothing is: it would stand under the name of somebody else.
pub fn looked(host: &str, p: &Picture, place: Option<String>) -> (Observer, Vec<Sighting>) {
    let asked = p.facts.identity.freshness(p.facts.taken_at) != Freshness::Never;
    let seen = match place.is_some() || asked {
        true => p.sightings.clone(),
        false => Vec::new(),
    };
    (observer(host, p, place.as_deref()), seen)
}

/// The user or role behind an ARN of STS's: a session of a role has another name each time.
fn who(arn: &str) -> &str {
    let principal = principal(arn);
    let of_session = principal.split_once(":assumed-role/");
    of_session.map_or_else(
        || principal.rsplit(':').next().unwrap_or(principal),
        |(_, role)| role,
    )
}

/// What was read last.
pub fn known(p: &Picture) -> Option<Known> {
    p.records.clone()
}

/// Puts down what was seen, listens, and reads if there is news.
pub async fn ask(
    store: &Store,
    known: Option<Known>,
    rows: u32,
    observer: &Observer,
    seen: Vec<Sighting>,
) -> Records {
    if !seen.is_empty()
        && let Err(problem) = store.put_down(observer, &seen).await
    {
        // What the table says stays true; it is tried again with the next question.
        tracing::warn!(what = %problem.what, why = %problem.why, "what was seen of criteria was not put down");
    }
    let heard = store.listen().await;
    let change = *store.changes().borrow();
    // Before it is read: what is changed meanwhile is seen the next time.
    let trace = store.trace();
    let holds = known.is_some_and(|k| k.holds(change, rows, &trace, observer));
    if heard.is_ok() && holds {
        return Records::Same;
    }
    let verified = Instant::now();
    let known = Known {
        change,
        rows,
        trace,
        verified,
        observer: observer.clone(),
    };
    // What a newer version wrote may mean something else than it seems to: none of it is told as if it were understood.
    if let Err(p) = heard {
        return Records::Read(Box::new(Rows {
            known,
            signoffs: Err(p.clone()),
            proven: Err(p.clone()),
            failed: Err(p.clone()),
            audit: Err(p.clone()),
            chain: Err(p),
        }));
    }
    let (signoffs, audit, chain, proven, failed) = tokio::join!(
        store.signoffs(),
        store.audit_rows(rows),
        store.verify(),
        store.proven(observer),
        store.failed(observer)
    );
    Records::Read(Box::new(Rows {
        known,
        signoffs,
        proven,
        failed,
        audit,
        chain,
    }))
}

/// Joins.
pub fn take(p: &mut Picture, answer: Records, at: Timestamp) -> Option<ProblemKind> {
    let facts = &mut p.facts;
    match answer {
        Records::Same => {
            facts.signoffs.observed_at = Some(at);
            facts.audit.observed_at = Some(at);
            facts.proven.observed_at = Some(at);
            facts.failed.observed_at = Some(at);
            // That nobody wrote through SQLite proves no chain: it is as old as its last verification.
            None
        }
        Records::Read(read) => {
            let Rows {
                known,
                signoffs,
                proven,
                failed,
                audit,
                chain,
            } = *read;
            let failure = [
                signoffs.as_ref().err(),
                proven.as_ref().err(),
                failed.as_ref().err(),
                audit.as_ref().err(),
                chain.as_ref().err(),
            ]
            .into_iter()
            .flatten()
            .map(|e| e.kind)
            .next();
            p.records = failure.is_none().then_some(known);
            facts.signoffs.take(signoffs, at);
            facts.proven.take(proven.map(Arc::new), at);
            facts.failed.take(failed.map(Arc::new), at);
            facts.audit.take(audit.map(Arc::new), at);
            facts.chain.take(chain, at);
            failure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::domain::service::Identity;

    async fn read(p: &mut Picture, store: &Store, at: i64) -> bool {
        let here = observer("host", p, None);
        let answer = ask(store, known(p), FEW, &here, Vec::new()).await;
        let same = matches!(answer, Records::Same);
        take(p, answer, second(at));
        same
    }

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + n).unwrap()
    }

    /// Two endpoints under one home, two accounts of one endpoint, two roles of one account judge what differs.
    #[test]
    fn who_asks_elsewhere_or_as_somebody_else_is_another_observer() {
        let named = |arn: Option<&str>, place: &str| {
            let mut p = Picture::new(Arc::new(Config::default()));
            let who = arn.map(|arn| Identity {
                account: arn.split(':').nth(4).unwrap_or_default().into(),
                arn: arn.into(),
                region: "us-east-1".into(),
            });
            p.facts.identity.value = who;
            observer("host", &p, Some(place)).name()
        };
        let role = |account: &str, role: &str, session: &str| {
            format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
        };
        let (here, there) = ("AWS in us-east-1", "http://127.0.0.1:4566 us-east-1");
        let ops = named(Some(&role("111111111111", "ops", "ana")), here);
        let again = named(Some(&role("111111111111", "ops", "job-2")), here);
        assert_eq!(ops, again, "a session of a role is no other observer");
        for other in [
            named(Some(&role("111111111111", "ops", "ana")), there),
            named(Some(&role("222222222222", "ops", "ana")), here),
            named(Some(&role("111111111111", "reader", "ana")), here),
            named(Some("arn:aws:iam::111111111111:user/ana"), here),
            named(None, here),
        ] {
            assert_ne!(ops, other);
        }
    }

    /// Reading what lies here waits for no AWS: until it is known where that is asked, nothing is put down under another's name.
    #[test]
    fn what_was_seen_is_put_down_once_it_is_known_by_whom() {
        let mut p = Picture::new(Arc::new(Config::default()));
        p.sightings = vec![Sighting {
            criterion: "5.1.d".into(),
            proved: false,
            at: second(0),
            apart_s: Sighting::EVERY_S,
        }];
        let told = |p: &Picture, place: Option<&str>| {
            let (who, seen) = looked("host", p, place.map(str::to_owned));
            (who.place.is_none(), seen.len())
        };
        assert_eq!(told(&p, None), (true, 0));
        assert_eq!(told(&p, Some("AWS in eu-west-1")), (false, 1));
        // A console without a region is told so, and that stays so.
        let none = Problem::new(ProblemKind::Config, "aws", "w", "y", "f");
        p.facts.identity.error = Some(none);
        assert_eq!(told(&p, None), (true, 1));
    }

    /// An older console must not tell as known what a newer one wrote.
    #[tokio::test]
    async fn what_a_newer_version_took_over_is_not_told_as_fresh() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.db");
        let store = Store::open_at(&path, "production", crate::store::LEASE);
        let store = store.await.unwrap();
        let mut p = Picture::new(Arc::new(Config::default()));
        read(&mut p, &store, 0).await;
        assert!(p.facts.signoffs.error.is_none());
        let file = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
        let mut newer = sqlx::ConnectOptions::connect(&file).await.unwrap();
        let sql = "PRAGMA user_version = 99; CREATE TABLE later (x INTEGER)";
        sqlx::raw_sql(sql).execute(&mut newer).await.unwrap();
        for at in [10, 20] {
            read(&mut p, &store, at).await;
            let facts = &p.facts;
            let told = [
                facts.signoffs.error.as_ref(),
                facts.audit.error.as_ref(),
                facts.proven.error.as_ref(),
                facts.chain.error.as_ref(),
            ];
            for problem in told {
                let problem = problem.unwrap();
                assert!(problem.why.contains("newer version"), "{problem}");
                assert!(problem.fix.contains("start that newer"), "{problem}");
            }
            assert!(facts.signoffs.fresh(second(at)).is_none());
        }
    }

    #[tokio::test]
    async fn the_chain_is_as_old_as_its_last_verification_and_verified_anew_when_a_file_is_touched()
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.db");
        let store = Store::open_at(&path, "production", crate::store::LEASE)
            .await
            .unwrap();
        let mut p = Picture::new(Arc::new(Config::default()));
        assert!(!read(&mut p, &store, 0).await);
        while !read(&mut p, &store, 0).await {}
        assert!(read(&mut p, &store, 100).await);
        assert_eq!(p.facts.chain.observed_at, Some(second(0)));
        assert_eq!(p.facts.audit.observed_at, Some(second(100)));
        // Somebody touches the head file.
        let heads = folder.path().join("f.db.heads");
        std::fs::write(&heads, "6 hash \"production\"\n").unwrap();
        assert!(!read(&mut p, &store, 120).await);
        assert_eq!(p.facts.chain.observed_at, Some(second(120)));
        // Nobody does: time alone is enough.
        assert!(read(&mut p, &store, 130).await);
        if let Some(known) = &mut p.records {
            known.verified = known.verified.checked_sub(VERIFIED).unwrap();
        }
        assert!(!read(&mut p, &store, 320).await);
        assert_eq!(p.facts.chain.observed_at, Some(second(320)));
    }
}
