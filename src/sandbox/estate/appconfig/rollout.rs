//! Deployments of a configuration: how they spread (AppConfig user guide, "Working with deployment strategies").

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::World;

/// How a version spreads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strategy {
    pub(super) id: &'static str,
    about: &'static str,
    minutes: u32,
    exponential: bool,
    /// Percent.
    growth: f64,
    bake_minutes: u32,
}

const fn strategy(
    id: &'static str,
    about: &'static str,
    minutes: u32,
    exponential: bool,
    growth: f64,
    bake_minutes: u32,
) -> Strategy {
    Strategy {
        id,
        about,
        minutes,
        exponential,
        growth,
        bake_minutes,
    }
}

/// Those that every account has, and one of the team's own.
pub(super) const STRATEGIES: [Strategy; 5] = [
    strategy("AppConfig.AllAtOnce", "Quick", 0, false, 100.0, 10),
    strategy(
        "AppConfig.Linear50PercentEvery30Seconds",
        "Test/Demo",
        1,
        false,
        50.0,
        1,
    ),
    strategy(
        "AppConfig.Linear20PercentEvery6Minutes",
        "AWS Recommended",
        30,
        false,
        20.0,
        30,
    ),
    strategy(
        "AppConfig.Canary10Percent20Minutes",
        "AWS Recommended",
        20,
        true,
        10.0,
        10,
    ),
    strategy(
        "1a5e5a0",
        "The team's own: a tenth every two minutes",
        20,
        false,
        10.0,
        5,
    ),
];

impl Strategy {
    pub(super) fn find(id: &str) -> Option<Self> {
        STRATEGIES.iter().find(|s| s.id == id).copied()
    }

    pub(super) fn show(&self) -> Value {
        let name = if self.id.starts_with("AppConfig.") {
            self.id
        } else {
            "laser-careful"
        };
        json!({
            "Id": self.id, "Name": name, "Description": self.about, "DeploymentDurationInMinutes": self.minutes,
            "GrowthType": self.growth_type(), "GrowthFactor": self.growth, "FinalBakeTimeInMinutes": self.bake_minutes,
            "ReplicateTo": "NONE",
        })
    }

    fn growth_type(&self) -> &'static str {
        if self.exponential {
            "EXPONENTIAL"
        } else {
            "LINEAR"
        }
    }

    /// The percentages that it goes through, and the seconds between them.
    fn steps(&self) -> (Vec<f64>, f64) {
        let mut steps = Vec::new();
        let mut n = 0;
        loop {
            let percent = if self.exponential {
                self.growth * f64::from(2_u32.pow(n))
            } else {
                self.growth * f64::from(n + 1)
            };
            if percent >= 100.0 || n >= 20 {
                steps.push(100.0);
                break;
            }
            steps.push(percent);
            n += 1;
        }
        let every = f64::from(self.minutes) * 60.0 / steps.len() as f64;
        (steps, every)
    }

    /// Percent after so many story seconds.
    fn percent(&self, spent: f64) -> f64 {
        let (steps, every) = self.steps();
        let passed = if every > 0.0 {
            (spent / every).floor()
        } else {
            f64::INFINITY
        };
        let index = (passed as usize).min(steps.len());
        index
            .checked_sub(1)
            .and_then(|i| steps.get(i))
            .copied()
            .unwrap_or(0.0)
    }
}

/// Where a deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Deploying,
    Baking,
    Complete,
    RolledBack,
    Reverted,
}

impl Stage {
    fn word(self) -> &'static str {
        match self {
            Self::Deploying => "DEPLOYING",
            Self::Baking => "BAKING",
            Self::Complete => "COMPLETE",
            Self::RolledBack => "ROLLED_BACK",
            Self::Reverted => "REVERTED",
        }
    }
}

/// A deployment.
#[derive(Clone, Debug)]
pub(super) struct Rollout {
    pub(super) profile: String,
    version: usize,
    strategy: Strategy,
    about: String,
    pub(super) stage: Stage,
    percent: f64,
    /// Story time of its beginning.
    since: f64,
    /// Wall-clock times.
    started: f64,
    ended: Option<f64>,
    /// Newest first: type, words, wall-clock time, by whom.
    events: Vec<(&'static str, String, f64, &'static str)>,
}

impl Rollout {
    /// One that begins at a story time, which may be before the story's beginning.
    pub(super) fn begin(
        profile: &str,
        version: usize,
        strategy: Strategy,
        about: &str,
        since: f64,
        world: &World,
    ) -> Self {
        let mut d = Self {
            profile: profile.to_owned(),
            version,
            strategy,
            about: about.to_owned(),
            stage: Stage::Deploying,
            percent: 0.0,
            since,
            started: stamp(world, since),
            ended: None,
            events: Vec::new(),
        };
        d.say(
            "DEPLOYMENT_STARTED",
            "Deployment started",
            since,
            world,
            "USER",
        );
        d.step(world);
        d
    }

