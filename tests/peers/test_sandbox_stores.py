"""boto3 and the AWS CLI against the sandbox: S3, CloudFormation, SNS, ECR, Secrets Manager. Reads FLIGHTDECK_SANDBOX_ENDPOINT."""

import datetime
import json
import os
import shutil
import subprocess
import time
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["FLIGHTDECK_SANDBOX_ENDPOINT"]
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
SECOND = "eu-west-1"
ACCOUNT = "123456789012"


def client(name, region=REGION, **more):
    config = Config(retries={"max_attempts": 1}, read_timeout=10, s3={"addressing_style": "path"})
    return boto3.client(name, endpoint_url=ENDPOINT, region_name=region, config=config, **more)


def until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("never: " + what)


def age(moment):
    return (datetime.datetime.now(datetime.timezone.utc) - moment).total_seconds()


class Case(unittest.TestCase):
    def refused(self, code, call, **words):
        with self.assertRaises(ClientError) as caught:
            call(**words)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response


class Buckets(Case):
    s3 = client("s3")

    def test_buckets_and_their_regions(self):
        names = [b["Name"] for b in self.s3.list_buckets()["Buckets"]]
        self.assertIn("laser-prod-assets", names)
        self.assertEqual(names, sorted(names))
        self.assertEqual(self.s3.get_bucket_location(Bucket="laser-prod-assets").get("LocationConstraint"), None)
        self.assertEqual(self.s3.get_bucket_location(Bucket="laser-prod-assets-replica")["LocationConstraint"], SECOND)

    def test_pages_of_buckets_say_the_region(self):
        pages = list(self.s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 2}))
        self.assertGreater(len(pages), 2)
        regions = {b["Name"]: b["BucketRegion"] for p in pages for b in p["Buckets"]}
        self.assertEqual(regions["laser-prod-backups-replica"], SECOND)
        there = self.s3.list_buckets(BucketRegion=SECOND)["Buckets"]
        self.assertEqual({b["Name"] for b in there}, {n for n, r in regions.items() if r == SECOND})

    def test_what_protects_a_bucket(self):
        name = "laser-prod-assets"
        rule = self.s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "aws:kms")
        self.assertTrue(all(self.s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()))
        self.assertEqual(self.s3.get_bucket_versioning(Bucket=name)["Status"], "Enabled")
        copy = self.s3.get_bucket_replication(Bucket=name)["ReplicationConfiguration"]["Rules"][0]
        self.assertEqual((copy["Status"], copy["Destination"]["Bucket"]), ("Enabled", "arn:aws:s3:::laser-prod-assets-replica"))
        self.assertEqual(copy["Destination"]["Metrics"]["Status"], "Enabled", "a rule with a promised time has metrics")
        # What a policy denies to all opens nothing.
        self.assertFalse(self.s3.get_bucket_policy_status(Bucket=name)["PolicyStatus"]["IsPublic"])
        (denied,) = json.loads(self.s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
        self.assertEqual((denied["Effect"], denied["Condition"]), ("Deny", {"Bool": {"aws:SecureTransport": "false"}}))
        self.refused("ReplicationConfigurationNotFoundError", self.s3.get_bucket_replication, Bucket="laser-prod-uploads")

    def test_a_bucket_elsewhere_is_asked_where_it_is(self):
        # The client is told the right region by the refusal, and asks again.
        self.assertEqual(self.s3.get_bucket_versioning(Bucket="laser-prod-backups-replica")["Status"], "Enabled")
        there = client("s3", SECOND)
        self.assertEqual(there.head_bucket(Bucket="laser-prod-backups-replica")["BucketRegion"], SECOND)

    def test_objects_page_by_page(self):
        pages = list(self.s3.get_paginator("list_objects_v2").paginate(Bucket="laser-prod-uploads"))
        self.assertEqual([p["KeyCount"] for p in pages], [1000, 240])
        keys = [o["Key"] for p in pages for o in p["Contents"]]
        self.assertEqual(len(set(keys)), 1240)
        self.assertEqual(keys, sorted(keys))
        folders = self.s3.list_objects_v2(Bucket="laser-prod-assets", Prefix="static/", Delimiter="/")
        self.assertEqual([p["Prefix"] for p in folders["CommonPrefixes"]], ["static/css/", "static/js/", "static/svg/", "static/woff2/"])
        two = [p["Prefix"] for page in self.s3.get_paginator("list_objects_v2").paginate(
            Bucket="laser-prod-assets", Prefix="static/", Delimiter="/", PaginationConfig={"PageSize": 2}) for p in page["CommonPrefixes"]]
        self.assertEqual(two, [p["Prefix"] for p in folders["CommonPrefixes"]])

    def test_a_nightly_archive_is_there_and_copied(self):
        newest = [
            max(o["LastModified"] for o in client("s3", region).list_objects_v2(Bucket=name, Prefix="application/")["Contents"])
            for name, region in (("laser-prod-backups", REGION), ("laser-prod-backups-replica", SECOND))
        ]
        self.assertLess(age(newest[0]), 24 * 3600)
        self.assertEqual(newest[0], newest[1])

    def test_sizes_are_the_vendors_daily_metrics(self):
        total = sum(o["Size"] for p in self.s3.get_paginator("list_objects_v2").paginate(Bucket="laser-prod-uploads") for o in p["Contents"])
        now = datetime.datetime.now(datetime.timezone.utc)
        answer = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/S3", MetricName="BucketSizeBytes", StartTime=now - datetime.timedelta(days=2), EndTime=now, Period=86400, Statistics=["Average"],
            Dimensions=[{"Name": "BucketName", "Value": "laser-prod-uploads"}, {"Name": "StorageType", "Value": "StandardStorage"}])
        self.assertEqual({p["Average"] for p in answer["Datapoints"]}, {float(total)})

    def test_a_finding_can_be_mended(self):
        self.s3.create_bucket(Bucket="laser-prod-spare")
        self.addCleanup(self.s3.delete_bucket_replication, Bucket="laser-prod-spare")
        self.assertNotIn("Status", self.s3.get_bucket_versioning(Bucket="laser-prod-spare"))
        rules = {"Role": "arn:aws:iam::123456789012:role/r", "Rules": [
            {"ID": "one", "Priority": 1, "Filter": {"Prefix": ""}, "DeleteMarkerReplication": {"Status": "Disabled"}, "Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::laser-prod-backups-replica"}},
            {"ID": "two", "Priority": 2, "Filter": {"Prefix": "static/"}, "DeleteMarkerReplication": {"Status": "Disabled"}, "Status": "Disabled", "Destination": {"Bucket": "arn:aws:s3:::elsewhere"}}]}
        self.refused("InvalidRequest", self.s3.put_bucket_replication, Bucket="laser-prod-spare", ReplicationConfiguration=rules)
        self.s3.put_bucket_versioning(Bucket="laser-prod-spare", VersioningConfiguration={"Status": "Enabled"})
        self.s3.put_bucket_replication(Bucket="laser-prod-spare", ReplicationConfiguration=rules)
        told = self.s3.get_bucket_replication(Bucket="laser-prod-spare")["ReplicationConfiguration"]["Rules"]
        self.assertEqual([(r["ID"], r["Status"], r["Filter"]["Prefix"]) for r in told], [("one", "Enabled", ""), ("two", "Disabled", "static/")])
        self.s3.put_object(Bucket="laser-prod-spare", Key="a b/ü.txt", Body=b"0123456789")
        self.assertEqual([(o["Key"], o["Size"]) for o in self.s3.list_objects_v2(Bucket="laser-prod-spare")["Contents"]], [("a b/ü.txt", 10)])
        self.assertIn("a b/ü.txt", [o["Key"] for o in client("s3", SECOND).list_objects_v2(Bucket="laser-prod-backups-replica")["Contents"]])
        self.s3.delete_public_access_block(Bucket="laser-prod-spare")
        self.refused("NoSuchPublicAccessBlockConfiguration", self.s3.get_public_access_block, Bucket="laser-prod-spare")
        self.s3.put_bucket_policy(Bucket="laser-prod-spare", Policy=json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}))
        self.assertTrue(self.s3.get_bucket_policy_status(Bucket="laser-prod-spare")["PolicyStatus"]["IsPublic"])
        told = json.loads(self.s3.get_bucket_policy(Bucket="laser-prod-spare")["Policy"])
        self.assertEqual(told["Statement"][0]["Principal"], "*")
        self.refused("MalformedPolicy", self.s3.put_bucket_policy, Bucket="laser-prod-spare", Policy="none")
        self.s3.delete_bucket_policy(Bucket="laser-prod-spare")
        self.refused("NoSuchBucketPolicy", self.s3.get_bucket_policy, Bucket="laser-prod-spare")
        self.s3.put_public_access_block(Bucket="laser-prod-spare", PublicAccessBlockConfiguration={"BlockPublicAcls": True, "BlockPublicPolicy": False})
        self.assertEqual(self.s3.get_public_access_block(Bucket="laser-prod-spare")["PublicAccessBlockConfiguration"]["BlockPublicPolicy"], False)

    def test_the_account_has_a_block_of_its_own(self):
        control = client("s3control")
        # The client puts the account before the host, which is an address here.
        control.meta.events.register("before-send.s3-control", lambda request, **_: setattr(request, "url", request.url.replace(f"//{ACCOUNT}.", "//", 1)))
        asked = {"AccountId": ACCOUNT}
        self.refused("NoSuchPublicAccessBlockConfiguration", control.get_public_access_block, **asked)
        self.addCleanup(control.delete_public_access_block, **asked)
        some = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
        control.put_public_access_block(PublicAccessBlockConfiguration=some, **asked)
        self.assertEqual(control.get_public_access_block(**asked)["PublicAccessBlockConfiguration"], some)
        control.delete_public_access_block(**asked)
        self.refused("NoSuchPublicAccessBlockConfiguration", control.get_public_access_block, **asked)

    def test_an_access_list_lets_everybody_in_where_it_counts(self):
        name = "laser-prod-listed"
        self.s3.create_bucket(Bucket=name)
        alone = self.s3.get_bucket_acl(Bucket=name)
        self.assertEqual([g["Permission"] for g in alone["Grants"]], ["FULL_CONTROL"])
        self.assertEqual(alone["Grants"][0]["Grantee"]["ID"], alone["Owner"]["ID"])
        self.refused("AccessControlListNotSupported", self.s3.put_bucket_acl, Bucket=name, ACL="public-read")
        self.s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
        rules = self.s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        self.assertEqual(rules, [{"ObjectOwnership": "ObjectWriter"}])
        self.refused("AccessDenied", self.s3.put_bucket_acl, Bucket=name, ACL="public-read")
        self.s3.delete_public_access_block(Bucket=name)
        self.s3.put_bucket_acl(Bucket=name, ACL="public-read")
        groups = [(g["Grantee"]["URI"].rsplit("/")[-1], g["Permission"]) for g in self.s3.get_bucket_acl(Bucket=name)["Grants"] if g["Grantee"]["Type"] == "Group"]
        self.assertEqual(groups, [("AllUsers", "READ")])
        owner = {"Type": "CanonicalUser", "ID": alone["Owner"]["ID"]}
        signed_in = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}
        self.s3.put_bucket_acl(Bucket=name, AccessControlPolicy={"Owner": alone["Owner"], "Grants": [
            {"Grantee": owner, "Permission": "FULL_CONTROL"}, {"Grantee": signed_in, "Permission": "WRITE"}]})
        groups = [(g["Grantee"]["URI"].rsplit("/")[-1], g["Permission"]) for g in self.s3.get_bucket_acl(Bucket=name)["Grants"] if g["Grantee"]["Type"] == "Group"]
        self.assertEqual(groups, [("AuthenticatedUsers", "WRITE")])
        self.refused("InvalidBucketAclWithObjectOwnership", self.s3.put_bucket_ownership_controls, Bucket=name,
                     OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
        self.s3.put_bucket_acl(Bucket=name, ACL="private")
        self.assertEqual(len(self.s3.get_bucket_acl(Bucket=name)["Grants"]), 1)

    def test_errors_are_the_vendors(self):
        self.refused("NoSuchBucket", self.s3.get_bucket_versioning, Bucket="nowhere")
        self.refused("404", self.s3.head_bucket, Bucket="nowhere")
        self.refused("NoSuchKey", self.s3.get_object, Bucket="laser-prod-assets", Key="nothing")
        stranger = client("s3", aws_access_key_id="AKIASTRANGER", aws_secret_access_key="x")
        self.refused("InvalidAccessKeyId", stranger.list_buckets)


TEMPLATE = {
    "Description": "A test",
    "Parameters": {"Days": {"Type": "Number", "Default": 7}},
    "Resources": {
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/test", "RetentionInDays": {"Ref": "Days"}}},
        "Topic": {"Type": "AWS::SNS::Topic", "DependsOn": "Logs", "Properties": {"TopicName": {"Fn::Sub": "${AWS::StackName}-topic"}}},
    },
    "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}},
}


def template(**changes):
    """The template with further resources; None takes one away."""
    resources = {**TEMPLATE["Resources"], **changes}
    return json.dumps({**TEMPLATE, "Resources": {k: v for k, v in resources.items() if v is not None}})


class Stacks(Case):
    cfn = client("cloudformation")

    def status(self, name):
        return self.cfn.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]

    def settle(self, name, wanted):
        until(f"{name} is {wanted}, it is {self.status(name)}", lambda: self.status(name) == wanted)

    def events(self, name):
        pages = self.cfn.get_paginator("describe_stack_events").paginate(StackName=name)
        return [e for p in pages for e in p["StackEvents"]]

    def make(self, name, body=None, **more):
        made = self.cfn.create_stack(StackName=name, TemplateBody=body or template(), **more)["StackId"]
        self.addCleanup(self.cfn.delete_stack, StackName=name)
        return made

    def test_the_storys_stacks(self):
        stacks = {s["StackName"]: s for s in self.cfn.describe_stacks()["Stacks"] if s["StackName"].startswith("laser-")}
        self.assertEqual(len(stacks), 6)
        self.assertTrue(all(s["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE") for s in stacks.values()))
        drifted = [n for n, s in stacks.items() if s["DriftInformation"]["StackDriftStatus"] == "DRIFTED"]
        self.assertEqual(drifted, ["laser-prod-storage"])
        self.assertTrue(stacks["laser-prod-storage"]["EnableTerminationProtection"])
        self.assertEqual(stacks["laser-prod-alerts"]["Outputs"][0]["OutputValue"], "arn:aws:sns:us-east-1:123456789012:laser-prod-oncall")
        listed = self.cfn.list_stacks(StackStatusFilter=["UPDATE_COMPLETE"])["StackSummaries"]
        self.assertIn("laser-prod-app", [s["StackName"] for s in listed])
        app = [r for p in self.cfn.get_paginator("list_stack_resources").paginate(StackName="laser-prod-app") for r in p["StackResourceSummaries"]]
        services = {r["PhysicalResourceId"].rsplit("/", 1)[1] for r in app if r["ResourceType"] == "AWS::ECS::Service"}
        known = {a.rsplit("/", 1)[1] for a in client("ecs").list_services(cluster="laser-prod")["serviceArns"]}
        self.assertEqual(services, known)
        newest = self.events("laser-prod-app")[0]
        self.assertEqual((newest["ResourceStatus"], newest["ResourceType"]), ("UPDATE_COMPLETE", "AWS::CloudFormation::Stack"))

    def test_another_region_has_none(self):
        self.assertEqual(client("cloudformation", SECOND).describe_stacks()["Stacks"], [])
        self.assertEqual(client("sns", SECOND).list_topics().get("Topics", []), [])
        self.assertEqual(client("ecr", SECOND).describe_repositories()["repositories"], [])

    def test_drift_is_what_the_bucket_is_really_set_to(self):
        id = self.cfn.detect_stack_drift(StackName="laser-prod-storage")["StackDriftDetectionId"]
        def told():
            now = self.cfn.describe_stack_drift_detection_status(StackDriftDetectionId=id)
            return now if now["DetectionStatus"] != "DETECTION_IN_PROGRESS" else None
        done = until("the look ends", told)
        self.assertEqual((done["StackDriftStatus"], done["DriftedStackResourceCount"]), ("DRIFTED", 1))
        drifts = self.cfn.describe_stack_resource_drifts(StackName="laser-prod-storage", StackResourceDriftStatusFilters=["MODIFIED"])["StackResourceDrifts"]
        self.assertEqual([d["PhysicalResourceId"] for d in drifts], ["laser-prod-uploads"])
        difference = drifts[0]["PropertyDifferences"][0]
        self.assertEqual((difference["PropertyPath"], difference["DifferenceType"]), ("/ReplicationConfiguration", "REMOVE"))
        with self.assertRaises(ClientError):
            client("s3").get_bucket_replication(Bucket="laser-prod-uploads")

    def test_a_stack_is_made_changed_and_removed(self):
        id = self.make("test-life", Tags=[{"Key": "team", "Value": "x"}])
        self.assertEqual(self.status("test-life"), "CREATE_IN_PROGRESS")
        self.settle("test-life", "CREATE_COMPLETE")
        order = [(e["LogicalResourceId"], e["ResourceStatus"]) for e in reversed(self.events("test-life"))]
        self.assertEqual(order, [
            ("test-life", "CREATE_IN_PROGRESS"), ("Logs", "CREATE_IN_PROGRESS"), ("Logs", "CREATE_COMPLETE"),
            ("Topic", "CREATE_IN_PROGRESS"), ("Topic", "CREATE_COMPLETE"), ("test-life", "CREATE_COMPLETE")])
        times = [e["Timestamp"] for e in reversed(self.events("test-life"))]
        self.assertEqual(times, sorted(times))
        self.assertEqual(json.loads(json.dumps(self.cfn.get_template(StackName="test-life")["TemplateBody"]))["Description"], "A test")
        self.refused("ValidationError", self.cfn.update_stack, StackName="test-life", TemplateBody=template())
        self.refused("AlreadyExistsException", self.cfn.create_stack, StackName="test-life", TemplateBody=template())
        self.cfn.update_stack(StackName="test-life", UsePreviousTemplate=True, Parameters=[{"ParameterKey": "Days", "ParameterValue": "30"}], ClientRequestToken="t-1")
        again = self.cfn.update_stack(StackName="test-life", UsePreviousTemplate=True, Parameters=[{"ParameterKey": "Days", "ParameterValue": "30"}], ClientRequestToken="t-1")
        self.assertEqual(again["StackId"], id)
        self.settle("test-life", "UPDATE_COMPLETE")
        self.assertEqual(sum(1 for e in self.events("test-life") if e["ResourceStatus"] == "UPDATE_IN_PROGRESS" and e["LogicalResourceId"] == "test-life"), 1)
        self.cfn.delete_stack(StackName="test-life")
        self.settle(id, "DELETE_COMPLETE")
        self.refused("ValidationError", self.cfn.describe_stacks, StackName="test-life")
        self.assertIn("test-life", [s["StackName"] for s in self.cfn.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]])

    def test_a_change_set_says_what_it_will_do_and_does_it(self):
        self.make("test-set")
        self.settle("test-set", "CREATE_COMPLETE")
        body = template(
            Topic={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "renamed"}},
            Logs={"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/test", "RetentionInDays": 90}},
            Alarm={"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "a"}})
        self.cfn.create_change_set(StackName="test-set", ChangeSetName="next", TemplateBody=body, Description="more")
        self.cfn.get_waiter("change_set_create_complete").wait(StackName="test-set", ChangeSetName="next", WaiterConfig={"Delay": 1})
        set = self.cfn.describe_change_set(StackName="test-set", ChangeSetName="next")
        told = {c["ResourceChange"]["LogicalResourceId"]: c["ResourceChange"] for c in set["Changes"]}
        self.assertEqual({n: (c["Action"], c.get("Replacement")) for n, c in told.items()},
                         {"Topic": ("Modify", "True"), "Logs": ("Modify", "False"), "Alarm": ("Add", None)})
        detail = told["Logs"]["Details"][0]["Target"]
        self.assertEqual((detail["Name"], detail["BeforeValue"], detail["AfterValue"]), ("RetentionInDays", "7", "90"))
        self.assertEqual([s["ChangeSetName"] for s in self.cfn.list_change_sets(StackName="test-set")["Summaries"]], ["next"])
        self.assertEqual(self.status("test-set"), "CREATE_COMPLETE", "looking changes nothing")
        self.cfn.execute_change_set(StackName="test-set", ChangeSetName="next")
        self.refused("InvalidChangeSetStatus", self.cfn.execute_change_set, StackName="test-set", ChangeSetName="next")
        self.settle("test-set", "UPDATE_COMPLETE")
        resources = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in self.cfn.list_stack_resources(StackName="test-set")["StackResourceSummaries"]}
        self.assertEqual((set_names := sorted(resources)), ["Alarm", "Logs", "Topic"], set_names)
        self.assertTrue(resources["Topic"].endswith(":renamed"))
        self.cfn.create_change_set(StackName="test-set", ChangeSetName="same", TemplateBody=body)
        empty = until("worked out", lambda: (s := self.cfn.describe_change_set(StackName="test-set", ChangeSetName="same"))["Status"] == "FAILED" and s)
        self.assertIn("didn't contain changes", empty["StatusReason"])
        self.cfn.delete_change_set(StackName="test-set", ChangeSetName="same")
        self.refused("ChangeSetNotFound", self.cfn.describe_change_set, StackName="test-set", ChangeSetName="same")

    def test_a_change_set_makes_a_stack(self):
        self.cfn.create_change_set(StackName="test-new", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=template())
        self.addCleanup(self.cfn.delete_stack, StackName="test-new")
        self.assertEqual(self.status("test-new"), "REVIEW_IN_PROGRESS")
        self.cfn.get_waiter("change_set_create_complete").wait(StackName="test-new", ChangeSetName="first", WaiterConfig={"Delay": 1})
        self.cfn.execute_change_set(StackName="test-new", ChangeSetName="first")
        self.settle("test-new", "CREATE_COMPLETE")

    def test_what_fails_is_turned_back(self):
        bad = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "it-bad"}}
        self.make("test-bad", template(Bad=bad))
        self.settle("test-bad", "ROLLBACK_COMPLETE")
        failed = [e for e in self.events("test-bad") if e["ResourceStatus"] == "CREATE_FAILED"]
        self.assertIn("Bad", [e["LogicalResourceId"] for e in failed])
        self.make("test-worse")
        self.settle("test-worse", "CREATE_COMPLETE")
        before = self.cfn.get_template(StackName="test-worse")["TemplateBody"]
        self.cfn.update_stack(StackName="test-worse", TemplateBody=template(Bad=bad), Parameters=[{"ParameterKey": "Days", "ParameterValue": "60"}])
        self.settle("test-worse", "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.cfn.get_template(StackName="test-worse")["TemplateBody"], before)
        left = [r["LogicalResourceId"] for r in self.cfn.list_stack_resources(StackName="test-worse")["StackResourceSummaries"]]
        self.assertEqual(sorted(left), ["Logs", "Topic"])

    def test_an_update_is_cancelled(self):
        self.make("test-cancel")
        self.settle("test-cancel", "CREATE_COMPLETE")
        self.refused("ValidationError", self.cfn.cancel_update_stack, StackName="test-cancel")
        slow = {"Type": "AWS::RDS::DBInstance", "Properties": {"DBInstanceIdentifier": "x"}}
        self.cfn.update_stack(StackName="test-cancel", TemplateBody=template(Slow=slow))
        self.refused("ValidationError", self.cfn.update_stack, StackName="test-cancel", TemplateBody=template())
        self.cfn.cancel_update_stack(StackName="test-cancel")
        self.settle("test-cancel", "UPDATE_ROLLBACK_COMPLETE")
        self.assertNotIn("Slow", [r["LogicalResourceId"] for r in self.cfn.list_stack_resources(StackName="test-cancel")["StackResourceSummaries"]])

    def test_a_roll_back_that_got_stuck_is_continued(self):
        self.make("test-turned")
        self.settle("test-turned", "CREATE_COMPLETE")
        self.cfn.update_stack(StackName="test-turned", TemplateBody=template(Topic={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "test-turned-topic", "DisplayName": "is-stuck"}}))
        self.settle("test-turned", "UPDATE_ROLLBACK_FAILED")
        self.cfn.continue_update_rollback(StackName="test-turned")
        self.settle("test-turned", "UPDATE_ROLLBACK_COMPLETE")

    def test_errors_are_the_vendors(self):
        self.refused("ValidationError", self.cfn.describe_stacks, StackName="nowhere")
        self.refused("ValidationError", self.cfn.create_stack, StackName="x", TemplateBody="{}")
        self.refused("ValidationError", self.cfn.delete_stack, StackName="laser-prod-data")
        role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}
        self.refused("InsufficientCapabilitiesException", self.cfn.create_stack, StackName="x", TemplateBody=template(Role=role))
        self.refused("ChangeSetNotFound", self.cfn.describe_change_set, StackName="laser-prod-data", ChangeSetName="no")


