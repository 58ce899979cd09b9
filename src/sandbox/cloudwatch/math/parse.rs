//! The grammar of expressions.

/// How deep expressions may nest.
const DEEPEST: usize = 48;
/// Longest expression that the vendor takes.
const LONGEST: usize = 2048;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Number(f64),
    Text(String),
    /// The result of another query.
    Id(String),
    List(Vec<Expr>),
    Call(String, Vec<Expr>),
    Minus(Box<Expr>),
    Two(Op, Box<Expr>, Box<Expr>),
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

impl Op {
    fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::Unequal => 3,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide => 6,
            Self::Power => 8,
        }
    }
}

/// Operators as written, longer ones first where one begins like another.
const OPERATORS: [(&str, Op); 14] = [
    ("||", Op::Or),
    ("&&", Op::And),
    ("==", Op::Equal),
    ("!=", Op::Unequal),
    ("<=", Op::LessOrEqual),
    (">=", Op::GreaterOrEqual),
    ("<", Op::Less),
    (">", Op::Greater),
    ("+", Op::Add),
    ("-", Op::Subtract),
    ("*", Op::Multiply),
    ("/", Op::Divide),
    ("^", Op::Power),
    ("=", Op::Equal),
];

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expr, String> {
    if text.len() > LONGEST {
        return Err(format!("longer than {LONGEST} characters"));
    }
    let mut parser = Parser { rest: text };
    let expr = parser.expression(0, 0)?;
    match parser.rest.trim_start() {
        "" => Ok(expr),
        rest => Err(format!("unexpected '{}'", start(rest))),
    }
}

fn start(text: &str) -> String {
    text.chars().take(12).collect()
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn expression(&mut self, least: u8, depth: usize) -> Result<Expr, String> {
        if depth > DEEPEST {
            return Err("nested too deeply".into());
        }
        let mut left = self.operand(depth)?;
        while let Some((op, after)) = self.operator() {
            let strength = op.strength();
            if strength < least.max(1) {
                break;
            }
            self.rest = after;
            // A power binds to the right, all others to the left.
            let next = if op == Op::Power {
                strength
            } else {
                strength + 1
            };
            let right = self.expression(next, depth + 1)?;
            left = Expr::Two(op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(Op, &'a str)> {
        let rest = self.rest.trim_start();
        for (word, op) in [("AND", Op::And), ("OR", Op::Or)] {
            if let Some(after) = rest.strip_prefix(word)
                && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            {
                return Some((op, after));
            }
        }
        OPERATORS
            .iter()
            .find_map(|(sign, op)| Some((*op, rest.strip_prefix(sign)?)))
    }

    fn operand(&mut self, depth: usize) -> Result<Expr, String> {
        self.rest = self.rest.trim_start();
        let Some(first) = self.rest.chars().next() else {
            return Err("it ends too early".into());
        };
        match first {
            '(' => {
                self.take('(');
                let inner = self.expression(0, depth + 1)?;
                self.expect(')')?;
                Ok(inner)
            }
            '-' => {
                self.take('-');
                // Binds tighter than a product, looser than a power.
                Ok(Expr::Minus(Box::new(self.expression(7, depth + 1)?)))
            }
            '[' => {
                self.take('[');
                Ok(Expr::List(self.items(']', depth)?))
            }
            '"' | '\'' => self.text(first),
            '0'..='9' | '.' => self.number(),
            c if c.is_ascii_alphabetic() || c == '_' => self.name(depth),
            _ => Err(format!("unexpected '{}'", start(self.rest))),
        }
    }

    fn take(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(sign) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.take(sign) {
            return Ok(());
        }
        match self.rest {
            "" => Err(format!("expected '{sign}' at the end")),
            rest => Err(format!("expected '{sign}' at '{}'", start(rest))),
        }
    }

    /// Items with commas between them, up to a closing sign.
    fn items(&mut self, close: char, depth: usize) -> Result<Vec<Expr>, String> {
        let mut items = Vec::new();
        if self.take(close) {
            return Ok(items);
        }
        loop {
            items.push(self.expression(0, depth + 1)?);
            if !self.take(',') {
                self.expect(close)?;
                return Ok(items);
            }
        }
    }

    fn text(&mut self, quote: char) -> Result<Expr, String> {
        self.take(quote);
        let (inner, after) = self
            .rest
            .split_once(quote)
            .ok_or("a quoted text does not end")?;
        self.rest = after;
        Ok(Expr::Text(inner.to_owned()))
    }

    fn number(&mut self) -> Result<Expr, String> {
        let word = self.leading(|c| c.is_ascii_digit() || c == '.');
        word.parse()
            .map(Expr::Number)
            .map_err(|_| format!("'{word}' is no number"))
    }

    fn name(&mut self, depth: usize) -> Result<Expr, String> {
        let word = self.leading(|c| c.is_ascii_alphanumeric() || c == '_');
        if self.take('(') {
            return Ok(Expr::Call(word.to_owned(), self.items(')', depth)?));
        }
        Ok(Expr::Id(word.to_owned()))
    }

    fn leading(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let length = self
            .rest
            .find(|c: char| !belongs(c))
            .unwrap_or(self.rest.len());
        let (word, after) = self.rest.split_at(length);
        self.rest = after;
        word
    }
}
