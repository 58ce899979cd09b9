//! The screens. A screen is one folder: its state (`model`), what commands do to it (`update`), what it looks like (`view`).

pub mod about;
pub mod alerts;
pub mod audit;
pub mod checklist;
pub mod dashboards;
pub mod deploys;
pub mod logs;
pub mod map;
pub mod metrics;
pub mod overview;
pub mod services;
pub mod slo;
pub mod systems;

use std::fmt::Debug;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::commands::Command;
use super::effect::Effect;
use super::keymap::Keymap;
use super::overlays::picker::Choices;
use super::theme::Theme;
use crate::domain::dashboard::DashboardId;
use crate::domain::interest::Interest;
use crate::domain::metric::MetricQuery;
use crate::domain::service::ServiceId;
use crate::door::Snapshot;
use crate::present::Place;

/// Which screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScreenId {
    /// One glance.
    Overview,
    /// The plan.
    Checklist,
    /// ECS.
    Services,
    /// Rollouts and actions.
    Deploys,
    /// Alarms.
    Alerts,
    /// Charts.
    Metrics,
    /// Log lines.
    Logs,
    /// Every further system.
    Systems,
    /// Who did what.
    Audit,
    /// Dashboards.
    Dashboards,
    /// Promises and success metrics.
    Slo,
    /// The path of a request.
    Map,
}

impl ScreenId {
    /// In the order of the tab line.
    pub const ALL: &[Self] = &[
        Self::Overview,
        Self::Checklist,
        Self::Services,
        Self::Deploys,
        Self::Alerts,
        Self::Metrics,
        Self::Logs,
        Self::Audit,
        Self::Systems,
        Self::Dashboards,
        Self::Slo,
        Self::Map,
    ];

    /// Name on the tab line.
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Checklist => "Checklist",
            Self::Services => "Services",
            Self::Deploys => "Deploys",
            Self::Alerts => "Alerts",
            Self::Metrics => "Metrics",
            Self::Logs => "Logs",
            Self::Systems => "Systems",
            Self::Audit => "Audit",
            Self::Dashboards => "Dashboards",
            Self::Slo => "SLO",
            Self::Map => "Map",
        }
    }

    /// Name in keymaps, as a command and as a context.
    pub fn command_name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Checklist => "checklist",
            Self::Services => "services",
            Self::Deploys => "deploys",
            Self::Alerts => "alerts",
            Self::Metrics => "metrics-screen",
            Self::Logs => "logs-screen",
            Self::Systems => "systems",
            Self::Audit => "audit",
            Self::Dashboards => "dashboards",
            Self::Slo => "slo",
            Self::Map => "map",
        }
    }

    /// A sentence for help and the palette.
    pub fn doc(self) -> &'static str {
        match self {
            Self::Overview => "What burns, what moves, what blocks go-live",
            Self::Checklist => "The five stages of the plan with their evidence",
            Self::Services => "Clusters, services, tasks, containers",
            Self::Deploys => "Running and recent deployments, and actions under way",
            Self::Alerts => "CloudWatch alarms with their history and metric",
            Self::Metrics => "Any metric as a chart",
            Self::Logs => "CloudWatch Logs: tail and search",
            Self::Systems => "Databases, stores, secrets, hosting, pipelines: every further system",
            Self::Audit => "Who did what, when, and how it ended",
            Self::Dashboards => "Dashboards: CloudWatch's, and the console's own",
            Self::Slo => {
                "Promises to users: error budgets, burn rates, and the other success metrics"
            }
            Self::Map => {
                "Health map: the path of a request, where a fault starts and what it reaches"
            }
        }
    }
}

/// A place to go to.
#[derive(Clone, Debug, PartialEq)]
pub enum Nav {
    /// A screen as it was left.
    Screen(ScreenId),
    /// A service's own page.
    Service(ServiceId),
    /// The deployments of a service.
    Deployments(ServiceId),
    /// One deployment of a service, by its id.
    Deployment(ServiceId, String),
    /// An action under way or done.
    Run(String),
    /// An alarm.
    Alarm(String),
    /// A dashboard.
    Dashboard(DashboardId),
    /// A criterion.
    Criterion(String),
    /// A stage of the plan, by number.
    Stage(u8),
    /// Series on the metrics screen.
    Metrics {
        /// What they are called together.
        title: String,
        /// Which.
        queries: Vec<MetricQuery>,
    },
    /// The logs of a service.
    LogsOf(ServiceId),
    /// The same around the moment when something of it ended (UTC).
    LogsAt(ServiceId, Timestamp),
    /// The same where a deployment of it failed, with the last error of its tasks in sight.
    LogsOfFailure {
        /// Whose it is.
        service: ServiceId,
        /// When the deployment began (UTC), where that is told.
        began: Option<Timestamp>,
        /// When it failed (UTC).
        at: Timestamp,
        /// Ids of the tasks that failed; none where they are not told.
        tasks: Vec<String>,
    },
    /// What one task of a service wrote.
    LogsOfTask {
        /// Whose it is.
        service: ServiceId,
        /// Its id.
        task: String,
        /// Its streams, each with its group.
        streams: Vec<(String, String)>,
        /// When it ended (UTC); `None`: it goes on.
        ended: Option<Timestamp>,
    },
    /// A system's page, by the name of its view.
    View(&'static str),
    /// A row of a system's page: what a fault is about.
    Row(Place),
    /// Log groups by name.
    LogGroups(Vec<String>),
}

impl Nav {
    /// The screen that shows it.
    pub fn screen(&self) -> ScreenId {
        match self {
            Self::Screen(s) => *s,
            Self::Service(_) => ScreenId::Services,
            Self::Deployments(_) | Self::Deployment(..) | Self::Run(_) => ScreenId::Deploys,
            Self::Alarm(_) => ScreenId::Alerts,
            Self::Dashboard(_) => ScreenId::Dashboards,
            Self::Criterion(_) | Self::Stage(_) => ScreenId::Checklist,
            Self::Metrics { .. } => ScreenId::Metrics,
            // The map has a screen of its own.
            Self::View("map") | Self::Row(Place { view: "map", .. }) => ScreenId::Map,
            Self::View(_) | Self::Row(_) => ScreenId::Systems,
            Self::LogsOf(_)
            | Self::LogsAt(..)
            | Self::LogsOfFailure { .. }
            | Self::LogsOfTask { .. }
            | Self::LogGroups(_) => ScreenId::Logs,
        }
    }
}

/// What a screen may know while it updates or draws.
#[derive(Clone, Copy, Debug)]
pub struct Cx<'a> {
    /// The newest picture.
    pub snapshot: &'a Snapshot,
    /// Now (UTC), as the last tick said.
    pub now: Timestamp,
    /// Colours.
    pub theme: &'a Theme,
    /// Keys.
    pub keymap: &'a Keymap,
    /// Where the screen is drawn.
    pub body: Rect,
    /// Clock times instead of ages.
    pub absolute: bool,
    /// A filter is being typed.
    pub filtering: bool,
}

