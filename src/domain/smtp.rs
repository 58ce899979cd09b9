//! A mail server, as far as alerts go through it.

use serde::Serialize;

/// How the way to a mail server is protected, by configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// A session in the clear turns to TLS before anything is said (RFC 3207).
    #[default]
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// In the clear, on purpose.
    None,
}

impl MailTls {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::StartTls, Self::Implicit, Self::None];

    /// Its word in `flightdeck.toml`.
    pub fn word(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Implicit => "implicit",
            Self::None => "none",
        }
    }

    /// The port that goes with it where none is named.
    pub fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// What a mail server said of itself. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MailServer {
    /// `mail.example.com:587`.
    pub address: String,
    /// Its greeting, without the code.
    pub greeting: String,
    /// How it ought to be protected.
    pub wanted: MailTls,
    /// The version of TLS that the session ended up in; `None`: in the clear.
    pub tls: Option<String>,
    /// Extensions that it offers, once protected: `SIZE`, `AUTH` ...
    pub offers: Vec<String>,
}

impl MailServer {
    /// Whether the session was as protected as it ought to be.
    pub fn is_protected(&self) -> bool {
        self.tls.is_some() || self.wanted == MailTls::None
    }
}
