//! What a face wants to know at all: a console everything, a command that asks once no more than it shows.

use super::topic::Topic;

/// What topics are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Who we are.
    Identity,
    /// Clusters and services.
    Services,
    /// Task definitions that services use.
    Definitions,
    /// Deployments, in more detail than services tell.
    Deployments,
    /// Target groups and the health of their targets.
    Targets,
    /// Alarms.
    Alarms,
    /// The common series and the promises.
    Measures,
    /// Names of dashboards.
    Dashboards,
    /// Log groups.
    LogGroups,
    /// What is seen from outside: HTTPS, TLS, DNS.
    Outside,
    /// Sign-offs, audit rows, the chain's verdict.
    Records,
    /// A system of the estate, by the name of its part.
    Part(&'static str),
}

impl Subject {
    /// Its name; that of a part of the estate is the part's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Services => "services",
            Self::Definitions => "definitions",
            Self::Deployments => "deployments",
            Self::Targets => "targets",
            Self::Alarms => "alarms",
            Self::Measures => "measures",
            Self::Dashboards => "dashboards",
            Self::LogGroups => "log_groups",
            Self::Outside => "outside",
            Self::Records => "records",
            Self::Part(name) => name,
        }
    }
}

/// The subjects that are wanted. What an interest asks for is wanted in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them, for as long as the face is there.
    Everything,
    /// All of them, for a face that goes as soon as it was answered.
    Once,
    /// These.
    Only(&'static [Subject]),
    /// These, by their names: what a view is made of.
    Named(&'static [&'static str]),
}

impl Scope {
    /// Whether a topic is to be asked about.
    pub fn covers(self, topic: &Topic) -> bool {
        match (self, subject(topic)) {
            (Self::Everything | Self::Once, _) | (_, None) => true,
            (Self::Only(subjects), Some(subject)) => subjects.contains(&subject),
            (Self::Named(names), Some(subject)) => names.contains(&subject.name()),
        }
    }
}

/// What a topic is about; `None` for those that only an interest asks for.
fn subject(topic: &Topic) -> Option<Subject> {
    Some(match topic {
        Topic::Identity => Subject::Identity,
        Topic::Inventory | Topic::Services | Topic::BusyServices => Subject::Services,
        Topic::TaskDefinitions => Subject::Definitions,
        Topic::Deployments(_) | Topic::RestingDeployments | Topic::Histories => {
            Subject::Deployments
        }
        Topic::TargetGroups | Topic::TargetHealth => Subject::Targets,
        Topic::Alarms => Subject::Alarms,
        Topic::Series | Topic::Trends | Topic::Slos => Subject::Measures,
        Topic::Dashboards | Topic::OwnDashboards => Subject::Dashboards,
        Topic::LogGroups | Topic::LogSamples => Subject::LogGroups,
        Topic::Https(_) | Topic::Tls(_) | Topic::Dns(_) | Topic::Guard(_) => Subject::Outside,
        Topic::Estate(part) => Subject::Part(part),
        Topic::Records => Subject::Records,
        Topic::Tasks(_)
        | Topic::Failure(_)
        | Topic::Revisions(_)
        | Topic::AlarmHistory(_)
        | Topic::Charts
        | Topic::Dashboard(_)
        | Topic::Board
        | Topic::BoardLogs
        | Topic::MetricNames
        | Topic::Logs => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A view that is made of others asks what they need.
    #[test]
    fn what_a_view_needs_is_somebody_s_subject() {
        use Subject::*;
        let subjects = [
            Identity,
            Services,
            Definitions,
            Deployments,
            Targets,
            Alarms,
            Measures,
            Dashboards,
            LogGroups,
            Outside,
            Records,
        ];
        let parts = crate::watch::estate::ROWS.iter().map(|row| row.part);
        let known: Vec<&str> = subjects
            .map(Subject::name)
            .into_iter()
            .chain(parts)
            .collect();
        for view in crate::present::VIEWS {
            for need in view.needs {
                assert!(known.contains(need), "{}: nobody asks {need}", view.id);
            }
        }
    }

    #[test]
    fn a_view_that_is_made_of_others_asks_what_each_of_them_needs() {
        let mut others = 0;
        for view in crate::present::VIEWS {
            for other in view.made_of() {
                others += 1;
                let missing: Vec<_> = other
                    .needs
                    .iter()
                    .filter(|need| !view.needs.contains(need))
                    .collect();
                assert!(
                    missing.is_empty(),
                    "{view:?} tells of {other:?}: {missing:?}"
                );
            }
        }
        assert!(others > 9, "those of the security page and of spending");
    }

    #[test]
    fn a_command_asks_what_it_shows_and_what_it_looks_at() {
        let scope = Scope::Only(&[Subject::Services]);
        assert!(scope.covers(&Topic::Inventory) && scope.covers(&Topic::Logs));
        assert!(!scope.covers(&Topic::Alarms));
        assert!(Scope::Everything.covers(&Topic::Alarms) && Scope::Once.covers(&Topic::Alarms));
    }
}
