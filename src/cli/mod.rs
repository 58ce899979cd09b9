//! The command line: one file a command. What the commands share: [`session`] (what they ask), [`out`] (where they write),
//! [`explain`] (how they word a problem), [`exit`] (how they end).

use clap::{Parser, Subcommand};

mod act;
mod alerts;
pub mod audit;
mod checklist;
pub mod config;
mod consent;
mod criterion_arg;
mod dashboards;
mod deploy;
mod deployments;
pub mod exit;
pub mod explain;
mod failure;
pub mod globals;
mod json;
mod log_groups;
pub mod login;
mod logs;
mod metrics;
pub mod out;
pub mod paint;
mod preview;
mod restart;
mod rollback;
pub mod sandbox;
mod scale;
mod service_arg;
mod services;
pub mod session;
mod show;
pub mod signals;
mod signoff;
mod slo;
mod span;
mod status;
mod stop;
mod table;
mod tasks;
mod waive;
mod withdraw;
mod words;
mod wrap;

use crate::domain::action::Intent;
use crate::domain::problem::Problem;
use crate::watch::{Scope, Subject};
use consent::Consent;
use exit::Exit;
use globals::Globals;
use session::Session;

/// An operations console in the terminal. Without a command: the console.
#[derive(Debug, Parser)]
#[command(
    name = "flightdeck",
    version,
    max_term_width = 100,
    subcommand_value_name = "COMMAND"
)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do; nothing opens the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The console on the embedded sandbox; nothing else is needed
    Demo,
    /// One look at everything; exit 0 healthy, 1 degraded, 2 down, 3 could not ask
    Status,
    /// The plan's criteria, each with its state, its evidence and why
    Checklist(checklist::Arguments),
    /// What runs and what is wanted
    Services(services::Arguments),
    /// Tasks of a service
    Tasks(tasks::Arguments),
    /// Running and recent deployments
    Deployments(deployments::Arguments),
    /// Alarms, firing first
    Alerts(alerts::Arguments),
    /// Metrics: their names, or series
    Metrics(metrics::Arguments),
    /// Dashboards: CloudWatch's and the console's own, or one with its current values
    Dashboards(dashboards::Arguments),
    /// Promises to users: error budgets, burn rates, and the other success metrics
    Slo(slo::Arguments),
    /// Search or follow logs
    Logs(logs::Arguments),
    /// Every backup of every store: age against the RPO, copies in the second region
    Backups,
    /// Feature flags by environment, and how they spread
    Flags,
    /// CloudFormation stacks: status, drift, change sets, events
    Stacks,
    /// What the further systems show: databases, stores, secrets, hosting ...
    Show(show::Arguments),
    /// The audit chain: newest rows, whether it is whole, all of it
    Audit(audit::Arguments),
    /// Roll out an image
    Deploy(deploy::Arguments),
    /// Go back to an earlier revision; stops a running deployment
    Rollback(rollback::Arguments),
    /// Change the desired count of tasks
    Scale(scale::Arguments),
    /// Replace all tasks by new ones of the same revision
    Restart(restart::Arguments),
    /// Stop the running deployment
    Stop(stop::Arguments),
    /// Vouch for a criterion of the checklist
    Signoff(signoff::Arguments),
    /// Accept a criterion as missing for a time
    Waive(waive::Arguments),
    /// Take a sign-off or waiver back
    Withdraw(withdraw::Arguments),
    /// Keep a vendor's token in the keyring
    Login(login::Arguments),
    /// Forget a vendor's token
    Logout(login::Arguments),
    /// The embedded platform as a server on loopback
    Sandbox(sandbox::Arguments),
    /// The configuration file
    #[command(subcommand)]
    Config(config::Question),
}

