//! A task definition as readable lines, and the difference between two. Values of variables that look secret are hidden on
//! both sides; that one of them differs is still told.

use similar::{ChangeTag, TextDiff};

use crate::domain::action::{DiffLine, DiffMark};
use crate::domain::redact::{self, REDACTED};
use crate::domain::service::{ContainerSpec, TaskDefinition};
use crate::domain::text::inert;

/// What changes from one task definition to another, each change with the line before and after it: the rest of
/// the definition would push what changes out of sight. Empty if nothing that we read changes.
pub fn of(from: &TaskDefinition, to: &TaskDefinition) -> Vec<DiffLine> {
    let (old, new) = (lines(from, None), lines(to, Some(from)));
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    let new: Vec<&str> = new.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&old, &new);
    let mut out = Vec::new();
    for group in diff.grouped_ops(1) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            out.push(DiffLine {
                mark: match change.tag() {
                    ChangeTag::Equal => DiffMark::Same,
                    ChangeTag::Delete => DiffMark::Removed,
                    ChangeTag::Insert => DiffMark::Added,
                },
                text: inert(change.value()),
            });
        }
    }
    out
}

fn lines(definition: &TaskDefinition, other: Option<&TaskDefinition>) -> Vec<String> {
    let number = |n: Option<u32>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
    let mut out = vec![
        format!("cpu {}", number(definition.cpu_units)),
        format!("memory {} MiB", number(definition.memory_mib)),
    ];
    for container in &definition.containers {
        let twin = other.and_then(|o| o.containers.iter().find(|c| c.name == container.name));
        describe(&mut out, container, twin);
    }
    out
}

fn describe(out: &mut Vec<String>, c: &ContainerSpec, twin: Option<&ContainerSpec>) {
    out.push(format!("container {}", c.name));
    let mut line = |name: &str, value: String| out.push(format!("  {name} {value}"));
    line("image", redact::text(&c.image));
    if let Some(cpu) = c.cpu_units {
        line("cpu", cpu.to_string());
    }
    if let Some(memory) = c.memory_mib {
        line("memory", format!("{memory} MiB"));
    }
    if let Some(soft) = c.memory_reservation_mib {
        line("memory reservation", format!("{soft} MiB"));
    }
    if !c.essential {
        line("essential", "no".to_owned());
    }
    if let Some(check) = &c.health_check {
        line("health check", redact::text(check));
    }
    for port in &c.ports {
        line("port", port.to_string());
    }
    if let Some(group) = &c.log_group {
        line("log group", group.clone());
    }
    let mut environment: Vec<_> = c.environment.iter().collect();
    environment.sort();
    for (name, value) in environment {
        let mut shown = redact::named(name, value);
        let before = twin.and_then(|t| {
            t.environment
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v)
        });
        if shown.contains(REDACTED) && before.is_some_and(|b| b != value) {
            shown += " (another value)";
        }
        line("env", format!("{name}={shown}"));
    }
    let mut secrets: Vec<_> = c.secrets.iter().collect();
    secrets.sort();
    for (name, from) in secrets {
        // Where a secret comes from is a reference, not a secret: the name decides nothing here.
        line("secret", format!("{name} from {from}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::Revision;

    fn definition(image: &str, password: &str) -> TaskDefinition {
        TaskDefinition {
            revision: Revision::parse("api:41").unwrap(),
            status: "ACTIVE".into(),
            cpu_units: Some(256),
            memory_mib: Some(512),
            containers: vec![ContainerSpec {
                name: "api".into(),
                image: image.into(),
                essential: true,
                environment: vec![
                    ("MODE".into(), "a".into()),
                    ("DB_PASSWORD".into(), password.into()),
                ],
                ..ContainerSpec::default()
            }],
            registered_at: None,
            registered_by: None,
        }
    }

    #[test]
    fn the_image_changes_and_nothing_else_does() {
        let diff = of(
            &definition("r/api:1", "hunter2"),
            &definition("r/api:2", "hunter2"),
        );
        let changed: Vec<_> = diff.iter().filter(|l| l.mark != DiffMark::Same).collect();
        assert_eq!(changed.len(), 2);
        let same: Vec<&str> = diff
            .iter()
            .filter(|l| l.mark == DiffMark::Same)
            .map(|l| l.text.as_str())
            .collect();
        // The container that it is of, and what follows: no more.
        assert_eq!(same, ["container api", "  env DB_PASSWORD=[redacted]"]);
        assert_eq!(
            (changed[0].mark, changed[0].text.as_str()),
            (DiffMark::Removed, "  image r/api:1")
        );
        assert_eq!(
            (changed[1].mark, changed[1].text.as_str()),
            (DiffMark::Added, "  image r/api:2")
        );
        assert!(!format!("{diff:?}").contains("hunter2"));
    }

    #[test]
    fn another_password_is_told_without_being_shown() {
        let diff = of(&definition("a", "hunter2"), &definition("a", "hunter3"));
        let text = format!("{diff:?}");
        assert!(text.contains("another value"), "{text}");
        assert!(!text.contains("hunter"));
        assert!(of(&definition("a", "x"), &definition("a", "x")).is_empty());
    }
}
