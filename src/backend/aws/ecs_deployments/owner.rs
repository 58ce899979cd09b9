//! Whose a deployment is. What is stopped is the deployment of an ARN, whatever else an answer says of it: an answer that mixes services
//! up would have another one's stopped.

use aws_sdk_ecs::types::ServiceDeploymentBrief;

use crate::backend::aws::Question;
use crate::backend::aws::sound::about;
use crate::backend::transport::Line;
use crate::domain::problem::Problem;
use crate::domain::service::ServiceId;

/// Whether a deployment is of the service that was asked about, by the ARNs that are told of it: of its cluster, of its service, and its
/// own.
///
/// # Errors
/// `Malformed` where one of them says otherwise, or the first two are not told; the line is no longer well.
pub(super) fn check(
    line: &Line,
    question: Question,
    asked: &ServiceId,
    [cluster, service, own]: [Option<&str>; 3],
) -> Result<(), Problem> {
    about(line, question, &asked.cluster, cluster)?;
    about(line, question, &asked.name, service)?;
    if let Some((cluster, name)) = own.and_then(whose) {
        about(line, question, &asked.cluster, Some(cluster))?;
        about(line, question, &asked.name, Some(name))?;
    }
    Ok(())
}

/// The same of each that is listed, before anything is made of one: what the list says is all that is known of those that are not found.
///
/// # Errors
/// As of [`check`].
pub(super) fn check_briefs(
    line: &Line,
    question: Question,
    asked: &ServiceId,
    listed: &[ServiceDeploymentBrief],
) -> Result<(), Problem> {
    for b in listed {
        let said = [b.cluster_arn(), b.service_arn(), b.service_deployment_arn()];
        check(line, question, asked, said)?;
    }
    Ok(())
}

/// The cluster and the service that the ARN of a deployment names (`...:service-deployment/CLUSTER/SERVICE/ID`); `None` where it is of
/// another shape.
fn whose(arn: &str) -> Option<(&str, &str)> {
    let (_, path) = arn.split_once(":service-deployment/")?;
    let mut parts = path.split('/');
    let (cluster, service, _) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some((cluster, service))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::ProblemKind;

    fn arn(path: &str) -> String {
        format!("arn:aws:ecs:us-east-1:123456789012:service-deployment/{path}")
    }

    #[test]
    fn a_deployment_says_by_its_own_arn_whose_it_is() {
        assert_eq!(whose(&arn("prod/api/0a1b")), Some(("prod", "api")));
        for other in ["prod/0a1b", "prod/api/0a1b/x", "0a1b"] {
            assert_eq!(whose(&arn(other)), None, "{other}");
        }
        assert_eq!(whose("ecs-svc/0123"), None, "of rollouts alone");
    }

    #[test]
    fn what_is_listed_is_of_the_service_that_was_asked_about_or_nothing_is() {
        const LIST: Question = Question::new("ecs", "ListServiceDeployments", "list them");
        let line = Line::new("ecs", true, true);
        let asked = ServiceId {
            cluster: "staging".into(),
            name: "worker".into(),
        };
        let listed = |cluster: &str, service: &str, own: &str| {
            let brief = ServiceDeploymentBrief::builder()
                .cluster_arn(format!("arn:aws:ecs:r:1:cluster/{cluster}"))
                .service_arn(format!("arn:aws:ecs:r:1:service/{cluster}/{service}"));
            let brief = brief.service_deployment_arn(arn(own)).build();
            check_briefs(&line, LIST, &asked, &[brief])
        };
        assert_eq!(listed("staging", "worker", "staging/worker/1"), Ok(()));
        for (cluster, service, own) in [
            ("prod", "worker", "staging/worker/1"),
            ("staging", "api", "staging/worker/1"),
            ("staging", "worker", "prod/worker/1"),
            ("staging", "worker", "staging/api/1"),
        ] {
            let problem = listed(cluster, service, own).unwrap_err();
            assert_eq!(problem.kind, ProblemKind::Malformed, "{own}");
        }
    }
}
