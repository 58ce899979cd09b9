//! The query language: commands with `|` between them.

use regex_lite::Regex;

use crate::logs::scan::Scanner;

/// How deep conditions may nest.
const DEEPEST: usize = 32;
/// Longest query that the vendor takes.
const LONGEST: usize = 10_000;

/// A query.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    /// Fields to give; empty for the usual ones.
    pub fields: Vec<String>,
    pub filters: Vec<Test>,
    /// Field, and whether from the greatest.
    pub sort: Option<(String, bool)>,
    pub limit: Option<usize>,
    pub stats: Option<Stats>,
}

/// What `stats` reckons: functions with the names of their columns, and by what.
#[derive(Clone, Debug, Default)]
pub(super) struct Stats {
    pub functions: Vec<(Function, String)>,
    pub by: Vec<By>,
}

/// A function of `stats` over a field.
#[derive(Clone, Debug)]
pub(super) enum Function {
    CountAll,
    Count(String),
    Distinct(String),
    Sum(String),
    Avg(String),
    Min(String),
    Max(String),
    Percentile(String, f64),
}

/// What `stats` groups by: a field, or bins of so many milliseconds, as written.
#[derive(Clone, Debug)]
pub(super) enum By {
    Field(String),
    Bin(String, i64),
}

/// A condition of `filter`.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Compare(String, Sign, Wanted),
    Like(String, Likeness),
    In(String, Vec<Wanted>),
    Present(String),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted {
    Number(f64),
    Text(String),
}

#[derive(Clone, Debug)]
pub(super) enum Likeness {
    Text(String),
    Regex(Regex),
}

impl Query {
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} characters"));
        }
        let mut query = Self::default();
        let mut scanner = Scanner::new(text);
        loop {
            query.command(&mut scanner)?;
            if !scanner.take("|") {
                break;
            }
        }
        scanner.end()?;
        Ok(query)
    }

    fn command(&mut self, scanner: &mut Scanner<'_>) -> Result<(), String> {
        if scanner.word("fields") {
            self.fields.extend(names(scanner)?);
        } else if scanner.word("display") {
            self.fields = names(scanner)?;
        } else if scanner.word("filter") {
            self.filters.push(any(scanner, 0)?);
        } else if scanner.word("stats") {
            if self.stats.is_some() {
                return Err("a second stats is not offered here".into());
            }
            self.stats = Some(stats(scanner)?);
        } else if scanner.word("sort") {
            let field = column(scanner)?;
            let descending = scanner.word("desc");
            if !descending {
                scanner.word("asc");
            }
            self.sort = Some((field, descending));
        } else if scanner.word("limit") {
            scanner.peek();
            let digits = scanner.leading(|c| c.is_ascii_digit());
            let limit = digits.parse().ok().filter(|n| (1..=10_000).contains(n));
            self.limit = Some(limit.ok_or("limit takes a number from 1 to 10000")?);
        } else {
            return Err(format!(
                "only fields, display, filter, stats, sort and limit are offered here, not {}",
                scanner.here()
            ));
        }
        Ok(())
    }
}

fn names(scanner: &mut Scanner<'_>) -> Result<Vec<String>, String> {
    let mut names = vec![name(scanner)?];
    while scanner.take(",") {
        names.push(name(scanner)?);
    }
    Ok(names)
}

/// A field, or what a column of `stats` is called: `count(*)`, `bin(5m)`.
fn column(scanner: &mut Scanner<'_>) -> Result<String, String> {
    let name = name(scanner)?;
    if scanner.touching() != Some('(') {
        return Ok(name);
    }
    let inside = scanner.leading(|c| c != ')').to_owned();
    scanner.demand(')')?;
    Ok(format!("{name}{inside})"))
}

fn stats(scanner: &mut Scanner<'_>) -> Result<Stats, String> {
    let mut stats = Stats::default();
    loop {
        let written = column(scanner)?;
        let function = function(&written)?;
        let called = if scanner.word("as") {
            name(scanner)?
        } else {
            written
        };
        stats.functions.push((function, called));
        if !scanner.take(",") {
            break;
        }
    }
    if scanner.word("by") {
        loop {
            let written = column(scanner)?;
            stats.by.push(match call(&written) {
                None => By::Field(written),
                Some(("bin", length)) => {
                    let ms = length_ms(length);
                    By::Bin(
                        written.clone(),
                        ms.ok_or("bin takes 30s, 5m, 1h and the like")?,
                    )
                }
                Some(_) => return Err(format!("{written} is nothing to group by here")),
            });
            if !scanner.take(",") {
                break;
            }
        }
    }
    Ok(stats)
}

/// `name(inside)` in its parts.
fn call(written: &str) -> Option<(&str, &str)> {
    let (name, rest) = written.split_once('(')?;
    Some((name, rest.strip_suffix(')')?.trim()))
}

fn function(written: &str) -> Result<Function, String> {
    let unknown = || format!("the function {written} is not offered here");
    let (name, inside) = call(written).ok_or_else(unknown)?;
    let field = inside.to_owned();
    Ok(match (name, inside) {
        ("count", "" | "*") => Function::CountAll,
        ("count", _) => Function::Count(field),
        ("count_distinct", _) => Function::Distinct(field),
        ("sum", _) => Function::Sum(field),
        ("avg", _) => Function::Avg(field),
        ("min", _) => Function::Min(field),
        ("max", _) => Function::Max(field),
        ("pct" | "percentile", _) => {
            let (field, p) = inside.split_once(',').ok_or_else(unknown)?;
            let p = p.trim().parse().map_err(|_| unknown())?;
            Function::Percentile(field.trim().to_owned(), p)
        }
        _ => return Err(unknown()),
    })
}

