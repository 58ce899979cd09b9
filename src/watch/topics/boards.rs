//! Dashboards: their names, the one that is looked at, its series and its log queries.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::series::floor;
use crate::backend::Backend;
use crate::backend::aws::cloudwatch_dashboards::{Bundle, bundles};
use crate::config::dashboards;
use crate::domain::dashboard::{
    BoardAsk, BoardData, Dashboard, DashboardEntry, LogTable, OwnDashboard, WidgetAsk, WidgetData,
};
use crate::domain::interest::Interest;
use crate::domain::metric::Window;
use crate::domain::order::Ordered;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::watch::answer::{Answer, Asking, nothing};
use crate::watch::picture::Picture;
use crate::watch::topic::{Topic, Wanted};
use crate::watch::wanted::stamp;

/// Questions that are asked side by side.
const ABREAST: usize = 3;
/// Time between two runs of the log queries of a dashboard: AWS charges by what they scan.
const QUERIED: Duration = Duration::from_secs(300);

/// Widgets that were refused as wrong, by what they asked.
pub type Refused = HashMap<Arc<WidgetAsk>, Problem>;

/// How often the series of a dashboard are asked: as often as they can change, within reason; those of the past seldom.
pub fn wanted(ask: &BoardAsk) -> Option<Wanted> {
    let millis = match ask.window.until {
        None => u64::from(ask.shortest_s()).clamp(30, 300) * 1_000,
        Some(_) => 3_600_000,
    };
    let wanted = Wanted::every(Topic::Board, millis);
    (!ask.widgets.is_empty()).then(|| wanted.stamped(stamp(&(&ask.widgets, &ask.window))))
}

/// How often its log queries are run.
pub fn wanted_logs(ask: &BoardAsk) -> Option<Wanted> {
    let millis = match ask.window.until {
        None => QUERIED.as_millis() as u64,
        Some(_) => 3_600_000,
    };
    let wanted = Wanted::every(Topic::BoardLogs, millis);
    (!ask.logs.is_empty()).then(|| wanted.stamped(stamp(&(&ask.logs, &ask.window))))
}

fn asked(p: &Picture) -> Option<Arc<BoardAsk>> {
    p.interests.iter().find_map(|i| match i {
        Interest::Board(ask) => Some(ask.clone()),
        _ => None,
    })
}

/// Puts a question about dashboards together.
pub fn question(topic: &Topic, p: &Picture, b: Arc<Backend>) -> Asking {
    match topic.clone() {
        Topic::Dashboards => {
            Box::pin(async move { Answer::Dashboards(b.cloudwatch.dashboards().await) })
        }
        Topic::OwnDashboards => Box::pin(async move {
            match tokio::task::spawn_blocking(dashboards::own).await {
                Ok(own) => Answer::OwnDashboards(own),
                Err(_) => Answer::Nothing,
            }
        }),
        Topic::Dashboard(name) => Box::pin(async move {
            let read = b.cloudwatch.dashboard(&name).await;
            Answer::Dashboard(Read { name, read })
        }),
        Topic::Board => match asked(p) {
            Some(wanted) => {
                let refused = p.refused.clone();
                Box::pin(async move { Answer::Board(ask(&b, wanted, refused).await) })
            }
            None => nothing(),
        },
        Topic::BoardLogs => match asked(p) {
            Some(wanted) => Box::pin(async move { Answer::BoardLogs(query(&b, wanted).await) }),
            None => nothing(),
        },
        _ => nothing(),
    }
}

/// A dashboard as read.
#[derive(Debug)]
pub struct Read {
    name: String,
    read: Result<Dashboard, Problem>,
}

/// Series of a dashboard, and what was refused for good.
#[derive(Debug)]
pub struct Boarded {
    ask: Arc<BoardAsk>,
    widgets: BTreeMap<usize, WidgetData>,
    refused: Refused,
    failure: Option<Problem>,
}

/// Answers to log queries, by the widget's place.
#[derive(Debug)]
pub struct Queried {
    ask: Arc<BoardAsk>,
    tables: Vec<(usize, Result<LogTable, Problem>)>,
}

/// (from, until) of a window, on whole minutes.
fn ends(window: &Window) -> (Timestamp, Timestamp) {
    let until = window.until.unwrap_or_else(Timestamp::now);
    let length = SignedDuration::from_secs(i64::from(window.length_s));
    (until.saturating_sub(length).unwrap_or(until), until)
}

