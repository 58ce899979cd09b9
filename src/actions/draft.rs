//! A preview in the making: what an action file says about itself. The driver adds what is common to all.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::caller::{self, CALLER};
use crate::config::Config;
use crate::domain::action::{Confirm, DiffLine, Intent, Preview};
use crate::domain::environment::Env;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::redact;
use crate::domain::service::ServiceId;
use crate::domain::text::inert;

/// What an action would do, as far as its own file knows.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub title: String,
    pub facts: Vec<(String, String)>,
    pub diff: Vec<DiffLine>,
    pub warnings: Vec<String>,
    pub refusals: Vec<String>,
    pub calls: Vec<String>,
    pub inputs: Vec<(String, String)>,
    /// What runs without being an action of this console's.
    pub(super) stranger: Option<String>,
    /// Which facts are about images.
    images: Vec<usize>,
    /// What a person must type, wherever it happens: a key is not enough. In production it comes after what is typed there.
    danger: Option<String>,
    named: Option<String>,
}

impl Draft {
    /// Begins with a title.
    pub fn new(title: String) -> Self {
        Self {
            title,
            ..Self::default()
        }
    }

    /// A named fact.
    pub fn fact(&mut self, name: &str, value: impl Into<String>) {
        self.facts.push((name.to_owned(), value.into()));
    }

    /// A thing to think about.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// A fact about an image, which holds no secret: behind `auth:` stands its tag, and a person must see what will run.
    pub fn image(&mut self, name: &str, words: &str) {
        self.images.push(self.facts.len());
        self.fact(name, words);
    }

    /// Something that runs, and that no action of the journal began: somebody else acts, whom nothing names.
    pub fn stranger(&mut self, what: String) {
        self.stranger = Some(what);
    }

    /// A thing to think about that is likely to do harm: a person must type a word, in any environment. Of several such things, the word
    /// of each.
    pub fn danger(&mut self, word: impl Into<String>, text: impl Into<String>) {
        let word = inert(&word.into());
        self.danger = Some(match self.danger.take() {
            Some(before) if before != word => format!("{before} {word}"),
            _ => word,
        });
        self.warn(text);
    }

    /// In production a word more is typed: what it does is seen by users at once, and the environment's name is the same for all in it.
    pub fn names(&mut self, word: &str) {
        self.named = Some(inert(word));
    }

    /// The title of the criterion that it is about, beside its number.
    pub fn criterion(&mut self, title: &str) {
        for (name, value) in &mut self.facts {
            if name == "criterion" {
                *value = format!("{value}  {title}");
            }
        }
    }

    /// A reason why it cannot work.
    pub fn refuse(&mut self, text: impl Into<String>) {
        self.refusals.push(text.into());
    }

    /// A call that will be made.
    pub fn call(&mut self, text: impl Into<String>) {
        self.calls.push(text.into());
    }

    /// A thing that was read and must still be so when it is confirmed.
    pub fn input(&mut self, name: &str, value: impl Into<String>) {
        self.inputs.push((name.to_owned(), value.into()));
    }

    /// The preview, inert and without secrets.
    pub fn finish(self, intent: Intent, config: &Config) -> Preview {
        let confirm = match (confirm(&intent, config), self.danger) {
            (confirm, None) => confirm,
            (Confirm::Key, Some(word)) => Confirm::Type(word),
            (Confirm::Type(place), Some(word)) => Confirm::Type(format!("{place} {word}")),
        };
        let confirm = match (confirm, self.named) {
            (Confirm::Type(place), Some(word)) => Confirm::Type(format!("{place} {word}")),
            (confirm, _) => confirm,
        };
        let clean = |text: String| inert(&redact::text(&text));
        let images = self.images;
        let facts = (self.facts.into_iter().enumerate())
            .map(|(i, (name, value))| match images.contains(&i) {
                true => (name, inert(&value)),
                false => (name, clean(value)),
            })
            .collect();
        let inputs: Vec<(String, String)> = self
            .inputs
            .into_iter()
            .map(|(n, v)| (n, inert(&v)))
            .collect();
        Preview {
            title: clean(self.title),
            environment: config.environment.clone(),
            facts,
            diff: self.diff,
            warnings: (self.warnings.into_iter())
                .chain(claim(&intent, config))
                .map(clean)
                .collect(),
            refusals: self.refusals.into_iter().map(clean).collect(),
            calls: self.calls.into_iter().map(clean).collect(),
            fingerprint: fingerprint(&intent, &config.environment, &inputs),
            confirm,
            elsewhere: elsewhere(&intent, config),
            at: Timestamp::now(),
            inputs,
            intent,
        }
    }
}

