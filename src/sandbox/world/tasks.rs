//! Tasks by id, and which belong to a service: a platform of a thousand services looks its tasks up a thousand times a step.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::Key;
use super::task::Task;

/// Tasks, running and lately stopped. Read like a map by id.
#[derive(Debug, Default)]
pub struct Tasks {
    by_id: BTreeMap<String, Task>,
    of: BTreeMap<Key, BTreeSet<String>>,
}

impl Tasks {
    /// A task that was not there.
    pub fn insert(&mut self, task: Task) {
        let ids = self.of.entry(task.service.clone()).or_default();
        ids.insert(task.id.clone());
        self.by_id.insert(task.id.clone(), task);
    }

    /// Forgets a task.
    pub fn remove(&mut self, id: &str) {
        if let Some(task) = self.by_id.remove(id)
            && let Some(ids) = self.of.get_mut(&task.service)
        {
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
        self.by_id.get_mut(id)
    }

    /// All of them, to be changed. Their services stay what they are.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Task> {
        self.by_id.values_mut()
    }
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
