//! Task definitions.

use super::page;
use crate::wire::{ApiError, Node, map};
use crate::world::{Definition, World, definitions, names};

fn client(message: &str) -> ApiError {
    ApiError::new("ClientException", message)
}

fn find<'a>(input: &Node, world: &'a World) -> Result<(&'a Definition, String, u32), ApiError> {
    let named = input
        .get("taskDefinition")
        .as_text()
        .ok_or_else(|| client("Task definition can not be blank."))?;
    let (family, revision) = names::family_revision(named);
    let all = world
        .definitions
        .get(family)
        .ok_or_else(|| client("Unable to describe task definition."))?;
    // A family alone means its newest ACTIVE revision.
    let number = match revision {
        Some(n) => n,
        None => all
            .iter()
            .rposition(|d| d.active)
            .and_then(|i| u32::try_from(i + 1).ok())
            .unwrap_or(0),
    };
    let definition = world
        .definition(family, number)
        .ok_or_else(|| client("Unable to describe task definition."))?;
    Ok((definition, family.to_owned(), number))
}

pub(super) fn describe(input: &Node, world: &World) -> Result<Node, ApiError> {
    let (definition, ..) = find(input, world)?;
    let tags = if input.get("include").as_strs().contains(&"TAGS") {
        definition.tags.clone()
    } else {
        Node::Null
    };
    Ok(map([
        ("taskDefinition", definition.shown.clone()),
        ("tags", tags),
    ]))
}

pub(super) fn list(input: &Node, world: &World) -> Result<Node, ApiError> {
    let prefix = input.get("familyPrefix").as_text();
    let active = input.get("status").as_str() != Some("INACTIVE");
    let wanted = |f: &&String| prefix.is_none_or(|p| p == f.as_str());
    let families = world.definitions.iter().filter(|(f, _)| wanted(f));
    let all = families.flat_map(|(family, revisions)| {
        let numbers = (1..).zip(revisions).filter(|(_, d)| d.active == active);
        numbers.map(move |(n, _)| (family, n))
    });
    let mut all: Vec<(&String, u32)> = all.collect();
    if input.get("sort").as_str() == Some("DESC") {
        all.reverse();
    }
    let arn = |(family, n): (&String, u32)| names::definition(family, n);
    page(input, all.into_iter(), arn, "taskDefinitionArns", 100)
}

pub(super) fn families(input: &Node, world: &World) -> Result<Node, ApiError> {
    let prefix = input.get("familyPrefix").as_text().unwrap_or_default();
    let all = world.definitions.keys().filter(|f| f.starts_with(prefix));
    page(input, all, String::clone, "families", 100)
}

pub(super) fn register(input: &Node, world: &mut World, caller: &str) -> Result<Node, ApiError> {
    let family = input
        .get("family")
        .as_text()
        .ok_or_else(|| client("Family can not be blank."))?
        .to_owned();
    let containers = input.get("containerDefinitions").as_list();
    if containers.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    for c in containers {
        if c.get("image").as_text().is_none() {
            return Err(client("Container.image should not be null or empty."));
        }
        if c.get("name").as_text().is_none() {
            return Err(client("Container.name should not be null or empty."));
        }
    }
    let stamp = world.stamp();
    let number = definitions::add_definition(world, input, stamp, caller);
    let shown = world
        .definition(&family, number)
        .map_or(Node::Null, |d| d.shown.clone());
    Ok(map([
        ("taskDefinition", shown),
        ("tags", input.get("tags").clone()),
    ]))
}

pub(super) fn deregister(input: &Node, world: &mut World) -> Result<Node, ApiError> {
    let (_, family, number) = find(input, world)?;
    let index = usize::try_from(number).unwrap_or(0).saturating_sub(1);
    let stamp = world.stamp();
    let definition = world
        .definitions
        .get_mut(&family)
        .and_then(|all| all.get_mut(index))
        .ok_or_else(|| client("The specified task definition does not exist."))?;
    definition.active = false;
    if let Node::Map(members) = &mut definition.shown {
        for (k, v) in members.iter_mut().filter(|(k, _)| k == "status") {
            debug_assert_eq!(k, "status");
            *v = "INACTIVE".into();
        }
        members.push(("deregisteredAt".into(), Node::Time(stamp)));
    }
    Ok(map([("taskDefinition", definition.shown.clone())]))
}
