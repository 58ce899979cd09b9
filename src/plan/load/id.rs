//! Ids: `1.3.b` a criterion of section 1.3, `1.S3` a success criterion of stage 1, `R.1.a` a row of a register.

/// Where a criterion belongs, by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// A section, by its id.
    Section(String),
    /// The success criteria of a stage.
    Success(u8),
}

/// What was expected of a criterion's id.
pub const CRITERION_ID: &str =
    "an id such as \"1.3.b\" (section 1.3), or \"1.S3\" (a success criterion of stage 1)";

/// What was expected of a section's id.
pub const SECTION_ID: &str = "an id such as \"1.3\" (stage 1), or \"R.1\" (register R)";

/// Reads a criterion's id.
pub fn home(id: &str) -> Option<Home> {
    let (head, tail) = id.rsplit_once('.')?;
    if let Some(n) = tail.strip_prefix('S') {
        let ok = !n.is_empty() && n.chars().all(|c| c.is_ascii_digit());
        return match head.parse::<u8>() {
            Ok(stage) if ok && stage > 0 => Some(Home::Success(stage)),
            _ => None,
        };
    }
    let letters = !tail.is_empty() && tail.chars().all(|c| c.is_ascii_lowercase());
    (letters && owner(head).is_some()).then(|| Home::Section(head.to_owned()))
}

/// What a section belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A stage, by number.
    Stage(u8),
    /// A register, by its letter.
    Register(String),
}

/// Reads a section's id.
pub fn owner(id: &str) -> Option<Owner> {
    let (head, number) = id.split_once('.')?;
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    if is_register(head) {
        return Some(Owner::Register(head.to_owned()));
    }
    head.parse().ok().filter(|n| *n > 0).map(Owner::Stage)
}

/// Whether it is a register's letter.
pub fn is_register(id: &str) -> bool {
    let mut chars = id.chars();
    matches!((chars.next(), chars.next()), (Some(c), None) if c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_say_where_things_belong() {
        assert_eq!(home("1.3.b"), Some(Home::Section("1.3".into())));
        assert_eq!(home("12.S10"), Some(Home::Success(12)));
        assert_eq!(home("R.1.a"), Some(Home::Section("R.1".into())));
        for wrong in [
            "1.3", "1.S", "S1", "1.3.B", "0.S1", "", "1..a", "RR.1.a", "1.3.b ",
        ] {
            assert_eq!(home(wrong), None, "{wrong}");
        }
    }
}
