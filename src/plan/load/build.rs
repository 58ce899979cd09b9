//! Lays the rows of a file over a plan: a known id changes a thing, a new one adds it.

use std::ops::Range;

use super::id::{self, Home, Owner};
use super::row::Row;
use crate::config::mistake::{Mistake, suggest};
use crate::config::reader::Judge;
use crate::domain::order::Ordered;
use crate::domain::text::inert;
use crate::plan::model::{
    CalendarRow, Criterion, NextStep, Plan, Proof, Register, Section, Stage, Words,
};
use crate::plan::probes::Call;

/// A plan in the making.
pub struct Builder<'s> {
    plan: Plan,
    judge: Judge<'s>,
}

impl<'s> Builder<'s> {
    /// Starts from a plan.
    pub fn new(base: Plan, judge: Judge<'s>) -> Self {
        Self { plan: base, judge }
    }

    /// Lays a file over it.
    pub fn apply(&mut self, top: &Row<'_, '_>) {
        set(&mut self.plan.title, top.words("title"));
        set(&mut self.plan.overview, top.words("overview"));
        if let Some(start) = top.date("start") {
            self.plan.start = Some(start);
        }
        for (what, at) in top.texts("remove").unwrap_or_default() {
            if self.judge.is_full() {
                return;
            }
            self.remove(what, at);
        }
        if let Some(rows) = top.rows("goals") {
            self.plan.goals = rows.iter().filter_map(|r| self.heading(r)).collect();
        }
        for row in top.rows("stages").unwrap_or_default() {
            if self.judge.is_full() {
                return;
            }
            self.stage(&row);
        }
        for row in top.rows("registers").unwrap_or_default() {
            if self.judge.is_full() {
                return;
            }
            self.register(&row);
        }
        for row in top.rows("sections").unwrap_or_default() {
            if self.judge.is_full() {
                return;
            }
            self.section(&row);
        }
        for row in top.rows("criteria").unwrap_or_default() {
            if self.judge.is_full() {
                return;
            }
            self.criterion(&row);
        }
        if let Some(rows) = top.rows("calendar") {
            self.plan.calendar = rows.iter().filter_map(|r| self.calendar(r)).collect();
        }
        if let Some(rows) = top.rows("next_steps") {
            self.plan.next_steps = rows.iter().filter_map(|r| self.next_step(r)).collect();
        }
        self.plan.stages.order_by_key(|s| s.number);
    }

    /// The plan, or every mistake in it.
    pub fn finish(mut self) -> Result<Plan, Vec<Mistake>> {
        if self.judge.mistakes.is_empty() && self.plan.stages.is_empty() {
            self.note(
                0..0,
                "the plan has no stage",
                "[[stages]] with number and title, or extends = \"default\"",
            );
        }
        if self.judge.mistakes.is_empty() {
            Ok(self.plan)
        } else {
            Err(self.judge.told())
        }
    }

    fn note(&mut self, at: Range<usize>, what: impl Into<String>, expected: impl Into<String>) {
        self.judge.note(at, what, expected);
    }

    /// A string that must be there.
    fn need(&mut self, row: &Row<'_, '_>, name: &str, section: &str) -> Option<String> {
        let found = row.words(name);
        if found.is_none() {
            self.note(
                row.span(name),
                format!("[[{section}]] has no {name}"),
                format!("{name} = \"...\" in each new [[{section}]]"),
            );
        }
        found
    }

    fn heading(&mut self, row: &Row<'_, '_>) -> Option<Words> {
        Some(Words {
            title: self.need(row, "title", "goals")?,
            text: row.words("text").unwrap_or_default(),
        })
    }

    fn stage(&mut self, row: &Row<'_, '_>) {
        let Some(number) = row.number::<u8>("number") else {
            self.note(
                row.span("number"),
                "[[stages]] has no number",
                "number = 1 in each [[stages]]",
            );
            return;
        };
        if self.plan.stage(number).is_none() {
            let Some(title) = self.need(row, "title", "stages") else {
                return;
            };
            self.plan.stages.push(Stage {
                number,
                title,
                goal: String::new(),
                days: (1, 1),
                sections: Vec::new(),
                success: Vec::new(),
            });
        }
        let min = row.number::<u32>("min_days");
        let max = row.number::<u32>("max_days");
        let Some(stage) = self.plan.stages.iter_mut().find(|s| s.number == number) else {
            return;
        };
        set(&mut stage.title, row.words("title"));
        set(&mut stage.goal, row.words("goal"));
        stage.days.0 = min.unwrap_or(stage.days.0);
        stage.days.1 = max.unwrap_or(stage.days.1.max(stage.days.0));
        if stage.days.0 > stage.days.1 {
            let what = format!(
                "min_days {} is more than max_days {}",
                stage.days.0, stage.days.1
            );
            self.note(row.span("min_days"), what, "min_days <= max_days");
        }
    }

