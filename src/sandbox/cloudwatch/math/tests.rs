use proptest::prelude::*;

use super::*;

/// `m1` = 1, 2, 4 at 0, 60, 180 and `m2` = 10, 20 at 60, 120.
struct Two;

impl Metrics for Two {
    fn search(&self, text: &str, _: &str, _: Option<i64>) -> Result<Vec<Line>, String> {
        Err(format!("nothing is searched here: {text}"))
    }

    fn result(&self, id: &str) -> Result<Value, String> {
        let at = match id {
            "m1" => 0,
            "m2" => 1,
            _ => return Err(format!("no {id}")),
        };
        Ok(Value::One(self.metrics("")[at].clone()))
    }

    fn metrics(&self, contained: &str) -> Vec<Line> {
        let of = |label: &str, points: &[(i64, f64)]| Line {
            label: label.into(),
            period: 60,
            points: points.to_vec(),
        };
        let mut all = vec![
            of("m1", &[(0, 1.0), (60, 2.0), (180, 4.0)]),
            of("m2", &[(60, 10.0), (120, 20.0)]),
        ];
        all.retain(|l| l.label.contains(contained));
        all
    }
}

fn value(text: &str) -> Result<Value, String> {
    let scene = Scene {
        metrics: &Two,
        from: 0,
        until: 240,
    };
    scene.value(&parse(text)?)
}

fn points(text: &str) -> Vec<(i64, f64)> {
    value(text).unwrap().lines().unwrap().remove(0).points
}

fn number(text: &str) -> f64 {
    match value(text).unwrap() {
        Value::Number(n) => n,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn numbers_obey_the_usual_order() {
    for (text, wanted) in [
        ("1 + 2 * 3", 7.0),
        ("(1+2)*3", 9.0),
        ("-2^2", -4.0),
        ("2^3^2", 512.0),
        ("10 - 4 - 3", 3.0),
        ("1 < 2 AND 3 > 4", 0.0),
        ("1 = 1 || 0", 1.0),
        ("2 * -3", -6.0),
    ] {
        assert_eq!(number(text), wanted, "{text}");
    }
}

#[test]
fn series_meet_at_the_times_that_both_have() {
    assert_eq!(points("m2 / m1 * 100"), [(60, 500.0)]);
    assert_eq!(points("m1 / (m1 - 2)"), [(0, -1.0), (180, 2.0)]);
    assert_eq!(
        points("SUM(METRICS())"),
        [(0, 1.0), (60, 12.0), (120, 20.0), (180, 4.0)]
    );
    assert_eq!(points("MAX([m1, m2])")[1], (60, 10.0));
    assert_eq!(points("AVG(METRICS(\"2\"))"), [(60, 10.0), (120, 20.0)]);
}

#[test]
fn gaps_are_filled_as_asked() {
    assert_eq!(
        points("FILL(m1, 0)"),
        [(0, 1.0), (60, 2.0), (120, 0.0), (180, 4.0)]
    );
    assert_eq!(points("FILL(m1, REPEAT)")[2], (120, 2.0));
    assert_eq!(points("FILL(m1, LINEAR)")[2], (120, 3.0));
    assert_eq!(
        points("FILL(m2, m1)"),
        [(0, 1.0), (60, 10.0), (120, 20.0), (180, 4.0)]
    );
}

#[test]
fn functions_of_one_series() {
    assert_eq!(points("RATE(m1)"), [(60, 1.0 / 60.0), (180, 2.0 / 120.0)]);
    assert_eq!(points("m1 / PERIOD(m1)")[1], (60, 2.0 / 60.0));
    assert_eq!(points("RUNNING_SUM(m1)")[2], (180, 7.0));
    assert_eq!(
        points("IF(m1 > 1, m1, 0)"),
        [(0, 0.0), (60, 2.0), (180, 4.0)]
    );
    assert_eq!(number("SUM(m1) + LAST(m1) + DATAPOINT_COUNT(m1)"), 14.0);
}

#[test]
fn what_is_wrong_is_said() {
    for (text, part) in [
        ("m1 +", "too early"),
        ("m1 m2", "unexpected 'm2'"),
        ("SEARCH('x')", "text"),
        ("FOO(m1)", "FOO"),
        ("m3", "no m3"),
        ("SUM(m1", "expected ')'"),
        ("\"x", "does not end"),
    ] {
        let why = value(text).unwrap_err();
        assert!(why.contains(part), "{text}: {why}");
    }
    assert!(parse(&"(".repeat(2000)).is_err());
    assert!(parse(&"-".repeat(2000)).is_err());
}

proptest! {
    #[test]
    fn no_text_panics(text in "(m1|m2|[0-9.]{1,3}|[-+*/^()<>=!&|,\\[\\]\"'é ]|FILL|IF|SUM\\(|AND ){0,30}") {
        let _ = value(&text);
    }
}