/// Milliseconds of `30s`, `5m`, `1h`, `1d`, `500ms`.
fn length_ms(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim() {
        "ms" => 1,
        "s" | "sec" => 1_000,
        "m" | "min" => 60_000,
        "h" | "hr" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number
        .parse::<i64>()
        .ok()?
        .checked_mul(factor)
        .filter(|ms| *ms > 0)
}

fn name(scanner: &mut Scanner<'_>) -> Result<String, String> {
    if scanner.take("`") {
        return scanner.quoted('`');
    }
    scanner.peek();
    match scanner.leading(|c| c.is_alphanumeric() || "@._-".contains(c)) {
        "" => Err(format!("expected a field at {}", scanner.here())),
        name => Ok(name.to_owned()),
    }
}

fn any(scanner: &mut Scanner<'_>, depth: usize) -> Result<Test, String> {
    let mut parts = vec![all(scanner, depth)?];
    while scanner.word("or") {
        parts.push(all(scanner, depth)?);
    }
    Ok(Test::Any(parts))
}

fn all(scanner: &mut Scanner<'_>, depth: usize) -> Result<Test, String> {
    let mut parts = vec![one(scanner, depth)?];
    while scanner.word("and") {
        parts.push(one(scanner, depth)?);
    }
    Ok(Test::All(parts))
}

fn one(scanner: &mut Scanner<'_>, depth: usize) -> Result<Test, String> {
    if depth > DEEPEST {
        return Err("it nests too deeply".into());
    }
    if scanner.word("not") {
        return Ok(Test::Not(Box::new(one(scanner, depth + 1)?)));
    }
    if scanner.take("(") {
        let inner = any(scanner, depth + 1)?;
        scanner.demand(')')?;
        return Ok(inner);
    }
    if scanner.word("ispresent") {
        scanner.demand('(')?;
        let field = name(scanner)?;
        scanner.demand(')')?;
        return Ok(Test::Present(field));
    }
    let field = name(scanner)?;
    if scanner.word("not") {
        return if scanner.word("like") {
            Ok(Test::Not(Box::new(Test::Like(field, likeness(scanner)?))))
        } else if scanner.word("in") {
            Ok(Test::Not(Box::new(Test::In(field, values(scanner)?))))
        } else {
            Err(format!("expected like or in at {}", scanner.here()))
        };
    }
    if scanner.word("like") || scanner.take("=~") {
        return Ok(Test::Like(field, likeness(scanner)?));
    }
    if scanner.word("in") {
        return Ok(Test::In(field, values(scanner)?));
    }
    let signs = [
        ("!=", Sign::Unequal),
        ("<=", Sign::LessOrEqual),
        (">=", Sign::GreaterOrEqual),
        ("=", Sign::Equal),
        ("<", Sign::Less),
        (">", Sign::Greater),
    ];
    for (sign, meaning) in signs {
        if scanner.take(sign) {
            return Ok(Test::Compare(field, meaning, value(scanner)?));
        }
    }
    Err(format!("expected a comparison at {}", scanner.here()))
}

fn likeness(scanner: &mut Scanner<'_>) -> Result<Likeness, String> {
    if scanner.take("/") {
        let mut regex = String::new();
        loop {
            regex.push_str(scanner.leading(|c| c != '/' && c != '\\'));
            // A slash within is written `\/`; other escapes are the expression's own.
            if scanner.take("\\/") {
                regex.push('/');
            } else if scanner.take("\\") {
                regex.push('\\');
                regex.extend(scanner.any());
            } else if scanner.take("/") {
                break;
            } else {
                return Err("a regular expression does not end with /".into());
            }
        }
        let read = Regex::new(&regex);
        return read
            .map(Likeness::Regex)
            .map_err(|e| format!("the regular expression {regex} is wrong: {e}"));
    }
    match value(scanner)? {
        Wanted::Text(text) => Ok(Likeness::Text(text)),
        Wanted::Number(n) => Ok(Likeness::Text(n.to_string())),
    }
}

fn values(scanner: &mut Scanner<'_>) -> Result<Vec<Wanted>, String> {
    scanner.demand('[')?;
    let mut all = vec![value(scanner)?];
    while scanner.take(",") {
        all.push(value(scanner)?);
    }
    scanner.demand(']')?;
    Ok(all)
}

fn value(scanner: &mut Scanner<'_>) -> Result<Wanted, String> {
    for quote in ['"', '\''] {
        if scanner.peek() == Some(quote) {
            scanner.demand(quote)?;
            return scanner.quoted(quote).map(Wanted::Text);
        }
    }
    let word = scanner.leading(|c| c.is_alphanumeric() || "+-._@".contains(c));
    match word.parse::<f64>() {
        Ok(n) if n.is_finite() => Ok(Wanted::Number(n)),
        _ if matches!(word, "true" | "false") => Ok(Wanted::Text(word.to_owned())),
        _ => Err(format!("expected a value at {}", scanner.here())),
    }
}
