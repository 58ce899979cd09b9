//! How stacks change: resources one after the other in the order of their needs, each for as long as its kind takes; what fails is
//! turned back, as the vendor does. A property whose value holds `-bad` is refused; one with `-stuck` cannot be turned back either,
//! until the roll-back is continued.

use serde_json::Value;

use super::stack::{Event, Resource, Stack};
use super::template::{self, Parameters};

/// What a stack is going through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Create,
    Rollback,
    Update,
    Cleanup,
    UpdateRollback,
    RollbackCleanup,
    Delete,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Create,
    Modify,
    Replace,
    Restore,
    Delete,
}

/// One resource's part.
#[derive(Clone, Debug)]
struct Step {
    logical: String,
    act: Act,
    needs: Vec<String>,
    /// When it will be done; `None`: not begun.
    until: Option<f64>,
    done: bool,
    /// What the resource becomes.
    becomes: Option<Resource>,
}

/// Work on a stack.
#[derive(Clone, Debug)]
pub struct Operation {
    kind: Kind,
    steps: Vec<Step>,
    /// Resources as they were.
    before: Vec<Resource>,
    /// Template and parameters as they were.
    definition: (Value, Parameters),
    /// Ids to be removed when all is well.
    obsolete: Vec<Resource>,
    /// Resources that cannot be turned back yet.
    stuck: Vec<String>,
}

/// What a change wants.
pub struct Goal {
    pub body: Value,
    pub parameters: Parameters,
    /// Random hex digits for physical ids.
    pub hex: String,
}

/// How a goal differs from what is there: logical name, and `None` where it goes.
pub fn differences(stack: &Stack, goal: &Goal) -> Vec<(String, Option<Resource>)> {
    let mut all = Vec::new();
    for (n, (logical, about)) in template::resources(&goal.body).enumerate() {
        let kind = about["Type"].as_str().unwrap_or_default();
        let properties = template::properties(about, &goal.parameters, &stack.name);
        let now = stack.resource(logical);
        if now.is_some_and(|r| {
            r.kind == kind && r.properties == properties && r.status != "DELETE_COMPLETE"
        }) {
            continue;
        }
        let hex = goal
            .hex
            .chars()
            .cycle()
            .skip(n % 32)
            .take(32)
            .collect::<String>();
        let fresh = template::physical(&stack.name, logical, kind, &properties, &hex);
        let kept = now
            .filter(|r| !is_replaced(r, kind, &properties))
            .map(|r| r.physical.clone());
        let becomes = Resource {
            logical: logical.clone(),
            physical: kept.unwrap_or(fresh),
            kind: kind.to_owned(),
            properties,
            status: "",
            reason: None,
            updated: 0.0,
            drift: ("NOT_CHECKED", None),
        };
        all.push((logical.clone(), Some(becomes)));
    }
    let gone = stack
        .resources
        .iter()
        .filter(|r| !template::resources(&goal.body).any(|(l, _)| *l == r.logical));
    all.extend(gone.map(|r| (r.logical.clone(), None)));
    all
}

/// Names of properties that differ.
pub fn changed(before: &Value, after: &Value) -> Vec<String> {
    let members = |v: &Value| v.as_object().cloned().unwrap_or_default();
    let (before, after) = (members(before), members(after));
    let mut names: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|n| before.get(n) != after.get(n));
    names
}

/// Whether a resource has to be made anew to become this.
pub fn is_replaced(now: &Resource, kind: &str, properties: &Value) -> bool {
    now.kind != kind
        || changed(&now.properties, properties)
            .iter()
            .any(|p| template::recreation(kind, p) == "Always")
}

