//! `SEARCH('{Namespace,Dimension,...} MetricName="Name" ...', 'Statistic', period)`, read as far as it takes to find the same
//! metrics among those that are known by name.

use crate::domain::metric::{MetricId, Stat, Unit};

/// A search.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Namespace of its schema.
    pub namespace: String,
    /// Dimensions of its schema, sorted.
    pub dimensions: Vec<String>,
    /// What must be, exactly: `MetricName="x"`, `Dimension="y"`.
    pub exact: Vec<(String, String)>,
    /// Statistic, where it is one of ours.
    pub stat: Option<Stat>,
    /// Whether there is more to it than is read here.
    pub is_partial: bool,
}

impl Search {
    /// The first search of an expression.
    pub fn parse(expression: &str) -> Option<Self> {
        let at = expression.find("SEARCH(")? + "SEARCH(".len();
        let inside = expression.get(at..)?.trim_start();
        let quote = inside.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (text, after) = inside.get(1..)?.split_once(quote)?;
        let stat = after.split(['\'', '"']).nth(1).and_then(Stat::parse);
        let (schema, terms) = text.trim_start().strip_prefix('{')?.split_once('}')?;
        let mut words = schema
            .split(',')
            .map(|w| w.trim().trim_matches('"').to_owned());
        let namespace = words.next()?;
        let mut dimensions: Vec<String> = words.collect();
        dimensions.sort();
        let (exact, is_partial) = read(terms);
        Some(Self {
            namespace,
            dimensions,
            exact,
            stat,
            is_partial,
        })
    }

    /// Whether it finds this metric.
    pub fn finds(&self, metric: &MetricId) -> bool {
        let same = metric.namespace == self.namespace
            && metric.dimensions.len() == self.dimensions.len()
            && metric
                .dimensions
                .iter()
                .zip(&self.dimensions)
                .all(|((k, _), d)| k == d);
        same && self.exact.iter().all(|(key, value)| match key.as_str() {
            "MetricName" => &metric.name == value,
            key => metric
                .dimensions
                .iter()
                .any(|(k, v)| k == key && v == value),
        })
    }

    /// The unit that its one metric implies.
    pub fn unit(&self) -> Option<Unit> {
        let name = self.exact.iter().find(|(k, _)| k == "MetricName")?;
        Some(Unit::of(&MetricId::new(&self.namespace, &name.1, &[])))
    }
}

/// The exact terms, and whether there are others.
fn read(terms: &str) -> (Vec<(String, String)>, bool) {
    let mut exact = Vec::new();
    let mut rest = terms.trim();
    while !rest.is_empty() {
        let term = rest.split_once('=').and_then(|(key, after)| {
            let key = key.trim();
            let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_');
            let (value, behind) = after.trim_start().strip_prefix('"')?.split_once('"')?;
            plain.then(|| ((key.to_owned(), value.to_owned()), behind.trim_start()))
        });
        match term {
            Some((pair, behind)) => {
                exact.push(pair);
                rest = behind.strip_prefix("AND ").unwrap_or(behind).trim_start();
            }
            None => return (exact, true),
        }
    }
    (exact, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_what_its_schema_and_its_words_say() {
        let s = Search::parse(
            "SUM(SEARCH('{AWS/ECS,ServiceName,ClusterName} MetricName=\"CPUUtilization\" ClusterName=\"prod\"', 'p99', 60))",
        )
        .unwrap();
        let metric = |name, cluster| {
            MetricId::new(
                "AWS/ECS",
                name,
                &[("ClusterName", cluster), ("ServiceName", "api")],
            )
        };
        assert!(s.finds(&metric("CPUUtilization", "prod")));
        assert!(!s.finds(&metric("MemoryUtilization", "prod")));
        assert!(!s.finds(&metric("CPUUtilization", "test")));
        assert!(!s.finds(&MetricId::new(
            "AWS/ECS",
            "CPUUtilization",
            &[("ClusterName", "prod")]
        )));
        assert_eq!((s.stat, s.is_partial), (Some(Stat::Percentile(990)), false));
        assert!(
            Search::parse("SEARCH('{A} cpu OR memory', 'Sum')")
                .unwrap()
                .is_partial
        );
        assert_eq!(Search::parse("m1+m2"), None);
        assert_eq!(Search::parse("SEARCH('no schema', 'Sum')"), None);
    }
}
