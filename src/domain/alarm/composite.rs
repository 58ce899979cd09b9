//! The alarms that the rule of a composite alarm names (Amazon CloudWatch user guide, "Creating a composite alarm", rule expressions).

/// Words before a bracket that holds the name of one alarm.
const STATES: [&str; 3] = ["ALARM", "OK", "INSUFFICIENT_DATA"];

/// Names and ARNs in a rule, in its order, as often as it names them. What stands before a bracket says what is in it: a state, and it is
/// an alarm; a comma, and it is the list of `AT_LEAST`; anything else (`NOT`, `AND`), and it is a part of the rule.
pub(super) fn named(rule: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = rule;
    while let Some((before, behind)) = rest.split_once('(') {
        let before = before.trim_end();
        let is_word = |c: char| c.is_ascii_uppercase() || c == '_';
        let word = before.rsplit(|c| !is_word(c)).next().unwrap_or_default();
        rest = match before.ends_with(',') || STATES.contains(&word) {
            true => list(behind, &mut found),
            false => behind,
        };
    }
    found
}

/// Takes the names up to the end of a bracket; what comes behind them.
fn list<'a>(mut rest: &'a str, found: &mut Vec<&'a str>) -> &'a str {
    loop {
        rest = rest.trim_start();
        let (name, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => {
                let end = rest.find([',', ')']).unwrap_or(rest.len());
                let (name, behind) = rest.split_at(end);
                (name.trim_end(), behind)
            }
        };
        if !name.is_empty() {
            found.push(name);
        }
        match behind.trim_start().strip_prefix(',') {
            Some(next) => rest = next,
            None => return behind,
        }
    }
}