fn holds(value: &Value, word: &str) -> bool {
    match value {
        Value::String(s) => s.contains(word),
        Value::Array(items) => items.iter().any(|v| holds(v, word)),
        Value::Object(members) => members.values().any(|v| holds(v, word)),
        _ => false,
    }
}

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
    fn work(&mut self, kind: Kind, on: Vec<Resource>, obsolete: Vec<Resource>) {
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

    /// Lets time go on from the last event to `now`; a story second lasts `1 / speed` seconds.
    pub fn advance(&mut self, now: f64, speed: f64) {
        // Every pass begins or ends a step or a phase, so this comes to an end; the bound is against a mistake in that.
        for _ in 0..10_000 {
            if self.status == "UPDATE_ROLLBACK_FAILED" || self.operation.is_none() {
                return;
            }
            let clock = self.clock();
            self.start_what_can(clock, speed);
            let Some(op) = &self.operation else { return };
            let running = op
                .steps
                .iter()
                .enumerate()
                .filter_map(|(n, s)| s.until.filter(|_| !s.done).map(|u| (n, u)));
            match running.min_by(|a, b| a.1.total_cmp(&b.1)) {
                Some((_, until)) if until > now => return,
                Some((n, until)) => self.finish(n, until),
                None => {
                    let then = clock + 1.0 / speed;
                    if then > now {
                        return;
                    }
                    self.next_phase(then);
                }
            }
        }
    }

    fn clock(&self) -> f64 {
        self.events.last().map_or(self.created, Event::at)
    }

    fn start_what_can(&mut self, at: f64, speed: f64) {
        let Some(mut op) = self.operation.take() else {
            return;
        };
        let pending: Vec<String> = op
            .steps
            .iter()
            .filter(|s| !s.done)
            .map(|s| s.logical.clone())
            .collect();
        let mut begun = Vec::new();
        for step in op.steps.iter_mut().filter(|s| s.until.is_none()) {
            if step
                .needs
                .iter()
                .any(|n| *n != step.logical && pending.contains(n))
            {
                continue;
            }
            let kind = step
                .becomes
                .as_ref()
                .map(|r| r.kind.as_str())
                .unwrap_or_default();
            // Deleting and restoring go quicker than making.
            let share = if matches!(step.act, Act::Delete | Act::Restore) {
                0.3
            } else {
                1.0
            };
            step.until = Some(at + template::seconds(kind) * share / speed);
            begun.push(step.clone());
        }
        // A circle of needs never ends otherwise: the vendor refuses such templates, so here its first step just begins.
        if begun.is_empty() && !op.steps.iter().any(|s| s.until.is_some() && !s.done) {
            if let Some(step) = op.steps.iter_mut().find(|s| s.until.is_none()) {
                step.until = Some(at);
                begun.push(step.clone());
            }
        }
        self.operation = Some(op);
        for step in begun {
            self.begin_step(&step, at);
        }
    }

    fn begin_step(&mut self, step: &Step, at: f64) {
        let (status, reason) = match step.act {
            Act::Create => ("CREATE_IN_PROGRESS", None),
            Act::Modify | Act::Restore => ("UPDATE_IN_PROGRESS", None),
            Act::Replace => {
                let why = "Requested update requires the creation of a new physical resource; hence creating one.";
                ("UPDATE_IN_PROGRESS", Some(why.to_owned()))
            }
            Act::Delete => ("DELETE_IN_PROGRESS", None),
        };
        if let Some(becomes) = step.becomes.clone().filter(|_| step.act != Act::Delete) {
            match self
                .resources
                .iter_mut()
                .find(|r| r.logical == step.logical)
            {
                Some(place) => *place = becomes,
                None => self.resources.push(becomes),
            }
        }
        self.set_resource(at, &step.logical, status, reason);
    }

    fn finish(&mut self, number: usize, at: f64) {
        let Some(op) = &mut self.operation else {
            return;
        };
        let Some(step) = op.steps.get_mut(number) else {
            return;
        };
        let (logical, act) = (step.logical.clone(), step.act);
        let properties = step
            .becomes
            .as_ref()
            .map(|r| r.properties.clone())
            .unwrap_or_default();
        let is_stuck = act == Act::Restore && op.stuck.contains(&logical);
        let is_refused = matches!(act, Act::Create | Act::Modify | Act::Replace)
            && (holds(&properties, "-bad") || holds(&properties, "-stuck"));
        if is_stuck {
            // It is tried again when somebody continues.
            step.until = None;
            let why = format!(
                "Resource handler returned message: \"{logical} is in use and cannot be changed\""
            );
            self.set_resource(at, &logical, "UPDATE_FAILED", Some(why));
            let why = format!("The following resource(s) failed to update: [{logical}].");
            return self.set(at, "UPDATE_ROLLBACK_FAILED", Some(why));
        }
        step.done = true;
        if is_refused {
            let status = if act == Act::Create {
                "CREATE_FAILED"
            } else {
                "UPDATE_FAILED"
            };
            let why = "Resource handler returned message: \"the value is not accepted\" (HandlerErrorCode: InvalidRequest)";
            self.set_resource(at, &logical, status, Some(why.into()));
            let verb = if act == Act::Create {
                "create"
            } else {
                "update"
            };
            return self.turn_back(
                at,
                &format!("The following resource(s) failed to {verb}: [{logical}]."),
            );
        }
        let status = match act {
            Act::Create => "CREATE_COMPLETE",
            Act::Delete => "DELETE_COMPLETE",
            _ => "UPDATE_COMPLETE",
        };
        self.set_resource(at, &logical, status, None);
        let is_making = matches!(op_kind(&self.operation), Some(Kind::Cleanup));
        let kept = template::resources(&self.body).any(|(l, _)| *l == logical);
        if act == Act::Delete {
            // A replaced resource lives on under the same logical name: only its old self is gone.
            if is_making && kept {
                self.set_resource(at, &logical, "UPDATE_COMPLETE", None);
            } else {
                self.resources.retain(|r| r.logical != logical);
            }
        }
    }

    fn next_phase(&mut self, at: f64) {
        let Some(op) = self.operation.take() else {
            return;
        };
        match op.kind {
            Kind::Create => self.set(at, "CREATE_COMPLETE", None),
            Kind::Rollback => self.set(at, "ROLLBACK_COMPLETE", None),
            Kind::Update => {
                self.set(at, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
                self.work(Kind::Cleanup, op.obsolete, Vec::new());
            }
            Kind::Cleanup => self.set(at, "UPDATE_COMPLETE", None),
            Kind::UpdateRollback => {
                self.set(at, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None);
                self.work(Kind::RollbackCleanup, op.obsolete, Vec::new());
            }
            Kind::RollbackCleanup => self.set(at, "UPDATE_ROLLBACK_COMPLETE", None),
            Kind::Delete => {
                self.set(at, "DELETE_COMPLETE", None);
                self.deleted = Some(at);
            }
        }
        if self.operation.is_none() {
            self.token = None;
            for set in self
                .change_sets
                .iter_mut()
                .filter(|s| s.execution == "EXECUTE_IN_PROGRESS")
            {
                let good = matches!(self.status, "CREATE_COMPLETE" | "UPDATE_COMPLETE");
                set.execution = if good {
                    "EXECUTE_COMPLETE"
                } else {
                    "EXECUTE_FAILED"
                };
            }
        }
    }
}

fn op_kind(op: &Option<Operation>) -> Option<Kind> {
    op.as_ref().map(|o| o.kind)
}
