//! CloudWatch dashboards: their names, their bodies, and the series that their widgets draw.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_config::Region;
use aws_sdk_cloudwatch::types as sdk;
use jiff::{SignedDuration, Timestamp};

use super::Question;
use super::cloudwatch::{CloudWatch, QUERIES_A_CALL};
use super::convert::{reason, sdk_time, text, time};
use super::pages::Pages;
use super::sound::told;
use crate::domain::dashboard::{
    Dashboard, DashboardEntry, DataLine, DataQuery, DataSource, Search, WidgetAsk, WidgetData,
    renamed,
};
use crate::domain::metric::Stat;
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};

const LIST: Question = Question::new("cloudwatch", "ListDashboards", "list the dashboards");
const GET: Question = Question::new("cloudwatch", "GetDashboard", "read the dashboard");
const DATA: Question = Question::new(
    "cloudwatch",
    "GetMetricData",
    "read the series of the dashboard",
);

/// Pages of one question that are read at most.
const PAGES_AT_MOST: usize = 20;
/// Series that are kept of one widget: more would be no picture.
const LINES: usize = 200;

/// Widgets that share a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// Region; `None`: the environment's own.
    pub region: Option<String>,
    /// Widgets, at least one.
    pub widgets: Vec<Arc<WidgetAsk>>,
}

/// Puts widgets together into as few questions as may be: by region, up to 500 queries each, those alone that must be.
pub fn bundles(asks: &[Arc<WidgetAsk>]) -> Vec<Bundle> {
    let mut all: Vec<(usize, Bundle)> = Vec::new();
    for ask in asks {
        let n = ask.queries.len();
        let open = all.iter_mut().find(|(count, b)| {
            b.region == ask.region
                && count.saturating_add(n) <= QUERIES_A_CALL
                && !ask.alone
                && b.widgets.iter().all(|w| !w.alone)
        });
        match open {
            Some((count, bundle)) => {
                *count += n;
                bundle.widgets.push(ask.clone());
            }
            None => all.push((
                n,
                Bundle {
                    region: ask.region.clone(),
                    widgets: vec![ask.clone()],
                },
            )),
        }
    }
    all.into_iter().map(|(_, b)| b).collect()
}

impl CloudWatch {
    /// All dashboards by name (ListDashboards). They belong to the account, not to a region.
    pub async fn dashboards(&self) -> Result<Vec<DashboardEntry>, Problem> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let page = self
                .aws
                .read(&self.line, LIST, |c| {
                    c.cloudwatch
                        .list_dashboards()
                        .set_next_token(pages.token())
                        .send()
                })
                .await?;
            let told = told(&self.line, LIST, "DashboardEntries", page.dashboard_entries)?;
            all.extend(told.iter().map(|e| DashboardEntry {
                name: text(e.dashboard_name()),
                arn: text(e.dashboard_arn()),
                modified_at: time(e.last_modified()),
                bytes: e.size().and_then(|s| u64::try_from(s).ok()).unwrap_or(0),
            }));
            if !pages.turn(all.len(), page.next_token)? {
                break;
            }
        }
        all.order_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// A dashboard (GetDashboard), parsed. One whose body cannot be read says so itself.
    pub async fn dashboard(&self, name: &str) -> Result<Dashboard, Problem> {
        let got = self
            .aws
            .read(&self.line, GET, |c| {
                c.cloudwatch.get_dashboard().dashboard_name(name).send()
            })
            .await?;
        match got.dashboard_body() {
            Some(body) => Ok(Dashboard::parse(name, body)),
            None => Err(Problem::new(
                ProblemKind::Malformed,
                "cloudwatch",
                format!("Cannot read the dashboard {name}"),
                "the answer has no body",
                "Open it in the AWS console; if it is there, ask again.",
            )),
        }
    }

    /// The series of some widgets over `from..until` (GetMetricData, paged), by the widgets' places.
    pub async fn board(
        &self,
        bundle: &Bundle,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<BTreeMap<usize, WidgetData>, Problem> {
        let queries = asked(bundle);
        let mut results = Results::default();
        let mut pages = Pages::at_most(PAGES_AT_MOST);
        loop {
            let page = self
                .aws
                .read(&self.line, DATA, |c| {
                    let call = c
                        .cloudwatch
                        .get_metric_data()
                        .set_metric_data_queries(Some(queries.clone()))
                        .start_time(sdk_time(from))
                        .end_time(sdk_time(until))
                        .scan_by(sdk::ScanBy::TimestampAscending)
                        .set_next_token(pages.token());
                    let region = bundle.region.clone().unwrap_or_else(|| c.region.clone());
                    let there = aws_sdk_cloudwatch::config::Builder::new();
                    call.customize()
                        .config_override(there.region(Region::new(region)))
                        .send()
                })
                .await?;
            let messages = page.messages.unwrap_or_default();
            let told = told(
                &self.line,
                DATA,
                "MetricDataResults",
                page.metric_data_results,
            )?;
            results.take(&told, &messages);
            if !pages.turn(results.lines.len(), page.next_token)? {
                break;
            }
        }
        results.cut = pages.is_cut();
        Ok(results.widgets(bundle, until))
    }
}

