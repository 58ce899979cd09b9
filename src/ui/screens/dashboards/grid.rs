//! From the grid of 24 columns to the terminal: kept where every widget of a band fits, else folded into lines.

use ratatui::layout::Rect;

use crate::domain::dashboard::{COLUMNS, View, Widget, WidgetKind};

/// Rows of the terminal that a row of the grid takes: the most with which the whole board is in sight, else the last.
const ROWS: [f64; 5] = [3.0, 2.5, 2.2, 1.9, 5.0 / 3.0];
/// Rows of the terminal that a widget takes at most: authors may write a thousand, and nobody sees more than a screenful.
const TALLEST: u16 = 120;
/// The most that a row of the grid is stretched to.
const STRETCHED: f64 = 4.0;

/// A widget's place on the board; the board's top is row 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Which widget.
    pub widget: usize,
    /// Where.
    pub area: Rect,
}

/// Whether a widget is drawn without a frame: a heading has no room for one.
pub(super) fn is_bare(w: &Widget) -> bool {
    matches!(w.kind, WidgetKind::Text { bare, .. } if bare || w.place.height <= 2)
}

/// The least (columns, rows) in which a widget says anything.
fn least(w: &Widget) -> (u16, u16) {
    match &w.kind {
        WidgetKind::Metric(m) => match m.view {
            View::TimeSeries => (38, 8),
            View::SingleValue => (18, 5),
            View::Gauge => (18, 5),
            View::Bar | View::Pie => (30, 5),
            View::Table => (38, 5),
        },
        WidgetKind::Text { .. } => (18, 1),
        WidgetKind::Alarms { names, .. } => (34, (names.len() as u16).clamp(1, 4) + 2),
        WidgetKind::Log(_) => (34, 6),
        WidgetKind::Undrawable { .. } => (26, 4),
    }
}

/// All places, and the height of the board, for a viewport of so many columns and rows.
pub(super) fn folded(widgets: &[Widget], columns: u16, rows: u16) -> (Vec<Cell>, u16) {
    let mut all = (Vec::new(), 0);
    for factor in ROWS {
        all = set(widgets, columns, factor);
        if all.1 <= rows {
            break;
        }
    }
    all
}

fn set(widgets: &[Widget], columns: u16, factor: f64) -> (Vec<Cell>, u16) {
    let mut cells = Vec::with_capacity(widgets.len());
    let mut top = 0u16;
    let mut from = 0;
    while let Some(first) = widgets.get(from) {
        // A band: widgets whose rows overlap.
        let mut end = first.place.y.saturating_add(first.place.height);
        let mut until = from + 1;
        while let Some(next) = widgets.get(until).filter(|w| w.place.y < end) {
            end = end.max(next.place.y.saturating_add(next.place.height));
            until += 1;
        }
        let band = widgets.get(from..until).unwrap_or(&[]);
        let height = if fits(band, columns) {
            keep(band, from, (columns, factor), top, &mut cells)
        } else {
            fold(band, from, (columns, factor), top, &mut cells)
        };
        top = top.saturating_add(height);
        from = until;
    }
    (cells, top)
}

fn edge(x: u16, columns: u16) -> u16 {
    (u32::from(x) * u32::from(columns) / u32::from(COLUMNS)) as u16
}

fn span(w: &Widget, columns: u16) -> (u16, u16) {
    let end = (w.place.x + w.place.width).min(COLUMNS);
    (edge(w.place.x, columns), edge(end, columns))
}

fn fits(band: &[Widget], columns: u16) -> bool {
    band.iter().all(|w| {
        let (from, until) = span(w, columns);
        until - from >= least(w).0
    })
}

/// Keeps the places of the grid, with rows as high as the widget needs that needs most.
fn keep(
    band: &[Widget],
    first: usize,
    (columns, usual): (u16, f64),
    top: u16,
    cells: &mut Vec<Cell>,
) -> u16 {
    let base = band.iter().map(|w| w.place.y).min().unwrap_or(0);
    let needed = band
        .iter()
        .map(|w| f64::from(least(w).1) / f64::from(w.place.height));
    let factor = needed.fold(usual, f64::max).min(STRETCHED);
    let row = |y: u16| (f64::from(y - base) * factor).round().min(60_000.0) as u16;
    let mut height = 0;
    for (i, w) in band.iter().enumerate() {
        let (from, until) = span(w, columns);
        let (y0, y1) = (
            row(w.place.y),
            row(w.place.y.saturating_add(w.place.height)),
        );
        height = height.max(y1);
        cells.push(Cell {
            widget: first + i,
            area: Rect::new(
                from,
                top.saturating_add(y0),
                until - from,
                (y1 - y0).clamp(1, TALLEST),
            ),
        });
    }
    height
}

