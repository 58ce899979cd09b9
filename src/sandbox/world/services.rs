//! Services by name, and which of them may change by themselves: of a thousand services few move at a time, and a step goes through
//! those alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::Key;
use super::service::Service;

/// Services. Read like a map by cluster and name.
#[derive(Debug, Default)]
pub struct Services {
    by_key: BTreeMap<Key, Service>,
    awake: BTreeSet<Key>,
}

impl Services {
    /// A service that was not there.
    pub fn insert(&mut self, key: Key, service: Service) {
        self.awake.insert(key.clone());
        self.by_key.insert(key, service);
    }

    /// One of them, to be changed: the next steps look at it until it rests.
    pub fn get_mut(&mut self, key: &Key) -> Option<&mut Service> {
        let service = self.by_key.get_mut(key)?;
        if !self.awake.contains(key) {
            self.awake.insert(key.clone());
        }
        Some(service)
    }

    /// Those of a cluster, by name.
    pub fn of<'a>(&'a self, cluster: &str) -> impl Iterator<Item = (&'a Key, &'a Service)> {
        let cluster = cluster.to_owned();
        self.by_key
            .range((cluster.clone(), String::new())..)
            .take_while(move |(key, _)| key.0 == cluster)
    }

    /// Those that may change by themselves, by name.
    pub(super) fn awake(&self) -> impl Iterator<Item = &Key> {
        self.awake.iter()
    }

    /// It does not change before something touches it, or it does.
    pub(super) fn set_awake(&mut self, key: &Key, awake: bool) {
        if !awake {
            self.awake.remove(key);
        } else if self.by_key.contains_key(key) {
            self.awake.insert(key.clone());
        }
    }
}

impl Deref for Services {
    type Target = BTreeMap<Key, Service>;

    fn deref(&self) -> &Self::Target {
        &self.by_key
    }
}

#[cfg(test)]
mod tests {
    use super::super::World;
    use super::super::story::{self, Scale};
    use super::super::{definitions, rollout};
    use super::*;

    const NOW: f64 = 1_800_000_000.0;

    fn key(cluster: &str, name: &str) -> Key {
        (cluster.to_owned(), name.to_owned())
    }

    /// Of a thousand services with ten thousand tasks a step looks at those that something happens to.
    #[test]
    fn a_step_goes_through_what_moves_alone() {
        let mut world = World::new(7, 1.0, NOW);
        let scale = Scale {
            services: 1_000,
            tasks_per_service: 10,
        };
        story::fleet(&mut world, scale);
        world.step(NOW + 1.0);
        let awake = |world: &World| (world.services.awake().count(), world.tasks.moving_count());
        assert_eq!(awake(&world), (0, 0));
        let one = key("fleet", "svc-0500");
        rollout::begin(&mut world, &one, 1);
        world.step(NOW + 2.0);
        assert_eq!(world.services.awake().collect::<Vec<_>>(), [&one]);
        assert_eq!(world.tasks.moving_count(), 10, "the new ones");
        for second in 3..120 {
            world.step(NOW + f64::from(second));
        }
        assert_eq!(awake(&world), (0, 0), "it is over");
        let deployed = world.deployments.last().map(|d| d.status);
        assert_eq!(deployed, Some("SUCCESSFUL"));
    }

    /// A world in which everything is looked at each time tells the same story, to the last digit.
    #[test]
    fn what_rests_is_left_alone_without_changing_the_story() {
        let tell = |looks_at_all: bool| {
            let mut world = World::new(7, 1.0, NOW);
            story::tell(&mut world);
            for second in 1..700 {
                match second {
                    60 | 240 => {
                        let (tag, family) = match second {
                            60 => ("9.0.0-bad", "laser-prod-api"),
                            _ => ("3.3.0", "laser-prod-calculator"),
                        };
                        let name = family.trim_start_matches("laser-prod-");
                        let service = key("laser-prod", name);
                        let image = format!("{}/{name}:{tag}", story::REGISTRY);
                        let next = definitions::register(
                            &mut world, &service, family, &image, 256, 512, None, NOW, "ana",
                        );
                        rollout::begin(&mut world, &service, next);
                    }
                    300 => {
                        let service = world.services.get_mut(&key("laser-prod", "auth"));
                        service.unwrap().desired = 5;
                    }
                    400 => {
                        let auth = key("laser-prod", "auth");
                        let id = world.tasks_of(&auth).next().unwrap().id.clone();
                        let story = world.story_time();
                        world.tasks.get_mut(&id).unwrap().stop(story, "by hand");
                    }
                    _ => {}
                }
                if looks_at_all {
                    let services: Vec<Key> = world.services.keys().cloned().collect();
                    for key in &services {
                        world.services.get_mut(key);
                    }
                    let tasks: Vec<String> = world.tasks.keys().cloned().collect();
                    for id in &tasks {
                        world.tasks.get_mut(id);
                    }
                }
                world.step(NOW + f64::from(second));
            }
            let services: Vec<_> = world.services.values().cloned().collect();
            let tasks: Vec<_> = world.tasks.values().cloned().collect();
            format!("{services:#?} {tasks:#?} {:#?}", world.deployments)
        };
        let (alone, all) = (tell(false), tell(true));
        assert!(alone.contains("ROLLBACK_SUCCESSFUL") && alone.contains("by hand"));
        assert_eq!(alone, all);
    }
}
