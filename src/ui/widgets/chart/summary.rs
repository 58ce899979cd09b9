//! What a line of a chart says in numbers.

use jiff::Timestamp;

/// Least, mean, most and newest value of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Least.
    pub min: f64,
    /// Mean of the periods.
    pub avg: f64,
    /// Most.
    pub max: f64,
    /// Newest.
    pub last: f64,
}

impl Summary {
    /// Over the finite values in `from..=until`; `None` where there is none.
    pub fn of(points: &[(Timestamp, f64)], from: Timestamp, until: Timestamp) -> Option<Self> {
        let mut n = 0.0;
        let mut all: Option<Self> = None;
        for (_, v) in points
            .iter()
            .filter(|p| p.0 >= from && p.0 <= until && p.1.is_finite())
        {
            n += 1.0;
            let s = all.get_or_insert(Self {
                min: *v,
                avg: *v,
                max: *v,
                last: *v,
            });
            s.min = s.min.min(*v);
            s.max = s.max.max(*v);
            s.avg += (v - s.avg) / n;
            s.last = *v;
        }
        all
    }
}

/// The value of the period that holds a time; `None` in a gap.
pub fn value_at(points: &[(Timestamp, f64)], period_s: u32, at: Timestamp) -> Option<f64> {
    let next = points.partition_point(|p| p.0 <= at);
    let (start, value) = points.get(next.checked_sub(1)?)?;
    let inside = at.duration_since(*start).as_secs() < i64::from(period_s.max(1));
    (inside && value.is_finite()).then_some(*value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_range_and_gaps_have_none() {
        let at = |s: i64| Timestamp::from_second(s).unwrap();
        let points = [
            (at(0), 100.0),
            (at(60), 1.0),
            (at(120), f64::NAN),
            (at(180), 3.0),
        ];
        let s = Summary::of(&points, at(60), at(180)).unwrap();
        assert_eq!((s.min, s.avg, s.max, s.last), (1.0, 2.0, 3.0, 3.0));
        assert_eq!(Summary::of(&points, at(300), at(400)), None);
        assert_eq!(value_at(&points, 60, at(119)), Some(1.0));
        assert_eq!(value_at(&points, 60, at(130)), None, "not a number");
        assert_eq!(value_at(&points, 60, at(300)), None, "after the end");
        assert_eq!(value_at(&points, 60, at(-1)), None);
    }
}
