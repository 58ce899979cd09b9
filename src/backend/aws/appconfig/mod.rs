//! AppConfig (API version 2019-10-09, REST with JSON): applications, environments, feature flags, and deployments under way.

mod flags;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Question;
use super::convert::{stamp, text};
use super::pages::Pages;
use super::signed::{Api, Signed, escape};
use super::sound::{NoCount, Required, counted, percent};
use crate::backend::transport::Line;
use crate::domain::flag::{Flag, FlagRollout, FlagState, FlagValue, Flags};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use flags::Content;

const API: Api = Api {
    host: "appconfig",
    signing: "appconfig",
    variable: "APPCONFIG",
    target: "",
    version: "",
    only_in: None,
};
const APPLICATIONS: Question =
    Question::new("appconfig", "ListApplications", "list the applications");
const ENVIRONMENTS: Question =
    Question::new("appconfig", "ListEnvironments", "list the environments");
const PROFILES: Question = Question::new(
    "appconfig",
    "ListConfigurationProfiles",
    "list the configuration profiles",
);
const DEPLOYMENTS: Question = Question::new(
    "appconfig",
    "ListDeployments",
    "list the deployments of configurations",
);
const VERSION: Question = Question::new(
    "appconfig",
    "GetHostedConfigurationVersion",
    "read a version of the flags",
);

/// Type of a profile that holds feature flags.
const FLAGS: &str = "AWS.AppConfig.FeatureFlags";
/// Applications and environments of each that are looked into at most.
const MOST: usize = 20;
/// Versions kept: they never change.
const KEPT: usize = 500;

