//! Identity and Access Management (API version 2010-05-08, Query): users, groups, roles and their policies, and the credential
//! report. One role may delete what it backs up and one user's key is old: findings.

mod report;
mod story;

use std::fmt::Write;

use crate::wire::{ApiError, Node, list, map};
use crate::world::{World, names};
use story::{GROUPS, MANAGED, Principal, ROLES, USERS};

/// Rows of a page, where the request does not say.
const PAGE: usize = 100;

/// The most rows of a page (GetAccountAuthorizationDetails, "MaxItems").
const MOST: usize = 1_000;

/// What the account's rights are.
#[derive(Debug, Default)]
pub struct Rights {
    told: bool,
    /// Policies that were put at roles since: role, name, document.
    put: Vec<(String, String, String)>,
    reported: Option<f64>,
}

/// A row of the details, with the list that it stands in.
type Row = (&'static str, Node);

impl Rights {
    /// What the story begins with: a report of today.
    pub fn new(world: &World, told: bool) -> Self {
        Self {
            told,
            put: Vec::new(),
            reported: told.then(|| world.begun()),
        }
    }

    /// Answers an operation.
    ///
    /// # Errors
    /// The vendor's own.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Node,
        world: &mut World,
    ) -> Result<Node, ApiError> {
        match operation {
            "GetAccountAuthorizationDetails" => self.details(input, world),
            "GetCredentialReport" => self.report(world),
            "GenerateCredentialReport" => {
                let known = self.reported.replace(world.stamp());
                let state = if known.is_some() {
                    "COMPLETE"
                } else {
                    "STARTED"
                };
                Ok(map([("State", state.into())]))
            }
            "PutRolePolicy" => self.put(input),
            "DeleteRolePolicy" => self.delete(input),
            other => Err(ApiError::unknown_operation(other)),
        }
    }

    fn report(&self, world: &World) -> Result<Node, ApiError> {
        let Some(at) = self.reported else {
            let why = "No report has been generated";
            return Err(ApiError::new("ReportNotPresent", why).with_status(410));
        };
        let rows = if self.told { USERS } else { &[] };
        Ok(map([
            ("Content", report::base64(rows, world.begun()).into()),
            ("ReportFormat", "text/csv".into()),
            ("GeneratedTime", Node::Time(at)),
        ]))
    }

    fn details(&self, input: &Node, world: &World) -> Result<Node, ApiError> {
        let wanted = input.get("Filter").as_strs();
        let is_wanted = |kind: &str| wanted.is_empty() || wanted.contains(&kind);
        let mut rows: Vec<Row> = Vec::new();
        if self.told {
            if is_wanted("User") {
                rows.extend(USERS.iter().map(|u| ("UserDetailList", u.user(world))));
            }
            if is_wanted("Group") {
                rows.extend(GROUPS.iter().map(|g| ("GroupDetailList", g.group(world))));
            }
            if is_wanted("Role") {
                rows.extend(
                    ROLES
                        .iter()
                        .map(|r| ("RoleDetailList", self.role(r, world))),
                );
            }
            let policies = MANAGED.iter().filter(|m| {
                is_wanted(if m.of_aws {
                    "AWSManagedPolicy"
                } else {
                    "LocalManagedPolicy"
                })
            });
            rows.extend(policies.map(|m| ("Policies", m.show(world))));
        }
        let most = input.get("MaxItems").as_i64();
        let most = usize::try_from(most.unwrap_or(PAGE as i64)).unwrap_or(0);
        if !(1..=MOST).contains(&most) {
            let why =
                "1 validation error detected: Value at 'maxItems' failed to satisfy constraint";
            return Err(ApiError::new("ValidationError", why));
        }
        let start = match input.get("Marker").as_text() {
            None => 0,
            Some(marker) => marker
                .parse()
                .map_err(|_| ApiError::new("ValidationError", "Invalid Marker"))?,
        };
        let end = rows.len().min(start + most);
        let page = rows.get(start.min(end)..end).unwrap_or(&[]);
        let of = |name: &str| {
            list(
                page.iter()
                    .filter(|(n, _)| *n == name)
                    .map(|(_, r)| r.clone()),
            )
        };
        let more = end < rows.len();
        Ok(map([
            ("UserDetailList", of("UserDetailList")),
            ("GroupDetailList", of("GroupDetailList")),
            ("RoleDetailList", of("RoleDetailList")),
            ("Policies", of("Policies")),
            ("IsTruncated", more.into()),
            ("Marker", more.then(|| end.to_string()).into()),
        ]))
    }

    fn role(&self, role: &Principal, world: &World) -> Node {
        let put = self.put.iter().filter(|(at, ..)| at == role.name);
        let inline: Vec<Node> = role
            .inline
            .iter()
            .map(|(name, document)| (*name, *document))
            .chain(put.map(|(_, name, document)| (name.as_str(), document.as_str())))
            .map(|(name, document)| {
                map([
                    ("PolicyName", Node::from(name)),
                    ("PolicyDocument", encoded(document).into()),
                ])
            })
            .collect();
        role.role(world, inline)
    }

    fn known(&self, name: &str) -> Result<(), ApiError> {
        if self.told && ROLES.iter().any(|r| r.name == name) {
            return Ok(());
        }
        let why = format!("The role with name {name} cannot be found.");
        Err(ApiError::new("NoSuchEntity", why).with_status(404))
    }

    fn put(&mut self, input: &Node) -> Result<Node, ApiError> {
        let text = |name: &str| input.get(name).as_text().unwrap_or_default().to_owned();
        let (role, name, document) = (text("RoleName"), text("PolicyName"), text("PolicyDocument"));
        self.known(&role)?;
        let read: Result<serde_json::Value, _> = serde_json::from_str(&document);
        if !read.is_ok_and(|d| d.get("Statement").is_some()) {
            let why = "Syntax errors in policy.";
            return Err(ApiError::new("MalformedPolicyDocument", why));
        }
        self.put.retain(|(r, n, _)| (r, n) != (&role, &name));
        self.put.push((role, name, document));
        Ok(Node::Null)
    }

    fn delete(&mut self, input: &Node) -> Result<Node, ApiError> {
        let text = |name: &str| input.get(name).as_text().unwrap_or_default().to_owned();
        let (role, name) = (text("RoleName"), text("PolicyName"));
        self.known(&role)?;
        let before = self.put.len();
        self.put.retain(|(r, n, _)| (r, n) != (&role, &name));
        if self.put.len() == before {
            let why = format!("The role policy with name {name} cannot be found.");
            return Err(ApiError::new("NoSuchEntity", why).with_status(404));
        }
        Ok(Node::Null)
    }
}

/// Percent-encoded as the vendor sends documents (RFC 3986).
fn encoded(document: &str) -> String {
    let mut out = String::with_capacity(document.len() * 2);
    for byte in document.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn arn(kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{}:{kind}{path}{name}", names::ACCOUNT)
}
