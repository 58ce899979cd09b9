//! The platform behind the server: the world, and the stores of what it tells.

use super::estate::Estate;
use super::pg::state::State as Postgres;
use super::resp::state::State as Redis;
use super::telemetry::Telemetry;
use super::web::{Reply, Request, Vendor};
use super::wire::{ApiError, Call, Node, Service};
use super::world::World;
use super::world::names;
use super::{cloudwatch, ecs, elbv2, elbv2_abroad, logs, sts};

/// Everything that answers.
#[derive(Debug)]
pub struct Platform {
    /// What exists.
    pub world: World,
    /// What it tells.
    pub telemetry: Telemetry,
    /// What the cache counts.
    pub(super) redis: Redis,
    /// What the databases count.
    pub(super) postgres: Postgres,
    /// What else there is.
    estate: Estate,
}

impl Platform {
    /// A platform around a world, with its recent past told.
    pub fn new(world: World, seed: u64) -> Self {
        let mut telemetry = Telemetry::new(&world, seed);
        let estate = Estate::new(&world);
        // Their past is told with that of the others.
        let alarms = estate.scaling_alarms();
        telemetry.alarms.scale_by(alarms, world.stamp());
        telemetry.begin(&world);
        let redis = Redis::new(world.stamp());
        let postgres = Postgres::new(world.stamp());
        Self {
            world,
            telemetry,
            redis,
            postgres,
            estate,
        }
    }

    /// Lets time go on.
    pub fn step(&mut self, now: f64) {
        self.world.step(now);
        self.telemetry.step(&self.world);
        self.telemetry.guard(&mut self.world);
        self.estate.step(&mut self.world);
        self.redis.step(self.world.stamp());
        self.postgres.step(&self.world);
        let now = self.world.stamp();
        let t = &mut self.telemetry;
        self.estate
            .measure(&mut t.metrics, &mut t.metrics_abroad, now);
    }

    /// Answers a call.
    ///
    /// # Errors
    /// The vendor's own.
    pub fn handle(&mut self, call: &Call) -> Result<Node, ApiError> {
        let now = self.world.stamp();
        if let Some(reply) = self.estate.handle(call, &mut self.world) {
            // The vendor makes and takes away alarms with its policies.
            if matches!(call.service, Service::AutoScaling) && !call.operation.starts_with("Desc") {
                let alarms = self.estate.scaling_alarms();
                self.telemetry.alarms.scale_by(alarms, now);
            }
            return reply;
        }
        let t = &mut self.telemetry;
        match call.service {
            Service::Ecs => ecs::handle(&call.operation, &call.input, &mut self.world, sts::CALLER),
            Service::Elbv2 if !call.region.is_empty() && call.region != names::REGION => {
                elbv2_abroad::handle(&call.operation, &call.input, &call.region, &self.world)
            }
            Service::Elbv2 => elbv2::handle(&call.operation, &call.input, &self.world),
            Service::Sts => sts::handle(&call.operation),
            Service::CloudWatch => {
                let (operation, input) = (&call.operation, &call.input);
                t.recall(input, &self.world);
                let board = t.dashboards.handle(operation, input, now);
                let metrics = match call.region == names::SECOND_REGION {
                    true => &mut t.metrics_abroad,
                    false => &mut t.metrics,
                };
                let alarms = &mut t.alarms;
                board.unwrap_or_else(|| cloudwatch::handle(operation, input, metrics, alarms, now))
            }
            Service::Logs => logs::handle(
                &call.operation,
                &call.input,
                &mut t.logs,
                (now * 1_000.0) as i64,
            ),
            _ => Err(ApiError::unknown_operation(&call.operation)),
        }
    }

    /// Answers a request to a system of paths.
    pub fn web(&mut self, vendor: Vendor, request: &Request) -> Reply {
        self.estate.web(vendor, request, &mut self.world)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::map;
    use crate::world::{rollout, story};

    /// What a platform tells in a minute at twenty times its speed, with a release under way: what exists and what the alarms say every
    /// few seconds, and what its services said.
    fn told(seed: u64) -> Vec<String> {
        let start = 1_800_000_000.0;
        let mut world = World::new(seed, 20.0, start);
        story::tell(&mut world);
        let mut platform = Platform::new(world, seed);
        let mut all = Vec::new();
        for step in 1..=240_u32 {
            if step == 40 {
                rollout::begin_bad_canary(&mut platform.world);
            }
            platform.step(start + f64::from(step) * 0.25);
            if step % 24 == 0 {
                all.push(format!("{:?}", platform.world));
                all.push(format!("{:?}", platform.telemetry.alarms.told()));
            }
        }
        let now = (platform.world.stamp() * 1_000.0) as i64;
        let store = &mut platform.telemetry.logs;
        let groups = logs::handle("DescribeLogGroups", &map::<&str, 0>([]), store, now).unwrap();
        for group in groups.get("logGroups").as_list() {
            let asked = map([("logGroupName", group.get("logGroupName").clone())]);
            let lines = logs::handle("FilterLogEvents", &asked, store, now).unwrap();
            all.push(format!("{lines:?}"));
        }
        all
    }

    #[test]
    fn the_same_seed_and_speed_tell_the_same_story_and_another_seed_another_one() {
        let (first, second, other) = (told(7), told(7), told(8));
        assert_eq!(first.len(), second.len());
        for (n, (one, same)) in first.iter().zip(&second).enumerate() {
            let apart = one.bytes().zip(same.bytes()).position(|(a, b)| a != b);
            let at = apart.map(|at| one.chars().skip(at.saturating_sub(80)).take(160));
            let words: Option<String> = at.map(Iterator::collect);
            assert!(one == same, "what is told as number {n} differs: {words:?}");
        }
        assert_ne!(first.first(), other.first());
    }
}
