//! How stacks change: resources one after the other in the order of their needs, each for as long as its kind takes; what fails is
//! turned back, as the vendor does. A property whose value holds `-bad` is refused; one with `-stuck` cannot be turned back either,
//! until the roll-back is continued.

use serde_json::Value;

use super::goal::holds;
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
pub enum Act {
    Create,
    Modify,
    Replace,
    Restore,
    Delete,
}

/// One resource's part.
#[derive(Clone, Debug)]
pub struct Step {
    pub logical: String,
    pub act: Act,
    pub needs: Vec<String>,
    /// When it will be done; `None`: not begun.
    pub until: Option<f64>,
    pub done: bool,
    /// What the resource becomes.
    pub becomes: Option<Resource>,
}

/// Work on a stack.
#[derive(Clone, Debug)]
pub struct Operation {
    pub kind: Kind,
    pub steps: Vec<Step>,
    /// Resources as they were.
    pub before: Vec<Resource>,
    /// Template and parameters as they were.
    pub definition: (Value, Parameters),
    /// Ids to be removed when all is well.
    pub obsolete: Vec<Resource>,
    /// Resources that cannot be turned back yet.
    pub stuck: Vec<String>,
}

impl Stack {
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
        if begun.is_empty()
            && !op.steps.iter().any(|s| s.until.is_some() && !s.done)
            && let Some(step) = op.steps.iter_mut().find(|s| s.until.is_none())
        {
            step.until = Some(at);
            begun.push(step.clone());
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
