//! Where an action belongs: whose account, in which region, at which endpoint. The journal holds actions of several seats, and a service of
//! another one is another service, whatever it is called.

use super::caller::{ACCOUNT, ENDPOINT, REGION};

/// Whose account is asked, and where. What nobody tells is told of neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seat {
    /// The account's number.
    pub account: Option<String>,
    /// Where AWS is asked, in words: `AWS in us-east-1`, `http://127.0.0.1:4566 us-east-1`.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
}

impl Seat {
    /// Where an action belongs, by the inputs of its preview; of one that a former version journalled not all may be told.
    pub fn of(inputs: &[(String, String)]) -> Self {
        let told = |name| input(inputs, name).map(str::to_owned);
        Self {
            account: told(ACCOUNT),
            endpoint: told(ENDPOINT),
            region: told(REGION),
        }
    }

    fn told(&self) -> [(&'static str, Option<&str>); 3] {
        [
            (ACCOUNT, self.account.as_deref()),
            (ENDPOINT, self.endpoint.as_deref()),
            (REGION, self.region.as_deref()),
        ]
    }

    /// What of it is otherwise than where a run was begun, in words; `None`: nothing, as far as both are told.
    pub fn other(&self, begun: &[(String, String)]) -> Option<String> {
        let mut told = self.told().into_iter();
        told.find_map(|(name, is)| differs(begun, name, is?))
    }

    /// Whether it says that it is where a run was begun: of an account that nobody tells it does not.
    pub fn is_of(&self, begun: &[(String, String)]) -> bool {
        self.account.is_some() && self.other(begun).is_none()
    }

    /// One word for all of it, the same for the same seat; `None` where not all is told.
    pub fn key(&self) -> Option<String> {
        let told = self.told().map(|(_, is)| is);
        let [Some(account), Some(endpoint), Some(region)] = told else {
            return None;
        };
        Some(format!("{account} {region} {}", bare(endpoint)))
    }

    /// It in words: `account 123456789012, AWS in us-east-1`; nothing where nobody tells any of it.
    pub fn words(&self) -> String {
        let account = self.account.as_ref().map(|a| format!("account {a}"));
        let place = self.endpoint.clone().or_else(|| self.region.clone());
        let told: Vec<String> = [account, place].into_iter().flatten().collect();
        told.join(", ")
    }
}

/// An input by its name.
pub fn input<'a>(inputs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = inputs.iter().filter(|(n, _)| n == name);
    found.next().map(|(_, value)| value.as_str())
}

/// That an input is otherwise by now, in words; `None`: it is not, or is none of the run's.
pub fn differs(begun: &[(String, String)], name: &str, is: &str) -> Option<String> {
    let same = |was: &str| match name {
        ENDPOINT => bare(was) == bare(is),
        _ => was == is,
    };
    let was = input(begun, name).filter(|was| !same(was))?;
    Some(format!("{name} was {was}, and is {is} now"))
}

/// AWS's own domains: behind each name of theirs, of a VPC endpoint or a FIPS one, is the same service of a region.
const AWS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];

