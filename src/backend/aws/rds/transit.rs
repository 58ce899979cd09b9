//! Whether databases refuse connections in the clear: a parameter of their groups.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::sound::Required;
use super::{Paged, Question, Rds};
use crate::domain::database::Databases;
use crate::domain::problem::Problem;
use crate::domain::told::Told;
use crate::domain::transit::{DbTransit, parameter};

const PARAMETERS: Question = Question::new(
    "rds",
    "DescribeDBParameters",
    "read the parameters of a database",
);
const CLUSTER_PARAMETERS: Question = Question::new(
    "rds",
    "DescribeDBClusterParameters",
    "read the parameters of a database cluster",
);

/// A parameter of a group, and its value, where it has one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Parameter {
    parameter_name: String,
    parameter_value: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rows {
    #[serde(rename = "Parameter")]
    items: Vec<Parameter>,
}

/// A page of parameters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameters {
    parameters: Required<Rows>,
    marker: Option<String>,
}

impl Paged for Parameters {
    type Row = Parameter;
    fn split(self) -> (Vec<Parameter>, Option<String>) {
        (self.parameters.0.items, self.marker)
    }
}

/// Parameter groups that are read at most.
const GROUPS: usize = 20;

/// A parameter group, and whether it is a cluster's.
type Group = (String, bool);

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

    /// What a parameter group says of a parameter. Servers that do not know the filter list them all.
    async fn forced(&self, (group, is_cluster): &Group, name: &str) -> Told<bool> {
        let (question, of) = match is_cluster {
            true => (CLUSTER_PARAMETERS, "DBClusterParameterGroupName"),
            false => (PARAMETERS, "DBParameterGroupName"),
        };
        let params = [
            (of, group.as_str()),
            ("Filters.Filter.1.Name", "parameter-name"),
            ("Filters.Filter.1.Values.Value.1", name),
        ];
        let rows = match self.all::<Parameters>(question, None, &params).await {
            Ok(rows) => rows,
            Err(problem) => return Told::Unknown(problem.why),
        };
        let Some(found) = rows.iter().find(|p| p.parameter_name == name) else {
            return Told::Unknown(format!("its parameter group {group} has no {name}"));
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