/// Puts widgets one after the other into lines: as many as fit, each with a share of the width.
fn fold(
    band: &[Widget],
    first: usize,
    (columns, factor): (u16, f64),
    top: u16,
    cells: &mut Vec<Cell>,
) -> u16 {
    let mut y = top;
    let mut from = 0;
    while from < band.len() {
        let mut used = 0;
        let mut until = from;
        while let Some(w) = band.get(until) {
            let wanted = least(w).0.min(columns);
            if until > from && used + wanted > columns {
                break;
            }
            used += wanted;
            until += 1;
        }
        let line = band.get(from..until).unwrap_or(&[]);
        let rows = |w: &Widget| {
            (f64::from(w.place.height) * factor)
                .round()
                .min(f64::from(TALLEST)) as u16
        };
        let height = line
            .iter()
            .map(|w| rows(w).max(least(w).1))
            .max()
            .unwrap_or(1);
        let weights: u16 = line.iter().map(|w| w.place.width).sum();
        let spare = columns.saturating_sub(used);
        let mut x = 0;
        for (i, w) in line.iter().enumerate() {
            let extra = u32::from(spare) * u32::from(w.place.width) / u32::from(weights.max(1));
            let width = match i + 1 == line.len() {
                true => columns - x,
                false => (least(w).0.min(columns) + extra as u16).min(columns - x),
            };
            cells.push(Cell {
                widget: first + from + i,
                area: Rect::new(x, y, width, height),
            });
            x += width;
        }
        y = y.saturating_add(height);
        from = until;
    }
    y - top
}

/// The widget that lies next in a direction (right, down) from one.
pub(super) fn neighbour(cells: &[Cell], from: usize, right: i32, down: i32) -> Option<usize> {
    let here = cells.get(from)?.area;
    let middle = |a: Rect| {
        (
            i32::from(a.x) * 2 + i32::from(a.width),
            i32::from(a.y) * 2 + i32::from(a.height),
        )
    };
    let (x, y) = middle(here);
    let ahead = |a: &Rect| match (right, down) {
        (1, _) => a.x >= here.right(),
        (-1, _) => a.right() <= here.x,
        (_, 1) => a.y >= here.bottom(),
        _ => a.bottom() <= here.y,
    };
    let distance = |a: Rect| {
        let (dx, dy) = ((middle(a).0 - x).abs(), (middle(a).1 - y).abs());
        // What lies straight ahead is nearer than what lies aside.
        if right != 0 { dx + dy * 8 } else { dy + dx * 8 }
    };
    let found = cells.iter().enumerate().filter(|(_, c)| ahead(&c.area));
    found.min_by_key(|(_, c)| distance(c.area)).map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dashboard::Dashboard;
    use proptest::prelude::*;
    use serde_json::json;

    fn widgets(places: &[(u16, u16, u16, u16, &str)]) -> Vec<Widget> {
        let row = |(x, y, w, h, view): &(u16, u16, u16, u16, &str)| {
            json!({"type": "metric", "x": x, "y": y, "width": w, "height": h,
                "properties": {"metrics": [["A", "b"]], "view": view}})
        };
        let rows: Vec<_> = places.iter().map(row).collect();
        Dashboard::parse("d", &json!({ "widgets": rows }).to_string()).widgets
    }

    #[test]
    fn a_grid_that_fits_is_kept_and_one_that_does_not_is_folded() {
        let board = widgets(&[
            (0, 0, 12, 6, "timeSeries"),
            (12, 0, 12, 6, "timeSeries"),
            (0, 6, 8, 6, "timeSeries"),
            (8, 6, 8, 6, "timeSeries"),
            (16, 6, 8, 6, "timeSeries"),
        ]);
        let areas = |columns| {
            let (cells, height) = folded(&board, columns, 10);
            let all: Vec<_> = cells
                .iter()
                .map(|c| (c.area.x, c.area.y, c.area.width))
                .collect();
            (all, height)
        };
        assert_eq!(
            areas(120),
            (
                vec![
                    (0, 0, 60),
                    (60, 0, 60),
                    (0, 10, 40),
                    (40, 10, 40),
                    (80, 10, 40)
                ],
                20
            )
        );
        assert_eq!(
            areas(80),
            (
                vec![
                    (0, 0, 40),
                    (40, 0, 40),
                    (0, 10, 40),
                    (40, 10, 40),
                    (0, 20, 80)
                ],
                30
            )
        );
    }

    #[test]
    fn arrows_go_where_they_point() {
        let board = widgets(&[
            (0, 0, 12, 6, "timeSeries"),
            (12, 0, 12, 6, "timeSeries"),
            (0, 6, 24, 6, "timeSeries"),
        ]);
        let (cells, _) = folded(&board, 120, 10);
        assert_eq!(neighbour(&cells, 0, 1, 0), Some(1));
        assert_eq!(neighbour(&cells, 1, -1, 0), Some(0));
        assert_eq!(neighbour(&cells, 1, 0, 1), Some(2));
        assert_eq!(neighbour(&cells, 2, 0, 1), None);
    }

    proptest! {
        #[test]
        fn every_widget_has_a_place_inside_and_none_lies_on_another(
            places in proptest::collection::vec((0u16..24, 0u16..40, 1u16..=24, 1u16..12, 0usize..4), 0..14),
            columns in 76u16..260,
        ) {
            const VIEWS: [&str; 4] = ["timeSeries", "singleValue", "pie", "gauge"];
            // On a real dashboard widgets do not overlap: each has a row of its own here.
            let mut y = 0;
            let rows: Vec<_> = places.iter().map(|(x, gap, w, h, v)| {
                y += gap % 3;
                let row = (*x, y, *w, *h, VIEWS[*v]);
                y += h;
                row
            }).collect();
            let board = widgets(&rows);
            let (cells, height) = folded(&board, columns, 40);
            prop_assert_eq!(cells.len(), rows.len());
            for (i, a) in cells.iter().enumerate() {
                prop_assert!(a.area.right() <= columns && a.area.bottom() <= height && !a.area.is_empty());
                for b in &cells[i + 1..] {
                    prop_assert!(!a.area.intersects(b.area), "{a:?} {b:?}");
                }
            }
        }
    }
}
