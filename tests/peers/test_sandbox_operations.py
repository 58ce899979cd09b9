"""Every operation that the sandbox serves and no other test calls, by boto3, and every reading one by the AWS CLI. Reads
FLIGHTDECK_SANDBOX_ENDPOINT."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import boto3
import jmespath
from botocore.config import Config
from botocore.exceptions import ClientError
from harness import served

ENDPOINT = os.environ["FLIGHTDECK_SANDBOX_ENDPOINT"]
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
ACCOUNT = "123456789012"
CLUSTER = "laser-prod"
DAY = timedelta(days=1)


def client(name):
    return boto3.client(name, endpoint_url=ENDPOINT, region_name=REGION, config=Config(retries={"max_attempts": 1}, read_timeout=10))


def until(what, condition, seconds=60):
    """Waits for a condition; the sandbox's clock is what is waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("never: " + what)


def now():
    return datetime.now(timezone.utc)


def code(call, **given):
    """The code that a call is refused with."""
    try:
        call(**given)
    except ClientError as why:
        return why.response["Error"]["Code"]
    raise AssertionError(f"{call} {given} was not refused")


class OnlyHere(unittest.TestCase):
    """Operations that nothing else calls, each with its effect read back."""

    def test_a_task_that_is_stopped_is_replaced_and_says_why(self):
        ecs = client("ecs")
        def running():
            return set(ecs.list_tasks(cluster=CLUSTER, serviceName="calculator")["taskArns"])
        task = min(until("tasks run", running))
        told = ecs.stop_task(cluster=CLUSTER, task=task, reason="by hand")["task"]
        self.assertEqual((told["taskArn"], told["desiredStatus"], told["stoppedReason"]), (task, "STOPPED", "by hand"))
        until("it has stopped", lambda: ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"][0]["lastStatus"] == "STOPPED")
        count = ecs.describe_services(cluster=CLUSTER, services=["calculator"])["services"][0]["desiredCount"]
        until("another one runs", lambda: task not in running() and len(running()) == count)
        self.assertEqual(code(ecs.stop_task, cluster=CLUSTER, task="0123456789abcdef0123456789abcdef"), "InvalidParameterException")

    def test_a_revision_that_is_deregistered_is_inactive(self):
        ecs = client("ecs")
        made = ecs.register_task_definition(family="peer-left", containerDefinitions=[{"name": "one", "image": "one:1", "memory": 64}])["taskDefinition"]
        arn = made["taskDefinitionArn"]
        self.assertEqual(ecs.list_task_definitions(familyPrefix="peer-left")["taskDefinitionArns"], [arn])
        self.assertEqual(ecs.deregister_task_definition(taskDefinition=arn)["taskDefinition"]["status"], "INACTIVE")
        self.assertEqual(ecs.list_task_definitions(familyPrefix="peer-left")["taskDefinitionArns"], [])
        self.assertEqual(ecs.list_task_definitions(familyPrefix="peer-left", status="INACTIVE")["taskDefinitionArns"], [arn])
        self.assertEqual(ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["status"], "INACTIVE")

    def test_a_secret_takes_a_value_and_is_rotated(self):
        secrets = client("secretsmanager")
        made = secrets.create_secret(Name="peer/alone", SecretString="first")
        self.assertEqual(secrets.describe_secret(SecretId=made["ARN"])["RotationEnabled"], False)
        before = secrets.describe_secret(SecretId="peer/alone")["LastChangedDate"]
        secrets.put_secret_value(SecretId="peer/alone", SecretString="second")
        self.assertEqual(secrets.get_secret_value(SecretId="peer/alone")["SecretString"], "second")
        self.assertGreater(secrets.describe_secret(SecretId="peer/alone")["LastChangedDate"], before)
        secrets.rotate_secret(SecretId="peer/alone", RotationRules={"AutomaticallyAfterDays": 30})
        told = secrets.describe_secret(SecretId="peer/alone")
        self.assertEqual((told["RotationEnabled"], told["RotationRules"]), (True, {"AutomaticallyAfterDays": 30}))
        self.assertEqual(told["NextRotationDate"] - told["LastRotatedDate"], 30 * DAY)
        self.assertNotEqual(secrets.get_secret_value(SecretId="peer/alone")["SecretString"], "second")
        for call in (secrets.describe_secret, secrets.rotate_secret):
            self.assertEqual(code(call, SecretId="peer/none"), "ResourceNotFoundException")
        self.assertEqual(code(secrets.put_secret_value, SecretId="peer/none", SecretString="x"), "ResourceNotFoundException")

    def test_a_replica_that_is_promoted_stands_alone(self):
        rds = client("rds")
        def one(name="laser-prod-db-replica"):
            return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        self.assertEqual(code(rds.promote_read_replica, DBInstanceIdentifier="laser-staging-db"), "InvalidDBInstanceState")
        self.assertEqual(one()["ReadReplicaSourceDBInstanceIdentifier"], "laser-prod-db")
        rds.promote_read_replica(DBInstanceIdentifier="laser-prod-db-replica")
        until("it is available", lambda: one()["DBInstanceStatus"] == "available" and "ReadReplicaSourceDBInstanceIdentifier" not in one())
        self.assertEqual((one()["BackupRetentionPeriod"], one().get("StatusInfos", [])), (1, []))
        self.assertEqual(one("laser-prod-db")["ReadReplicaDBInstanceIdentifiers"], [])

    def test_queries_are_listed_and_one_that_ended_cannot_be_stopped(self):
        logs = client("logs")
        logs.create_log_group(logGroupName="/peer/alone")
        ask = dict(logGroupName="/peer/alone", startTime=0, endTime=int(time.time()), queryString="fields @message")
        id = logs.start_query(**ask)["queryId"]
        (told,) = logs.describe_queries(logGroupName="/peer/alone")["queries"]
        self.assertEqual((told["queryId"], told["queryString"], told["status"], told["logGroupName"]), (id, "fields @message", "Complete", "/peer/alone"))
        self.assertEqual(logs.describe_queries(logGroupName="/peer/alone", status="Running")["queries"], [])
        self.assertEqual(code(logs.stop_query, queryId=id), "InvalidParameterException")
        self.assertEqual(code(logs.stop_query, queryId="none"), "ResourceNotFoundException")

    def test_groups_and_streams_are_tagged_kept_and_forgotten(self):
        logs = client("logs")
        logs.create_log_group(logGroupName="/peer/tags", tags={"team": "x"})
        def group():
            return logs.describe_log_groups(logGroupNamePrefix="/peer/tags")["logGroups"][0]
        arn = group()["logGroupArn"]
        logs.tag_resource(resourceArn=arn, tags={"tier": "1"})
        self.assertEqual(logs.list_tags_for_resource(resourceArn=arn)["tags"], {"team": "x", "tier": "1"})
        logs.untag_resource(resourceArn=arn, tagKeys=["team"])
        self.assertEqual(logs.list_tags_for_resource(resourceArn=arn)["tags"], {"tier": "1"})
        logs.put_retention_policy(logGroupName="/peer/tags", retentionInDays=30)
        self.assertEqual(group()["retentionInDays"], 30)
        logs.delete_retention_policy(logGroupName="/peer/tags")
        self.assertNotIn("retentionInDays", group())

    def test_a_stack_s_resources_are_told_at_once_and_by_what_they_made(self):
        cloudformation = client("cloudformation")
        listed = cloudformation.list_stack_resources(StackName="laser-prod-storage")["StackResourceSummaries"]
        told = cloudformation.describe_stack_resources(StackName="laser-prod-storage")["StackResources"]
        self.assertEqual({(r["LogicalResourceId"], r["PhysicalResourceId"]) for r in told}, {(r["LogicalResourceId"], r["PhysicalResourceId"]) for r in listed})
        self.assertEqual({r["StackName"] for r in told}, {"laser-prod-storage"})
        self.assertEqual(code(cloudformation.describe_stack_resources, StackName="nowhere"), "ValidationError")

    def test_what_has_no_tags_no_shield_and_no_cache_of_others(self):
        balancers = client("elbv2")
        arn = balancers.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        self.assertEqual(balancers.describe_tags(ResourceArns=[arn])["TagDescriptions"], [])
        self.assertEqual(code(client("shield").list_protections), "ResourceNotFoundException")
        self.assertEqual(client("ecr").describe_pull_through_cache_rules()["pullThroughCacheRules"], [])

    def test_a_bucket_s_encryption_and_ownership_are_taken_away(self):
        s3 = client("s3")
        s3.create_bucket(Bucket="peer-bare")
        s3.put_bucket_encryption(Bucket="peer-bare", ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]})
        self.assertIn("aws:kms", str(s3.get_bucket_encryption(Bucket="peer-bare")))
        s3.delete_bucket_encryption(Bucket="peer-bare")
        try:
            self.assertNotIn("aws:kms", str(s3.get_bucket_encryption(Bucket="peer-bare")))
        except ClientError as why:
            # AWS falls back to a key of S3's own; here nothing is left.
            self.assertEqual(why.response["Error"]["Code"], "ServerSideEncryptionConfigurationNotFoundError")
        s3.delete_bucket_ownership_controls(Bucket="peer-bare")
        self.assertEqual(code(s3.get_bucket_ownership_controls, Bucket="peer-bare"), "OwnershipControlsNotFoundError")

    def test_a_policy_of_scaling_is_deleted_with_its_alarms(self):
        scaling, cloudwatch = client("application-autoscaling"), client("cloudwatch")
        of = dict(ServiceNamespace="ecs", ResourceId=f"service/{CLUSTER}/admin", ScalableDimension="ecs:service:DesiredCount")
        scaling.register_scalable_target(MinCapacity=1, MaxCapacity=9, **of)
        self.addCleanup(scaling.deregister_scalable_target, **of)
        made = scaling.put_scaling_policy(PolicyName="peer", PolicyType="TargetTrackingScaling", **of, TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}})
        alarms = [a["AlarmName"] for a in made["Alarms"]]
        def policies():
            return [p["PolicyName"] for p in scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=of["ResourceId"])["ScalingPolicies"]]
        def there():
            return {a["AlarmName"] for a in cloudwatch.describe_alarms(AlarmNames=alarms)["MetricAlarms"]}
        self.assertEqual((policies(), there()), (["peer"], set(alarms)))
        scaling.delete_scaling_policy(PolicyName="peer", **of)
        self.assertEqual((policies(), there()), ([], set()))
        self.assertEqual(code(scaling.delete_scaling_policy, PolicyName="peer", **of), "ObjectNotFoundException")

    def test_alarms_are_muted_for_a_while(self):
        cloudwatch = client("cloudwatch")
        alarm = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmName"]
        rule = dict(Name="peer-alone", Description="a night's work", MuteTargets={"AlarmNames": [alarm]})
        def put(at, **more):
            cloudwatch.put_alarm_mute_rule(**rule, **more, Rule={"Schedule": {"Expression": f"at({at:%Y-%m-%dT%H:%M})", "Duration": "PT2H"}})
        put(now() - timedelta(hours=1))
        told = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="peer-alone")
        self.assertEqual((told["Status"], told["Description"], told["MuteTargets"]["AlarmNames"]), ("ACTIVE", "a night's work", [alarm]))
        self.assertEqual((told["Rule"]["Schedule"]["Duration"], told["MuteType"]), ("PT2H", "ONE_TIME"))
        def listed(**asked):
            return [s["AlarmMuteRuleArn"].rsplit(":", 1)[1] for s in cloudwatch.list_alarm_mute_rules(**asked)["AlarmMuteRuleSummaries"]]
        self.assertEqual(listed(AlarmName=alarm, Statuses=["ACTIVE"]), ["peer-alone"])
        put(now() + DAY)
        self.assertEqual((listed(AlarmName=alarm, Statuses=["ACTIVE"]), listed(AlarmName=alarm, Statuses=["SCHEDULED"])), ([], ["peer-alone"]))
        cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="peer-alone")
        self.assertEqual(listed(AlarmName=alarm), [])
        self.assertEqual(code(cloudwatch.get_alarm_mute_rule, AlarmMuteRuleName="peer-alone"), "ResourceNotFoundException")


