//! AppConfig (API version 2019-10-09, REST with JSON): applications, environments, profiles, hosted versions, and deployments that
//! spread a version little by little.

mod rollout;
mod shown;
mod story;

use rollout::{Rollout, Strategy};

use crate::web::{Reply, Request};
use crate::wire::credential;
use crate::world::World;
use serde_json::{Value, json};

/// An application: `[(id, name)]` of its environments and profiles beside it.
#[derive(Debug)]
struct Application {
    id: &'static str,
    name: &'static str,
    about: &'static str,
    environments: Vec<Environment>,
    profiles: Vec<Profile>,
}

#[derive(Debug)]
struct Environment {
    id: &'static str,
    name: &'static str,
    /// Oldest first; the number is the place, from 1.
    deployments: Vec<Rollout>,
}

#[derive(Debug)]
struct Profile {
    id: &'static str,
    name: &'static str,
    kind: &'static str,
    /// Oldest first; the number is the place, from 1.
    versions: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    about: String,
    label: Option<String>,
    content_type: String,
    content: Vec<u8>,
}

/// Everything that is configured.
#[derive(Debug, Default)]
pub struct Configs {
    applications: Vec<Application>,
}

/// What the vendor answers instead.
struct Refusal(u16, &'static str, String);

impl Refusal {
    fn missing(what: &str, id: &str) -> Self {
        Self(
            404,
            "ResourceNotFoundException",
            format!("Could not find {what} with ID {id}"),
        )
    }

    fn bad(why: impl Into<String>) -> Self {
        Self(400, "BadRequestException", why.into())
    }

    fn reply(self) -> Reply {
        let Self(status, kind, why) = self;
        Reply::json(status, &json!({"Message": why})).with("x-amzn-errortype", kind)
    }
}

impl Configs {
    /// What the story begins with.
    pub fn new(world: &World, told: bool) -> Self {
        let applications = if told {
            story::applications(world)
        } else {
            Vec::new()
        };
        Self { applications }
    }

    /// Lets the deployments go on.
    pub fn step(&mut self, world: &World) {
        for e in self
            .applications
            .iter_mut()
            .flat_map(|a| &mut a.environments)
        {
            for d in &mut e.deployments {
                d.step(world);
            }
        }
    }

    /// Answers a request.
    pub fn handle(&mut self, request: &Request, world: &World) -> Reply {
        match credential(&request.headers).as_deref() {
            Some(crate::server::ACCESS_KEY) => {}
            Some(_) => {
                let why = "The security token included in the request is invalid.";
                return Refusal(403, "UnrecognizedClientException", why.into()).reply();
            }
            None => {
                let why = "Missing Authentication Token";
                return Refusal(403, "MissingAuthenticationTokenException", why.into()).reply();
            }
        }
        let steps = request.steps();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let get = request.method == http::Method::GET;
        let answer = match (request.method.as_str(), steps.as_slice()) {
            ("GET", ["applications"]) => page(
                request,
                self.applications.iter().map(Application::show).collect(),
            ),
            ("GET", ["deploymentstrategies"]) => page(
                request,
                rollout::STRATEGIES.iter().map(Strategy::show).collect(),
            ),
            ("GET", ["deploymentstrategies", id]) => match Strategy::find(id) {
                Some(s) => Ok(Reply::json(200, &s.show())),
                None => Err(Refusal::missing("deployment strategy", id)),
            },
            (_, ["applications", id, rest @ ..]) => {
                match self.applications.iter_mut().find(|a| a.id == *id) {
                    None => Err(Refusal::missing("application", id)),
                    Some(a) if get => a.read(request, rest),
                    Some(a) => a.change(request, rest, world),
                }
            }
            _ => Err(Refusal(
                404,
                "UnknownOperationException",
                "The sandbox does not offer this operation.".into(),
            )),
        };
        answer.unwrap_or_else(Refusal::reply)
    }
}

impl Application {
    fn show(&self) -> Value {
        json!({"Id": self.id, "Name": self.name, "Description": self.about})
    }

    fn read(&self, request: &Request, steps: &[&str]) -> Result<Reply, Refusal> {
        let environment = |id: &str| {
            self.environments
                .iter()
                .find(|e| e.id == id)
                .ok_or_else(|| Refusal::missing("environment", id))
        };
        let profile = |id: &str| {
            self.profiles
                .iter()
                .find(|p| p.id == id)
                .ok_or_else(|| Refusal::missing("configuration profile", id))
        };
        match steps {
            [] => Ok(Reply::json(200, &self.show())),
            ["environments"] => page(
                request,
                self.environments.iter().map(|e| e.show(self.id)).collect(),
            ),
            ["environments", id] => Ok(Reply::json(200, &environment(id)?.show(self.id))),
            ["environments", id, "deployments"] => {
                let all = environment(id)?.deployments.iter().enumerate().rev();
                page(
                    request,
                    all.map(|(n, d)| d.summary(n + 1, self.profile_name(&d.profile)))
                        .collect(),
                )
            }
            ["environments", id, "deployments", number] => {
                let e = environment(id)?;
                let (n, d) = deployment(&e.deployments, number)?;
                Ok(Reply::json(
                    200,
                    &d.detail(n, self.id, e.id, self.profile_name(&d.profile)),
                ))
            }
            ["configurationprofiles"] => {
                let kind = request.param("type");
                let all = self
                    .profiles
                    .iter()
                    .filter(|p| kind.is_none_or(|k| k == p.kind));
                page(request, all.map(|p| p.show(self.id)).collect())
            }
            ["configurationprofiles", id] => Ok(Reply::json(200, &profile(id)?.show(self.id))),
            ["configurationprofiles", id, "hostedconfigurationversions"] => {
                let p = profile(id)?;
                let all = p.versions.iter().enumerate().rev();
                page(
                    request,
                    all.map(|(n, v)| v.summary(self.id, p.id, n + 1)).collect(),
                )
            }
            [
                "configurationprofiles",
                id,
                "hostedconfigurationversions",
                number,
            ] => {
                let p = profile(id)?;
                let n: usize = number.parse().unwrap_or(0);
                let version = n.checked_sub(1).and_then(|i| p.versions.get(i));
                let version = version
                    .ok_or_else(|| Refusal::missing("hosted configuration version", number))?;
                Ok(version.reply(200, self.id, p.id, n))
            }
            _ => Err(Refusal(
                404,
                "UnknownOperationException",
                "The sandbox does not offer this operation.".into(),
            )),
        }
    }

    fn change(
        &mut self,
        request: &Request,
        steps: &[&str],
        world: &World,
    ) -> Result<Reply, Refusal> {
        match (request.method.as_str(), steps) {
            ("POST", ["environments", id, "deployments"]) => self.start(id, &request.json(), world),
            ("DELETE", ["environments", id, "deployments", number]) => {
                let revert = request
                    .headers
                    .get("allow-revert")
                    .is_some_and(|v| v == "true");
                let names: Vec<(&str, &str)> =
                    self.profiles.iter().map(|p| (p.id, p.name)).collect();
                let e = self.environments.iter_mut().find(|e| e.id == *id);
                let e = e.ok_or_else(|| Refusal::missing("environment", id))?;
                let (n, _) = deployment(&e.deployments, number)?;
                let newest = n == e.deployments.len();
                let d = n.checked_sub(1).and_then(|i| e.deployments.get_mut(i));
                let d = d.ok_or_else(|| Refusal::missing("deployment", number))?;
                d.stop(world, revert && newest).map_err(Refusal::bad)?;
                let name = names
                    .iter()
                    .find(|(id, _)| *id == d.profile)
                    .map_or("", |(_, name)| name);
                Ok(Reply::json(202, &d.detail(n, self.id, e.id, name)))
            }
            ("POST", ["configurationprofiles", id, "hostedconfigurationversions"]) => {
                self.version(id, request)
            }
            _ => Err(Refusal(
                404,
                "UnknownOperationException",
                "The sandbox does not offer this operation.".into(),
            )),
        }
    }

    fn start(&mut self, environment: &str, input: &Value, world: &World) -> Result<Reply, Refusal> {
        let field = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
        let strategy = Strategy::find(field("DeploymentStrategyId")).ok_or_else(|| {
            Refusal::missing("deployment strategy", field("DeploymentStrategyId"))
        })?;
        let profile = field("ConfigurationProfileId");
        let profile = self.profiles.iter().find(|p| p.id == profile);
        let profile = profile.ok_or_else(|| {
            Refusal::missing("configuration profile", field("ConfigurationProfileId"))
        })?;
        let wanted = field("ConfigurationVersion");
        let number = profile
            .find(wanted)
            .ok_or_else(|| Refusal::missing("configuration version", wanted))?;
        let app = self.id;
        let e = self.environments.iter_mut().find(|e| e.id == environment);
        let e = e.ok_or_else(|| Refusal::missing("environment", environment))?;
        if e.deployments.iter().any(|d| d.is_open()) {
            let why =
                "Cannot start a deployment to this environment while another one is in progress.";
            return Err(Refusal(409, "ConflictException", why.into()));
        }
        if let Some(latest) = input.get("LatestDeploymentNumber").and_then(Value::as_u64)
            && latest != e.deployments.len() as u64
        {
            let why = "The latest deployment number does not match.";
            return Err(Refusal(409, "ConflictException", why.into()));
        }
        let about = field("Description");
        let d = Rollout::begin(
            profile.id,
            number,
            strategy,
            about,
            world.story_time(),
            world,
        );
        let reply = d.detail(e.deployments.len() + 1, app, e.id, profile.name);
        e.deployments.push(d);
        Ok(Reply::json(201, &reply))
    }

    fn version(&mut self, profile: &str, request: &Request) -> Result<Reply, Refusal> {
        let header = |name: &str| {
            let value = request.headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let app = self.id;
        let p = self.profiles.iter_mut().find(|p| p.id == profile);
        let p = p.ok_or_else(|| Refusal::missing("configuration profile", profile))?;
        let latest = p.versions.len();
        if let Some(n) = header("latest-version-number")
            && n.parse() != Ok(latest)
        {
            let why = "The latest version number does not match.";
            return Err(Refusal(409, "ConflictException", why.into()));
        }
        let label = header("versionlabel");
        if label.is_some() && p.versions.iter().any(|v| v.label == label) {
            return Err(Refusal(
                409,
                "ConflictException",
                "The version label is taken.".into(),
            ));
        }
        if p.kind == story::FLAGS {
            story::check(&request.json()).map_err(Refusal::bad)?;
        }
        let version = Version {
            about: header("description").unwrap_or_default(),
            label,
            content_type: header("content-type").unwrap_or_else(|| "application/json".into()),
            content: request.body.to_vec(),
        };
        let reply = version.reply(201, app, p.id, latest + 1);
        p.versions.push(version);
        Ok(reply)
    }

    fn profile_name(&self, id: &str) -> &'static str {
        self.profiles
            .iter()
            .find(|p| p.id == id)
            .map_or("", |p| p.name)
    }
}

fn deployment<'a>(all: &'a [Rollout], number: &str) -> Result<(usize, &'a Rollout), Refusal> {
    let n: usize = number
        .parse()
        .map_err(|_| Refusal::bad("The deployment number is no number"))?;
    let found = n.checked_sub(1).and_then(|i| all.get(i));
    Ok((
        n,
        found.ok_or_else(|| Refusal::missing("deployment", number))?,
    ))
}

fn page(request: &Request, all: Vec<Value>) -> Result<Reply, Refusal> {
    let size = match request.param("max_results") {
        None => 50,
        Some(n) => n
            .parse()
            .ok()
            .filter(|n| (1..=50).contains(n))
            .ok_or_else(|| Refusal::bad("max_results must be 1 to 50"))?,
    };
    let start: usize = match request.param("next_token") {
        None => 0,
        Some(token) => token
            .parse()
            .map_err(|_| Refusal::bad("Invalid pagination token"))?,
    };
    let end = start.saturating_add(size);
    let mut answer = json!({"Items": all.iter().skip(start).take(size).collect::<Vec<_>>()});
    if end < all.len()
        && let Some(members) = answer.as_object_mut()
    {
        members.insert("NextToken".into(), json!(end.to_string()));
    }
    Ok(Reply::json(200, &answer))
}
