//! What an expression is worth, given the results of the other queries.

use super::functions;
use super::parse::{Expr, Op};
use super::value::{Line, Value};

/// Where an expression finds the results of other queries.
pub trait Metrics {
    /// The result of the query of this id.
    fn result(&self, id: &str) -> Result<Value, String>;
    /// The plain metrics of the request whose id contains this text.
    fn metrics(&self, contained: &str) -> Vec<Line>;
    /// The series that a search finds, under a statistic; a period, if given.
    fn search(&self, text: &str, stat: &str, period: Option<i64>) -> Result<Vec<Line>, String>;
}

/// What is known to an expression.
pub struct Scene<'a> {
    /// The other queries.
    pub metrics: &'a dyn Metrics,
    /// Start of the window that was asked for, on the grid of the periods.
    pub from: i64,
    /// Its end, never in the future.
    pub until: i64,
}

impl Scene<'_> {
    /// The value of an expression.
    pub fn value(&self, expr: &Expr) -> Result<Value, String> {
        match expr {
            Expr::Number(n) => Ok(Value::Number(*n)),
            Expr::Text(_) => Err("a text stands where a number or a series is expected".into()),
            Expr::Id(id) => self.metrics.result(id),
            Expr::List(items) => {
                let mut lines = Vec::new();
                for item in items {
                    let some = self.value(item)?.lines();
                    lines.extend(some.ok_or("an array holds series alone")?);
                }
                Ok(Value::Many(lines))
            }
            Expr::Minus(inner) => Ok(self.value(inner)?.each(|n| -n, |l| l.map(|v| -v))),
            Expr::Two(op, left, right) => {
                self.value(left)?.pair(&self.value(right)?, operation(*op))
            }
            Expr::Call(name, arguments) => functions::call(self, name, arguments),
        }
    }
}

fn operation(op: Op) -> fn(f64, f64) -> f64 {
    fn truth(b: bool) -> f64 {
        f64::from(u8::from(b))
    }
    match op {
        Op::Or => |a, b| truth(a != 0.0 || b != 0.0),
        Op::And => |a, b| truth(a != 0.0 && b != 0.0),
        Op::Equal => |a, b| truth(a == b),
        Op::Unequal => |a, b| truth(a != b),
        Op::Less => |a, b| truth(a < b),
        Op::LessOrEqual => |a, b| truth(a <= b),
        Op::Greater => |a, b| truth(a > b),
        Op::GreaterOrEqual => |a, b| truth(a >= b),
        Op::Add => |a, b| a + b,
        Op::Subtract => |a, b| a - b,
        Op::Multiply => |a, b| a * b,
        Op::Divide => |a, b| a / b,
        Op::Power => f64::powf,
    }
}