class Refused(str):
    """The code that a row's call is refused with."""


def words_of(service, *words):
    """The words of the AWS CLI for a call of a service, and its surroundings."""
    more = {**os.environ, "AWS_PAGER": ""}  # Version 2 would page; version 1 knows no option against it.
    endpoint = ENDPOINT
    if service == "s3control":
        # The CLI puts the account before the host, so it is told that the sandbox is the way to every host.
        endpoint = "http://sandbox.invalid"
        more.update(HTTP_PROXY=ENDPOINT, http_proxy=ENDPOINT, NO_PROXY="", no_proxy="")
    return ["--endpoint-url", endpoint, "--region", REGION, "--output", "json", {"s3": "s3api"}.get(service, service), *words], more


def answer(code, out, err):
    """What a call came to: its answer, or what it is refused with."""
    if code:
        named = re.search(r"An error occurred \((\w+)\)", err)
        return Refused(named[1] if named else err)
    return json.loads(out) if out.strip() else None


def aws(service, *words):
    """One call of the AWS CLI."""
    served.CALLED.add((service, served.operation(service, words[0])))
    words, more = words_of(service, *words)
    done = subprocess.run(["aws", *words], capture_output=True, text=True, timeout=60, env=more)
    return answer(done.returncode, done.stdout, done.stderr)