impl Command {
    /// What a command needs to know; it asks for no more.
    pub fn scope(&self) -> Scope {
        use Subject::{
            Alarms, Dashboards, Definitions, Deployments, LogGroups, Part, Services, Targets,
        };
        match self {
            Self::Services(_) => Scope::Only(&[Services, Definitions, Targets]),
            Self::Tasks(_) => Scope::Only(&[Services]),
            Self::Deployments(_) => Scope::Only(&[Services, Definitions, Deployments]),
            Self::Alerts(_) => Scope::Only(&[Alarms, Services, Part("alarm_mutes")]),
            Self::Metrics(_) => Scope::Only(&[]),
            Self::Dashboards(_) => Scope::Only(&[Dashboards, Alarms]),
            Self::Logs(_) => Scope::Only(&[Services, Definitions, LogGroups]),
            Self::Deploy(_)
            | Self::Rollback(_)
            | Self::Scale(_)
            | Self::Restart(_)
            | Self::Stop(_) => Scope::Only(&[Services]),
            Self::Waive(_) | Self::Withdraw(_) => Scope::Only(&[]),
            Self::Backups => show::scope_of("backups"),
            Self::Flags => show::scope_of("flags"),
            Self::Stacks => show::scope_of("stacks"),
            Self::Show(args) => args.scope(),
            _ => Scope::Once,
        }
    }

    /// Whether it changes something: then nothing goes without the store.
    pub fn is_verb(&self) -> bool {
        use Command::{Deploy, Restart, Rollback, Scale, Signoff, Stop, Waive, Withdraw};
        matches!(
            self,
            Deploy(_)
                | Rollback(_)
                | Scale(_)
                | Restart(_)
                | Stop(_)
                | Signoff(_)
                | Waive(_)
                | Withdraw(_)
        )
    }

    /// Whether it shows what the store knows.
    pub fn reads_store(&self) -> bool {
        match self {
            Self::Status | Self::Checklist(_) | Self::Slo(_) => true,
            Self::Backups => show::reads_store("backups"),
            Self::Show(args) => args.reads_store(),
            _ => false,
        }
    }
}

/// Runs a command that asks the platform or changes it.
///
/// # Errors
/// What could not be asked or was refused, in words for people.
pub async fn run(command: &Command, session: &mut Session) -> Result<Exit, Problem> {
    let exit = match command {
        Command::Status => status::run(session).await,
        Command::Checklist(args) => checklist::run(args, session).await,
        Command::Services(args) => services::run(args, session).await,
        Command::Tasks(args) => tasks::run(args, session).await,
        Command::Deployments(args) => deployments::run(args, session).await,
        Command::Alerts(args) => alerts::run(args, session).await,
        Command::Metrics(args) => metrics::run(args, session).await,
        Command::Dashboards(args) => dashboards::run(args, session).await,
        Command::Slo(args) => slo::run(args, session).await,
        Command::Logs(args) => logs::run(args, session).await,
        Command::Backups => show::named("backups", session).await,
        Command::Flags => show::named("flags", session).await,
        Command::Stacks => show::named("stacks", session).await,
        Command::Show(args) => show::run(args, session).await,
        verb => match intent(verb, session).await? {
            Some((intent, consent)) => act::run(intent, consent, session).await,
            None => Ok(Exit::OK),
        },
    };
    session.out.flush()?;
    exit
}

/// What a verb means, with what the person agreed to; `None` for a command that is no verb.
async fn intent(
    command: &Command,
    session: &mut Session,
) -> Result<Option<(Intent, Consent)>, Problem> {
    Ok(Some(match command {
        Command::Deploy(args) => (args.intent(session).await?, args.consent),
        Command::Rollback(args) => (args.intent(session).await?, args.consent),
        Command::Scale(args) => (args.intent(session).await?, args.consent),
        Command::Restart(args) => (args.intent(session).await?, args.consent),
        Command::Stop(args) => (args.intent(session).await?, args.consent),
        Command::Signoff(args) => (args.intent(session).await?, args.consent),
        Command::Waive(args) => (args.intent(session)?, args.consent),
        Command::Withdraw(args) => (args.intent(session).await?, args.consent),
        _ => return Ok(None),
    }))
}
