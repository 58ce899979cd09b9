//! What GetAccountAuthorizationDetails answers with.

use serde::Deserialize;

/// A list: `<X><member>..</member></X>`.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct Members<T> {
    #[serde(rename = "member")]
    pub(super) all: Vec<T>,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self { all: Vec::new() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Page {
    #[serde(rename = "UserDetailList")]
    pub(super) users: Option<Members<User>>,
    #[serde(rename = "GroupDetailList")]
    pub(super) groups: Option<Members<Group>>,
    #[serde(rename = "RoleDetailList")]
    pub(super) roles: Option<Members<Role>>,
    pub(super) policies: Option<Members<Managed>>,
    pub(super) is_truncated: Option<String>,
    pub(super) marker: Option<String>,
}

impl Page {
    /// Something where any of the lists is there.
    pub(super) fn any(&self) -> Option<()> {
        let there = self.users.is_some() || self.groups.is_some();
        (there || self.roles.is_some() || self.policies.is_some()).then_some(())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct User {
    pub(super) user_name: String,
    pub(super) arn: String,
    pub(super) user_policy_list: Members<Inline>,
    pub(super) group_list: Option<Members<String>>,
    pub(super) attached_managed_policies: Option<Members<Attached>>,
    pub(super) permissions_boundary: Option<Boundary>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Group {
    pub(super) group_name: String,
    pub(super) group_policy_list: Option<Members<Inline>>,
    pub(super) attached_managed_policies: Option<Members<Attached>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Role {
    pub(super) role_name: String,
    pub(super) path: Option<String>,
    pub(super) arn: String,
    pub(super) assume_role_policy_document: Option<String>,
    pub(super) role_policy_list: Option<Members<Inline>>,
    pub(super) attached_managed_policies: Option<Members<Attached>>,
    pub(super) permissions_boundary: Option<Boundary>,
    pub(super) role_last_used: Option<Used>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Used {
    pub(super) last_used_date: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Inline {
    pub(super) policy_name: String,
    pub(super) policy_document: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Attached {
    pub(super) policy_name: String,
    pub(super) policy_arn: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Boundary {
    pub(super) permissions_boundary_arn: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Managed {
    pub(super) arn: String,
    pub(super) policy_version_list: Members<Version>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Version {
    pub(super) document: Option<String>,
    pub(super) is_default_version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Report {
    pub(super) content: Option<String>,
}