    /// One that ended well before the story's beginning; hours by the clock on the wall.
    pub(super) fn past(
        profile: &str,
        version: usize,
        strategy: Strategy,
        about: &str,
        hours_ago: f64,
        world: &World,
    ) -> Self {
        let started = world.stamp() - hours_ago * 3_600.0;
        let ended = started + f64::from(strategy.minutes + strategy.bake_minutes) * 60.0;
        Self {
            profile: profile.to_owned(),
            version,
            strategy,
            about: about.to_owned(),
            stage: Stage::Complete,
            percent: 100.0,
            since: f64::NEG_INFINITY,
            started,
            ended: Some(ended),
            events: vec![
                (
                    "DEPLOYMENT_COMPLETED",
                    "Deployment completed".into(),
                    ended,
                    "APPCONFIG",
                ),
                (
                    "DEPLOYMENT_STARTED",
                    "Deployment started".into(),
                    started,
                    "USER",
                ),
            ],
        }
    }

    /// Whether it is under way.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Deploying | Stage::Baking)
    }

    /// Lets it go on.
    pub(super) fn step(&mut self, world: &World) {
        let spent = world.story_time() - self.since;
        let (steps, every) = self.strategy.steps();
        if self.stage == Stage::Deploying {
            let reached = self.strategy.percent(spent);
            for (percent, n) in steps.iter().zip(1_u32..) {
                if *percent > self.percent && *percent <= reached {
                    let at = self.since + every * f64::from(n);
                    let words = format!("Configuration available to {percent:.2}% of clients");
                    self.say("PERCENTAGE_UPDATED", &words, at, world, "APPCONFIG");
                }
            }
            self.percent = reached;
            if reached >= 100.0 {
                self.stage = Stage::Baking;
                let words = format!("Baking for {} minutes", self.strategy.bake_minutes);
                self.say(
                    "BAKE_TIME_STARTED",
                    &words,
                    self.baked_from(),
                    world,
                    "APPCONFIG",
                );
            }
        }
        let end = self.baked_from() + f64::from(self.strategy.bake_minutes) * 60.0;
        if self.stage == Stage::Baking && world.story_time() >= end {
            self.stage = Stage::Complete;
            self.ended = Some(stamp(world, end));
            self.say(
                "DEPLOYMENT_COMPLETED",
                "Deployment completed",
                end,
                world,
                "APPCONFIG",
            );
        }
    }

    fn baked_from(&self) -> f64 {
        self.since + f64::from(self.strategy.minutes) * 60.0
    }

    /// Stops it, or takes back what is complete where that is allowed.
    pub(super) fn stop(&mut self, world: &World, revert: bool) -> Result<(), String> {
        let now = world.story_time();
        match self.stage {
            Stage::Deploying | Stage::Baking => {
                self.stage = Stage::RolledBack;
                self.percent = 0.0;
                self.say("ROLLBACK_STARTED", "Rollback started", now, world, "USER");
                self.say(
                    "ROLLBACK_COMPLETED",
                    "Rollback completed",
                    now,
                    world,
                    "USER",
                );
            }
            Stage::Complete if revert => {
                self.stage = Stage::Reverted;
                self.say("REVERT_COMPLETED", "Revert completed", now, world, "USER");
            }
            other => {
                return Err(format!(
                    "The deployment cannot be stopped: it is in state {}",
                    other.word()
                ));
            }
        }
        self.ended = Some(world.stamp());
        Ok(())
    }

    fn say(&mut self, kind: &'static str, words: &str, at: f64, world: &World, who: &'static str) {
        self.events
            .insert(0, (kind, words.to_owned(), stamp(world, at), who));
    }

    pub(super) fn summary(&self, number: usize, name: &str) -> Value {
        let mut shown = json!({
            "DeploymentNumber": number, "ConfigurationProfileId": self.profile, "ConfigurationName": name,
            "ConfigurationVersion": self.version.to_string(), "DeploymentDurationInMinutes": self.strategy.minutes,
            "GrowthType": self.strategy.growth_type(), "GrowthFactor": self.strategy.growth,
            "FinalBakeTimeInMinutes": self.strategy.bake_minutes, "State": self.stage.word(),
            "PercentageComplete": self.percent, "StartedAt": iso(self.started), "Type": "USER",
        });
        if let (Some(at), Some(members)) = (self.ended, shown.as_object_mut()) {
            members.insert("CompletedAt".into(), json!(iso(at)));
        }
        shown
    }

    pub(super) fn detail(
        &self,
        number: usize,
        application: &str,
        environment: &str,
        name: &str,
    ) -> Value {
        let events: Vec<Value> = self
            .events
            .iter()
            .map(|(kind, words, at, who)| {
                json!({"EventType": kind, "TriggeredBy": who, "Description": words, "OccurredAt": iso(*at), "ActionInvocations": []})
            })
            .collect();
        let mut shown = self.summary(number, name);
        if let Some(members) = shown.as_object_mut() {
            members.remove("Type");
            members.insert("ApplicationId".into(), json!(application));
            members.insert("EnvironmentId".into(), json!(environment));
            members.insert("DeploymentStrategyId".into(), json!(self.strategy.id));
            members.insert("ConfigurationLocationUri".into(), json!("hosted"));
            members.insert("Description".into(), json!(self.about));
            members.insert("EventLog".into(), Value::Array(events));
            members.insert("AppliedExtensions".into(), json!([]));
        }
        shown
    }
}

/// The wall-clock time of a story time.
fn stamp(world: &World, story: f64) -> f64 {
    world.begun() + story / world.speed
}

fn iso(seconds: f64) -> String {
    let at = Timestamp::from_millisecond((seconds * 1_000.0).round() as i64);
    format!("{:.3}", at.unwrap_or(Timestamp::UNIX_EPOCH))
}
