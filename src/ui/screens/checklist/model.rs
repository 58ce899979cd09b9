//! State of the checklist screen.

use std::collections::BTreeSet;

use super::row;
use crate::plan::checklist::{Checklist as Judged, CriterionStatus, RegisterStatus, StageStatus};
use crate::ui::fuzzy;
use crate::ui::screens::Cx;
use crate::ui::widgets::ListState;

/// Width from which the selection is shown in full beside the list; below, it has a few lines under the list.
pub(super) const WIDE: u16 = 120;

/// What names a row for good.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// A stage, by number.
    Stage(u8),
    /// Success criteria or a section of a stage.
    Section(u8, String),
    /// Risks, or success metrics.
    Register(String),
    /// A criterion, by id.
    Criterion(String),
}

impl Item {
    /// Its name in the breadcrumbs.
    pub(super) fn crumb(&self) -> String {
        match self {
            Self::Stage(number) | Self::Section(number, _) => format!("stage {number}"),
            Self::Register(id) | Self::Criterion(id) => id.clone(),
        }
    }

    /// Success criteria decide go-live, so they are open at first; what leads to them is folded.
    fn opens_by_itself(&self, list: &Judged) -> bool {
        match self {
            Self::Stage(_) => true,
            Self::Section(number, name) => list
                .stages
                .iter()
                .filter(|s| s.number == *number)
                .flat_map(|s| &s.criteria)
                .any(|c| c.success && &c.section == name),
            Self::Register(_) | Self::Criterion(_) => false,
        }
    }
}

/// The checklist screen.
#[derive(Debug, Default)]
pub struct Checklist {
    pub(super) items: Vec<Item>,
    pub(super) list: ListState<Item>,
    pub(super) filter: String,
    /// Groups that a person folded or unfolded.
    turned: BTreeSet<Item>,
    /// Only what is not ready.
    pub(super) unready: bool,
    /// What fills the screen: the evidence of a criterion, or a group with the timeline.
    pub(super) page: Option<Item>,
    /// First line of that page.
    pub(super) scroll: usize,
}

impl Checklist {
    pub(super) fn is_open(&self, item: &Item, list: &Judged) -> bool {
        item.opens_by_itself(list) != self.turned.contains(item)
    }

    /// Folds or unfolds a group.
    pub(super) fn turn(&mut self, item: &Item) {
        if !self.turned.remove(item) {
            self.turned.insert(item.clone());
        }
    }

    /// Folds every group, or opens every group where all of them are folded.
    pub(super) fn turn_all(&mut self, list: &Judged) {
        let groups = groups(list);
        let any_open = groups.iter().any(|g| self.is_open(g, list));
        for group in groups {
            if self.is_open(&group, list) == any_open {
                self.turn(&group);
            }
        }
    }

    /// The rows, as groups are folded and filters are set.
    pub(super) fn arrange(&mut self, cx: &Cx<'_>) {
        let list = &cx.snapshot.checklist;
        let shown = |c: &&CriterionStatus| !self.unready || !c.state.is_ready();
        if !self.filter.is_empty() {
            let all: Vec<&CriterionStatus> = list.criteria().filter(shown).collect();
            let name = |c: &&&CriterionStatus| format!("{} {} {}", c.id, c.title, c.section);
            let shown =
                |c: &&&CriterionStatus| format!("{} {}", row::criterion(c, cx).text(), c.section);
            self.items = fuzzy::sift(all.iter(), &self.filter, name, shown)
                .into_iter()
                .filter_map(|i| all.get(i))
                .map(|c| Item::Criterion(c.id.clone()))
                .collect();
            return;
        }
        let mut items = Vec::new();
        for stage in &list.stages {
            let group = Item::Stage(stage.number);
            let open = self.is_open(&group, list);
            items.push(group);
            for section in sections(stage).into_iter().filter(|_| open) {
                let of_it = || stage.criteria.iter().filter(|c| c.section == section);
                if of_it().filter(shown).count() == 0 {
                    continue;
                }
                let group = Item::Section(stage.number, section.to_owned());
                let open = self.is_open(&group, list);
                items.push(group);
                let criteria = of_it().filter(shown).filter(|_| open);
                items.extend(criteria.map(|c| Item::Criterion(c.id.clone())));
            }
        }
        for register in &list.registers {
            let group = Item::Register(register.id.clone());
            let open = self.is_open(&group, list);
            items.push(group);
            let criteria = register.criteria.iter().filter(shown).filter(|_| open);
            items.extend(criteria.map(|c| Item::Criterion(c.id.clone())));
        }
        self.items = items;
    }

