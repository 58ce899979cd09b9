//! What an expression can be worth.

use super::super::store::Point;

/// A series with what is needed to reckon with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// How it is called on a chart.
    pub label: String,
    /// Seconds between its points.
    pub period: i64,
    /// From the oldest.
    pub points: Vec<Point>,
}

/// A number, a series, or several.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    One(Line),
    Many(Vec<Line>),
}

impl Line {
    /// Another series at the same times.
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        self.with(self.points.iter().map(|(t, v)| (*t, f(*v))).collect())
    }

    /// The same series with other points; those that are no numbers are left out, as in a division by zero.
    pub fn with(&self, mut points: Vec<Point>) -> Self {
        points.retain(|(_, v)| v.is_finite());
        Self {
            label: self.label.clone(),
            period: self.period,
            points,
        }
    }

    /// Values at the times that both have.
    pub fn zip(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let mut points = Vec::with_capacity(self.points.len().min(other.points.len()));
        let mut theirs = other.points.iter().peekable();
        for (t, v) in &self.points {
            while theirs.next_if(|(u, _)| u < t).is_some() {}
            if let Some((_, w)) = theirs.next_if(|(u, _)| u == t) {
                points.push((*t, f(*v, *w)));
            }
        }
        let mut line = self.with(points);
        line.period = self.period.max(other.period);
        line
    }

    /// Values alone.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.points.iter().map(|p| p.1)
    }
}

impl Value {
    /// For each series, or for the number.
    pub fn each(&self, number: impl Fn(f64) -> f64, line: impl Fn(&Line) -> Line) -> Self {
        match self {
            Self::Number(n) => Self::Number(number(*n)),
            Self::One(l) => Self::One(line(l)),
            Self::Many(all) => Self::Many(all.iter().map(line).collect()),
        }
    }

    /// Two values, point by point.
    pub fn pair(&self, other: &Self, f: impl Fn(f64, f64) -> f64 + Copy) -> Result<Self, String> {
        Ok(match (self, other) {
            (Self::Number(a), Self::Number(b)) => Self::Number(f(*a, *b)),
            (a, Self::Number(b)) => a.each(|x| f(x, *b), |l| l.map(|x| f(x, *b))),
            (Self::Number(a), b) => b.each(|x| f(*a, x), |l| l.map(|x| f(*a, x))),
            (Self::One(a), Self::One(b)) => Self::One(a.zip(b, f)),
            (Self::Many(all), Self::One(b)) => {
                Self::Many(all.iter().map(|a| a.zip(b, f)).collect())
            }
            (Self::One(a), Self::Many(all)) => {
                Self::Many(all.iter().map(|b| a.zip(b, f)).collect())
            }
            (Self::Many(a), Self::Many(b)) if a.len() == b.len() => {
                Self::Many(a.iter().zip(b).map(|(a, b)| a.zip(b, f)).collect())
            }
            (Self::Many(_), Self::Many(_)) => {
                return Err("the two arrays of series differ in length".into());
            }
        })
    }

    /// As series, whatever they are.
    pub fn lines(self) -> Option<Vec<Line>> {
        match self {
            Self::Number(_) => None,
            Self::One(line) => Some(vec![line]),
            Self::Many(lines) => Some(lines),
        }
    }
}