def aws_each(service, calls):
    """Several calls of one service by the AWS CLI, which begins but once."""
    served.CALLED.update((service, served.operation(service, words[0])) for words in calls)
    given = [words_of(service, *words) for words in calls]
    script = os.path.join(os.path.dirname(served.__file__), "many_calls.py")
    # Without the script's own folder among the modules: its `platform` is another than Python's.
    done = subprocess.run([sys.executable, "-P", script], input=json.dumps([words for words, _ in given]), capture_output=True, text=True, timeout=120, env=given[0][1])
    return [answer(*one) for one in json.loads(done.stdout)] if done.returncode == 0 else [Refused(done.stderr)] * len(calls)


TEMPLATE = {"Description": "Of the CLI", "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "cli"}}}}
OTHER = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/cli"}}}}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})

#: Every operation that reads, once: service, words of the CLI (with `{names}` of what exists), what to look for in the answer (JMESPath), and
#: what is found there. A name in braces that the whole of an expectation is stands for that thing.
READS = [
    ("sts", "get-caller-identity", "Account", ACCOUNT),
    ("ecs", "list-clusters", "length(clusterArns)", 3),
    ("ecs", "describe-clusters --clusters laser-prod", "clusters[0].activeServicesCount", 6),
    ("ecs", "list-services --cluster laser-prod", "length(serviceArns)", 6),
    ("ecs", "describe-services --cluster laser-prod --services admin", "services[0].[serviceName, status]", ["admin", "ACTIVE"]),
    ("ecs", "list-tasks --cluster laser-prod --service-name admin", "taskArns[?@ == '{task}'] | [0]", "{task}"),
    ("ecs", "describe-tasks --cluster laser-prod --tasks {task}", "tasks[0].taskArn", "{task}"),
    ("ecs", "list-task-definitions --family-prefix laser-prod-admin --sort DESC", "taskDefinitionArns[0]", "{definition}"),
    ("ecs", "describe-task-definition --task-definition laser-prod-admin", "taskDefinition.taskDefinitionArn", "{definition}"),
    ("ecs", "list-task-definition-families", "contains(families, 'laser-prod-admin')", True),
    ("ecs", "list-service-deployments --cluster laser-prod --service admin", "serviceDeployments[0].serviceDeploymentArn", "{deployment}"),
    ("ecs", "describe-service-deployments --service-deployment-arns {deployment}", "serviceDeployments[0].targetServiceRevision.arn", "{revision}"),
    ("ecs", "describe-service-revisions --service-revision-arns {revision}", "serviceRevisions[0].serviceRevisionArn", "{revision}"),
    ("ecs", "list-tags-for-resource --resource-arn {task}", "tags", []),
    ("elbv2", "describe-load-balancers", "LoadBalancers[].LoadBalancerArn", ["{balancer}"]),
    ("elbv2", "describe-target-groups", "length(TargetGroups)", 5),
    ("elbv2", "describe-target-health --target-group-arn {targets}", "length(TargetHealthDescriptions[?TargetHealth.State]) >= `2`", True),
    ("elbv2", "describe-listeners --load-balancer-arn {balancer}", "sort(Listeners[].Port)", [80, 443]),
    ("elbv2", "describe-rules --listener-arn {listener}", "length(Rules)", 5),
    ("elbv2", "describe-tags --resource-arns {balancer}", "TagDescriptions", []),
    ("cloudwatch", "describe-alarms --alarm-names cli", "MetricAlarms[].[AlarmName, StateReason]", [["cli", "by hand"]]),
    ("cloudwatch", "describe-alarms-for-metric --namespace Peer/cli --metric-name Load", "MetricAlarms[].AlarmName", ["cli"]),
    ("cloudwatch", "describe-alarm-history --alarm-name cli --history-item-type StateUpdate", "AlarmHistoryItems[0].HistorySummary", re.compile("to ALARM$")),
    ("cloudwatch", "get-alarm-mute-rule --alarm-mute-rule-name cli", "[Status, MuteTargets.AlarmNames]", ["SCHEDULED", ["cli"]]),
    ("cloudwatch", "list-alarm-mute-rules --alarm-name cli", "AlarmMuteRuleSummaries[].Status", ["SCHEDULED"]),
    ("cloudwatch", "get-dashboard --dashboard-name laser-business", "DashboardBody", re.compile('"widgets"')),
    ("cloudwatch", "list-dashboards", "contains(DashboardEntries[].DashboardName, 'laser-business')", True),
    ("cloudwatch", "get-metric-data --start-time {from} --end-time {to} --metric-data-queries {queries}", "MetricDataResults[].[Id, Values]", [["a", [7.0]]]),
    ("cloudwatch", "get-metric-statistics --namespace Peer/cli --metric-name Load --start-time {from} --end-time {to} --period 3600 --statistics Sum", "Datapoints[].Sum", [7.0]),
    ("cloudwatch", "list-metrics --namespace Peer/cli", "Metrics[].MetricName", ["Load"]),
    ("cloudwatch", "list-tags-for-resource --resource-arn {alarm}", "Tags", [{"Key": "team", "Value": "cli"}]),
    ("logs", "describe-log-groups --log-group-name-prefix /peer/cli", "logGroups[].[logGroupName, retentionInDays]", [["/peer/cli", 7]]),
    ("logs", "describe-log-streams --log-group-name /peer/cli", "logStreams[].logStreamName", ["one"]),
    ("logs", "get-log-events --log-group-name /peer/cli --log-stream-name one", "events[].message", ["hello cli", "good bye"]),
    ("logs", "filter-log-events --log-group-name /peer/cli --filter-pattern hello", "events[].message", ["hello cli"]),
    ("logs", "describe-queries --log-group-name /peer/cli", "queries[].queryId", ["{query}"]),
    ("logs", "get-query-results --query-id {query}", "[status, length(results)]", ["Complete", 2]),
    ("logs", "list-tags-for-resource --resource-arn {group}", "tags", {"team": "cli"}),
    ("secretsmanager", "list-secrets", "contains(SecretList[].Name, 'peer/cli')", True),
    ("secretsmanager", "describe-secret --secret-id peer/cli", "[Name, RotationEnabled]", ["peer/cli", False]),
    ("secretsmanager", "get-secret-value --secret-id peer/cli", "SecretString", "sesame"),
    ("secretsmanager", "get-resource-policy --secret-id peer/cli", "ResourcePolicy", POLICY),
    ("cloudformation", "describe-stacks --stack-name cli", "Stacks[].[StackStatus, Description]", [["CREATE_COMPLETE", "Of the CLI"]]),
    ("cloudformation", "list-stacks --stack-status-filter UPDATE_COMPLETE", "contains(StackSummaries[].StackName, 'laser-prod-app')", True),
    ("cloudformation", "list-stack-resources --stack-name cli", "StackResourceSummaries[].LogicalResourceId", ["Topic"]),
    ("cloudformation", "describe-stack-resources --stack-name cli", "StackResources[].ResourceType", ["AWS::SNS::Topic"]),
    ("cloudformation", "describe-stack-events --stack-name cli", "StackEvents[0].ResourceStatus", "CREATE_COMPLETE"),
    ("cloudformation", "get-template --stack-name cli", "TemplateBody.Description", "Of the CLI"),
    ("cloudformation", "validate-template --template-body {template}", "Description", "Of the CLI"),
    ("cloudformation", "describe-stack-drift-detection-status --stack-drift-detection-id {look}", "[DetectionStatus, StackDriftStatus]", ["DETECTION_COMPLETE", "DRIFTED"]),
    ("cloudformation", "describe-stack-resource-drifts --stack-name laser-prod-storage --stack-resource-drift-status-filters MODIFIED", "StackResourceDrifts[].PhysicalResourceId", ["laser-prod-uploads"]),
    ("cloudformation", "list-change-sets --stack-name cli", "Summaries[].ChangeSetName", ["next"]),
    ("cloudformation", "describe-change-set --stack-name cli --change-set-name next", "Changes[].ResourceChange.[Action, LogicalResourceId]", [["Add", "Logs"]]),
    ("sns", "list-topics", "contains(Topics[].TopicArn, '{topic}')", True),
    ("sns", "list-subscriptions", "Subscriptions[?TopicArn == '{topic}'].Endpoint", ["cli@laser.example"]),
    ("sns", "list-subscriptions-by-topic --topic-arn {topic}", "Subscriptions[].[Protocol, SubscriptionArn]", [["email", "PendingConfirmation"]]),
    ("sns", "get-topic-attributes --topic-arn {topic}", "Attributes.SubscriptionsPending", "1"),
    ("ecr", "describe-repositories", "contains(repositories[].repositoryName, 'laser/pdf-render')", True),
    ("ecr", "describe-images --repository-name laser/pdf-render --image-ids imageTag=0.9.5", "imageDetails[0].imageScanFindingsSummary.findingSeverityCounts.CRITICAL > `0`", True),
    ("ecr", "describe-image-scan-findings --repository-name laser/pdf-render --image-id imageTag=0.9.5", "contains(imageScanFindings.enhancedFindings[].severity, 'CRITICAL')", True),
    ("ecr", "describe-pull-through-cache-rules", "pullThroughCacheRules", []),
    ("rds", "describe-db-instances --db-instance-identifier laser-prod-db", "DBInstances[].[Engine, MultiAZ]", [["postgres", True]]),
    ("rds", "describe-db-clusters", "DBClusters[].DBClusterIdentifier", ["laser-analytics"]),
    ("rds", "describe-db-snapshots --db-instance-identifier laser-prod-db --snapshot-type automated", "length(DBSnapshots) >= `14`", True),
    ("rds", "describe-db-cluster-snapshots --db-cluster-identifier laser-analytics", "DBClusterSnapshots[0].DBClusterIdentifier", "laser-analytics"),
    ("rds", "describe-events --source-type db-instance --source-identifier laser-prod-db --duration 20160", "Events[0].SourceIdentifier", "laser-prod-db"),
    ("rds", "describe-db-instance-automated-backups --db-instance-identifier laser-prod-db", "DBInstanceAutomatedBackups[].Status", ["active"]),
    ("rds", "describe-pending-maintenance-actions", "PendingMaintenanceActions[].ResourceIdentifier", ["{replica}"]),
    ("rds", "describe-db-parameters --db-parameter-group-name {parameters} --filters Name=parameter-name,Values=rds.force_ssl", "Parameters[].ParameterValue", ["1"]),
    ("rds", "describe-db-cluster-parameters --db-cluster-parameter-group-name {cluster_parameters} --filters Name=parameter-name,Values=rds.force_ssl", "Parameters[].ParameterValue", ["1"]),
    ("rds", "list-tags-for-resource --resource-name {staging}", "TagList[?Key == 'environment'].Value", ["staging"]),
    ("pi", "describe-dimension-keys --service-type RDS --identifier {database} --start-time {from} --end-time {to} --metric db.load.avg --group-by Group=db.wait_event", "length(Keys) > `0`", True),
    ("pi", "get-resource-metrics --service-type RDS --identifier {database} --start-time {from} --end-time {to} --metric-queries Metric=db.load.avg", "[Identifier, MetricList[0].Key.Metric]", ["{database}", "db.load.avg"]),
    ("pi", "get-dimension-key-details --service-type RDS --identifier {database} --group db.sql --group-identifier {sql}", "Dimensions[0].Value", "{statement}"),
    ("ec2", "describe-vpcs", "Vpcs[].CidrBlock", ["10.0.0.0/16"]),
    ("ec2", "describe-subnets", "length(Subnets)", 9),
    ("ec2", "describe-route-tables", "contains(RouteTables[].Routes[].DestinationCidrBlock, '0.0.0.0/0')", True),
    ("ec2", "describe-network-acls", "NetworkAcls[0].Entries[?!Egress].RuleNumber", [100, 32767]),
    ("ec2", "describe-network-interfaces --filters Name=status,Values=in-use", "contains(NetworkInterfaces[].Groups[].GroupName, 'laser-prod-services')", True),
    ("ec2", "describe-security-groups --filters Name=group-name,Values=laser-prod-alb", "sort(SecurityGroups[0].IpPermissions[].FromPort)", [80, 443]),
    ("ec2", "describe-security-group-rules --filters Name=group-id,Values={alb}", "sort(SecurityGroupRules[?!IsEgress && CidrIpv4].FromPort)", [80, 443]),
    ("application-autoscaling", "describe-scalable-targets --service-namespace ecs --resource-ids service/laser-prod/api", "ScalableTargets[].[MinCapacity, MaxCapacity]", [[4, 12]]),
    ("application-autoscaling", "describe-scaling-policies --service-namespace ecs --resource-id service/laser-prod/api", "ScalingPolicies[].PolicyType", ["TargetTrackingScaling"]),
    ("application-autoscaling", "describe-scaling-activities --service-namespace ecs --resource-id service/laser-prod/api", "contains(ScalingActivities[].Description, 'Setting desired count to 8.')", True),
    ("ce", "get-cost-and-usage --time-period Start={yesterday},End={today} --granularity DAILY --metrics UnblendedCost", "ResultsByTime[].[TimePeriod.Start, Total.UnblendedCost.Unit]", [["{yesterday}", "USD"]]),
    ("ce", "get-cost-forecast --time-period Start={today},End={later} --metric UNBLENDED_COST --granularity DAILY", "length(ForecastResultsByTime)", 10),
    ("ce", "get-anomalies --date-interval StartDate={month}", "Anomalies[].DimensionValue", ["AmazonCloudWatch"]),
    ("ce", "get-anomaly-monitors", "length(AnomalyMonitors)", 1),
    ("iam", "get-account-authorization-details --filter User", "contains(UserDetailList[].UserName, 'ci-deployer')", True),
    ("iam", "get-credential-report", "ReportFormat", "text/csv"),
    ("wafv2", "list-web-acls --scope REGIONAL", "WebACLs[].ARN", ["{acl}"]),
    ("wafv2", "get-web-acl --scope REGIONAL --name laser-prod-api --id {acl_id}", "WebACL.Rules[?Statement.RateBasedStatement].Name", ["rate-limit"]),
    ("wafv2", "get-web-acl-for-resource --resource-arn {balancer}", "WebACL.ARN", "{acl}"),
    ("wafv2", "list-resources-for-web-acl --web-acl-arn {acl}", "ResourceArns", ["{balancer}"]),
    ("shield", "get-subscription-state", "SubscriptionState", "INACTIVE"),
    ("shield", "describe-subscription", "@", Refused("ResourceNotFoundException")),
    ("shield", "list-protections", "@", Refused("ResourceNotFoundException")),
    ("elasticache", "describe-replication-groups --replication-group-id laser-prod-redis", "ReplicationGroups[].AutomaticFailover", ["enabled"]),
    ("elasticache", "describe-cache-clusters --show-cache-node-info", "length(CacheClusters[].CacheNodes[])", 3),
    ("elasticache", "describe-events --duration 20160", "length(Events) > `0`", True),
    ("elasticache", "describe-snapshots --replication-group-id laser-prod-redis", "contains(Snapshots[].SnapshotName, 'cli')", True),
    ("elasticache", "describe-serverless-caches", "ServerlessCaches[].[ServerlessCacheName, Engine]", [["cli", "valkey"]]),
    ("elasticache", "describe-serverless-cache-snapshots --serverless-cache-name cli", "ServerlessCacheSnapshots", []),
    ("s3", "list-buckets", "contains(Buckets[].Name, 'cli')", True),
    ("s3", "head-bucket --bucket cli", "BucketRegion", "us-east-1"),
    ("s3", "get-bucket-acl --bucket cli", "Grants[].Permission", ["FULL_CONTROL"]),
    ("s3", "get-bucket-encryption --bucket cli", "ServerSideEncryptionConfiguration.Rules[].ApplyServerSideEncryptionByDefault.SSEAlgorithm", ["aws:kms"]),
    ("s3", "get-bucket-location --bucket laser-prod-assets-replica", "LocationConstraint", "eu-west-1"),
    ("s3", "get-bucket-ownership-controls --bucket cli", "OwnershipControls.Rules[].ObjectOwnership", ["BucketOwnerEnforced"]),
    ("s3", "get-bucket-policy --bucket cli", "Policy", POLICY),
    ("s3", "get-bucket-policy-status --bucket cli", "PolicyStatus.IsPublic", False),
    ("s3", "get-bucket-replication --bucket laser-prod-assets", "ReplicationConfiguration.Rules[].Status", ["Enabled"]),
    ("s3", "get-bucket-versioning --bucket cli", "Status", "Suspended"),
    ("s3", "get-public-access-block --bucket cli", "PublicAccessBlockConfiguration.BlockPublicAcls", True),
    ("s3", "list-objects-v2 --bucket cli", "Contents[].[Key, Size]", [["one.txt", 5]]),
    ("s3", "head-object --bucket cli --key nothing", "@", Refused("404")),
    ("s3", "get-object --bucket cli --key nothing {file}", "@", Refused("NoSuchKey")),
    ("s3control", "get-public-access-block --account-id 123456789012", "PublicAccessBlockConfiguration.[BlockPublicAcls, BlockPublicPolicy]", [True, False]),
    ("appconfig", "list-applications", "Items[].Id", ["{application}"]),
    ("appconfig", "get-application --application-id {application}", "Name", "laser"),
    ("appconfig", "list-environments --application-id {application}", "sort(Items[].Name)", ["development", "production", "staging"]),
    ("appconfig", "get-environment --application-id {application} --environment-id {environment}", "Name", "staging"),
    ("appconfig", "list-configuration-profiles --application-id {application}", "contains(Items[].Id, '{profile}')", True),
    ("appconfig", "get-configuration-profile --application-id {application} --configuration-profile-id {profile}", "Type", "AWS.AppConfig.FeatureFlags"),
    ("appconfig", "list-hosted-configuration-versions --application-id {application} --configuration-profile-id {profile}", "Items[?VersionNumber == `5`].VersionLabel", ["guests"]),
    ("appconfig", "get-hosted-configuration-version --application-id {application} --configuration-profile-id {profile} --version-number 5 {file}", "VersionLabel", "guests"),
    ("appconfig", "list-deployment-strategies", "Items[?Id == 'AppConfig.Canary10Percent20Minutes'].GrowthFactor", [10.0]),
    ("appconfig", "get-deployment-strategy --deployment-strategy-id AppConfig.Canary10Percent20Minutes", "GrowthType", "EXPONENTIAL"),
    ("appconfig", "list-deployments --application-id {application} --environment-id {environment}", "contains(Items[].DeploymentNumber, `1`)", True),
    ("appconfig", "get-deployment --application-id {application} --environment-id {environment} --deployment-number 1", "[DeploymentNumber, State]", [1, "COMPLETE"]),
    ("backup", "list-backup-vaults", "BackupVaultList[].BackupVaultName", ["laser-prod-daily"]),
    ("backup", "describe-backup-vault --backup-vault-name laser-prod-daily", "VaultState", "AVAILABLE"),
    ("backup", "list-recovery-points-by-backup-vault --backup-vault-name laser-prod-daily", "contains(RecoveryPoints[].RecoveryPointArn, '{point}')", True),
    ("backup", "list-recovery-points-by-resource --resource-arn {resource}", "contains(RecoveryPoints[].RecoveryPointArn, '{point}')", True),
    ("backup", "describe-recovery-point --backup-vault-name laser-prod-daily --recovery-point-arn {point}", "[Status, ResourceArn]", ["COMPLETED", "{resource}"]),
    ("backup", "list-protected-resources", "contains(Results[].ResourceArn, '{resource}')", True),
    ("backup", "list-backup-plans", "BackupPlansList[].BackupPlanId", ["{plan}"]),
    ("backup", "get-backup-plan --backup-plan-id {plan}", "BackupPlan.Rules[].RuleName", ["daily-and-copied"]),
    ("backup", "list-backup-jobs --by-resource-type RDS", "contains(BackupJobs[].BackupJobId, '{job}')", True),
    ("backup", "describe-backup-job --backup-job-id {job}", "[BackupJobId, State]", ["{job}", "COMPLETED"]),
    ("backup", "list-copy-jobs", "contains(CopyJobs[].CopyJobId, '{copy}')", True),
    ("backup", "describe-copy-job --copy-job-id {copy}", "CopyJob.CopyJobId", "{copy}"),
    ("backup", "list-restore-jobs", "contains(RestoreJobs[].RestoreJobId, '{restore}')", True),
    ("backup", "describe-restore-job --restore-job-id {restore}", "RestoreJobId", "{restore}"),
]

NAMED = re.compile(r"\{(\w+)\}")

#: How the names of operations that change nothing begin.
QUESTIONS = ("Describe", "List", "Get", "Head", "Filter", "Validate")


def told(rows):
    """What the rows ask for: (service, operation)."""
    return {(service, served.operation(service, words.partition(" ")[0])) for service, words, *_ in rows}


def made(folder):
    """Makes with boto3 what the rows read, and names it and what they read of the story."""
    ecs, balancers, cloudwatch, logs, cloudformation = (client(n) for n in ("ecs", "elbv2", "cloudwatch", "logs", "cloudformation"))
    rds, backup, s3, config, secrets, sns = (client(n) for n in ("rds", "backup", "s3", "appconfig", "secretsmanager", "sns"))
    start, names = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1), {}
    names.update({"from": start.isoformat(), "to": (start + timedelta(hours=2)).isoformat(), "file": os.path.join(folder, "body")})
    today = now().date()
    names.update(today=str(today), yesterday=str(today - DAY), later=str(today + 10 * DAY), month=str(today - 30 * DAY))

    names["look"] = cloudformation.detect_stack_drift(StackName="laser-prod-storage")["StackDriftDetectionId"]
    names["template"] = json.dumps(TEMPLATE)
    cloudformation.create_stack(StackName="cli", TemplateBody=json.dumps(TEMPLATE))
    until("the stack is made", lambda: cloudformation.describe_stacks(StackName="cli")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    cloudformation.create_change_set(StackName="cli", ChangeSetName="next", TemplateBody=json.dumps(OTHER))
    until("the change set is made", lambda: cloudformation.describe_change_set(StackName="cli", ChangeSetName="next")["Status"] == "CREATE_COMPLETE")
    until("the look ends", lambda: cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=names["look"])["DetectionStatus"] == "DETECTION_COMPLETE")

    names["task"] = ecs.list_tasks(cluster=CLUSTER, serviceName="admin")["taskArns"][0]
    names["definition"] = ecs.describe_task_definition(taskDefinition="laser-prod-admin")["taskDefinition"]["taskDefinitionArn"]
    names["deployment"] = ecs.list_service_deployments(cluster=CLUSTER, service="admin")["serviceDeployments"][0]["serviceDeploymentArn"]
    names["revision"] = ecs.describe_service_deployments(serviceDeploymentArns=[names["deployment"]])["serviceDeployments"][0]["targetServiceRevision"]["arn"]
    names["balancer"] = balancers.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    names["targets"] = balancers.describe_target_groups(Names=["tg-auth"])["TargetGroups"][0]["TargetGroupArn"]
    listeners = balancers.describe_listeners(LoadBalancerArn=names["balancer"])["Listeners"]
    names["listener"] = next(x["ListenerArn"] for x in listeners if x["Port"] == 443)

    cloudwatch.put_metric_data(Namespace="Peer/cli", MetricData=[{"MetricName": "Load", "Timestamp": start, "Value": 7.0}])
    cloudwatch.put_metric_alarm(AlarmName="cli", Namespace="Peer/cli", MetricName="Load", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=9.0,
                                ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore", Tags=[{"Key": "team", "Value": "cli"}])
    cloudwatch.set_alarm_state(AlarmName="cli", StateValue="ALARM", StateReason="by hand")
    names["alarm"] = cloudwatch.describe_alarms(AlarmNames=["cli"])["MetricAlarms"][0]["AlarmArn"]
    cloudwatch.put_alarm_mute_rule(Name="cli", MuteTargets={"AlarmNames": ["cli"]},
                                   Rule={"Schedule": {"Expression": f"at({now() + DAY:%Y-%m-%dT%H:%M})", "Duration": "PT1H"}})
    metric = {"Metric": {"Namespace": "Peer/cli", "MetricName": "Load"}, "Period": 3600, "Stat": "Sum"}
    names["queries"] = json.dumps([{"Id": "a", "MetricStat": metric}])

    logs.create_log_group(logGroupName="/peer/cli", tags={"team": "cli"})
    logs.put_retention_policy(logGroupName="/peer/cli", retentionInDays=7)
    logs.create_log_stream(logGroupName="/peer/cli", logStreamName="one")
    at = int(time.time() * 1000) - 5000
    logs.put_log_events(logGroupName="/peer/cli", logStreamName="one", logEvents=[{"timestamp": at + n, "message": m} for n, m in enumerate(("hello cli", "good bye"))])
    names["group"] = logs.describe_log_groups(logGroupNamePrefix="/peer/cli")["logGroups"][0]["logGroupArn"]
    names["query"] = logs.start_query(logGroupName="/peer/cli", startTime=at // 1000 - 60, endTime=at // 1000 + 60, queryString="fields @message")["queryId"]

    secrets.create_secret(Name="peer/cli", SecretString="sesame")
    secrets.put_resource_policy(SecretId="peer/cli", ResourcePolicy=POLICY)
    names["topic"] = sns.create_topic(Name="peer-cli")["TopicArn"]
    sns.subscribe(TopicArn=names["topic"], Protocol="email", Endpoint="cli@laser.example")
    client("iam").generate_credential_report()

    caches = client("elasticache")
    caches.create_snapshot(ReplicationGroupId="laser-prod-redis", SnapshotName="cli")
    caches.create_serverless_cache(ServerlessCacheName="cli", Engine="valkey")

    instances = {d["DBInstanceIdentifier"]: d for d in rds.describe_db_instances()["DBInstances"]}
    database = instances["laser-prod-db"]
    names.update(database=database["DbiResourceId"], parameters=database["DBParameterGroups"][0]["DBParameterGroupName"], resource=database["DBInstanceArn"])
    names.update(staging=instances["laser-staging-db"]["DBInstanceArn"], replica=instances["laser-prod-db-replica"]["DBInstanceArn"])
    names["cluster_parameters"] = rds.describe_db_clusters()["DBClusters"][0]["DBClusterParameterGroup"]
    ask = dict(ServiceType="RDS", Identifier=names["database"], StartTime=now() - timedelta(hours=1), EndTime=now(), Metric="db.load.avg")
    top = client("pi").describe_dimension_keys(**ask, GroupBy={"Group": "db.sql", "Limit": 1})["Keys"][0]["Dimensions"]
    names.update(sql=top["db.sql.id"], statement=top["db.sql.statement"])

    names["alb"] = client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": ["laser-prod-alb"]}])["SecurityGroups"][0]["GroupId"]
    acl = client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"][0]
    names.update(acl=acl["ARN"], acl_id=acl["Id"])

    s3.create_bucket(Bucket="cli")
    s3.put_bucket_encryption(Bucket="cli", ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]})
    s3.put_bucket_versioning(Bucket="cli", VersioningConfiguration={"Status": "Suspended"})
    s3.put_bucket_policy(Bucket="cli", Policy=POLICY)
    s3.put_object(Bucket="cli", Key="one.txt", Body=b"12345")
    s3.put_object(Bucket="cli", Key="two.txt", Body=b"1")
    s3.delete_object(Bucket="cli", Key="two.txt")

    block = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=false"
    aws("s3control", "put-public-access-block", "--account-id", ACCOUNT, "--public-access-block-configuration", block)

    names["application"] = config.list_applications()["Items"][0]["Id"]
    environments = config.list_environments(ApplicationId=names["application"])["Items"]
    names["environment"] = next(e["Id"] for e in environments if e["Name"] == "staging")
    profiles = config.list_configuration_profiles(ApplicationId=names["application"])["Items"]
    names["profile"] = next(p["Id"] for p in profiles if p["Type"] == "AWS.AppConfig.FeatureFlags")

    names["plan"] = backup.list_backup_plans()["BackupPlansList"][0]["BackupPlanId"]
    done = next(j for j in backup.list_backup_jobs(ByState="COMPLETED", ByResourceType="RDS")["BackupJobs"])
    names.update(job=done["BackupJobId"], point=done["RecoveryPointArn"], copy=backup.list_copy_jobs()["CopyJobs"][0]["CopyJobId"])
    names["restore"] = backup.start_restore_job(RecoveryPointArn=names["point"], Metadata={"DBInstanceIdentifier": "peer-restored"},
                                                IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/laser-prod-backup", ResourceType="RDS")["RestoreJobId"]
    return names


def filled(thing, names):
    """An expectation with its names replaced."""
    if isinstance(thing, list):
        return [filled(one, names) for one in thing]
    return names.get(thing[1:-1], thing) if isinstance(thing, str) and not isinstance(thing, Refused) else thing


@unittest.skipUnless(shutil.which("aws"), "the AWS CLI is not installed")
class CommandLine(unittest.TestCase):
    """The AWS CLI asks everything, and changes one thing of every service that can be changed."""

    def test_every_operation_that_reads_has_its_row(self):
        served_reads = {(service, name) for service, name in served.served() if name.startswith(QUESTIONS)}
        self.assertEqual(served_reads - told(READS), set(), "served, and no row asks for it")
        self.assertEqual(told(READS) - served_reads, set(), "a row, and not served")
        self.assertEqual(len(READS), len(told(READS)), "two rows of one operation")

    def test_it_reads_everything(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        names = made(folder.name)

        def ask(service):
            # The words are cut first: what is filled in may have spaces.
            own = [shlex.split(words) for name, words, *_ in READS if name == service]
            return aws_each(service, [[NAMED.sub(lambda name: names[name[1]], word) for word in words] for words in own])

        services = list(dict.fromkeys(service for service, *_ in READS))
        with ThreadPoolExecutor(2) as several:
            answers = dict(zip(services, map(iter, several.map(ask, services))))
        for service, words, query, expected in READS:
            found, query = next(answers[service]), NAMED.sub(lambda name: names.get(name[1], name[0]), query)
            found = found if isinstance(found, Refused) else jmespath.search(query, found)
            with self.subTest(service=service, words=words):
                expected = filled(expected, names)
                if isinstance(expected, re.Pattern):
                    self.assertRegex(found, expected)
                else:
                    self.assertEqual((type(found) is Refused, found), (type(expected) is Refused, expected), query)

    def change(self, service, *words):
        """A change by the CLI, which must be taken."""
        taken = aws(service, *words)
        self.assertNotIsInstance(taken, Refused, f"{service} {words}: {taken}")
        return taken

    def test_it_changes_clusters_logs_and_metrics(self):
        made = self.change("ecs", "register-task-definition", "--family", "by-cli", "--container-definitions", '[{"name":"one","image":"one:1","memory":64}]')
        shown = client("ecs").describe_task_definition(taskDefinition="by-cli")["taskDefinition"]
        self.assertEqual((shown["taskDefinitionArn"], shown["containerDefinitions"][0]["image"]), (made["taskDefinition"]["taskDefinitionArn"], "one:1"))
        self.change("logs", "create-log-group", "--log-group-name", "/by/cli")
        self.assertEqual([g["logGroupName"] for g in client("logs").describe_log_groups(logGroupNamePrefix="/by/cli")["logGroups"]], ["/by/cli"])
        self.change("cloudwatch", "put-metric-data", "--namespace", "By/cli", "--metric-name", "Load", "--value", "7")
        self.assertEqual([m["MetricName"] for m in client("cloudwatch").list_metrics(Namespace="By/cli")["Metrics"]], ["Load"])
        of = ("--service-namespace", "ecs", "--scalable-dimension", "ecs:service:DesiredCount", "--resource-id", f"service/{CLUSTER}/pdf-render")
        self.change("application-autoscaling", "register-scalable-target", *of, "--min-capacity", "2", "--max-capacity", "7")
        shown = client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[of[-1]])["ScalableTargets"]
        self.assertEqual([(t["MinCapacity"], t["MaxCapacity"]) for t in shown], [(2, 7)])

    def test_it_changes_secrets_topics_stacks_and_rights(self):
        self.change("secretsmanager", "create-secret", "--name", "by/cli", "--secret-string", "sesame")
        self.assertEqual(client("secretsmanager").get_secret_value(SecretId="by/cli")["SecretString"], "sesame")
        arn = self.change("sns", "create-topic", "--name", "by-cli")["TopicArn"]
        self.assertEqual(client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["TopicArn"], arn)
        self.change("cloudformation", "create-stack", "--stack-name", "by-cli", "--template-body", json.dumps(TEMPLATE))
        stack = client("cloudformation").describe_stacks(StackName="by-cli")["Stacks"][0]
        self.assertIn(stack["StackStatus"], ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"))
        self.change("iam", "put-role-policy", "--role-name", "laser-prod-api", "--policy-name", "by-cli", "--policy-document",
                    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}')
        roles = client("iam").get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
        self.assertIn("by-cli", [p["PolicyName"] for r in roles if r["RoleName"] == "laser-prod-api" for p in r["RolePolicyList"]])
        group = client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": ["laser-prod-cache"]}])["SecurityGroups"][0]["GroupId"]
        self.change("ec2", "authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "6390", "--cidr", "198.51.100.0/24")
        shown = client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
        self.assertIn((6390, "198.51.100.0/24"), [(p["FromPort"], r["CidrIp"]) for p in shown for r in p["IpRanges"]])

    def test_it_changes_databases_caches_buckets_flags_and_backups(self):
        self.change("rds", "create-db-snapshot", "--db-snapshot-identifier", "by-cli", "--db-instance-identifier", "laser-staging-db")
        shown = client("rds").describe_db_snapshots(DBSnapshotIdentifier="by-cli")["DBSnapshots"]
        self.assertEqual([s["DBInstanceIdentifier"] for s in shown], ["laser-staging-db"])
        self.change("elasticache", "create-snapshot", "--replication-group-id", "laser-staging-redis", "--snapshot-name", "by-cli")
        shown = client("elasticache").describe_snapshots(SnapshotName="by-cli")["Snapshots"]
        self.assertEqual([s["ReplicationGroupId"] for s in shown], ["laser-staging-redis"])
        self.change("s3", "create-bucket", "--bucket", "by-cli")
        self.assertEqual(client("s3").head_bucket(Bucket="by-cli")["BucketRegion"], REGION)
        config = client("appconfig")
        application = config.list_applications()["Items"][0]["Id"]
        profile = next(p["Id"] for p in config.list_configuration_profiles(ApplicationId=application)["Items"] if p["Type"] == "AWS.Freeform")
        with tempfile.TemporaryDirectory() as folder:
            made = self.change("appconfig", "create-hosted-configuration-version", "--application-id", application, "--configuration-profile-id", profile,
                               "--content", '{"a": 1}', "--content-type", "application/json", os.path.join(folder, "body"))
        got = config.get_hosted_configuration_version(ApplicationId=application, ConfigurationProfileId=profile, VersionNumber=made["VersionNumber"])
        self.assertEqual(json.loads(got["Content"].read()), {"a": 1})
        job = self.change("backup", "start-backup-job", "--backup-vault-name", "laser-prod-daily", "--resource-arn", "arn:aws:s3:::laser-prod-uploads",
                          "--iam-role-arn", f"arn:aws:iam::{ACCOUNT}:role/laser-prod-backup")
        self.assertEqual(client("backup").describe_backup_job(BackupJobId=job["BackupJobId"])["ResourceArn"], "arn:aws:s3:::laser-prod-uploads")


if __name__ == "__main__":
    unittest.main()