/// The environment that a service says it is in: the one of its cluster. A word in its own name may only make it production's, for
/// which a person must be surer: `integration-worker` and `preview-api` run in production as well. `None`: the environment that the
/// console is in.
fn named(service: &ServiceId, config: &Config) -> Option<Env> {
    let listed = &config.aws.clusters;
    let raised = || {
        let env = Env::named(&service.name).filter(|env| *env == Env::Production);
        env.filter(|_| !listed.contains(&service.cluster))
    };
    Env::of_cluster(&service.cluster, listed).or_else(raised)
}

/// That a service counts to the console's environment by the configuration alone.
fn claim(intent: &Intent, config: &Config) -> Option<String> {
    let service = intent.service()?;
    let mut all = config.claimed().into_iter();
    let (cluster, env) = all.find(|(cluster, _)| *cluster == service.cluster)?;
    Some(format!(
        "{cluster} is named like {}'s, and [aws] clusters lists it: it is confirmed and recorded as {}",
        env.word(),
        config.environment
    ))
}

/// The environment that an action happens in, where that is not the console's own.
fn elsewhere(intent: &Intent, config: &Config) -> Option<Env> {
    let named = named(intent.service()?, config)?;
    let is_ours = Env::named(&config.environment) == Some(named)
        || (config.production && named == Env::Production);
    (!is_ours).then_some(named)
}

/// How sure a person must be: in production the name of what is changed is typed, elsewhere a key is enough.
fn confirm(intent: &Intent, config: &Config) -> Confirm {
    let Some(service) = intent.service() else {
        return Confirm::Key;
    };
    let production = match named(service, config) {
        Some(env) => env == Env::Production,
        None => config.production,
    };
    match (production, config.production) {
        (false, _) => Confirm::Key,
        (true, true) => Confirm::Type(config.environment.clone()),
        // The console is in another environment: its name would be the wrong word.
        (true, false) => Confirm::Type(service.cluster.clone()),
    }
}

