//! Whose account it is to be, where `expected_account` of `[aws]` says so. Whoever writes that down expects a stop: credentials that are
//! another account's from the start are noticed by nothing else, for all that is shown with them agrees with itself.

use super::caller::account_of;
use super::facts::Facts;

/// Another account than the one that is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stray<'a> {
    /// Whose the credentials are.
    pub is: &'a str,
    /// Whose they are to be.
    pub expected: &'a str,
}

impl<'a> Stray<'a> {
    /// Of an account that is known, and one that may be expected; nothing where they are the same, or none is expected.
    pub fn of(expected: Option<&'a str>, is: &'a str) -> Option<Self> {
        let expected = expected.filter(|e| *e != is && !is.is_empty())?;
        Some(Self { is, expected })
    }

    /// In two words, for beside the account: `NOT 999999999999`.
    pub fn short(&self) -> String {
        format!("NOT {}", self.expected)
    }

    /// Why nothing is done with these credentials, and what to do about it.
    pub fn refusal(&self) -> String {
        format!(
            "the credentials are those of account {}, and expected_account in [aws] says {}: use credentials of {}, or correct the file if it is wrong",
            self.is, self.expected, self.expected
        )
    }

    /// What it means for what is shown.
    pub fn words(&self) -> String {
        format!(
            "{} answers, and expected_account in [aws] says {}: what is shown is another account's; use credentials of {}",
            self.is, self.expected, self.expected
        )
    }
}

impl Facts {
    /// The account that answers: whose credentials call, else what the services' own names say. `None`: nobody tells.
    fn account(&self) -> Option<&str> {
        let calls = self.identity.value.as_ref().map(|i| i.account.as_str());
        let owns = || self.service_rows().iter().find_map(|s| account_of(&s.arn));
        calls.filter(|account| !account.is_empty()).or_else(owns)
    }

    /// The account that is looked at, where that is not the one that is expected. One that nobody tells is no other.
    pub fn stray(&self) -> Option<Stray<'_>> {
        Stray::of(self.expected_account.as_deref(), self.account()?)
    }

    /// The account that is expected, where nobody tells whose it is that answers: what is shown may be another one's.
    pub fn expected_in_vain(&self) -> Option<&str> {
        let expected = self.expected_account.as_deref();
        expected.filter(|_| self.account().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_account_is_one_that_is_known_and_not_expected() {
        let of = |expected, is| Stray::of(expected, is).map(|s| s.short());
        assert_eq!(of(None, "123456789012"), None);
        assert_eq!(of(Some("123456789012"), "123456789012"), None);
        assert_eq!(of(Some("999999999999"), ""), None, "nobody tells");
        let short = of(Some("999999999999"), "123456789012");
        assert_eq!(short.as_deref(), Some("NOT 999999999999"));
    }
}
