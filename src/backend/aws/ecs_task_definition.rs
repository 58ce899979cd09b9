//! Task definitions as domain types.

use aws_sdk_ecs::types as sdk;

use super::convert::{count, some_text, text, time};
use super::ecs_map::{number, revision};
use crate::domain::service::{ContainerSpec, TaskDefinition};

/// A task definition; `None` where the answer does not name it.
pub fn task_definition(t: &sdk::TaskDefinition) -> Option<TaskDefinition> {
    Some(TaskDefinition {
        revision: revision(t.task_definition_arn())?,
        status: text(t.status().map(sdk::TaskDefinitionStatus::as_str)),
        cpu_units: number(t.cpu()),
        memory_mib: number(t.memory()),
        containers: t.container_definitions().iter().map(container).collect(),
        registered_at: time(t.registered_at()),
        registered_by: some_text(t.registered_by()),
    })
}

fn container(c: &sdk::ContainerDefinition) -> ContainerSpec {
    ContainerSpec {
        name: text(c.name()),
        image: text(c.image()),
        cpu_units: Some(count(c.cpu())).filter(|n| *n > 0),
        memory_mib: c.memory().map(count),
        memory_reservation_mib: c.memory_reservation().map(count),
        essential: c.essential().unwrap_or(true),
        health_check: c.health_check().and_then(health_check),
        environment: c
            .environment()
            .iter()
            .map(|e| (text(e.name()), text(e.value())))
            .collect(),
        environment_files: (c.environment_files().iter())
            .map(|f| text(Some(f.value())))
            .collect(),
        secrets: c
            .secrets()
            .iter()
            .map(|s| (text(Some(s.name())), text(Some(s.value_from()))))
            .collect(),
        ports: c
            .port_mappings()
            .iter()
            .filter_map(|p| u16::try_from(p.container_port()?).ok())
            .collect(),
        log_driver: c
            .log_configuration()
            .and_then(|l| some_text(Some(l.log_driver().as_str()))),
        log_group: c
            .log_configuration()
            .and_then(|l| awslogs(l, "awslogs-group")),
        log_prefix: (c.log_configuration()).and_then(|l| awslogs(l, "awslogs-stream-prefix")),
    }
}

/// `CMD` and `CMD-SHELL` say how the command is run; `NONE` switches an image's own check off.
fn health_check(h: &sdk::HealthCheck) -> Option<String> {
    match h.command().split_first() {
        None => None,
        Some((first, _)) if first == "NONE" => None,
        Some((first, rest)) if first == "CMD" || first == "CMD-SHELL" => {
            some_text(Some(&rest.join(" ")))
        }
        Some(_) => some_text(Some(&h.command().join(" "))),
    }
}

/// An option of the awslogs driver.
fn awslogs(l: &sdk::LogConfiguration, option: &str) -> Option<String> {
    if *l.log_driver() != sdk::LogDriver::Awslogs {
        return None;
    }
    some_text(l.options()?.get(option).map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_checks_and_log_groups_are_read() {
        let health = sdk::HealthCheck::builder()
            .command("CMD-SHELL")
            .command("curl -f localhost");
        let log = sdk::LogConfiguration::builder()
            .log_driver(sdk::LogDriver::Awslogs)
            .options("awslogs-group", "/ecs/api")
            .options("awslogs-stream-prefix", "api");
        let file = sdk::EnvironmentFile::builder()
            .value("arn:aws:s3:::shop/prod.env")
            .r#type(sdk::EnvironmentFileType::S3);
        let c = sdk::ContainerDefinition::builder()
            .name("api")
            .memory(512)
            .health_check(health.build().unwrap())
            .log_configuration(log.build().unwrap())
            .environment_files(file.build().unwrap())
            .build();
        let t = sdk::TaskDefinition::builder()
            .task_definition_arn("arn:aws:ecs:r:1:task-definition/api:7")
            .cpu("256")
            .container_definitions(c)
            .build();
        let got = task_definition(&t).unwrap();
        assert_eq!((got.revision.number, got.cpu_units), (7, Some(256)));
        let c = &got.containers[0];
        assert_eq!(c.health_check.as_deref(), Some("curl -f localhost"));
        assert_eq!(
            (c.log_group.as_deref(), c.memory_mib, c.essential),
            (Some("/ecs/api"), Some(512), true)
        );
        assert_eq!(c.log_prefix.as_deref(), Some("api"));
        assert_eq!(c.log_driver.as_deref(), Some("awslogs"));
        assert_eq!(c.environment_files, ["arn:aws:s3:::shop/prod.env"]);
        let none = sdk::HealthCheck::builder().command("NONE").build().unwrap();
        assert_eq!(health_check(&none), None);
    }
}
