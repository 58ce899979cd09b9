//! What the user's own file says for caution's sake, and a file of the working directory takes away: the first file that is found is
//! used alone, and what it does not say is as if nobody had said it.

use std::path::Path;

use super::load::{self, Found};
use super::trust::{HERE, Place};
use super::{Config, file};

/// The own file of the user, where a file of the working directory is used in its place.
pub fn own(found: &Found) -> Option<&Path> {
    let used = found.file.as_deref()?;
    let of = |name: &str, path: &Path| {
        let mut all = found.looked.iter();
        all.any(|(by, looked)| *by == name && looked == path)
    };
    if !of(HERE, used) {
        return None;
    }
    let own = found.looked.iter().find(|(by, _)| *by == load::OWN)?;
    file::unusable(&own.1).is_none().then_some(&own.1)
}

/// What is taken away of it: each is something that a person may have to confirm.
pub fn by(found: &Found, used: &Config) -> Vec<Place> {
    let Some(path) = own(found) else {
        return Vec::new();
    };
    // What it says of the environment that is used, or where it does not know that one, of its own.
    let own = load::read(path, Some(&used.environment)).or_else(|_| load::read(path, None));
    match own {
        Ok(own) => taken(&own, used, path),
        // Nobody knows what it says.
        Err(_) => vec![(
            "your own file",
            format!("{} has mistakes, and is not used here", path.display()),
        )],
    }
}

fn taken(own: &Config, used: &Config, path: &Path) -> Vec<Place> {
    let instead = |told: &str| format!("not {told} as your own {} says", path.display());
    let mut all: Vec<Place> = Vec::new();
    if own.read_only && !used.read_only {
        all.push(("read_only", instead("true")));
    }
    let account = own.aws.expected_account.as_deref();
    let kept = used.aws.expected_account.as_deref();
    if let Some(account) = account.filter(|a| kept != Some(a)) {
        all.push(("[aws] expected_account", instead(account)));
    }
    // Without them the surroundings say whose credentials sign, and where what they sign is sent.
    let aws = [
        ("[aws] profile", &own.aws.profile, &used.aws.profile),
        ("[aws] endpoint", &own.aws.endpoint, &used.aws.endpoint),
        ("[aws] region", &own.aws.region, &used.aws.region),
    ];
    for (key, own, used) in aws {
        if let Some(told) = own.as_ref().filter(|_| used.is_none()) {
            all.push((key, instead(told)));
        }
    }
    if let Some(store) = own
        .store
        .as_ref()
        .filter(|s| used.store.as_ref() != Some(s))
    {
        all.push(("store", instead(&store.display().to_string())));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_working_directory_takes_no_caution_away_unasked() {
        let mut own = Config {
            read_only: true,
            store: Some("/srv/audit.db".into()),
            ..Config::default()
        };
        own.aws.expected_account = Some("123456789012".into());
        own.aws.profile = Some("dev".into());
        let path = Path::new("/home/ana/.config/flightdeck/flightdeck.toml");
        let keys = |used: &Config| -> Vec<&str> {
            let all = taken(&own, used, path);
            all.iter().map(|(key, _)| *key).collect()
        };
        let none = Config::default();
        assert_eq!(
            keys(&none),
            [
                "read_only",
                "[aws] expected_account",
                "[aws] profile",
                "store"
            ]
        );
        assert_eq!(
            taken(&own, &none, path)[0].1,
            "not true as your own /home/ana/.config/flightdeck/flightdeck.toml says"
        );
        assert!(keys(&own.clone()).is_empty());
        assert!(
            taken(&none, &own, path).is_empty(),
            "more caution is none less"
        );
    }
}
