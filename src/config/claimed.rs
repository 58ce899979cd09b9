//! Clusters that a file lists for an environment although their names tell of another one.

use super::Config;
use crate::domain::environment::Env;

impl Config {
    /// Clusters that `[aws] clusters` lists as this environment's own and whose names tell of another one, with that one. What is done
    /// there is confirmed and recorded as this environment's: earlier versions of `config init` listed all that they saw.
    pub fn claimed(&self) -> Vec<(&str, Env)> {
        let own = Env::named(&self.environment);
        let Some(here) = own.or_else(|| self.production.then_some(Env::Production)) else {
            return Vec::new();
        };
        let named = |cluster: &String| Env::named(cluster).filter(|env| *env != here);
        let listed = self.aws.clusters.iter();
        listed
            .filter_map(|c| Some((c.as_str(), named(c)?)))
            .collect()
    }

    /// The same as a warning.
    pub fn claim(&self) -> Option<String> {
        let all = self.claimed();
        if all.is_empty() {
            return None;
        }
        let (names, env): (Vec<&str>, &str) =
            (all.iter().map(|(c, _)| *c).collect(), &self.environment);
        Some(format!(
            "[aws] clusters lists {} as {env}'s own, whose names tell of another environment: what is done there is confirmed and recorded as {env}'s",
            names.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_cluster_of_another_environment_is_told() {
        let told = |environment: &str, production: bool, listed: &[&str]| {
            let mut config = Config {
                environment: environment.into(),
                production,
                ..Config::default()
            };
            config.aws.clusters = listed.iter().map(|c| (*c).to_owned()).collect();
            config.claim()
        };
        let all = ["laser-dev", "laser-prod", "laser-staging"];
        let words = told("production", true, &all).unwrap();
        assert!(
            words.contains("lists laser-dev, laser-staging as production's own"),
            "{words}"
        );
        let words = told("staging", false, &all).unwrap();
        assert!(
            words.contains("laser-dev, laser-prod as staging's"),
            "{words}"
        );
        assert!(told("main", true, &["core-test"]).is_some());
        for (environment, production, listed) in [
            ("production", true, "laser-prod"),
            ("production", true, "laser"),
            ("staging", false, "laser-stg"),
            // Nothing tells what it is.
            ("main", false, "core-test"),
        ] {
            assert_eq!(told(environment, production, &[listed]), None, "{listed}");
        }
        assert_eq!(told("production", true, &[]), None);
    }
}
