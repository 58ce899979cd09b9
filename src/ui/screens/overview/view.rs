//! Where the overview's panels are, by size.

use super::{promises, providers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect, Size};

use super::model::Overview;
use super::{moving, panels, ready, services, systems};
use crate::ui::screens::Cx;

/// The places of the panels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub burning: Rect,
    pub moving: Rect,
    pub ready: Rect,
    pub promises: Rect,
    pub services: Rect,
    /// Where there is room for them.
    pub systems: Option<Rect>,
    pub providers: Rect,
}

/// Rows from which the plan and the promises have panels of their own: with fewer, what burns and what moves has their room, and the head
/// tells how far it is to go-live.
const WHOLE: u16 = 17;

/// Whether the stages of the plan are shown.
pub(super) fn has_stages(area: Rect) -> bool {
    area.height >= WHOLE
}

fn places(area: Rect) -> Places {
    let middle_rows = |rows: u16| if has_stages(area) { rows } else { 0 };
    let two = |r: Rect| {
        let [a, b] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(r);
        (a, b)
    };
    if area.width >= 120 {
        let top_height = match has_stages(area) {
            true => (area.height / 4).clamp(5, 12),
            false => area.height.saturating_sub(6),
        };
        let [top, middle, services, providers] = Layout::vertical([
            Constraint::Length(top_height),
            Constraint::Length(middle_rows(8)),
            Constraint::Fill(1),
            Constraint::Length(2),
        ])
        .areas(area);
        let ((burning, moving), (ready, promises)) = (two(top), two(middle));
        let (services, systems) = beside(services);
        Places {
            burning,
            moving,
            ready,
            promises,
            services,
            systems,
            providers,
        }
    } else {
        let spare = area.height.saturating_sub(21);
        // Where rows are lacking, these two give them up in turn, and the line of the services stays.
        let lacking = 21_u16.saturating_sub(area.height).min(4);
        let (burning, moving) = match has_stages(area) {
            true => (
                6 + spare.min(8) / 2 - lacking.div_ceil(2),
                5 + spare.min(8) / 4 - lacking / 2,
            ),
            false => {
                let rows = area.height.saturating_sub(3);
                (rows.div_ceil(2), rows / 2)
            }
        };
        let [burning, moving, middle, services, providers] = Layout::vertical([
            Constraint::Length(burning),
            Constraint::Length(moving),
            Constraint::Length(middle_rows(7)),
            Constraint::Fill(1),
            Constraint::Length(2),
        ])
        .areas(area);
        let (ready, promises) = two(middle);
        Places {
            burning,
            moving,
            ready,
            promises,
            services,
            systems: None,
            providers,
        }
    }
}

/// Systems stand beside the services where these keep every column that tells how they fare.
fn beside(area: Rect) -> (Rect, Option<Rect>) {
    if area.width < 150 || area.height < 6 {
        return (area, None);
    }
    let [services, systems] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(area.width * 2 / 5)])
            .areas(area);
    (services, Some(systems))
}

pub(super) fn view(o: &Overview, cx: &Cx<'_>, buf: &mut Buffer) {
    let p = places(cx.body);
    panels::burning(o, cx, p.burning, buf);
    moving::moving(o, cx, p.moving, buf);
    ready::ready(o, cx, p.ready, buf);
    promises::promises(cx, p.promises, buf);
    let short = systems::in_short(o).filter(|_| p.systems.is_none());
    services::services(short.as_deref(), cx, p.services, buf);
    if let Some(area) = p.systems {
        systems::panel_of_systems(o, cx, area, buf);
    }
    providers::providers(cx, p.providers, buf);
}

/// The item at a position.
pub(super) fn item_at(o: &Overview, at: Position, cx: &Cx<'_>) -> Option<usize> {
    let p = places(cx.body);
    let within = |panel: Rect, first: usize, count: usize| {
        let rows = Rect::new(
            panel.x,
            panel.y + 1,
            panel.width,
            panel.height.saturating_sub(2),
        );
        let line = usize::from(at.y.saturating_sub(rows.y));
        (rows.contains(at) && line < count).then_some(first + line)
    };
    let lines = usize::from(p.burning.height.saturating_sub(2));
    within(p.burning, 0, lines)
        .and_then(|line| o.burning_at(line, lines))
        .or_else(|| {
            // A line below may say why: it belongs to the same deployment.
            let size = Size::new(
                p.moving.width.saturating_sub(2),
                p.moving.height.saturating_sub(2),
            );
            let line = within(p.moving, 0, usize::from(size.height))?;
            moving::item_at(o, cx, size, line)
        })
        .or_else(|| {
            let first = o.burning + o.moving;
            within(p.ready, first, o.items.len().saturating_sub(first))
        })
}