class Topics(Case):
    sns = client("sns")

    def test_topics_and_who_hears_of_them(self):
        arns = [t["TopicArn"] for t in self.sns.list_topics()["Topics"]]
        oncall = next(a for a in arns if a.endswith(":laser-prod-oncall"))
        actions = {a for m in client("cloudwatch").describe_alarms()["MetricAlarms"] for a in m["AlarmActions"] if ":autoscaling:" not in a}
        self.assertEqual(actions, {oncall}, "alarms name a topic that exists")
        told = self.sns.get_topic_attributes(TopicArn=oncall)["Attributes"]
        self.assertEqual((told["SubscriptionsConfirmed"], told["SubscriptionsPending"]), ("3", "0"))
        all = self.sns.list_subscriptions()["Subscriptions"]
        mine = self.sns.list_subscriptions_by_topic(TopicArn=oncall)["Subscriptions"]
        self.assertEqual([s for s in all if s["TopicArn"] == oncall], mine)
        waiting = [s for s in all if s["SubscriptionArn"] == "PendingConfirmation" and ":laser-" in s["TopicArn"]]
        self.assertEqual([s["TopicArn"].rsplit(":", 1)[1] for s in waiting], ["laser-prod-billing"])

    def test_a_subscription_waits_and_a_message_is_taken(self):
        arn = self.sns.create_topic(Name="test-topic")["TopicArn"]
        self.assertEqual(self.sns.create_topic(Name="test-topic")["TopicArn"], arn)
        self.assertEqual(self.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@laser.example")["SubscriptionArn"], "pending confirmation")
        full = self.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="b@laser.example", ReturnSubscriptionArn=True)["SubscriptionArn"]
        self.sns.confirm_subscription(TopicArn=arn, Token=full.rsplit(":", 1)[1])
        told = self.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        self.assertEqual((told["SubscriptionsConfirmed"], told["SubscriptionsPending"]), ("1", "1"))
        self.assertTrue(self.sns.publish(TopicArn=arn, Message="hello")["MessageId"])
        self.sns.unsubscribe(SubscriptionArn=full)
        self.assertEqual(self.sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsConfirmed"], "0")
        self.refused("NotFound", self.sns.get_topic_attributes, TopicArn=arn + "x")
        self.refused("InvalidParameter", self.sns.create_topic, Name="not a name")

    def test_pages(self):
        arn = self.sns.create_topic(Name="test-pages")["TopicArn"]
        for n in range(105):
            self.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:123456789012:q{n}")
        pages = list(self.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn))
        self.assertEqual([len(p["Subscriptions"]) for p in pages], [100, 5])


