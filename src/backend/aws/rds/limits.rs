//! How many connections each database allows: a parameter of its group.

use std::collections::BTreeMap;

use super::Rds;
use super::parameters::{GROUPS, Group};
use crate::backend::aws::convert::{some_text, text};
use crate::domain::database::Databases;
use crate::domain::db_limit::{DbLimit, PARAMETER};
use crate::domain::problem::Problem;
use crate::domain::text::clip;
use crate::domain::told::Told;

/// What a group says: the value, and who set it. Unset: it has no such parameter.
type Said = Told<(Option<String>, String)>;

/// Characters of a value that are kept: a formula is some fifty, and each instance has its own copy.
const LONGEST: usize = 500;

/// Who changed a parameter by hand.
const BY_HAND: &str = "user";

impl Rds {
    /// How many connections each instance allows. Of members of a cluster the instance's group decides, and where nobody set it
    /// there, the cluster's. `known`: the databases as they were last told.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses to list the databases. A group that cannot be read is said of those that have it.
    pub async fn limits(&self, known: Option<&Databases>) -> Result<Vec<DbLimit>, Problem> {
        let told = match known {
            Some(known) => known.clone(),
            None => self.databases().await?,
        };
        let mut read: BTreeMap<Group, Said> = BTreeMap::new();
        let mut all = Vec::new();
        for d in &told.instances {
            let Some(group) = &d.parameter_group else {
                all.push(unknown(&d.id, "", "its parameter group is not told".into()));
                continue;
            };
            let own = self.said(&mut read, (group.clone(), false)).await;
            let cluster = told
                .clusters
                .iter()
                .find(|c| Some(&c.id) == d.cluster.as_ref());
            let theirs = cluster.and_then(|c| c.parameter_group.as_ref());
            let (group, said, of_cluster) = match (&own, theirs) {
                (Told::Set((_, source)), Some(theirs)) if source != BY_HAND => {
                    match self.said(&mut read, (theirs.clone(), true)).await {
                        said @ Told::Set((_, _)) if is_by_hand(&said) => (theirs, said, true),
                        // Whether somebody set it there is not known: then nothing is.
                        Told::Unknown(why) => (theirs, Told::Unknown(why), true),
                        _ => (group, own, false),
                    }
                }
                _ => (group, own, false),
            };
            all.push(match said {
                Told::Set((said, source)) => {
                    let limit = DbLimit {
                        id: d.id.clone(),
                        group: group.clone(),
                        source,
                        said,
                        of_cluster,
                        groups: told.groups(d),
                        limit: Told::Unset,
                    };
                    limit.of(&d.class, told.waits(d, of_cluster))
                }
                Told::Unset => {
                    let why = format!("its parameter group {group} has no {PARAMETER}");
                    unknown(&d.id, group, why)
                }
                Told::Unknown(why) => unknown(&d.id, group, why),
            });
        }
        Ok(all)
    }

    async fn said(&self, read: &mut BTreeMap<Group, Said>, group: Group) -> Said {
        if let Some(known) = read.get(&group) {
            return known.clone();
        }
        if read.len() >= GROUPS {
            return Told::Unknown("there are more parameter groups than are read".into());
        }
        let said = match self.parameter(&group, PARAMETER).await {
            Ok(Some(p)) => Told::Set((
                some_text(p.parameter_value.as_deref()).map(|said| clip(&said, LONGEST)),
                text(p.source.as_deref()),
            )),
            Ok(None) => Told::Unset,
            Err(problem) => Told::Unknown(problem.why),
        };
        read.insert(group, said.clone());
        said
    }
}

fn is_by_hand(said: &Said) -> bool {
    said.value().is_some_and(|(_, source)| source == BY_HAND)
}

fn unknown(id: &str, group: &str, why: String) -> DbLimit {
    DbLimit {
        id: id.to_owned(),
        group: group.to_owned(),
        limit: Told::Unknown(why),
        ..DbLimit::default()
    }
}
