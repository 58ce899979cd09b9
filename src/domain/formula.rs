//! Formulas of RDS's parameters, such as `LEAST({DBInstanceClassMemory/9531392},5000)` (Amazon RDS User Guide, "Specifying DB
//! parameters"): `/` and `*` truncate, `log` takes a base, LEAST, GREATEST and SUM take a list.

/// Signs of a formula at most: ours are some 80 long.
const LONGEST: usize = 500;
/// Brackets within each other at most.
const DEEPEST: usize = 32;

/// What a formula comes to; `variable` tells what a name in it stands for.
///
/// # Errors
/// Where it cannot be worked out, and why.
pub fn evaluate(formula: &str, variable: impl Fn(&str) -> Option<i64>) -> Result<i64, String> {
    if formula.len() > LONGEST {
        return Err("it is too long".into());
    }
    let mut reading = Reading {
        rest: formula,
        depth: 0,
        variable: &variable,
    };
    let value = reading.sum()?;
    match reading.rest.trim_start() {
        "" => Ok(value),
        more => Err(format!("{more} is not understood")),
    }
}

struct Reading<'a> {
    rest: &'a str,
    depth: usize,
    variable: &'a dyn Fn(&str) -> Option<i64>,
}

impl<'a> Reading<'a> {
    fn takes(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn wants(&mut self, sign: char) -> Result<(), String> {
        match self.takes(sign) {
            true => Ok(()),
            false => Err(format!("a {sign} is missing")),
        }
    }

    fn sum(&mut self) -> Result<i64, String> {
        let mut value = self.product()?;
        loop {
            value = if self.takes('+') {
                value.checked_add(self.product()?)
            } else if self.takes('-') {
                value.checked_sub(self.product()?)
            } else {
                return Ok(value);
            }
            .ok_or("it is too large")?;
        }
    }

    fn product(&mut self) -> Result<i64, String> {
        let mut value = self.value()?;
        loop {
            value = if self.takes('*') {
                value.checked_mul(self.value()?).ok_or("it is too large")?
            } else if self.takes('/') {
                let by = self.value()?;
                value.checked_div(by).ok_or(match by {
                    0 => "it divides by nothing",
                    _ => "it is too large",
                })?
            } else {
                return Ok(value);
            };
        }
    }

    fn value(&mut self) -> Result<i64, String> {
        for (open, close) in [('{', '}'), ('(', ')')] {
            if self.takes(open) {
                let value = self.deeper(Self::sum)?;
                self.wants(close)?;
                return Ok(value);
            }
        }
        let word = self.word();
        if word.is_empty() {
            return Err("a value is missing".into());
        }
        if let Ok(number) = word.parse() {
            return Ok(number);
        }
        if !self.takes('(') {
            let known = (self.variable)(word);
            return known.ok_or_else(|| format!("{word} is not known"));
        }
        let all = self.deeper(Self::list)?;
        self.wants(')')?;
        called(word, &all)
    }

    fn list(&mut self) -> Result<Vec<i64>, String> {
        let mut all = vec![self.sum()?];
        while self.takes(',') {
            all.push(self.sum()?);
        }
        Ok(all)
    }

    fn deeper<T>(&mut self, read: impl Fn(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("its brackets are too deep".into());
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
        let (word, rest) = rest.split_at(end.unwrap_or(rest.len()));
        self.rest = rest;
        word
    }
}

fn called(name: &str, all: &[i64]) -> Result<i64, String> {
    let none = || format!("{name} has no values");
    match (name.to_ascii_uppercase().as_str(), all) {
        ("LEAST", _) => all.iter().min().copied().ok_or_else(none),
        ("GREATEST", _) => all.iter().max().copied().ok_or_else(none),
        ("SUM", _) => {
            let sum = all.iter().try_fold(0_i64, |sum, n| sum.checked_add(*n));
            sum.ok_or_else(|| "it is too large".into())
        }
        // Of less than one, which a class too small for its term comes to, it is nothing.
        ("LOG", [of, base]) if *base > 1 => Ok(i64::from(of.checked_ilog(*base).unwrap_or(0))),
        _ => Err(format!("{name} is not understood")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GIB: i64 = 1 << 30;

    fn with(gib: i64, formula: &str) -> Result<i64, String> {
        let memory = |name: &str| (name == "DBInstanceClassMemory").then_some(gib * GIB);
        evaluate(formula, memory)
    }

    #[test]
    fn the_vendor_s_own_formulas_come_to_what_it_documents() {
        let postgres = "LEAST({DBInstanceClassMemory/9531392},5000)";
        assert_eq!(with(16, postgres), Ok(1_802));
        assert_eq!(with(64, postgres), Ok(5_000));
        assert_eq!(with(4, "{DBInstanceClassMemory/12582880}"), Ok(341));
        // Aurora MySQL User Guide, "Maximum connections to an Aurora MySQL DB instance".
        let aurora = "GREATEST({log(DBInstanceClassMemory/805306368,2)*45},{log(DBInstanceClassMemory/8187281408,2)*1000})";
        for (gib, most) in [(2, 45), (4, 90), (16, 1_000), (32, 2_000), (64, 3_000)] {
            assert_eq!(with(gib, aurora), Ok(most), "{gib}");
        }
        assert_eq!(with(1, "SUM(200, {3*2}, 1)"), Ok(207));
        assert_eq!(with(1, " 200 "), Ok(200));
    }

    #[test]
    fn what_cannot_be_worked_out_is_said() {
        for (formula, why) in [
            ("{AllocatedStorage/2}", "AllocatedStorage is not known"),
            ("{1/0}", "divides by nothing"),
            ("LEAST(", "a value is missing"),
            ("LEAST(1,2", "a ) is missing"),
            ("SQRT(4)", "SQRT is not understood"),
            ("1 2", "2 is not understood"),
            ("9223372036854775807*2", "too large"),
            ("", "a value is missing"),
        ] {
            let said = with(1, formula).unwrap_err();
            assert!(said.contains(why), "{formula}: {said}");
        }
        assert!(with(1, &"(".repeat(400)).unwrap_err().contains("too deep"));
    }

    proptest! {
        #[test]
        fn no_formula_panics(text in "[A-Z0-9{}()*/+, -]{0,40}") {
            let _ = with(8, &text);
        }
    }
}
