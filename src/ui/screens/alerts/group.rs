//! Alarms in groups: the members of a composite alarm under it, so that one trouble is one row. An alarm stands once, whoever names it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::alarm::{Alarm, AlarmState, Severity};
use crate::domain::order::Ordered;

/// Where an alarm stands in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// How far below a group it stands.
    pub depth: usize,
    /// What is known of its members, where it has any.
    pub group: Option<Group>,
    /// Whether the list is one of single alarms, in which nothing folds.
    pub flat: bool,
}

/// A composite alarm with its members, and theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Whether its members are shown.
    pub open: bool,
    /// Members below it.
    pub members: usize,
    /// Those of them that fire.
    pub firing: usize,
    /// The worst of what fires in it, itself included.
    pub severity: Option<Severity>,
}

/// Which alarm stands under which.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// The composite alarm that one stands under, by name.
    above: BTreeMap<String, String>,
    /// Alarms below a composite one, in the order of the list.
    below: BTreeMap<String, Vec<Arc<Alarm>>>,
    /// Those in ALARM by which the vendor scales quietly: no group is worse for them.
    quiet: BTreeSet<String>,
}

impl Groups {
    /// Of alarms in the order in which they are to be listed. `quiet`: whether nobody need look at one though it is in ALARM.
    pub fn of(all: &[Arc<Alarm>], quiet: impl Fn(&Alarm) -> bool) -> Self {
        let in_alarm = all.iter().filter(|a| a.state == AlarmState::Alarm);
        let quiet = in_alarm.filter(|a| quiet(a)).map(|a| a.name.clone());
        let mut groups = Self {
            quiet: quiet.collect(),
            ..Self::default()
        };
        let place: BTreeMap<&str, usize> = all
            .iter()
            .enumerate()
            .map(|(n, a)| (a.name.as_str(), n))
            .collect();
        for composite in all.iter().filter(|a| a.is_composite()) {
            // As they stand in the list, whichever is named first.
            let named = composite.made_of();
            let known = named.filter_map(|name| place.get(name).copied());
            let known: BTreeSet<usize> = known.collect();
            for member in known.into_iter().filter_map(|n| all.get(n)) {
                let taken = groups.above.contains_key(&member.name);
                // Two rules may name each other: nothing stands below itself.
                if !taken && !groups.stands_under(&composite.name, &member.name) {
                    let name = composite.name.clone();
                    groups.above.insert(member.name.clone(), name);
                }
            }
        }
        for alarm in all {
            if let Some(above) = groups.above.get(&alarm.name) {
                let below = groups.below.entry(above.clone()).or_default();
                below.push(alarm.clone());
            }
        }
        groups
    }

    /// Whether an alarm is another one, or stands somewhere under it.
    fn stands_under(&self, name: &str, other: &str) -> bool {
        let mut at = Some(name);
        while let Some(name) = at {
            if name == other {
                return true;
            }
            at = self.above.get(name).map(String::as_str);
        }
        false
    }

    /// The groups around an alarm, the nearest first.
    pub fn around(&self, name: &str) -> Vec<String> {
        let mut all = Vec::new();
        let mut at = name;
        while let Some(above) = self.above.get(at) {
            all.push(above.clone());
            at = above;
        }
        all
    }

    /// Everything below an alarm.
    fn within(&self, name: &str) -> Vec<&Arc<Alarm>> {
        let mut all: Vec<&Arc<Alarm>> = self.below.get(name).into_iter().flatten().collect();
        let mut next = 0;
        while let Some(alarm) = all.get(next) {
            all.extend(self.below.get(&alarm.name).into_iter().flatten());
            next += 1;
        }
        all
    }

    /// Whether it is shown open as long as nobody says otherwise: a composite alarm that is quieter than one of its members does not
    /// stand for it.
    fn opens_by_itself(&self, alarm: &Alarm) -> bool {
        let mut within = self.within(&alarm.name).into_iter();
        within.any(|m| !self.quiet.contains(&m.name) && m.state < alarm.state)
    }

    /// Whether the members of a group are shown.
    pub fn is_open(&self, alarm: &Alarm, said: &BTreeMap<String, bool>) -> bool {
        let said = said.get(&alarm.name).copied();
        said.unwrap_or_else(|| self.opens_by_itself(alarm))
    }

    /// Every group.
    pub fn heads<'a>(&self, all: &'a [Arc<Alarm>]) -> Vec<&'a Arc<Alarm>> {
        let heads = all.iter().filter(|a| self.below.contains_key(&a.name));
        heads.collect()
    }

    /// The rows: each group where `rank` says, its members after it where it is open.
    pub fn rows(
        &self,
        all: &[Arc<Alarm>],
        said: &BTreeMap<String, bool>,
        by_worst: bool,
        reverse: bool,
    ) -> Vec<(Arc<Alarm>, Place)> {
        let place: BTreeMap<&str, usize> = all
            .iter()
            .enumerate()
            .map(|(n, a)| (a.name.as_str(), n))
            .collect();
        let at = |a: &Alarm| place.get(a.name.as_str()).copied().unwrap_or(usize::MAX);
        let rank = |a: &Arc<Alarm>| match by_worst {
            true => {
                let within = self.within(&a.name).into_iter().map(|m| at(m));
                within.chain([at(a)]).min().unwrap_or(usize::MAX)
            }
            false => at(a),
        };
        let roots = all.iter().filter(|a| !self.above.contains_key(&a.name));
        let mut roots: Vec<&Arc<Alarm>> = roots.collect();
        roots.order_by_key(|a| rank(a));
        if reverse {
            roots.reverse();
        }
        let mut rows = Vec::new();
        for root in roots {
            self.put(root, 0, said, reverse, &mut rows);
        }
        rows
    }

    /// An alarm in a list of single ones: of its members no row, but how many fire.
    pub fn alone(&self, alarm: &Arc<Alarm>) -> Place {
        let has_members = self.below.contains_key(&alarm.name);
        Place {
            depth: 0,
            group: has_members.then(|| self.group(alarm, &BTreeMap::new())),
            flat: true,
        }
    }

    fn put(
        &self,
        alarm: &Arc<Alarm>,
        depth: usize,
        said: &BTreeMap<String, bool>,
        reverse: bool,
        rows: &mut Vec<(Arc<Alarm>, Place)>,
    ) {
        let below = self.below.get(&alarm.name);
        let group = below.map(|_| self.group(alarm, said));
        let flat = false;
        rows.push((alarm.clone(), Place { depth, group, flat }));
        if group.is_some_and(|g| g.open) {
            let mut members: Vec<&Arc<Alarm>> = below.into_iter().flatten().collect();
            if reverse {
                members.reverse();
            }
            for member in members {
                self.put(member, depth + 1, said, reverse, rows);
            }
        }
    }

    fn group(&self, alarm: &Arc<Alarm>, said: &BTreeMap<String, bool>) -> Group {
        let within = self.within(&alarm.name);
        let fires =
            |a: &&&Arc<Alarm>| a.state == AlarmState::Alarm && !self.quiet.contains(&a.name);
        let firing: Vec<&&Arc<Alarm>> = within.iter().filter(fires).collect();
        let worst = firing.iter().map(|a| a.severity);
        let own = (alarm.state == AlarmState::Alarm).then_some(alarm.severity);
        Group {
            open: self.is_open(alarm, said),
            members: within.len(),
            firing: firing.len(),
            severity: worst.chain(own).min(),
        }
    }
}