    fn register(&mut self, row: &Row<'_, '_>) {
        let Some(id) = self.need(row, "id", "registers") else {
            return;
        };
        if !id::is_register(&id) {
            self.note(
                row.span("id"),
                format!("\"{id}\" is no id of a register"),
                "one capital letter, such as \"R\"",
            );
            return;
        }
        if let Some(known) = self.plan.registers.iter_mut().find(|r| r.id == id) {
            set(&mut known.title, row.words("title"));
        } else if let Some(title) = self.need(row, "title", "registers") {
            self.plan.registers.push(Register {
                id,
                title,
                sections: Vec::new(),
            });
        }
    }

    fn section(&mut self, row: &Row<'_, '_>) {
        let Some(id) = self.need(row, "id", "sections") else {
            return;
        };
        let sections = match id::owner(&id) {
            None => {
                self.note(
                    row.span("id"),
                    format!("\"{id}\" is no id of a section"),
                    id::SECTION_ID,
                );
                return;
            }
            Some(Owner::Stage(n)) => self
                .plan
                .stages
                .iter_mut()
                .find(|s| s.number == n)
                .map(|s| &mut s.sections),
            Some(Owner::Register(r)) => self
                .plan
                .registers
                .iter_mut()
                .find(|x| x.id == r)
                .map(|x| &mut x.sections),
        };
        let Some(sections) = sections else {
            self.note(
                row.span("id"),
                format!("section {id} belongs to nothing in this plan"),
                "a [[stages]] or [[registers]] row for it first",
            );
            return;
        };
        if let Some(known) = sections.iter_mut().find(|s| s.id == id) {
            set(&mut known.title, row.words("title"));
            return;
        }
        let Some(title) = row.words("title") else {
            self.need(row, "title", "sections");
            return;
        };
        sections.push(Section {
            id,
            title,
            criteria: Vec::new(),
        });
    }

    fn criterion(&mut self, row: &Row<'_, '_>) {
        let Some(id) = self.need(row, "id", "criteria") else {
            return;
        };
        let Some(home) = id::home(&id) else {
            self.note(
                row.span("id"),
                format!("\"{id}\" is no id of a criterion"),
                id::CRITERION_ID,
            );
            return;
        };
        let proof = self.proof(row);
        let Some(list) = list_of(&mut self.plan, &home) else {
            let what = match home {
                Home::Section(s) => {
                    format!("criterion {id} is in section {s}, which the plan lacks")
                }
                Home::Success(n) => format!("criterion {id} is in stage {n}, which the plan lacks"),
            };
            self.note(
                row.span("id"),
                what,
                "a [[sections]] or [[stages]] row for it first",
            );
            return;
        };
        if let Some(known) = list.iter_mut().find(|c| c.id == id) {
            set(&mut known.title, row.words("title"));
            match proof {
                // New probes settle it anew; a future probe alone leaves the present ones.
                Some(p) if row.texts("probes").is_some() => known.proof = p,
                Some(p) => {
                    known.proof.future = p.future.or(known.proof.future.take());
                    known.proof.person = p.person.or(known.proof.person.take());
                }
                None => {}
            }
            return;
        }
        let Some(title) = row.words("title") else {
            self.need(row, "title", "criteria");
            return;
        };
        list.push(Criterion {
            id,
            title,
            proof: proof.unwrap_or_default(),
        });
    }

    /// What settles it, where the row says anything about that.
    fn proof(&mut self, row: &Row<'_, '_>) -> Option<Proof> {
        let texts = row.texts("probes");
        let future = row.words("future_probe");
        let person = row.words("person");
        if texts.is_none() && future.is_none() && person.is_none() {
            return None;
        }
        let mut calls = Vec::new();
        for (text, at) in texts.unwrap_or_default() {
            match Call::parse(text) {
                Ok(call) => calls.push(call),
                Err(wrong) => self.note(at, wrong.what, wrong.expected),
            }
        }
        Some(Proof {
            calls,
            future,
            person,
        })
    }

