//! Tasks of a service, running and recently stopped.

use aws_sdk_ecs::types::DesiredStatus;

use super::ecs::{Ecs, not_found};
use super::pages::Pages;
use super::sound::{all_told, told};
use super::{Question, convert, ecs_map};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::service::{ServiceId, Task};

const LIST_TASKS: Question = Question::new("ecs", "ListTasks", "list the tasks");
const TASKS: Question = Question::new("ecs", "DescribeTasks", "read the tasks");
/// Tasks that DescribeTasks takes at once.
const TASKS_A_CALL: usize = 100;
/// Tasks of one service that are read at most, running and stopped each.
const TASKS_AT_MOST: usize = 1000;

/// Tasks of a service.
#[derive(Debug)]
pub struct Tasks {
    /// Those that were read, newest first.
    pub found: Vec<Task>,
    /// Whether there are more of them than are read.
    pub cut: bool,
    /// Running ones by the list that were not found when they were asked about, and why: ECS keeps what stops for about an hour.
    pub missing: Option<Problem>,
}

impl Ecs {
    /// Running and recently stopped tasks of a service, newest first (ListTasks, DescribeTasks). ECS keeps stopped tasks for
    /// about an hour.
    pub async fn tasks(&self, id: &ServiceId) -> Result<Tasks, Problem> {
        let ((running, more_run), (stopped, more_stopped)) = tokio::try_join!(
            self.task_arns(id, DesiredStatus::Running),
            self.task_arns(id, DesiredStatus::Stopped),
        )?;
        let mut missing = None;
        let mut arns: Vec<String> = running.iter().cloned().chain(stopped).collect();
        // One that was told to stop between the two answers is in both.
        arns.sort_unstable();
        arns.dedup();
        let mut tasks = Vec::with_capacity(arns.len());
        for chunk in arns.chunks(TASKS_A_CALL) {
            let page = self
                .aws
                .read(&self.line, TASKS, |c| {
                    c.ecs
                        .describe_tasks()
                        .cluster(&id.cluster)
                        .set_tasks(Some(chunk.to_vec()))
                        .send()
                })
                .await?;
            let told = page.tasks().iter().map(|t| t.task_arn());
            let told = told.chain(page.failures().iter().map(|f| f.arn()));
            all_told(&self.line, TASKS, chunk, told)?;
            tasks.extend(page.tasks().iter().map(ecs_map::task));
            let lost = page.failures().iter().filter_map(|f| {
                let arn = f.arn().filter(|arn| running.iter().any(|r| r == arn))?;
                Some((convert::tail(arn), f.reason().unwrap_or("MISSING")))
            });
            missing = missing.or_else(|| {
                lost.map(|(id, why)| not_found(TASKS, "task", id, why))
                    .next()
            });
        }
        tasks.order_by(|a: &Task, b| {
            b.created_at
                .cmp(&a.created_at)
                .then_with(|| a.arn.cmp(&b.arn))
        });
        Ok(Tasks {
            found: tasks,
            cut: more_run || more_stopped,
            missing,
        })
    }

    /// Those of one status, and whether there are more of them.
    async fn task_arns(
        &self,
        id: &ServiceId,
        status: DesiredStatus,
    ) -> Result<(Vec<String>, bool), Problem> {
        let mut arns = Vec::new();
        let mut pages = Pages::default();
        loop {
            let page = self
                .aws
                .read(&self.line, LIST_TASKS, |c| {
                    let ask = c
                        .ecs
                        .list_tasks()
                        .cluster(&id.cluster)
                        .service_name(&id.name);
                    ask.desired_status(status.clone())
                        .set_next_token(pages.token())
                        .send()
                })
                .await?;
            arns.extend(told(&self.line, LIST_TASKS, "taskArns", page.task_arns)?);
            let goes_on = pages.turn(arns.len(), page.next_token)?;
            if !goes_on || arns.len() >= TASKS_AT_MOST {
                let cut = goes_on || arns.len() > TASKS_AT_MOST;
                arns.truncate(TASKS_AT_MOST);
                return Ok((arns, cut));
            }
        }
    }
}
