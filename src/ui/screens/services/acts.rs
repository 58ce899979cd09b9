//! What can be done to a service, from its row, its page, or the palette.

use crate::domain::action::Intent;
use crate::domain::facts::Facts;
use crate::domain::service::Service;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::form::Form;

/// The commands that change a service.
pub const ACTS: [Command; 5] = [
    Command::Deploy,
    Command::Rollback,
    Command::Scale,
    Command::Restart,
    Command::Stop,
];

/// The newest tags that are offered for a deploy.
const OFFERED: usize = 6;

/// Why a service cannot have a command at present.
pub fn refused(command: Command, service: &Service) -> Option<String> {
    match command {
        Command::Stop if !service.is_deploying() => Some("nothing is being rolled out".into()),
        Command::Stop => None,
        _ if service.status != "ACTIVE" => Some(format!("the service is {}", service.status)),
        _ => None,
    }
}

/// Begins a command on a service: a form where something is to be chosen, else its preview.
pub fn begin(command: Command, service: &Service, facts: &Facts) -> Vec<Effect> {
    let id = service.id.clone();
    vec![match command {
        Command::Deploy => {
            let balancers = service.load_balancers.first();
            let bound = balancers.map(|lb| lb.container.as_str());
            let image = facts
                .task_definition(service)
                .and_then(|d| d.main_container(bound))
                .map_or(String::new(), |c| c.image.clone());
            let strategy = service.deployment.strategy;
            let registry = facts.estate.registry.value.as_deref();
            let tags = registry.map_or_else(Vec::new, |r| r.newest_beside(&image, OFFERED));
            Effect::Ask(Form::deploy(
                &id,
                service.revision.number,
                &image,
                &tags,
                strategy,
            ))
        }
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