class Images(Case):
    ecr = client("ecr")

    def test_every_image_that_runs_is_there(self):
        ecs = client("ecs")
        running = set()
        for cluster in ("laser-prod", "laser-staging", "laser-dev"):
            for page in ecs.get_paginator("list_services").paginate(cluster=cluster):
                for s in ecs.describe_services(cluster=cluster, services=page["serviceArns"])["services"]:
                    definition = ecs.describe_task_definition(taskDefinition=s["taskDefinition"])["taskDefinition"]
                    running |= {c["image"] for c in definition["containerDefinitions"]}
        uris = {r["repositoryUri"]: r["repositoryName"] for p in self.ecr.get_paginator("describe_repositories").paginate() for r in p["repositories"]}
        worst = {}
        for image in running:
            uri, tag = image.rsplit(":", 1)
            found = self.ecr.describe_images(repositoryName=uris[uri], imageIds=[{"imageTag": tag}])["imageDetails"]
            self.assertEqual(len(found), 1)
            self.assertGreater(age(found[0]["imagePushedAt"]), 0)
            worst[image] = found[0]["imageScanFindingsSummary"]["findingSeverityCounts"]
        critical = [i.rsplit("/", 1)[1] for i, counts in worst.items() if counts.get("CRITICAL")]
        self.assertEqual(critical, ["pdf-render:0.9.5"])

    def test_digests_are_stable_and_findings_have_ages(self):
        image = self.ecr.describe_images(repositoryName="laser/pdf-render", imageIds=[{"imageTag": "0.9.5"}])["imageDetails"][0]
        same = self.ecr.describe_images(repositoryName="laser/pdf-render", imageIds=[{"imageDigest": image["imageDigest"]}])["imageDetails"][0]
        self.assertEqual(image, same)
        self.assertRegex(image["imageDigest"], "^sha256:[0-9a-f]{64}$")
        pages = list(self.ecr.get_paginator("describe_image_scan_findings").paginate(
            repositoryName="laser/pdf-render", imageId={"imageTag": "0.9.5"}, PaginationConfig={"PageSize": 2}))
        findings = [f for p in pages for f in p["imageScanFindings"]["enhancedFindings"]]
        self.assertEqual(len(findings), sum(image["imageScanFindingsSummary"]["findingSeverityCounts"].values()))
        worst = next(f for f in findings if f["severity"] == "CRITICAL")
        self.assertGreater(age(worst["firstObservedAt"]), 3600)
        self.assertEqual(worst["packageVulnerabilityDetails"]["vulnerablePackages"][0]["name"], "libexpat1")

    def test_images_page_by_page_newest_first(self):
        pages = list(self.ecr.get_paginator("describe_images").paginate(repositoryName="laser/api", PaginationConfig={"PageSize": 2}))
        self.assertGreaterEqual(len(pages), 3)
        times = [i["imagePushedAt"] for p in pages for i in p["imageDetails"]]
        self.assertEqual(times, sorted(times, reverse=True))

    def test_errors_are_the_vendors(self):
        self.refused("RepositoryNotFoundException", self.ecr.describe_images, repositoryName="no")
        self.refused("RepositoryNotFoundException", self.ecr.describe_repositories, repositoryNames=["no"])
        self.refused("ImageNotFoundException", self.ecr.describe_images, repositoryName="laser/api", imageIds=[{"imageTag": "no"}])
        self.refused("ImageNotFoundException", self.ecr.describe_image_scan_findings, repositoryName="laser/api", imageId={"imageTag": "no"})


