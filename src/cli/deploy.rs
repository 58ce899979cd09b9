//! `flightdeck deploy SERVICE --image REF`: roll out an image.

use clap::{Args, ValueEnum};

use super::consent::Consent;
use super::service_arg;
use super::session::Session;
use crate::domain::action::Intent;
use crate::domain::problem::Problem;
use crate::domain::service;

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Name, or cluster/name
    service: String,
    /// Full reference, or a tag of the present repository
    #[arg(long, value_name = "REF")]
    image: String,
    /// Which container; default: the one behind the load balancer
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// How new tasks replace old ones; default: as the service is set
    #[arg(long)]
    strategy: Option<Strategy>,
    /// What the person agreed to beforehand.
    #[command(flatten)]
    pub consent: Consent,
}

/// How new tasks replace old ones.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Strategy {
    /// ECS rolling update
    Rolling,
    /// ECS blue/green
    BlueGreen,
    /// ECS canary
    Canary,
    /// ECS linear
    Linear,
}

impl From<Strategy> for service::Strategy {
    fn from(s: Strategy) -> Self {
        match s {
            Strategy::Rolling => Self::Rolling,
            Strategy::BlueGreen => Self::BlueGreen,
            Strategy::Canary => Self::Canary,
            Strategy::Linear => Self::Linear,
        }
    }
}

impl Arguments {
    /// What is meant, once it is known which service is meant.
    pub async fn intent(&self, session: &mut Session) -> Result<Intent, Problem> {
        Ok(Intent::Deploy {
            service: service_arg::resolve(&self.service, session).await?,
            image: self.image.clone(),
            container: self.container.clone(),
            strategy: self.strategy.map(Into::into),
        })
    }
}
