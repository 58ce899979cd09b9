//! How work on a stack begins: making, changing, turning back, removing. `progress` lets it go on.

use super::goal::{Goal, differences, holds, is_replaced};
use super::progress::{Act, Kind, Operation, Step};
use super::stack::{Resource, Stack};
use super::template;

impl Stack {
    /// Begins to become what a goal says; `kind` is [`Kind::Create`] or [`Kind::Update`].
    pub fn begin(&mut self, kind: Kind, goal: Goal, at: f64) {
        let mut steps = Vec::new();
        let mut obsolete = Vec::new();
        for (logical, becomes) in differences(self, &goal) {
            let now = self.resource(&logical);
            let Some(becomes) = becomes else {
                obsolete.extend(now.cloned());
                continue;
            };
            let act = match now {
                None => Act::Create,
                Some(r) if is_replaced(r, &becomes.kind, &becomes.properties) => {
                    obsolete.push(r.clone());
                    Act::Replace
                }
                Some(_) => Act::Modify,
            };
            let about = template::resources(&goal.body).find(|(l, _)| **l == logical);
            let needs = about.map(|(_, r)| template::needs(r)).unwrap_or_default();
            steps.push(Step {
                logical,
                act,
                needs,
                until: None,
                done: false,
                becomes: Some(becomes),
            });
        }
        let definition = (
            std::mem::replace(&mut self.body, goal.body),
            std::mem::replace(&mut self.parameters, goal.parameters),
        );
        self.operation = Some(Operation {
            kind,
            steps,
            before: self.resources.clone(),
            definition,
            obsolete,
            stuck: Vec::new(),
        });
        if kind == Kind::Create {
            self.set(at, "CREATE_IN_PROGRESS", Some("User Initiated".into()));
        } else {
            self.updated = Some(at);
            self.set(at, "UPDATE_IN_PROGRESS", Some("User Initiated".into()));
        }
    }

    /// Begins to go away, but for the resources to be kept.
    pub fn remove(&mut self, kept: &[&str], at: f64) {
        self.operation = None;
        let going: Vec<Resource> = self
            .resources
            .iter()
            .filter(|r| !kept.contains(&r.logical.as_str()))
            .cloned()
            .collect();
        for logical in kept {
            self.set_resource(at, logical, "DELETE_SKIPPED", None);
        }
        self.set(at, "DELETE_IN_PROGRESS", Some("User Initiated".into()));
        self.work(Kind::Delete, going, Vec::new());
    }

    /// Turns an update back: it failed, or somebody cancelled it.
    pub fn turn_back(&mut self, at: f64, why: &str) {
        let Some(op) = self.operation.take() else {
            return;
        };
        for step in op.steps.iter().filter(|s| s.until.is_some() && !s.done) {
            let status = if op.kind == Kind::Create {
                "CREATE_FAILED"
            } else {
                "UPDATE_FAILED"
            };
            let words = if op.kind == Kind::Create {
                "Resource creation cancelled"
            } else {
                "Resource update cancelled"
            };
            self.set_resource(at, &step.logical, status, Some(words.into()));
        }
        if op.kind == Kind::Create {
            if self.keep_on_failure {
                return self.set(at, "CREATE_FAILED", Some(why.into()));
            }
            self.set(
                at,
                "ROLLBACK_IN_PROGRESS",
                Some(format!("{why} Rollback requested by user.")),
            );
            return self.work(Kind::Rollback, self.resources.clone(), Vec::new());
        }
        self.set(at, "UPDATE_ROLLBACK_IN_PROGRESS", Some(why.into()));
        let touched: Vec<&Step> = op.steps.iter().filter(|s| s.until.is_some()).collect();
        let restored = touched
            .iter()
            .rev()
            .filter_map(|s| op.before.iter().find(|r| r.logical == s.logical))
            .cloned();
        let restored: Vec<Resource> = restored.collect();
        let added = self
            .resources
            .iter()
            .filter(|r| !op.before.iter().any(|b| b.logical == r.logical))
            .cloned()
            .collect();
        let stuck = touched.iter().filter(|s| {
            s.becomes
                .as_ref()
                .is_some_and(|b| holds(&b.properties, "-stuck"))
        });
        let stuck = stuck.map(|s| s.logical.clone()).collect();
        (self.body, self.parameters) = op.definition;
        self.work(Kind::UpdateRollback, restored, added);
        if let Some(op) = &mut self.operation {
            op.stuck = stuck;
        }
    }

    /// Goes on with a roll-back that got stuck, without some resources.
    pub fn resume(&mut self, skipped: &[&str], at: f64) {
        self.set(
            at,
            "UPDATE_ROLLBACK_IN_PROGRESS",
            Some("User Initiated".into()),
        );
        for logical in skipped {
            self.set_resource(
                at,
                logical,
                "UPDATE_COMPLETE",
                Some("Resource was skipped".into()),
            );
        }
        if let Some(op) = &mut self.operation {
            op.stuck.clear();
            op.steps.retain(|s| !skipped.contains(&s.logical.as_str()));
        }
    }

    /// Sets to work on resources, one after the other: deleting, or restoring.
    pub fn work(&mut self, kind: Kind, on: Vec<Resource>, obsolete: Vec<Resource>) {
        let act = if kind == Kind::UpdateRollback {
            Act::Restore
        } else {
            Act::Delete
        };
        let mut steps: Vec<Step> = Vec::new();
        for resource in on {
            let needs = steps
                .last()
                .map(|s| s.logical.clone())
                .into_iter()
                .collect();
            steps.push(Step {
                logical: resource.logical.clone(),
                act,
                needs,
                until: None,
                done: false,
                becomes: Some(resource),
            });
        }
        let definition = (self.body.clone(), self.parameters.clone());
        self.operation = Some(Operation {
            kind,
            steps,
            before: Vec::new(),
            definition,
            obsolete,
            stuck: Vec::new(),
        });
    }
}