/// An endpoint as it is compared, however it is spelled: one service must have one lock. Former versions kept the last slash of its path.
fn bare(endpoint: &str) -> String {
    let Some((url, region)) = endpoint.rsplit_once(' ') else {
        return endpoint.to_owned();
    };
    let Some((scheme, rest)) = url.split_once("://") else {
        return endpoint.to_owned();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => {
            (host, format!(":{port}"))
        }
        _ => (authority, String::new()),
    };
    // Others' machines have names of AWS's as well.
    let is_ecs = host.split('.').any(|l| l == "ecs" || l == "ecs-fips");
    if scheme == "https" && is_ecs && AWS.iter().any(|domain| host.ends_with(domain)) {
        return format!("AWS in {region}");
    }
    let host = match host {
        "localhost" | "[::1]" => "127.0.0.1",
        other => other,
    };
    format!(
        "{scheme}://{host}{port}{} {region}",
        path.trim_end_matches('/')
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(account: &str, endpoint: &str, region: &str) -> Seat {
        let told = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Seat {
            account: told(account),
            endpoint: told(endpoint),
            region: told(region),
        }
    }

    fn inputs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        all.iter().map(owned).collect()
    }

    /// Two spellings of one place would be two locks on one service.
    #[test]
    fn a_place_is_the_same_however_it_is_spelled() {
        let key = |endpoint: &str| seat("1", endpoint, "us-east-1").key().unwrap();
        for own in [
            "https://ecs.us-east-1.amazonaws.com us-east-1",
            "https://vpce-1-2.ecs.us-east-1.vpce.amazonaws.com us-east-1",
            "https://ecs-fips.us-east-1.amazonaws.com us-east-1",
            "https://ecs.us-east-1.api.aws us-east-1",
        ] {
            assert_eq!(key(own), key("AWS in us-east-1"), "{own}");
            let begun = inputs(&[("endpoint", own)]);
            assert_eq!(differs(&begun, "endpoint", "AWS in us-east-1"), None);
        }
        let here = key("http://127.0.0.1:4566 us-east-1");
        assert_eq!(key("http://localhost:4566/ us-east-1"), here);
        assert_eq!(key("http://[::1]:4566 us-east-1"), here);
        assert_ne!(key("http://127.0.0.1:4567 us-east-1"), here);
        assert_ne!(
            key("http://x.elb.amazonaws.com:4566 us-east-1"),
            key("AWS in us-east-1")
        );
        assert_ne!(
            key("https://ecs.amazonaws.com.example us-east-1"),
            key("AWS in us-east-1")
        );
    }

    #[test]
    fn a_run_is_of_a_seat_where_account_region_and_endpoint_are_the_same() {
        let ours = seat("1", "AWS in us-east-1", "us-east-1");
        let begun = inputs(&[
            ("region", "us-east-1"),
            ("account", "1"),
            ("revision", "api:1"),
            ("endpoint", "AWS in us-east-1"),
        ]);
        assert!(ours.is_of(&begun));
        assert_eq!(Seat::of(&begun), ours);
        for (other, says) in [
            (
                seat("2", "AWS in us-east-1", "us-east-1"),
                "account was 1, and is 2 now",
            ),
            (
                seat("1", "AWS in eu-west-1", "eu-west-1"),
                "endpoint was AWS in us-east-1, and is AWS in eu-west-1 now",
            ),
            (
                seat("1", "http://127.0.0.1:4566 us-east-1", "us-east-1"),
                "endpoint was AWS in us-east-1, and is http://127.0.0.1:4566 us-east-1 now",
            ),
        ] {
            assert_eq!(other.other(&begun).as_deref(), Some(says));
            assert!(!other.is_of(&begun));
            assert_ne!(other.key(), ours.key());
        }
        // Written before endpoints were: by its region.
        let old = inputs(&[("region", "eu-west-1"), ("account", "1")]);
        assert_eq!(
            ours.other(&old).as_deref(),
            Some("region was eu-west-1, and is us-east-1 now")
        );
        assert_eq!(Seat::of(&old).key(), None, "not all of it is told");
        assert_eq!(Seat::of(&old).words(), "account 1, eu-west-1");
        let untold = seat("", "AWS in us-east-1", "us-east-1");
        assert_eq!(untold.other(&begun), None, "nothing is known against it");
        assert!(!untold.is_of(&begun), "and nothing for it");
        assert_eq!(ours.other(&[]), None, "a word is of no account");
    }

    #[test]
    fn a_last_slash_makes_no_other_endpoint() {
        let now = seat("1", "http://h:4566 us-east-1", "us-east-1");
        let begun = inputs(&[
            ("account", "1"),
            ("region", "us-east-1"),
            ("endpoint", "http://h:4566/ us-east-1"),
        ]);
        assert!(now.is_of(&begun));
        assert_eq!(Seat::of(&begun).key(), now.key());
        let other = inputs(&[("endpoint", "http://h:4567/ us-east-1")]);
        assert!(!now.is_of(&other));
    }
}