class Secrets(Case):
    def test_every_secret_that_tasks_name_exists(self):
        secrets = client("secretsmanager")
        known = {s["Name"] for p in secrets.get_paginator("list_secrets").paginate() for s in p["SecretList"]}
        ecs = client("ecs")
        for family in ecs.list_task_definition_families()["families"]:
            containers = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]["containerDefinitions"]
            for named in [s["valueFrom"] for c in containers for s in c["secrets"]]:
                self.assertIn(named.split(":secret:")[1], known)

    def test_a_policy_of_its_own_is_there_until_it_is_deleted(self):
        secrets = client("secretsmanager")
        name = "laser-dev/jwt-secret"
        self.assertNotIn("ResourcePolicy", secrets.get_resource_policy(SecretId=name))
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        secrets.put_resource_policy(SecretId=name, ResourcePolicy=policy)
        self.assertEqual(secrets.get_resource_policy(SecretId=name)["ResourcePolicy"], policy)
        self.refused("MalformedPolicyDocumentException", secrets.put_resource_policy, SecretId=name, ResourcePolicy="none")
        secrets.delete_resource_policy(SecretId=name)
        self.assertNotIn("ResourcePolicy", secrets.get_resource_policy(SecretId=name))


@unittest.skipUnless(shutil.which("aws"), "the AWS CLI is not installed")
class CommandLine(unittest.TestCase):
    def aws(self, *words):
        run = subprocess.run(["aws", "--endpoint-url", ENDPOINT, "--region", REGION, "--output", "json", *words], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout) if run.stdout.strip().startswith(("{", "[")) else run.stdout

    def test_reads(self):
        self.assertIn("laser-prod-assets", self.aws("s3", "ls"))
        self.assertIn("laser-prod-uploads", [b["Name"] for b in self.aws("s3api", "list-buckets")["Buckets"]])
        self.assertEqual(len(self.aws("s3api", "list-objects-v2", "--bucket", "laser-prod-uploads")["Contents"]), 1240)
        self.assertIn("laser-prod-data", [s["StackName"] for s in self.aws("cloudformation", "describe-stacks")["Stacks"]])
        self.assertTrue(self.aws("sns", "list-topics")["Topics"])
        self.assertTrue(self.aws("ecr", "describe-images", "--repository-name", "laser/worker")["imageDetails"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
