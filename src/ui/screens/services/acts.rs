//! What can be done to a service, from its row, its page, or the palette.

use super::offers;
use crate::domain::action::Intent;
use crate::domain::facts::Facts;
use crate::domain::service::Service;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::form::{Form, Offer};

/// Why nothing can be changed.
pub const READ_ONLY: &str = "read-only: started with --read-only or read_only = true";

/// The commands that change a service.
pub const ACTS: [Command; 5] = [
    Command::Deploy,
    Command::Rollback,
    Command::Scale,
    Command::Restart,
    Command::Stop,
];

/// Why a service cannot have a command at present.
pub fn refused(command: Command, service: &Service, facts: &Facts) -> Option<String> {
    match command {
        _ if facts.read_only => Some(READ_ONLY.into()),
        Command::Stop if !facts.is_rolled_out(service) => {
            Some("nothing is being rolled out".into())
        }
        Command::Stop => None,
        _ if service.status != "ACTIVE" => Some(format!("the service is {}", service.status)),
        _ => None,
    }
}

/// The image that a service is set to.
fn image<'a>(service: &Service, facts: &'a Facts) -> Option<&'a str> {
    let balancers = service.load_balancers.first();
    let bound = balancers.map(|lb| lb.container.as_str());
    let definition = facts.task_definition(service)?;
    definition.main_container(bound).map(|c| c.image.as_str())
}

/// What is offered for a deploy to a service, by what is known now.
pub fn offers(service: &Service, facts: &Facts) -> Vec<Offer> {
    let (registry, image) = (
        facts.estate.registry.value.as_deref(),
        image(service, facts),
    );
    let known = registry.zip(image);
    known.map_or_else(Vec::new, |(r, image)| offers::of(r, service, image, facts))
}

/// Begins a command on a service: a form where something is to be chosen, else its preview.
pub fn begin(command: Command, service: &Service, facts: &Facts) -> Vec<Effect> {
    let id = service.id.clone();
    vec![match command {
        Command::Deploy => Effect::Ask(Form::deploy(
            &id,
            service.revision.number,
            image(service, facts).unwrap_or_default(),
            offers(service, facts),
            service.deployment.strategy,
        )),
        Command::Rollback => Effect::Preview(Intent::Rollback {
            service: id,
            to: None,
        }),
        Command::Scale => Effect::Ask(Form::scale(&id, service.counts.desired)),
        Command::Restart => Effect::Preview(Intent::Restart { service: id }),
        Command::Stop => Effect::Preview(Intent::Stop {
            service: id,
            rollback: true,
        }),
        _ => return Vec::new(),
    }]
}