/// SHA-256 over intent, environment and inputs, hex.
pub fn fingerprint(intent: &Intent, environment: &str, inputs: &[(String, String)]) -> String {
    let text = serde_json::json!([intent, environment, inputs]).to_string();
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// Whether what a person confirmed is what the preview asked for.
pub fn check_confirmation(preview: &Preview, typed: Option<&str>) -> Result<(), Problem> {
    let refused = |why: String, fix: String| {
        Err(Problem::new(
            ProblemKind::Refused,
            "actions",
            format!("{} was not begun", preview.intent.verb()),
            why,
            fix,
        ))
    };
    if let Some(first) = preview.refusals.first() {
        return refused(
            first.clone(),
            "Change what the preview names, then ask again.".to_owned(),
        );
    }
    if let Confirm::Type(word) = &preview.confirm
        && typed.map(str::trim) != Some(word.trim())
    {
        return refused(
            format!("it is confirmed by {word}, and that was not typed"),
            format!("Type {word} to confirm."),
        );
    }
    Ok(())
}

/// Names the first input that is not as it was when the person said yes.
pub fn check_unmoved(confirmed: &Preview, now: &Preview) -> Result<(), Problem> {
    let moved = |why: String| {
        Err(Problem::new(
            ProblemKind::Conflict,
            "actions",
            "The world changed since the preview",
            why,
            "Look at the new preview, and confirm that.",
        ))
    };
    let claimed = fingerprint(&confirmed.intent, &confirmed.environment, &confirmed.inputs);
    if claimed != confirmed.fingerprint || confirmed.environment != now.environment {
        return moved("the preview that was confirmed is not one of this environment".to_owned());
    }
    let untold = caller::is_untold(&confirmed.inputs, &now.inputs);
    let counts = |name: &str| !(untold && name == CALLER);
    for (name, was) in confirmed.inputs.iter().filter(|(n, _)| counts(n)) {
        let is = now.inputs.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        if is != Some(was) {
            let is = is.map_or("not there", String::as_str);
            return moved(format!("{name} was {was}, and is {is} now"));
        }
    }
    let bare = |preview: &Preview| {
        let inputs = preview.inputs.iter().filter(|(n, _)| counts(n)).cloned();
        let inputs: Vec<(String, String)> = inputs.collect();
        fingerprint(&preview.intent, &preview.environment, &inputs)
    };
    if bare(confirmed) != bare(now) {
        let new = now
            .inputs
            .iter()
            .find(|(n, _)| !confirmed.inputs.iter().any(|(m, _)| m == n));
        return moved(new.map_or_else(
            || "what would be done is different".to_owned(),
            |(name, is)| format!("{name} is {is} now"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(production: bool, revision: &str) -> Preview {
        let config = Config {
            production,
            ..Config::default()
        };
        let mut draft = Draft::new("Restart api".into());
        draft.input("revision", revision);
        let service = ServiceId {
            cluster: "laser".into(),
            name: "api".into(),
        };
        draft.finish(Intent::Restart { service }, &config)
    }

    #[test]
    fn production_wants_its_name_typed_and_refusals_cannot_be_confirmed() {
        let mut p = preview(true, "api:41");
        assert!(check_confirmation(&p, None).is_err());
        assert!(check_confirmation(&p, Some("prod")).is_err());
        assert!(check_confirmation(&p, Some("production ")).is_ok());
        assert!(check_confirmation(&preview(false, "api:41"), None).is_ok());
        p.refusals.push("no store".into());
        let problem = check_confirmation(&p, Some("production")).unwrap_err();
        assert_eq!(problem.why, "no store");
    }

    #[test]
    fn danger_asks_for_its_word_and_for_production_s() {
        let asked = |production| {
            let config = Config {
                production,
                ..Config::default()
            };
            let mut draft = Draft::new("Roll back api".into());
            draft.danger("api:42", "it failed");
            let service = ServiceId {
                cluster: "laser".into(),
                name: "api".into(),
            };
            draft.finish(Intent::Restart { service }, &config)
        };
        assert_eq!(asked(false).confirm, Confirm::Type("api:42".into()));
        let preview = asked(true);
        assert_eq!(preview.confirm, Confirm::Type("production api:42".into()));
        for one in ["production", "api:42"] {
            let problem = check_confirmation(&preview, Some(one)).unwrap_err();
            assert!(problem.fix.contains("Type production api:42"), "{problem}");
        }
        assert!(check_confirmation(&preview, Some("production api:42")).is_ok());
    }

    #[test]
    fn the_word_to_type_is_that_of_what_is_changed() {
        let asked = |environment: &str, production: bool, listed: &[&str], id: (&str, &str)| {
            let mut config = Config {
                environment: environment.into(),
                production,
                ..Config::default()
            };
            config.aws.clusters = listed.iter().map(|c| (*c).to_owned()).collect();
            let service = ServiceId {
                cluster: id.0.into(),
                name: id.1.into(),
            };
            confirm(&Intent::Restart { service }, &config)
        };
        let word = |w: &str| Confirm::Type(w.into());
        let prod = |id| asked("laser-prod", true, &[], id);
        assert_eq!(prod(("laser-prod", "api")), word("laser-prod"));
        assert_eq!(prod(("laser-dev", "api")), Confirm::Key);
        // A service's word lowers nothing: its cluster is production's, or nobody's that is known.
        for name in [
            "api-staging",
            "integration-worker",
            "preview-api",
            "qa-gate",
            "ci-runner",
        ] {
            assert_eq!(prod(("laser", name)), word("laser-prod"), "{name}");
        }
        assert_eq!(prod(("laser", "api")), word("laser-prod"));
        // From the console of another environment, production is still production.
        let staging = |id| asked("staging", false, &[], id);
        assert_eq!(staging(("laser-prod", "api")), word("laser-prod"));
        assert_eq!(staging(("laser", "api")), Confirm::Key);
        assert_eq!(staging(("laser", "api-prod")), word("laser"));
        // What the configuration lists is what it says that it is.
        let listed = asked("main", true, &["core-test"], ("core-test", "api"));
        assert_eq!(listed, word("main"));
        let listed = asked("staging", false, &["live"], ("live", "api"));
        assert_eq!(listed, Confirm::Key);
    }

    #[test]
    fn a_preview_names_the_environment_only_where_it_is_the_service_s_own() {
        let place = |environment: &str, production: bool, id: Option<(&str, &str)>| {
            let mut config = Config {
                environment: environment.into(),
                production,
                ..Config::default()
            };
            config.aws.clusters = vec!["live".into(), "core-test".into()];
            let intent = match id {
                Some((cluster, name)) => Intent::Restart {
                    service: ServiceId {
                        cluster: cluster.into(),
                        name: name.into(),
                    },
                },
                None => Intent::Withdraw {
                    criterion: "1.1".into(),
                    why: "x".into(),
                },
            };
            let preview = Draft::default().finish(intent, &config);
            let own = preview.own_environment().map(str::to_owned);
            (own, preview.place().map(str::to_owned))
        };
        let said = |own: &str, place: &str| {
            let some = |e: &str| (!e.is_empty()).then(|| e.to_owned());
            (some(own), some(place))
        };
        let prod = |id| place("laser-prod", true, Some(id));
        assert_eq!(
            prod(("laser-prod", "api")),
            said("laser-prod", "laser-prod")
        );
        assert_eq!(prod(("laser", "api")), said("laser-prod", "laser-prod"));
        assert_eq!(
            prod(("laser", "preview-api")),
            said("laser-prod", "laser-prod")
        );
        assert_eq!(prod(("laser-dev", "api")), said("", "development"));
        let staging = |id| place("staging", false, Some(id));
        assert_eq!(staging(("laser-prod", "api")), said("", "production"));
        assert_eq!(staging(("laser", "api")), said("staging", "staging"));
        assert_eq!(place("laser-prod", true, None), said("laser-prod", ""));
        // What the configuration lists is in the environment that lists it, whatever its name says: in journal and audit as well.
        assert_eq!(staging(("live", "api")), said("staging", "staging"));
        let prod_lists = prod(("core-test", "api"));
        assert_eq!(prod_lists, said("laser-prod", "laser-prod"));
        let warned = |cluster: &str| {
            let mut config = Config::default();
            config.aws.clusters = vec!["laser-dev".into(), "laser-prod".into()];
            let service = ServiceId {
                cluster: cluster.into(),
                name: "api".into(),
            };
            let preview = Draft::default().finish(Intent::Restart { service }, &config);
            preview.warnings.join("\n")
        };
        assert!(warned("laser-dev").contains("named like development's"));
        assert_eq!(warned("laser-prod") + &warned("laser-staging"), "");
        let main = place("main", true, Some(("laser-prod", "api")));
        assert_eq!(main, said("main", "main"));
    }

    #[test]
    fn the_input_that_moved_is_named() {
        let confirmed = preview(true, "api:41");
        assert!(check_unmoved(&confirmed, &preview(true, "api:41")).is_ok());
        let problem = check_unmoved(&confirmed, &preview(true, "api:42")).unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Conflict);
        assert_eq!(problem.why, "revision was api:41, and is api:42 now");
        let mut forged = confirmed.clone();
        forged.inputs[0].1 = "api:42".into();
        assert!(check_unmoved(&forged, &preview(true, "api:42")).is_err());
    }
}
