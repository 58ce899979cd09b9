//! The time range: zoom in steps, pan by a quarter, follow now at the right end.

use jiff::{Timestamp, ToSpan};
use ratatui::layout::{Position, Rect};

use crate::domain::metric::Window;

/// (length of the range, seconds a point): some 150 to 360 points each, and periods that CloudWatch keeps for that long.
const ZOOMS: [(u32, u32); 8] = [
    (15 * 60, 60),
    (3_600, 60),
    (3 * 3_600, 60),
    (6 * 3_600, 60),
    (12 * 3_600, 300),
    (86_400, 300),
    (3 * 86_400, 900),
    (7 * 86_400, 1_800),
];

/// A range of time on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui::screens) struct Span {
    zoom: usize,
    until: Option<Timestamp>,
}

impl Default for Span {
    fn default() -> Self {
        Self {
            zoom: 2,
            until: None,
        }
    }
}

impl Span {
    fn step(&self) -> (u32, u32) {
        ZOOMS.get(self.zoom).copied().unwrap_or((3 * 3_600, 60))
    }

    /// Length, seconds.
    pub fn length_s(&self) -> u32 {
        self.step().0
    }

    /// Seconds a point.
    pub fn period_s(&self) -> u32 {
        self.step().1
    }

    /// The shortest range that holds a length, following now.
    pub fn of(length_s: u32) -> Self {
        let zoom = ZOOMS.iter().position(|z| z.0 >= length_s);
        Self {
            zoom: zoom.unwrap_or(ZOOMS.len() - 1),
            until: None,
        }
    }

    /// As the watch is asked.
    pub fn window(&self) -> Window {
        Window {
            length_s: self.length_s(),
            until: self.until,
        }
    }

    /// Whether its right end follows now.
    pub fn follows(&self) -> bool {
        self.until.is_none()
    }

    /// As long, with its right end at now.
    pub fn following(self) -> Self {
        Self {
            until: None,
            ..self
        }
    }

    /// Its ends.
    pub fn ends(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let until = self.until.unwrap_or(now);
        let length = i64::from(self.length_s()).seconds();
        (until.checked_sub(length).unwrap_or(until), until)
    }

    /// Whether there is a shorter (`true`) or longer range.
    pub fn can_zoom(&self, nearer: bool) -> bool {
        if nearer {
            self.zoom > 0
        } else {
            self.zoom + 1 < ZOOMS.len()
        }
    }

    /// Zooms one step; around a time that is pointed at, else the right end stays.
    pub fn zoom(&mut self, nearer: bool, around: Option<Timestamp>, now: Timestamp) {
        if !self.can_zoom(nearer) {
            return;
        }
        self.zoom = if nearer { self.zoom - 1 } else { self.zoom + 1 };
        if let Some(at) = around {
            self.end_at(at, i64::from(self.length_s()) / 2, now);
        }
    }

    /// Moves by a quarter of the range; at now it follows again.
    pub fn pan(&mut self, earlier: bool, now: Timestamp) {
        let quarter = i64::from(self.length_s()) / 4;
        let (_, until) = self.ends(now);
        self.end_at(until, if earlier { -quarter } else { quarter }, now);
    }

    /// The time beside one that is pointed at, a point or a hundredth of the range away; where none is, the right end.
    pub fn point(
        &self,
        cursor: Option<Timestamp>,
        right: bool,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let (from, until) = self.ends(now);
        let period = i64::from(self.period_s());
        let step = (i64::from(self.length_s()) / 100).max(period) / period * period;
        // On whole periods, so that it stands where the points are.
        let snap = |t: Timestamp| t.as_second().div_euclid(period) * period;
        let to = match cursor {
            None => snap(until),
            Some(at) if right => snap(at) + step,
            Some(at) => snap(at) - step,
        };
        let at = Timestamp::from_second(to).ok();
        at.map(|t| t.clamp(from, until))
    }

    /// The time at a share of the range, 0..=1 from its left end.
    pub fn at(&self, share: f64, now: Timestamp) -> Option<Timestamp> {
        let (from, until) = self.ends(now);
        let length = until.duration_since(from).as_secs_f64();
        Timestamp::from_second(from.as_second() + (share * length) as i64).ok()
    }

    /// A time that is pointed at, while it is in sight.
    pub fn keep(&self, cursor: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let (from, until) = self.ends(now);
        let slack = i64::from(self.period_s()).seconds();
        let first = from.checked_sub(slack).unwrap_or(from);
        cursor.filter(|t| *t >= first && *t <= until)
    }

    fn end_at(&mut self, at: Timestamp, after: i64, now: Timestamp) {
        // On whole minutes, so that the same range is the same question.
        let second = at.as_second().saturating_add(after).div_euclid(60) * 60;
        self.until = Timestamp::from_second(second)
            .ok()
            .filter(|t| now.duration_since(*t).as_secs() >= 60);
    }
}

/// How far from the left a position is in a plot, 0..=1; `None` outside.
pub(in crate::ui::screens) fn share_of(plot: Rect, at: Position) -> Option<f64> {
    let inside = plot.contains(at);
    inside.then(|| f64::from(at.x - plot.x) / f64::from(plot.width.saturating_sub(1).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_and_panning_stay_in_range_and_come_back_to_now() {
        let now: Timestamp = "2026-11-23T12:41:07Z".parse().unwrap();
        let mut s = Span::default();
        assert_eq!((s.length_s(), s.window().until), (10_800, None));
        for _ in 0..20 {
            s.zoom(false, None, now);
        }
        assert_eq!((s.length_s(), s.period_s()), (7 * 86_400, 1_800));
        assert!(!s.can_zoom(false) && s.follows());
        for _ in 0..20 {
            s.zoom(true, None, now);
        }
        assert_eq!(s.length_s(), 900);
        s.pan(true, now);
        let until = s.window().until.unwrap();
        assert_eq!(until.to_string(), "2026-11-23T12:37:00Z");
        s.pan(false, now);
        s.pan(false, now);
        assert!(s.follows());
    }

    #[test]
    fn zooming_keeps_what_is_pointed_at_in_sight() {
        let now: Timestamp = "2026-11-23T12:41:07Z".parse().unwrap();
        let at: Timestamp = "2026-11-23T10:30:00Z".parse().unwrap();
        let mut s = Span::default();
        s.zoom(true, Some(at), now);
        let (from, until) = s.ends(now);
        assert!(from < at && at < until && until < now, "{from} {until}");
    }
}
