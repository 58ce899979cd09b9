//! The overview's list of services: as many as have room, or one line that counts them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::doubt;
use super::panels::told_in;
use crate::domain::part::Freshness;
use crate::domain::service::ServiceHealth;
use crate::ui::screens::Cx;
use crate::ui::screens::services::row as service_row;
use crate::ui::widgets::{Table, line, panel, scrolled, timed};

pub(super) fn services(systems: Option<&str>, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let rows = facts.service_rows();
    // Where some could not be read, those that were are counted, and no other.
    let partly = facts.services_unread.is_some();
    let counted = rows
        .iter()
        .filter(|s| !partly || facts.is_service_fresh(&s.id, cx.now));
    let (mut steady, mut all, mut zero, mut tasks) = (0_usize, 0_usize, 0_usize, 0);
    let moving = facts.rolled_out();
    for s in counted {
        all += 1;
        let rests = !moving.contains(&s.id);
        let is = |health: &[ServiceHealth]| usize::from(rests && health.contains(&facts.served(s)));
        steady += is(&[ServiceHealth::Steady]);
        zero += is(&[ServiceHealth::Unserved, ServiceHealth::Idle]);
        tasks += s.counts.running;
    }
    let scaled = match zero {
        0 => String::new(),
        n => format!(" · {n} scaled to 0"),
    };
    let part = &facts.services;
    // A count is told while it can be believed; else why it cannot, and what to do.
    let doubt = match (part.freshness(cx.now), &part.error) {
        (Freshness::Fresh, _) => None,
        (_, Some(p)) => Some((format!("{}. {}", p.why, p.fix), t.critical)),
        (Freshness::Never, None) => Some(("asking ...".to_owned(), t.muted)),
        _ => Some(("the last answer is old".to_owned(), t.stale)),
    };
    let counted = match (&doubt, all) {
        (Some(_), 0) => "services unknown".to_owned(),
        (Some(_), _) if partly => {
            let others = facts.unread_words();
            let others = others.unwrap_or_else(|| "the others unknown".into());
            format!("services {steady} of {all} steady, {others}")
        }
        (Some(_), _) => format!("services unknown, {steady} of {all} were steady"),
        (None, 0) => "no ECS services in this account and region".to_owned(),
        (None, _) => format!("services {steady} of {all} steady{scaled} · {tasks} tasks run"),
    };
    if area.height < 4 {
        let style = match &doubt {
            Some(_) => t.unknown,
            None if steady == all => t.muted,
            None => t.text,
        };
        let mut spans = vec![(format!("  {counted}"), style)];
        if let Some((why, style)) = doubt {
            spans.push((format!(": {why}"), style));
        } else if let Some(words) = systems {
            spans.push((format!(" · {words}"), t.warn));
        }
        line(buf, area.x, area.y, area.width, &spans);
        return;
    }
    let title = match &doubt {
        Some(_) if all > 0 && partly => {
            format!("Services  {steady} of {all} steady, the others unknown")
        }
        Some(_) if all > 0 => format!("Services  unknown, {steady} of {all} were steady"),
        Some(_) => "Services  unknown".to_owned(),
        None => format!("Services  {steady} of {all} steady{scaled}"),
    };
    let title = match systems {
        Some(words) => format!("{title} · {words}"),
        None => title,
    };
    let title = doubt::titled(title, doubt::of_services(cx));
    let inside = panel(buf, area, &service_row::titled(title, cx), false, t);
    let table = Table {
        columns: &timed(&service_row::columns(cx), cx.absolute),
        sort: None,
        selected: None,
        focus: false,
    };
    let fit = rows.iter().take(usize::from(inside.height));
    let groups = service_row::Groups::of(facts, fit.clone());
    let drawn = fit.map(|s| service_row::row(s, &groups, cx));
    table.draw(buf, inside, drawn, t);
    let shown = usize::from(inside.height.saturating_sub(1));
    scrolled(buf, inside, 0, shown, rows.len(), t);
    if rows.is_empty() {
        let words = match &facts.services.error {
            Some(p) => format!(" {}: {}. {}", p.what, p.why, p.fix),
            None if facts.services.value.is_none() => " asking ...".into(),
            None => " no ECS services in this account and region".into(),
        };
        let lines = told_in(words.trim_start(), t.muted, inside.width);
        for (words, y) in lines.iter().zip(inside.y + 1..inside.bottom()) {
            line(buf, inside.x, y, inside.width, words);
        }
    }
}