    /// Opens whatever hides a criterion, and selects it.
    pub(super) fn reveal(&mut self, id: &str, list: &Judged) {
        let Some(c) = list.criterion(id) else {
            return;
        };
        let register = list
            .registers
            .iter()
            .find(|r| r.criteria.iter().any(|o| o.id == id));
        let around = match register {
            Some(r) => vec![Item::Register(r.id.clone())],
            None => vec![
                Item::Stage(c.stage),
                Item::Section(c.stage, c.section.clone()),
            ],
        };
        for group in around {
            if !self.is_open(&group, list) {
                self.turn(&group);
            }
        }
        self.list.select(Item::Criterion(id.to_owned()));
    }

    /// The row that commands are about.
    pub(super) fn current(&self) -> Option<&Item> {
        self.items.get(self.list.index())
    }

    /// The criterion that commands are about.
    pub(super) fn criterion<'a>(&self, cx: &Cx<'a>) -> Option<&'a CriterionStatus> {
        match self.page.as_ref().or_else(|| self.current())? {
            Item::Criterion(id) => cx.snapshot.checklist.criterion(id),
            _ => None,
        }
    }

    /// The group around the row that commands are about: itself, or the one that the criterion belongs to.
    pub(super) fn group(&self, cx: &Cx<'_>) -> Option<Item> {
        let at = self.list.index();
        match self.items.get(at)? {
            Item::Criterion(_) if !self.filter.is_empty() => None,
            Item::Criterion(_) => {
                let before = self.items.get(..at)?.iter().rev();
                let mut groups = before.filter(|i| !matches!(i, Item::Criterion(_)));
                groups.next().cloned()
            }
            group => Some(group.clone()),
        }
        .filter(|_| !cx.snapshot.checklist.stages.is_empty())
    }
}

/// Every criterion, in the order in which the screen lists them.
pub(super) fn listed(list: &Judged) -> Vec<&CriterionStatus> {
    let mut all = Vec::new();
    for stage in &list.stages {
        for section in sections(stage) {
            all.extend(stage.criteria.iter().filter(|c| c.section == section));
        }
    }
    all.extend(list.registers.iter().flat_map(|r| &r.criteria));
    all
}

/// Every group.
fn groups(list: &Judged) -> Vec<Item> {
    let mut all = Vec::new();
    for stage in &list.stages {
        all.push(Item::Stage(stage.number));
        let named = |s: &str| Item::Section(stage.number, s.to_owned());
        all.extend(sections(stage).into_iter().map(named));
    }
    let registers = list.registers.iter().map(|r| Item::Register(r.id.clone()));
    all.extend(registers);
    all
}

/// Sections of a stage: success criteria first, since they decide; then in the plan's order.
pub(super) fn sections(stage: &StageStatus) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let (success, rest): (Vec<_>, Vec<_>) = stage.criteria.iter().partition(|c| c.success);
    for c in success.into_iter().chain(rest) {
        if !names.contains(&c.section.as_str()) {
            names.push(&c.section);
        }
    }
    names
}

/// A stage by number.
pub(super) fn stage<'a>(cx: &Cx<'a>, number: u8) -> Option<&'a StageStatus> {
    let mut stages = cx.snapshot.checklist.stages.iter();
    stages.find(|s| s.number == number)
}

/// A register by id.
pub(super) fn register<'a>(cx: &Cx<'a>, id: &str) -> Option<&'a RegisterStatus> {
    let mut registers = cx.snapshot.checklist.registers.iter();
    registers.find(|r| r.id == id)
}
