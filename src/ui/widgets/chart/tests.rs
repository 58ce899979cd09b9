use super::*;

const WIDTH: u16 = 50;
const HEIGHT: u16 = 10;
static UTC: TimeZone = TimeZone::UTC;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 / 3_600 * 3_600 + minute * 60).unwrap()
}

fn chart<'a>(points: &'a [(Timestamp, f64)], zone: &'a TimeZone) -> Chart<'a> {
    Chart {
        from: at(0),
        until: at(60),
        zone,
        unit: Unit::Percent,
        plots: vec![Plot {
            points,
            period_s: 60,
            style: Style::new(),
            key: None,
        }],
        thresholds: Vec::new(),
        marks: &[],
        crosshair: None,
    }
}

fn drawn(chart: &Chart<'_>) -> Vec<String> {
    let area = Rect::new(0, 0, WIDTH, HEIGHT);
    let mut buf = Buffer::empty(area);
    chart.draw(&mut buf, area, &Theme::default());
    (0..HEIGHT)
        .map(|y| (0..WIDTH).map(|x| buf[(x, y)].symbol()).collect())
        .collect()
}

fn is_dots(c: char) -> bool {
    ('\u{2801}'..='\u{28ff}').contains(&c)
}

/// Columns of the plot in which there are dots.
fn columns(rows: &[String]) -> Vec<usize> {
    let mut found: Vec<usize> = rows
        .iter()
        .flat_map(|r| r.chars().enumerate().filter(|(_, c)| is_dots(*c)))
        .map(|(x, _)| x)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn a_line_runs_from_end_to_end_between_labelled_axes() {
    let points: Vec<_> = (0..=60).map(|m| (at(m), m as f64)).collect();
    let rows = drawn(&chart(&points, &UTC));
    assert!(
        rows[0].trim_start().starts_with("60 %") || rows[0].contains("100 %"),
        "{rows:#?}"
    );
    assert!(rows[7].contains("0 %"), "{rows:#?}");
    assert!(rows[9].contains("UTC") && rows[9].contains("00") && rows[9].contains("30"));
    let first = usize::from(GUTTER);
    assert_eq!(columns(&rows), (first..first + 38).collect::<Vec<_>>());
    let falls = rows.iter().position(|r| r.chars().any(is_dots));
    let (left, right) = (rows[7].chars().nth(first), rows[7].chars().nth(first + 37));
    assert!(falls <= Some(4) && left.is_some_and(is_dots) && !right.is_some_and(is_dots));
}

#[test]
fn gaps_are_gaps_and_single_points_are_points() {
    let mut points: Vec<_> = (0..=20).map(|m| (at(m), 50.0)).collect();
    points.extend((40..=60).map(|m| (at(m), 50.0)));
    let rows = drawn(&chart(&points, &UTC));
    let seen = columns(&rows);
    let middle = usize::from(GUTTER) + 19;
    assert!(!seen.contains(&middle) && seen.len() > 20, "{rows:#?}");
    let nan = [(at(0), 1.0), (at(1), f64::NAN), (at(2), 1.0)];
    drawn(&chart(&nan, &UTC));
    let one = [(at(30), 50.0)];
    assert_eq!(columns(&drawn(&chart(&one, &UTC))).len(), 1);
    assert!(columns(&drawn(&chart(&[], &UTC))).is_empty());
}

#[test]
fn thresholds_marks_and_the_crosshair_are_where_they_belong() {
    let points: Vec<_> = (0..=60).map(|m| (at(m), 10.0)).collect();
    let marks = [Mark {
        at: at(30),
        label: "api:42".into(),
        weight: 0,
    }];
    let mut c = chart(&points, &UTC);
    c.thresholds = vec![80.0];
    c.marks = &marks;
    c.crosshair = Some(at(60));
    let rows = drawn(&c);
    let dashed = rows.iter().position(|r| r.contains("╌╌╌╌")).unwrap();
    assert!(dashed < 4 && rows[dashed].contains("80 %"), "{rows:#?}");
    assert!(rows[8].contains("▲api:42"), "{rows:#?}");
    assert_eq!(rows[4].chars().nth(usize::from(GUTTER) + 37), Some('│'));
}

#[test]
fn no_size_and_no_value_can_upset_it() {
    let points = [(at(0), f64::MAX), (at(1), f64::MIN), (at(2), f64::NAN)];
    let c = chart(&points, &UTC);
    for (w, h) in [(0, 0), (1, 1), (12, 3), (20, 4), (200, 60)] {
        let area = Rect::new(0, 0, w, h);
        c.draw(&mut Buffer::empty(area), area, &Theme::default());
    }
}

#[test]
fn several_lines_can_be_told_apart_without_colour() {
    let (high, low) = ([(at(59), 90.0)], [(at(59), 5.0)]);
    let mut c = chart(&high, &UTC);
    c.plots[0].key = Some(series_key(0));
    c.plots.push(Plot {
        points: &low,
        period_s: 60,
        style: Style::new(),
        key: Some(series_key(1)),
    });
    let rows = drawn(&c);
    let row_of = |key: char| rows.iter().position(|r| r.trim_end().ends_with(key));
    assert!(
        row_of('1') < row_of('2') && row_of('1').is_some(),
        "{rows:#?}"
    );
}

#[test]
fn a_limit_leaves_the_ends_of_the_axis_readable() {
    let points: Vec<_> = (0..=60).map(|m| (at(m), 0.0)).collect();
    let mut c = chart(&points, &UTC);
    c.unit = Unit::Count;
    c.thresholds = vec![25.0, 1_000.0];
    let rows = drawn(&c);
    assert!(rows[7].trim_start().starts_with("0 ┤ 25 "), "{rows:#?}");
    c.thresholds = vec![25.0, 100.0];
    let rows = drawn(&c);
    let labelled = rows.iter().filter(|r| r.contains("25 │╌")).count();
    assert_eq!(labelled, 1, "{rows:#?}");
}

#[test]
fn labels_hide_no_mark_and_do_not_run_into_each_other() {
    let mark = |minute, label: &str| Mark {
        at: at(minute),
        label: label.into(),
        weight: 0,
    };
    let mut marks = [
        mark(20, "worker:4"),
        mark(26, "worker:5"),
        mark(28, "auth:2"),
        mark(44, "api:6"),
        mark(50, "api:7"),
    ];
    let mut c = chart(&[], &UTC);
    c.marks = &marks;
    let rows = drawn(&c);
    let axis = &rows[8];
    assert_eq!(axis.matches('▲').count(), 5, "{axis}");
    for word in axis
        .split(['▲', '─', '┬', '└', ' '])
        .filter(|w| !w.is_empty())
    {
        assert!(marks.iter().any(|m| m.label == word), "{word}: {axis}");
    }
    // What failed has its name before others, whatever came before it.
    assert!(axis.contains("auth:2") && !axis.contains("api:6"), "{axis}");
    marks[3].weight = 2;
    let mut c = chart(&[], &UTC);
    c.marks = &marks;
    let rows = drawn(&c);
    let axis = &rows[8];
    assert!(axis.contains("api:6") && !axis.contains("auth:2"), "{axis}");
}

#[test]
fn keys_stand_in_the_rows_of_their_lines_or_beside_them_and_never_glued() {
    let points: Vec<_> = [70.0, 71.0, 72.0, 5.0].map(|v| [(at(59), v)]).into();
    let mut c = chart(&[], &UTC);
    c.plots = points
        .iter()
        .enumerate()
        .map(|(n, points)| Plot {
            points,
            period_s: 60,
            style: Style::new(),
            key: Some(series_key(n)),
        })
        .collect();
    let rows = drawn(&c);
    let plot = rows.iter().take(8);
    let keyed: Vec<&str> = plot.map(|r| r[r.len() - 2..].trim()).collect();
    let row_of = |key: &str| keyed.iter().position(|k| *k == key);
    // The highest has its own row; the others stand above and below it.
    let (one, two, three) = (row_of("1"), row_of("2"), row_of("3"));
    let beside = |at: Option<usize>| at.zip(three).map(|(a, b)| a.abs_diff(b));
    assert_eq!((beside(one), beside(two)), (Some(1), Some(1)), "{rows:#?}");
    assert!(row_of("4").is_some_and(|y| Some(y) > one), "{rows:#?}");
    assert!(keyed.iter().all(|k| k.len() < 2), "{rows:#?}");
}
