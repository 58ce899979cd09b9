//! What a parameter group says of a parameter.

use serde::Deserialize;

use super::super::sound::Required;
use super::{Paged, Question, Rds};
use crate::domain::problem::Problem;

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

/// A parameter of a group: its value, where it has one, and who set it (`user`, `system`, `engine-default`).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Parameter {
    parameter_name: String,
    pub(super) parameter_value: Option<String>,
    pub(super) source: Option<String>,
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

/// Parameter groups that are read at most, for one question.
pub(super) const GROUPS: usize = 20;

/// A parameter group, and whether it is a cluster's.
pub(super) type Group = (String, bool);

impl Rds {
    /// A parameter of a group; `None`: the group has none of that name. Servers that do not know the filter list them all.
    pub(super) async fn parameter(
        &self,
        (group, is_cluster): &Group,
        name: &str,
    ) -> Result<Option<Parameter>, Problem> {
        let (question, of) = match is_cluster {
            true => (CLUSTER_PARAMETERS, "DBClusterParameterGroupName"),
            false => (PARAMETERS, "DBParameterGroupName"),
        };
        let params = [
            (of, group.as_str()),
            ("Filters.Filter.1.Name", "parameter-name"),
            ("Filters.Filter.1.Values.Value.1", name),
        ];
        let rows = self.all::<Parameters>(question, None, &params).await?;
        Ok(rows.into_iter().find(|p| p.parameter_name == name))
    }
}
