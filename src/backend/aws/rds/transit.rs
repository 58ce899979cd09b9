//! Whether databases refuse connections in the clear: a parameter of their groups.

use std::collections::BTreeMap;

use super::Rds;
use super::parameters::{GROUPS, Group};
use crate::domain::database::Databases;
use crate::domain::problem::Problem;
use crate::domain::told::Told;
use crate::domain::transit::{DbTransit, parameter};

impl Rds {
    /// Whether each database that stands by itself, and each cluster, refuses connections without TLS. `known`: the databases as they
    /// were last told.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses to list the databases. A group that cannot be read is said of those that have it.
    pub async fn transit(&self, known: Option<&Databases>) -> Result<Vec<DbTransit>, Problem> {
        let told = match known {
            Some(known) => known.clone(),
            None => self.databases().await?,
        };
        let instances = told.instances.iter().filter(|d| d.cluster.is_none());
        let instances = instances.map(|d| (&d.id, &d.engine, &d.parameter_group, false));
        let clusters = told.clusters.iter();
        let clusters = clusters.map(|c| (&c.id, &c.engine, &c.parameter_group, true));
        let mut read: BTreeMap<(Group, &str), Told<bool>> = BTreeMap::new();
        let mut all = Vec::new();
        for (id, engine, group, is_cluster) in instances.chain(clusters) {
            let name = parameter(engine);
            let forced = match (name, group) {
                (None, _) => Told::Unset,
                (Some(_), None) => Told::Unknown("its parameter group is not told".into()),
                (Some(name), Some(group)) => {
                    let key = ((group.clone(), is_cluster), name);
                    match read.get(&key) {
                        Some(known) => known.clone(),
                        None if read.len() >= GROUPS => {
                            Told::Unknown("there are more parameter groups than are read".into())
                        }
                        None => {
                            let told = self.forced(&key.0, name).await;
                            read.insert(key, told.clone());
                            told
                        }
                    }
                }
            };
            all.push(DbTransit {
                id: id.clone(),
                group: group.clone().unwrap_or_default(),
                parameter: name.unwrap_or_default(),
                forced,
            });
        }
        Ok(all)
    }

    /// Whether a switch of a parameter group is on.
    async fn forced(&self, of: &Group, name: &str) -> Told<bool> {
        let group = &of.0;
        let found = match self.parameter(of, name).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                return Told::Unknown(format!("its parameter group {group} has no {name}"));
            }
            Err(problem) => return Told::Unknown(problem.why),
        };
        match found.parameter_value.as_deref().map(str::trim) {
            Some("1" | "ON" | "on" | "true" | "TRUE") => Told::Set(true),
            Some("0" | "OFF" | "off" | "false" | "FALSE") => Told::Set(false),
            _ => Told::Unknown(format!(
                "{name} has no value in its parameter group {group}"
            )),
        }
    }
}
