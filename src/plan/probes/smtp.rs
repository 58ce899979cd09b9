//! The mail server: alerts can leave.

use super::Probe;
use super::judgement::{Judgement, Verdict};
use super::look::Look;

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "smtp.reachable",
    question: "does the mail server greet us, over TLS where it ought to?",
    params: &[],
    judge: reachable,
}];

fn reachable(look: &Look<'_>) -> Verdict {
    look.configured("smtp")?;
    let seen = look.fresh(&look.facts.estate.smtp, "the mail server")?;
    let server = seen.value;
    let way = match &server.tls {
        Some(version) => format!("over {version}"),
        None if server.is_protected() => "in the clear, as configured".into(),
        None => "in the clear: it offers no STARTTLS".into(),
    };
    let answer = format!("{} answers {way} ({})", server.address, server.greeting);
    Ok(Judgement::single(
        server.is_protected(),
        look.question(seen.source),
        answer,
        seen.at,
    ))
}