/// What a query is called within a bundle: each widget has its own names.
fn prefix(widget: usize) -> String {
    format!("w{widget}_")
}

fn asked(bundle: &Bundle) -> Vec<sdk::MetricDataQuery> {
    let all = bundle.widgets.iter().flat_map(|w| {
        // `METRICS('m')` looks for what ids hold: one that is alone keeps its own.
        let prefix = if w.alone {
            String::new()
        } else {
            prefix(w.widget)
        };
        w.queries.iter().map(move |q| query(w, q, &prefix))
    });
    all.take(QUERIES_A_CALL).collect()
}

fn query(ask: &WidgetAsk, q: &DataQuery, prefix: &str) -> sdk::MetricDataQuery {
    let base = sdk::MetricDataQuery::builder()
        .id(format!("{prefix}{}", q.id))
        .set_label(q.label.clone())
        .set_account_id(q.account.clone())
        .return_data(q.returned);
    let period = i32::try_from(q.period_s).unwrap_or(60);
    match &q.source {
        DataSource::Metric(metric, stat) => {
            let dimensions = metric
                .dimensions
                .iter()
                .map(|(name, value)| sdk::Dimension::builder().name(name).value(value).build());
            let metric = sdk::Metric::builder()
                .namespace(&metric.namespace)
                .metric_name(&metric.name)
                .set_dimensions(Some(dimensions.collect()))
                .build();
            let stat = sdk::MetricStat::builder()
                .metric(metric)
                .period(period)
                .stat(stat);
            base.metric_stat(stat.build()).build()
        }
        DataSource::Expression(text) => {
            let known = |name: &str| ask.queries.iter().any(|o| o.id == name);
            base.expression(renamed(text, known, prefix))
                .set_period(q.is_insights().then_some(period))
                .build()
        }
    }
}

/// One series of the answer: the query's id, its label, and which of several with that label it is.
type Key = (String, String, usize);

#[derive(Debug, Default)]
struct Results {
    order: Vec<Key>,
    lines: HashMap<Key, (Vec<(Timestamp, f64)>, bool)>,
    messages: Vec<String>,
    cut: bool,
}

impl Results {
    fn take(&mut self, results: &[sdk::MetricDataResult], messages: &[sdk::MessageData]) {
        let mut seen: HashMap<(String, String), usize> = HashMap::new();
        for r in results {
            let (id, label) = (r.id().unwrap_or_default().to_owned(), text(r.label()));
            let nth = seen.entry((id.clone(), label.clone())).or_default();
            let key = (id, label, *nth);
            *nth += 1;
            if !self.lines.contains_key(&key) {
                self.order.push(key.clone());
            }
            let line = self.lines.entry(key).or_default();
            let pairs = r.timestamps().iter().zip(r.values());
            let points = pairs.filter_map(|(at, v)| Some((time(Some(at))?, *v)));
            line.0.extend(points.filter(|(_, v)| v.is_finite()));
            line.1 = r.status_code() == Some(&sdk::StatusCode::PartialData);
            self.say(r.messages());
        }
        self.say(messages);
    }

    fn say(&mut self, messages: &[sdk::MessageData]) {
        for m in messages {
            let words = [text(m.code()), reason(m.value())].join(": ");
            if !self.messages.contains(&words) && self.messages.len() < 8 {
                self.messages.push(words);
            }
        }
    }

    fn widgets(mut self, bundle: &Bundle, until: Timestamp) -> BTreeMap<usize, WidgetData> {
        let mut all: BTreeMap<usize, WidgetData> = BTreeMap::new();
        for w in &bundle.widgets {
            let prefix = if w.alone {
                String::new()
            } else {
                prefix(w.widget)
            };
            let data = all.entry(w.widget).or_default();
            for key in &self.order {
                let name = key.0.strip_prefix(&prefix);
                let Some(q) = w.queries.iter().find(|q| Some(q.id.as_str()) == name) else {
                    continue;
                };
                let Some((points, partial)) = self.lines.remove(key) else {
                    continue;
                };
                if data.lines.len() < LINES {
                    data.lines
                        .push(line(w, q, &key.1, points, partial || self.cut, until));
                }
            }
            data.lines.order_by_key(|l| l.row);
            if w.alone || bundle.widgets.len() == 1 {
                data.messages.clone_from(&self.messages);
            }
        }
        all
    }
}

fn line(
    ask: &WidgetAsk,
    q: &DataQuery,
    label: &str,
    mut points: Vec<(Timestamp, f64)>,
    partial: bool,
    until: Timestamp,
) -> DataLine {
    points.order_by_key(|p| p.0);
    points.dedup_by_key(|p| p.0);
    let steps = points.windows(2).filter_map(|w| match w {
        [a, b] => u32::try_from(b.0.duration_since(a.0).as_secs()).ok(),
        _ => None,
    });
    let period_s = match q.source {
        DataSource::Metric(..) => q.period_s,
        // Metric math does not say; its points do.
        DataSource::Expression(_) => steps.min().unwrap_or(q.period_s),
    };
    if let (true, Some((at, _))) = (points.len() > 1 && counts(ask, q), points.last()) {
        // What was counted in a part of a period would look like a fall.
        let over = at.saturating_add(SignedDuration::from_secs(period_s.into()));
        if over.is_ok_and(|over| over > until) {
            points.pop();
        }
    }
    DataLine {
        row: q.row,
        label: label.to_owned(),
        points: points.into(),
        period_s,
        partial,
    }
}

