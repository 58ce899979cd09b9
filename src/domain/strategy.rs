//! How new tasks replace old ones, and who sees to that.

use serde::{Deserialize, Serialize};

/// How new tasks replace old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// ECS rolling update.
    Rolling,
    /// ECS blue/green.
    BlueGreen,
    /// ECS canary.
    Canary,
    /// ECS linear.
    Linear,
    /// The CODE_DEPLOY controller: shown, not driven.
    CodeDeploy,
    /// The EXTERNAL controller: shown, not driven.
    External,
    /// A controller or a strategy that is not known here: shown, not driven.
    Other,
}

impl Strategy {
    /// Whether traffic goes over to the new revision in a stage of its own, with a bake time after it.
    pub fn shifts_traffic(self) -> bool {
        matches!(self, Self::BlueGreen | Self::Canary | Self::Linear)
    }

    /// Who deploys in place of ECS itself, to follow "deployed by"; `None`: ECS does.
    pub fn deployer(self) -> Option<&'static str> {
        match self {
            Self::Rolling | Self::BlueGreen | Self::Canary | Self::Linear => None,
            Self::CodeDeploy => Some("CodeDeploy"),
            Self::External => Some("an external controller"),
            Self::Other => Some("means that are not known here"),
        }
    }

    /// Whether ECS tells of task sets in place of deployments.
    pub fn has_task_sets(self) -> bool {
        matches!(self, Self::CodeDeploy | Self::External)
    }

    /// The word that the command line and the screens use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rolling => "rolling",
            Self::BlueGreen => "blue-green",
            Self::Canary => "canary",
            Self::Linear => "linear",
            Self::CodeDeploy => "code-deploy",
            Self::External => "external",
            Self::Other => "unknown",
        }
    }
}
