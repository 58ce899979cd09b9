//! Tasks by id, which belong to a service, and which of them may change by themselves: of ten thousand tasks a step goes through those
//! that move.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::Key;
use super::task::Task;

/// Tasks, running and lately stopped. Read like a map by id.
#[derive(Debug, Default)]
pub struct Tasks {
    by_id: BTreeMap<String, Task>,
    of: BTreeMap<Key, BTreeSet<String>>,
    /// Those that may go to another station with time, or that somebody had in hand.
    moving: BTreeSet<String>,
    /// Those that were over when last looked at.
    stopped: BTreeSet<String>,
    /// Services whose tasks changed since somebody asked.
    touched: BTreeSet<Key>,
}

impl Tasks {
    /// A task that was not there.
    pub fn insert(&mut self, task: Task) {
        let ids = self.of.entry(task.service.clone()).or_default();
        ids.insert(task.id.clone());
        self.moving.insert(task.id.clone());
        self.touch(&task.service.clone());
        self.by_id.insert(task.id.clone(), task);
    }

    /// Forgets a task.
    pub fn remove(&mut self, id: &str) {
        let Some(task) = self.by_id.remove(id) else {
            return;
        };
        self.moving.remove(id);
        self.stopped.remove(id);
        self.touch(&task.service);
        if let Some(ids) = self.of.get_mut(&task.service) {
            ids.remove(id);
            if ids.is_empty() {
                self.of.remove(&task.service);
            }
        }
    }

    /// Those of a service, by id.
    pub fn of<'a>(&'a self, service: &Key) -> impl Iterator<Item = &'a Task> + use<'a> {
        let ids = self.of.get(service).into_iter().flatten();
        ids.filter_map(|id| self.by_id.get(id))
    }

    /// One of them, to be changed. Its service stays what it is.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Task> {
        let task = self.by_id.get_mut(id)?;
        self.moving.insert(id.to_owned());
        if !self.touched.contains(&task.service) {
            self.touched.insert(task.service.clone());
        }
        Some(task)
    }

    /// Lets each that may move do so, by id. One that says it is at rest is not looked at again before somebody had it in hand.
    pub(super) fn move_on(&mut self, mut step: impl FnMut(&mut Task) -> Rest) {
        for id in std::mem::take(&mut self.moving) {
            let Some(task) = self.by_id.get_mut(&id) else {
                continue;
            };
            let rest = step(task);
            let service = task.service.clone();
            self.touch(&service);
            match rest {
                Rest::Stopped => self.stopped.insert(id),
                Rest::Runs => self.stopped.remove(&id),
                Rest::None => self.moving.insert(id),
            };
        }
    }

    /// Those that are over.
    pub(super) fn stopped(&self) -> impl Iterator<Item = &Task> {
        self.stopped.iter().filter_map(|id| self.by_id.get(id))
    }

    /// Services whose tasks changed since this was last asked.
    pub(super) fn take_touched(&mut self) -> BTreeSet<Key> {
        std::mem::take(&mut self.touched)
    }

    /// How many may move by themselves.
    #[cfg(test)]
    pub(super) fn moving_count(&self) -> usize {
        self.moving.len()
    }

    fn touch(&mut self, service: &Key) {
        if !self.touched.contains(service) {
            self.touched.insert(service.clone());
        }
    }
}

/// Whether a task changes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It may, with time.
    None,
    /// It runs, and all is well.
    Runs,
    /// It is over.
    Stopped,
}

impl Deref for Tasks {
    type Target = BTreeMap<String, Task>;

    fn deref(&self) -> &Self::Target {
        &self.by_id
    }
}

#[cfg(test)]
mod tests {
    use super::super::World;
    use super::super::story::{self, Scale};

    #[test]
    fn a_service_has_the_tasks_that_say_so_also_after_some_came_and_went() {
        let mut world = World::new(7, 1.0, 1_000_000.0);
        let scale = Scale {
            services: 3,
            tasks_per_service: 4,
        };
        story::fleet(&mut world, scale);
        assert_eq!(world.tasks.len(), 12);
        let gone = world.tasks.keys().next().unwrap().clone();
        world.tasks.remove(&gone);
        for key in world.services.keys() {
            let looked_up: Vec<_> = world.tasks_of(key).map(|t| &t.id).collect();
            let all = world.tasks.values();
            let searched: Vec<_> = all.filter(|t| &t.service == key).map(|t| &t.id).collect();
            assert_eq!(looked_up, searched);
        }
        assert!(world.tasks.get(&gone).is_none());
    }
}