/// What a filter searches beside a list itself: all that rows show of a picture, in its words for ages, in the columns that fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Searched {
    seq: u64,
    now: Timestamp,
    width: u16,
    absolute: bool,
}

impl Searched {
    /// Nothing, while nothing is filtered.
    pub fn by(filter: &str, cx: &Cx<'_>) -> Option<Self> {
        (!filter.is_empty()).then_some(Self {
            seq: cx.snapshot.facts.seq,
            now: cx.now,
            width: cx.body.width,
            absolute: cx.absolute,
        })
    }
}

/// A screen: state, and what commands and pictures do to it.
pub trait Screen: Debug + Send {
    /// Which it is.
    fn id(&self) -> ScreenId;

    /// Where we are inside it, outermost first; empty at its top.
    fn crumbs(&self) -> Vec<String> {
        Vec::new()
    }

    /// Commands of its own that work here, most useful first: the footer and help show these.
    fn offers(&self) -> &'static [Command];

    /// Why a command does not work at present; `None`: it works. Asked only for commands that the screen offers.
    fn disabled(&self, _command: Command, _cx: &Cx<'_>) -> Option<String> {
        None
    }

    /// The word for a command in the line of keys, where its own says too little of what it does here.
    fn word(&self, _command: Command, _cx: &Cx<'_>) -> Option<String> {
        None
    }

    /// Does a command. Commands that it does not know change nothing.
    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect>;

    /// Takes a new picture or size: lists are sorted and filtered, selections stay with their things.
    fn sync(&mut self, cx: &Cx<'_>);

    /// Makes anew what takes longer than a frame: after the frame that answers a key, and with each picture. Whether anything is to be
    /// drawn anew.
    fn catch_up(&mut self, _cx: &Cx<'_>) -> bool {
        false
    }

    /// Whether [`arrive`](Self::arrive) looks a place up in what [`sync`](Self::sync) makes.
    fn looks_up(&self) -> bool {
        true
    }

    /// Shows a place.
    fn arrive(&mut self, _nav: &Nav, _cx: &Cx<'_>) -> Vec<Effect> {
        Vec::new()
    }

    /// The filter in force; `None` where the screen has nothing to filter.
    fn filter(&self) -> Option<&str> {
        None
    }

    /// Whether what a filter leaves stands in the order of how well it matches: then nothing else sorts it.
    fn ranks(&self) -> bool {
        true
    }

    /// Changes the filter while it is typed.
    fn set_filter(&mut self, _text: &str) {}

    /// Takes the answers of a form that the screen asked for with this tag. An error is shown in the form.
    fn submit(
        &mut self,
        _tag: &'static str,
        _values: &[String],
        _cx: &Cx<'_>,
    ) -> Result<Vec<Effect>, String> {
        Ok(Vec::new())
    }

    /// What can be chosen in the picker that the screen asked for with this tag. The answer comes to
    /// [`submit`](Self::submit) as the ids of what was marked.
    fn choices(&self, _tag: &'static str, _cx: &Cx<'_>) -> Choices {
        Choices::default()
    }

    /// A click on a position inside `cx.body`; `twice` for the second one on the same spot.
    fn click(&mut self, _at: Position, _twice: bool, _cx: &Cx<'_>) -> Vec<Effect> {
        Vec::new()
    }

    /// What it needs beyond the common picture while it is on screen.
    fn interests(&self, _cx: &Cx<'_>) -> Vec<Interest> {
        Vec::new()
    }

    /// Draws it. Pure: same state, same cells.
    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer);
}

/// All screens, made once.
pub fn all() -> Vec<Box<dyn Screen>> {
    vec![
        Box::new(overview::Overview::default()),
        Box::new(checklist::Checklist::default()),
        Box::new(services::Services::default()),
        Box::new(deploys::Deploys::default()),
        Box::new(alerts::Alerts::default()),
        Box::new(metrics::Metrics::default()),
        Box::new(logs::Logs::default()),
        Box::new(audit::Audit::default()),
        Box::new(systems::Systems::default()),
        Box::new(dashboards::Dashboards::default()),
        Box::new(slo::Promises::default()),
        Box::new(map::HealthMap::default()),
    ]
}