/// Whether a query, or what it rests on, counts within its period.
fn counts(ask: &WidgetAsk, q: &DataQuery) -> bool {
    let adds = |stat: &Stat| matches!(stat, Stat::Sum | Stat::SampleCount);
    // `None`: it rests on others.
    let own = |q: &DataQuery| match &q.source {
        DataSource::Metric(_, stat) => Some(Stat::parse(stat).is_some_and(|s| adds(&s))),
        DataSource::Expression(text) => {
            Search::parse(text).map(|search| search.stat.is_some_and(|s| adds(&s)))
        }
    };
    own(q).unwrap_or_else(|| ask.queries.iter().any(|o| own(o) == Some(true)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metric::MetricId;
    use aws_smithy_types::DateTime;

    fn row(id: &str, row: usize, source: DataSource) -> DataQuery {
        DataQuery {
            id: id.into(),
            row,
            source,
            period_s: 60,
            label: None,
            account: None,
            returned: true,
        }
    }

    fn widget(n: usize, region: Option<&str>, alone: bool, count: usize) -> Arc<WidgetAsk> {
        let metric = || DataSource::Metric(MetricId::new("N", "x", &[]), "Sum".into());
        let mut queries: Vec<_> = (1..count)
            .map(|i| row(&format!("m{i}"), i, metric()))
            .collect();
        queries.push(row("e", 0, DataSource::Expression("m1*2".into())));
        Arc::new(WidgetAsk {
            widget: n,
            region: region.map(str::to_owned),
            alone,
            queries,
        })
    }

    #[test]
    fn widgets_share_questions_unless_they_must_not() {
        let asks = [
            widget(0, None, false, 300),
            widget(1, Some("eu-west-1"), false, 2),
            widget(2, None, true, 2),
            widget(3, None, false, 200),
            widget(4, None, false, 1),
        ];
        let got: Vec<Vec<usize>> = bundles(&asks)
            .iter()
            .map(|b| b.widgets.iter().map(|w| w.widget).collect())
            .collect();
        assert_eq!(got, [vec![0, 3], vec![1], vec![2], vec![4]]);
    }

    #[test]
    fn widgets_of_one_question_do_not_see_each_others_names() {
        let all = bundles(&[widget(0, None, false, 2), widget(7, None, false, 2)]);
        let queries = asked(&all[0]);
        let said: Vec<_> = queries
            .iter()
            .map(|q| (q.id().unwrap(), q.expression()))
            .collect();
        assert_eq!(
            said,
            [
                ("w0_m1", None),
                ("w0_e", Some("w0_m1*2")),
                ("w7_m1", None),
                ("w7_e", Some("w7_m1*2"))
            ]
        );
        let alone = asked(&bundles(&[widget(1, None, true, 2)])[0]);
        assert_eq!(alone[1].expression(), Some("m1*2"));
    }

    #[test]
    fn what_rests_on_counts_counts() {
        let search =
            |stat: &str| DataSource::Expression(format!("SUM(SEARCH('{{N,D}} x', '{stat}', 60))"));
        let ask = |stat: &str| WidgetAsk {
            widget: 0,
            region: None,
            alone: false,
            queries: vec![
                row("all", 0, search(stat)),
                row("rate", 1, DataSource::Expression("100*all/2".into())),
            ],
        };
        for (stat, expected) in [("Sum", true), ("p99", false)] {
            let ask = ask(stat);
            assert!(
                ask.queries.iter().all(|q| counts(&ask, q) == expected),
                "{stat}"
            );
        }
    }

    #[test]
    fn a_search_gives_several_lines_and_pages_are_joined() {
        let result = |label: &str, seconds: &[i64]| {
            sdk::MetricDataResult::builder()
                .id("w3_e")
                .label(label)
                .set_timestamps(Some(
                    seconds.iter().map(|s| DateTime::from_secs(*s)).collect(),
                ))
                .set_values(Some(seconds.iter().map(|s| *s as f64).collect()))
                .build()
        };
        let mut results = Results::default();
        results.take(
            &[
                result("api", &[0, 60]),
                result("web", &[0]),
                result("web", &[60]),
            ],
            &[],
        );
        results.take(&[result("api", &[120])], &[]);
        let bundle = &bundles(&[widget(3, None, false, 1)])[0];
        let until = Timestamp::from_second(1_000).unwrap();
        let got = results.widgets(bundle, until);
        let lines: Vec<_> = got[&3]
            .lines
            .iter()
            .map(|l| (l.label.as_str(), l.points.len()))
            .collect();
        assert_eq!(lines, [("api", 3), ("web", 1), ("web", 1)]);
        assert_eq!(got[&3].lines[0].period_s, 60);
    }
}