/// Asks for the series. A question that the vendor refuses as wrong is asked again widget by widget, so that one wrong
/// expression costs no other widget its data.
async fn ask(b: &Backend, ask: Arc<BoardAsk>, refused: Refused) -> Boarded {
    let (from, until) = ends(&ask.window);
    let longest = ask
        .widgets
        .iter()
        .flat_map(|w| &w.queries)
        .map(|q| q.period_s);
    let from = floor(from, i64::from(longest.max().unwrap_or(60).min(3_600)));
    let good: Vec<_> = ask
        .widgets
        .iter()
        .filter(|w| !refused.contains_key(*w))
        .cloned()
        .collect();
    let answers: Vec<_> = stream::iter(bundles(&good))
        .map(|bundle| one(b, bundle, from, until))
        .buffered(ABREAST)
        .collect()
        .await;
    let mut out = Boarded {
        ask,
        widgets: BTreeMap::new(),
        refused,
        failure: None,
    };
    for (bundle, answer) in answers.into_iter().flatten() {
        match answer {
            Ok(widgets) => {
                for (n, data) in widgets {
                    let known = out.widgets.entry(n).or_default();
                    known.lines.extend(data.lines);
                    known.lines.order_by_key(|l| l.row);
                    known.messages.extend(data.messages);
                }
            }
            Err(problem) => {
                for w in &bundle.widgets {
                    if is_wrong(&problem) {
                        out.refused.insert(w.clone(), problem.clone());
                    } else {
                        out.widgets.entry(w.widget).or_default().problem = Some(problem.clone());
                    }
                }
                if !is_wrong(&problem) {
                    out.failure = Some(problem);
                }
            }
        }
    }
    for (w, problem) in &out.refused {
        if out.ask.widgets.contains(w) {
            out.widgets.entry(w.widget).or_default().problem = Some(problem.clone());
        }
    }
    out
}

/// Whether the question itself is at fault, not the vendor or the way there.
fn is_wrong(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        ProblemKind::Invalid | ProblemKind::Unsupported | ProblemKind::NotFound
    )
}

type Answered = Vec<(Bundle, Result<BTreeMap<usize, WidgetData>, Problem>)>;

async fn one(b: &Backend, bundle: Bundle, from: Timestamp, until: Timestamp) -> Answered {
    let answer = b.cloudwatch.board(&bundle, from, until).await;
    if !answer.as_ref().is_err_and(is_wrong) || bundle.widgets.len() == 1 {
        return vec![(bundle, answer)];
    }
    let mut all = Vec::with_capacity(bundle.widgets.len());
    for widget in &bundle.widgets {
        let single = Bundle {
            region: bundle.region.clone(),
            widgets: vec![widget.clone()],
        };
        let answer = b.cloudwatch.board(&single, from, until).await;
        all.push((single, answer));
    }
    all
}

async fn query(b: &Backend, ask: Arc<BoardAsk>) -> Queried {
    let (from, until) = ends(&ask.window);
    let tables = stream::iter(ask.logs.clone())
        .map(|log| async move { (log.widget, b.logs.insights(&log, from, until).await) })
        .buffered(ABREAST)
        .collect()
        .await;
    Queried { ask, tables }
}