/// The AppConfig client.
#[derive(Debug)]
pub struct AppConfig {
    signed: Arc<Signed>,
    line: Arc<Line>,
    /// Versions by their path. They never change.
    known: Mutex<HashMap<String, Arc<Content>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page<T> {
    items: Required<Vec<T>>,
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Named {
    id: String,
    name: String,
    #[serde(rename = "Type")]
    kind: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Deployment {
    deployment_number: u32,
    configuration_profile_id: Option<String>,
    configuration_name: String,
    configuration_version: String,
    deployment_duration_in_minutes: u32,
    final_bake_time_in_minutes: u32,
    state: String,
    percentage_complete: f64,
    started_at: Option<String>,
    completed_at: Option<String>,
}

/// That there are more than are read.
fn left_out(what: &str, of: usize) -> Option<String> {
    (of > MOST).then(|| format!("only the first {MOST} of {of} {what} are read"))
}

/// An environment with its deployments, newest first.
struct Environment {
    name: String,
    deployments: Vec<Deployment>,
}

impl AppConfig {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self {
            signed,
            line,
            known: Mutex::default(),
        }
    }

    /// Every flag, in every environment, and how configurations spread.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn flags(&self) -> Result<Flags, Problem> {
        let mut all = Flags::default();
        let applications: Vec<Named> = self
            .list(APPLICATIONS, "/applications", Pages::default())
            .await?;
        all.unread
            .extend(left_out("applications", applications.len()));
        for application in applications.iter().take(MOST) {
            self.application(application, &mut all).await?;
        }
        all.environments.order_by_key(|e| (rank(e), e.clone()));
        all.environments.dedup();
        all.flags.order_by(|a, b| {
            (&a.application, &a.profile, &a.key).cmp(&(&b.application, &b.profile, &b.key))
        });
        all.rollouts
            .order_by_key(|r| (!r.is_open(), std::cmp::Reverse(r.started_at)));
        Ok(all)
    }

    async fn application(&self, application: &Named, all: &mut Flags) -> Result<(), Problem> {
        let base = format!("/applications/{}", escape(&application.id));
        let path = format!("{base}/configurationprofiles");
        let profiles: Vec<Named> = self.list(PROFILES, &path, Pages::default()).await?;
        let path = format!("{base}/environments");
        let listed: Vec<Named> = self.list(ENVIRONMENTS, &path, Pages::default()).await?;
        let what = format!("environments of {}", text(Some(&application.name)));
        all.unread.extend(left_out(&what, listed.len()));
        let mut environments = Vec::new();
        for e in listed.iter().take(MOST) {
            let path = format!("{base}/environments/{}/deployments", escape(&e.id));
            // The newest page is enough: what is in use is the newest complete one of a profile.
            let deployments: Vec<Deployment> =
                self.list(DEPLOYMENTS, &path, Pages::at_most(1)).await?;
            environments.push(Environment {
                name: text(Some(&e.name)),
                deployments,
            });
        }
        for e in &environments {
            all.environments.push(e.name.clone());
            let read: Result<Vec<FlagRollout>, NoCount> = e
                .deployments
                .iter()
                .map(|d| {
                    let profile = profiles.iter().find(|p| d.is_of(p));
                    rollout(&application.name, &e.name, d, profile)
                })
                .collect();
            all.rollouts.extend(counted(&self.line, DEPLOYMENTS, read)?);
        }
        for profile in profiles.iter().filter(|p| p.kind.as_deref() == Some(FLAGS)) {
            let flags = self
                .profile(&base, application, profile, &environments)
                .await?;
            all.flags.extend(flags);
        }
        Ok(())
    }

    /// The flags of a profile, by environment.
    async fn profile(
        &self,
        base: &str,
        application: &Named,
        profile: &Named,
        environments: &[Environment],
    ) -> Result<Vec<Flag>, Problem> {
        let mut flags: BTreeMap<String, Flag> = BTreeMap::new();
        for e in environments {
            let mine = || e.deployments.iter().filter(|d| d.is_of(profile));
            let used = mine().find(|d| d.state == "COMPLETE");
            let spreading = mine().find(|d| matches!(d.state.as_str(), "DEPLOYING" | "BAKING"));
            let now = self.content(base, profile, used).await?;
            let coming = self.content(base, profile, spreading).await?;
            for (key, about) in [&now, &coming].into_iter().flatten().flat_map(|c| &c.flags) {
                flags.entry(key.clone()).or_insert_with(|| Flag {
                    application: text(Some(&application.name)),
                    profile: text(Some(&profile.name)),
                    key: key.clone(),
                    name: about.name.clone(),
                    about: about.about.clone(),
                    deprecated: about.deprecated,
                    environments: BTreeMap::new(),
                });
            }
            for (key, flag) in &mut flags {
                let of = |c: &Option<Arc<Content>>| Some(c.as_ref()?.flags.get(key)?.value.clone());
                let value = of(&now).unwrap_or(FlagValue::Missing);
                let state = FlagState {
                    coming: of(&coming).filter(|c| *c != value),
                    value,
                    version: used.map(|d| text(Some(&d.configuration_version))),
                };
                flag.environments.insert(e.name.clone(), state);
            }
        }
        // A flag that a later environment brought is unknown to the earlier ones.
        for flag in flags.values_mut() {
            for e in environments {
                let used = e
                    .deployments
                    .iter()
                    .find(|d| d.is_of(profile) && d.state == "COMPLETE");
                flag.environments
                    .entry(e.name.clone())
                    .or_insert_with(|| FlagState {
                        value: FlagValue::Missing,
                        coming: None,
                        version: used.map(|d| text(Some(&d.configuration_version))),
                    });
            }
        }
        Ok(flags.into_values().collect())
    }

    /// What a deployment brings; each version is read once.
    async fn content(
        &self,
        base: &str,
        profile: &Named,
        deployment: Option<&Deployment>,
    ) -> Result<Option<Arc<Content>>, Problem> {
        // A version that is no number is a label or another store's, which this call does not know.
        let number = deployment.and_then(|d| d.configuration_version.parse::<u32>().ok());
        let Some(number) = number else {
            return Ok(None);
        };
        let profile = escape(&profile.id);
        let path =
            format!("{base}/configurationprofiles/{profile}/hostedconfigurationversions/{number}");
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(content) = known().get(&path) {
            return Ok(Some(content.clone()));
        }
        let value: Value = self.read(VERSION, &path, &[]).await?;
        let content = Arc::new(Content::read(&value));
        let mut known = known();
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(path, content.clone());
        Ok(Some(content))
    }

    async fn list<T: DeserializeOwned>(
        &self,
        question: Question,
        path: &str,
        mut pages: Pages,
    ) -> Result<Vec<T>, Problem> {
        let mut all = Vec::new();
        loop {
            let token = pages.token();
            let mut query = vec![("max_results", "50")];
            query.extend(token.as_deref().map(|t| ("next_token", t)));
            let page: Page<T> = self.read(question, path, &query).await?;
            all.extend(page.items.0);
            if !pages.turn(all.len(), page.next_token)? {
                break;
            }
        }
        Ok(all)
    }

    async fn read<T: DeserializeOwned>(
        &self,
        question: Question,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Problem> {
        let heard = self
            .signed
            .get(&self.line, &API, question, None, path, query)
            .await?;
        match heard.json() {
            Ok(value) => Ok(value),
            Err(seen) => Err(self.signed.unreadable(&self.line, question, seen).await),
        }
    }
}

impl Deployment {
    /// Whether it is of a profile: by its id, or by its name where an endpoint tells no id.
    fn is_of(&self, profile: &Named) -> bool {
        match self.configuration_profile_id.as_deref() {
            Some(id) if !id.is_empty() => id == profile.id,
            _ => self.configuration_name == profile.name,
        }
    }
}

/// Production first, then what comes before it.
fn rank(environment: &str) -> u8 {
    match environment.to_lowercase().as_str() {
        e if e.starts_with("prod") => 0,
        e if e.starts_with("stag") => 1,
        e if e.starts_with("dev") => 3,
        _ => 2,
    }
}

fn rollout(
    application: &str,
    environment: &str,
    d: &Deployment,
    profile: Option<&Named>,
) -> Result<FlagRollout, NoCount> {
    Ok(FlagRollout {
        application: text(Some(application)),
        environment: environment.to_owned(),
        profile: text(Some(profile.map_or(&d.configuration_name, |p| &p.name))),
        flags: profile.is_some_and(|p| p.kind.as_deref() == Some(FLAGS)),
        number: d.deployment_number,
        version: text(Some(&d.configuration_version)),
        state: text(Some(&d.state)),
        percent: percent("PercentageComplete", environment, d.percentage_complete)?,
        minutes: d.deployment_duration_in_minutes,
        bake_minutes: d.final_bake_time_in_minutes,
        started_at: stamp(d.started_at.as_deref()),
        ended_at: stamp(d.completed_at.as_deref()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        assert_eq!(left_out("applications", MOST), None);
        let words = left_out("applications", 27);
        let told = "only the first 20 of 27 applications are read";
        assert_eq!(words.as_deref(), Some(told));
    }
}
