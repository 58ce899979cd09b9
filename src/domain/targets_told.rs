//! When the targets of each group were told of, since when none of them is healthy, and what failed since.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::problem::Problem;

/// How a group's targets were last told of.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupTold {
    /// When they were last read well (UTC).
    pub read: Timestamp,
    /// The first of the answers up to the last one that all said that none of them is healthy (UTC); `None`: some are, or there are none.
    pub none_since: Option<Timestamp>,
    /// Why the last question failed; `None`: it did not.
    pub failure: Option<Problem>,
}

/// The same of all groups that were told of, by ARN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetsTold {
    groups: BTreeMap<String, GroupTold>,
    newest: Option<Timestamp>,
}

impl TargetsTold {
    /// Of one group.
    pub fn of(&self, arn: &str) -> Option<&GroupTold> {
        self.groups.get(arn)
    }

    /// When any group was last read well (UTC).
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }
}

impl FromIterator<(String, GroupTold)> for TargetsTold {
    fn from_iter<I: IntoIterator<Item = (String, GroupTold)>>(all: I) -> Self {
        let groups: BTreeMap<String, GroupTold> = all.into_iter().collect();
        Self {
            newest: groups.values().map(|g| g.read).max(),
            groups,
        }
    }
}