/// Turns to the dashboard that is looked at now; what was read of another one is let go.
pub fn open(p: &mut Picture) {
    let looked: Vec<String> = p
        .interests
        .iter()
        .filter_map(|i| match i {
            Interest::Dashboard(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    if !looked.is_empty() {
        p.facts.dashboard.retain(|name, _| looked.contains(name));
    }
    for name in looked {
        let never = || Part::never("cloudwatch:GetDashboard", Duration::from_secs(60));
        p.facts.dashboard.entry(name).or_insert_with(never);
    }
    let Some(ask) = asked(p) else { return };
    let before = p.facts.board.value.as_ref().and_then(|b| b.ask.clone());
    let other = before
        .as_ref()
        .is_some_and(|b| b.dashboard != ask.dashboard);
    let period = wanted(&ask).map_or(Duration::from_secs(60), |w| w.period);
    if other {
        p.facts.board = Part::never("cloudwatch:GetMetricData", period);
        p.facts.board_logs.clear();
        p.refused.clear();
    }
    p.facts.board.period = period;
    // A query that changed has no answer yet; the time alone may differ, as with charts.
    let same = |n: &usize| {
        let then = before
            .as_ref()
            .and_then(|b| b.logs.iter().find(|l| l.widget == *n));
        then.is_none() || then == ask.logs.iter().find(|l| l.widget == *n)
    };
    p.facts.board_logs.retain(|n, _| same(n));
    for log in &ask.logs {
        let never = || Part::never("logs:StartQuery", QUERIED);
        p.facts.board_logs.entry(log.widget).or_insert_with(never);
    }
}

/// Joins names.
pub fn take_list(
    p: &mut Picture,
    answer: Result<Vec<DashboardEntry>, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = answer.as_ref().err().map(|e| e.kind);
    p.facts.dashboards.take(answer.map(Arc::new), at);
    failure
}

/// Joins our own; those that read the same stay the same allocation.
pub fn take_own(p: &mut Picture, mut own: Vec<OwnDashboard>, at: Timestamp) -> Option<ProblemKind> {
    let old = p.facts.own_dashboards.value.clone().unwrap_or_default();
    for new in &mut own {
        let known = old
            .iter()
            .find(|o| o.name == new.name && o.file == new.file);
        if let (Some(Ok(known)), Ok(read)) = (known.map(|k| &k.read), &mut new.read)
            && known == read
        {
            *read = known.clone();
        }
    }
    p.facts.own_dashboards.take(Ok(Arc::new(own)), at);
    None
}

/// Joins a dashboard.
pub fn take_body(p: &mut Picture, answer: Read, at: Timestamp) -> Option<ProblemKind> {
    let failure = answer.read.as_ref().err().map(|e| e.kind);
    if let Some(part) = p.facts.dashboard.get_mut(&answer.name) {
        let old = part.value.clone();
        let read = answer.read.map(|d| match old {
            Some(known) if *known == d => known,
            _ => Arc::new(d),
        });
        part.take(read, at);
    }
    failure
}

/// Joins series, unless another dashboard is looked at by now. A widget that could not be asked keeps what it had.
pub fn take(p: &mut Picture, answer: Boarded, at: Timestamp) -> Option<ProblemKind> {
    let kind = answer.failure.as_ref().map(|f| f.kind);
    let current = asked(p).is_some_and(|now| now.dashboard == answer.ask.dashboard);
    if !current {
        return kind;
    }
    p.refused = answer.refused;
    let old = p.facts.board.value.take().unwrap_or_default();
    let same_widgets = old
        .ask
        .as_ref()
        .is_some_and(|o| o.widgets == answer.ask.widgets);
    let widgets = answer.widgets.into_iter().map(|(n, mut data)| {
        if let (true, Some(known)) = (data.lines.is_empty() && same_widgets, old.widgets.get(&n))
            && data.problem.is_some()
        {
            data.lines.clone_from(&known.lines);
        }
        match old.widgets.get(&n) {
            Some(known) if **known == data => (n, known.clone()),
            _ => (n, Arc::new(data)),
        }
    });
    let board = BoardData {
        widgets: widgets.collect(),
        ask: Some(answer.ask),
    };
    let part = &mut p.facts.board;
    match answer.failure {
        // Some of it may be new all the same.
        Some(problem) => {
            part.value = Some(board);
            part.error = Some(problem);
        }
        None => part.take(Ok(board), at),
    }
    kind
}

/// Joins answers to log queries.
pub fn take_logs(p: &mut Picture, answer: Queried, at: Timestamp) -> Option<ProblemKind> {
    let mut failure = None;
    let now = asked(p).filter(|now| now.dashboard == answer.ask.dashboard)?;
    for (n, table) in answer.tables {
        let then = answer.ask.logs.iter().find(|l| l.widget == n);
        if then != now.logs.iter().find(|l| l.widget == n) {
            continue;
        }
        // A query that is wrong is no failure of the service.
        let kind = table
            .as_ref()
            .err()
            .filter(|e| !is_wrong(e))
            .map(|e| e.kind);
        failure = failure.or(kind);
        if let Some(part) = p.facts.board_logs.get_mut(&n) {
            part.take(table.map(Arc::new), at);
        }
    }
    failure
}