    fn calendar(&mut self, row: &Row<'_, '_>) -> Option<CalendarRow> {
        let title = self.need(row, "title", "calendar")?;
        let whole = |name| row.number::<u32>(name);
        let (Some(week), Some(from), Some(to)) = (whole("week"), whole("from"), whole("to")) else {
            self.note(
                row.span("week"),
                format!("[[calendar]] \"{title}\" has no week, from and to"),
                "week = 1, from = 1, to = 3",
            );
            return None;
        };
        if from > to {
            let what = format!("from {from} is after to {to}");
            self.note(row.span("from"), what, "from <= to");
        }
        let stage = row.number::<u8>("stage");
        if let Some(n) = stage.filter(|n| self.plan.stage(*n).is_none()) {
            let what = format!("the plan has no stage {n}");
            self.note(row.span("stage"), what, "the number of a stage");
        }
        Some(CalendarRow {
            week,
            from,
            to,
            title,
            stage,
            go_live: row.switch("go_live"),
        })
    }

    fn next_step(&mut self, row: &Row<'_, '_>) -> Option<NextStep> {
        // The nearest of all criteria is looked for, for each that there is not.
        if self.judge.is_full() {
            return None;
        }
        let title = self.need(row, "title", "next_steps")?;
        let criterion = self.need(row, "criterion", "next_steps")?;
        if !self.plan.criteria().any(|c| c.id == criterion) {
            let what = self.no_such(&criterion);
            self.note(row.span("criterion"), what, "the id of a criterion");
        }
        Some(NextStep {
            title,
            text: row.words("text").unwrap_or_default(),
            criterion,
        })
    }

    fn no_such(&self, id: &str) -> String {
        let hint = suggest(id, self.plan.criteria().map(|c| c.id.as_str()))
            .map(|n| format!("; did you mean \"{n}\"?"))
            .unwrap_or_default();
        format!("the plan has no criterion \"{}\"{hint}", inert(id))
    }

    fn remove(&mut self, what: &str, at: Range<usize>) {
        let before = size(&self.plan);
        let plan = &mut self.plan;
        plan.stages.retain(|s| s.number.to_string() != what);
        plan.registers.retain(|r| r.id != what);
        let sections = plan
            .stages
            .iter_mut()
            .map(|s| &mut s.sections)
            .chain(plan.registers.iter_mut().map(|r| &mut r.sections));
        for list in sections {
            list.retain(|s| s.id != what);
            for section in list {
                section.criteria.retain(|c| c.id != what);
            }
        }
        for stage in &mut plan.stages {
            stage.success.retain(|c| c.id != what);
        }
        if size(&self.plan) == before {
            let what = self.no_such(what);
            self.note(
                at,
                what,
                "the id of a criterion, section, stage or register",
            );
            return;
        }
        let (stages, plan) = (self.plan.stages.clone(), &mut self.plan);
        plan.calendar
            .retain(|r| r.stage.is_none_or(|n| stages.iter().any(|s| s.number == n)));
        let ids: Vec<String> = plan.criteria().map(|c| c.id.clone()).collect();
        plan.next_steps.retain(|s| ids.contains(&s.criterion));
    }
}

/// How many things a plan holds.
fn size(plan: &Plan) -> usize {
    let sections: usize = plan.stages.iter().map(|s| s.sections.len()).sum();
    let kept: usize = plan.registers.iter().map(|r| r.sections.len()).sum();
    plan.criteria().count() + sections + kept + plan.stages.len() + plan.registers.len()
}

fn list_of<'p>(plan: &'p mut Plan, home: &Home) -> Option<&'p mut Vec<Criterion>> {
    match home {
        Home::Success(n) => plan
            .stages
            .iter_mut()
            .find(|s| s.number == *n)
            .map(|s| &mut s.success),
        Home::Section(id) => plan
            .stages
            .iter_mut()
            .flat_map(|s| &mut s.sections)
            .chain(plan.registers.iter_mut().flat_map(|r| &mut r.sections))
            .find(|s| s.id == *id)
            .map(|s| &mut s.criteria),
    }
}

fn set(place: &mut String, value: Option<String>) {
    if let Some(value) = value {
        *place = value;
    }
}
