"""S3, CloudFormation, SNS, ECR and Secrets Manager on the two AWS peers: what boto3 made there is what flightdeck shows."""

import json

from botocore.exceptions import ClientError
from harness.cases import PeerCase
from harness.platform import client
from harness.server import Ministack, Moto

TEMPLATE = json.dumps({
    "Description": "A queue",
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "stack-queue"}}},
})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop-public/*"}]})


class Stores:
    """The tests, for each peer."""

    @classmethod
    def build(cls):
        for name in ("s3", "cloudformation", "sns", "ecr", "secretsmanager"):
            setattr(cls, name, client(name, cls.peer.endpoint))
        for name in ("shop-assets", "shop-assets-copy", "shop-public", "shop-backups"):
            cls.s3.create_bucket(Bucket=name)
        for name in ("shop-assets", "shop-assets-copy"):
            cls.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        cls.s3.put_bucket_encryption(Bucket="shop-assets", ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
        four = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
        cls.s3.put_public_access_block(Bucket="shop-assets", PublicAccessBlockConfiguration=four)
        cls.s3.put_bucket_replication(Bucket="shop-assets", ReplicationConfiguration={
            "Role": "arn:aws:iam::123456789012:role/copy",
            "Rules": [{"ID": "all", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": ""},
                       "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::shop-assets-copy"}}]})
        cls.s3.put_object(Bucket="shop-backups", Key="nightly/1.tar", Body=b"x" * 1000)
        cls.topic = cls.sns.create_topic(Name="oncall")["TopicArn"]
        cls.sns.create_topic(Name="unheard")
        cls.sns.subscribe(TopicArn=cls.topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:q")
        cls.sns.subscribe(TopicArn=cls.topic, Protocol="https", Endpoint="https://hooks.example/secret-path?token=hunter2")
        cls.cloudformation.create_stack(StackName="shop", TemplateBody=TEMPLATE)
        cls.ecr.create_repository(repositoryName="shop/api", imageTagMutability="IMMUTABLE")
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                    "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7023, "digest": "sha256:" + "b" * 64},
                    "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 32654, "digest": "sha256:" + "e" * 64}]}
        cls.ecr.put_image(repositoryName="shop/api", imageTag="1.0.0", imageManifest=json.dumps(manifest))
        cls.secretsmanager.create_secret(Name="shop/database", SecretString="hunter2")

    def bucket(self, name):
        return next(b for b in self.deck.ask("show", "buckets")["buckets"] if b["name"] == name)

    def test_buckets_say_what_protects_them(self):
        safe = self.bucket("shop-assets")
        self.assertEqual(safe["region"], {"set": "us-east-1"})
        self.assertEqual(safe["encryption"]["set"]["algorithm"], "AES256")
        self.assertEqual(safe["public_block"]["set"], {"acls": True, "ignore_acls": True, "policy": True, "restrict": True})
        self.assertEqual(safe["versioning"], {"set": "Enabled"})
        self.assertEqual([(r["bucket"], r["enabled"]) for r in safe["replication"]["set"]], [("shop-assets-copy", True)])
        bare = self.bucket("shop-public")
        self.assertEqual((bare["versioning"], bare["replication"]), ("unset", "unset"))

    def test_a_bucket_that_its_access_list_opens_is_public(self):
        self.s3.create_bucket(Bucket="shop-listed", ObjectOwnership="ObjectWriter")
        self.addCleanup(self.s3.delete_bucket, Bucket="shop-listed")
        self.s3.put_bucket_acl(Bucket="shop-listed", ACL="public-read")
        groups = [g["Grantee"].get("URI") for g in self.s3.get_bucket_acl(Bucket="shop-listed")["Grants"]]
        if not any(groups):
            self.skipTest(f"{self.peer_type.__name__} keeps no access lists of buckets")
        listed = self.bucket("shop-listed")["acl_guests"]
        if self.peer_type is Ministack:
            # It has no block of the account, which may make such lists count for nothing.
            self.assertIn("whether the account blocks public access", listed["unknown"])
            return
        (guest,) = listed["set"]
        self.assertEqual((guest["who"], guest["actions"]), ("*", ["READ (access list)"]))
        self.assertIn("everybody", json.dumps(self.deck.ask("show", "security")))

    def test_a_block_of_the_account_counts_for_every_bucket(self):
        account = client("sts", self.peer.endpoint).get_caller_identity()["Account"]
        control = client("s3control", self.peer.endpoint)
        # The client puts the account before the host, which is an address here.
        control.meta.events.register("before-send.s3-control", lambda request, **_: setattr(request, "url", request.url.replace(f"//{account}.", "//", 1)))
        four = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
        try:
            control.put_public_access_block(AccountId=account, PublicAccessBlockConfiguration=four)
            self.addCleanup(control.delete_public_access_block, AccountId=account)
            control.get_public_access_block(AccountId=account)
        except ClientError as e:
            self.skipTest(f"{self.peer_type.__name__} has no block of the account: {e}")
        blocked = self.bucket("shop-public")["public_block"]
        self.assertEqual(blocked, {"set": {"acls": True, "ignore_acls": True, "policy": True, "restrict": True}})
        control.delete_public_access_block(AccountId=account)
        self.assertNotEqual(self.bucket("shop-public")["public_block"], blocked)

    def test_the_newest_backup_is_the_object_that_was_written(self):
        newest = self.bucket("shop-backups")["newest"]["set"]
        there = self.s3.head_object(Bucket="shop-backups", Key="nightly/1.tar")
        self.assertEqual((newest["key"], newest["bytes"]), ("nightly/1.tar", there["ContentLength"]))

    def test_topics_and_who_hears_of_them(self):
        shown = self.deck.ask("show", "topics")
        topics = {t["name"]: t for t in shown["topics"]}
        self.assertEqual(set(topics), {"oncall", "unheard"})
        self.assertEqual({s["protocol"] for s in topics["oncall"]["subscriptions"]}, {"sqs", "https"})
        self.assertEqual(topics["unheard"]["subscriptions"], [])
        self.assertNotIn("hunter2", json.dumps(shown))

    def test_stacks_with_resources_and_events(self):
        (stack,) = self.deck.ask("stacks")["stacks"]
        there = self.cloudformation.describe_stacks(StackName="shop")["Stacks"][0]
        self.assertEqual((stack["name"], stack["status"], stack["id"]), ("shop", there["StackStatus"], there["StackId"]))
        resources = self.cloudformation.list_stack_resources(StackName="shop")["StackResourceSummaries"]
        self.assertEqual([r["logical"] for r in stack["resources"]], [r["LogicalResourceId"] for r in resources])
        events = self.cloudformation.describe_stack_events(StackName="shop")["StackEvents"]
        self.assertEqual({e["status"] for e in stack["events"]}, {e["ResourceStatus"] for e in events})

    def test_a_change_set_waits(self):
        body = json.loads(TEMPLATE)
        body["Resources"]["Other"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "other"}}
        try:
            self.cloudformation.create_change_set(StackName="shop", ChangeSetName="next", ChangeSetType="UPDATE", TemplateBody=json.dumps(body))
        except ClientError as refused:
            self.gap(f"no change set of a stack: {refused}")
        sets = self.deck.ask("stacks")["change_sets"]
        there = self.cloudformation.list_change_sets(StackName="shop")["Summaries"]
        stack = self.cloudformation.describe_stacks(StackName="shop")["Stacks"][0]["StackId"]
        if there and not self.cloudformation.list_change_sets(StackName=stack)["Summaries"]:
            self.gap("ListChangeSets knows a stack by its name alone, not by the id that two stacks of one name differ by")
        self.assertEqual([(s["stack"], s["name"], s["status"]) for s in sets], [("shop", s["ChangeSetName"], s["Status"]) for s in there])

    def test_images_with_their_digests(self):
        (image,) = self.deck.ask("show", "images")["images"]
        there = self.ecr.describe_images(repositoryName="shop/api")["imageDetails"][0]
        self.assertEqual((image["repository"], image["tags"], image["digest"], image["bytes"]),
                         ("shop/api", there["imageTags"], there["imageDigest"], there["imageSizeInBytes"]))

    def test_secrets_by_name_and_never_by_value(self):
        shown = self.deck.ask("show", "secrets")
        self.assertEqual([s["name"] for s in shown["secrets"]], ["shop/database"])
        self.assertNotIn("hunter2", json.dumps(shown))

    def test_the_checklist_finds_what_is_wrong_and_says_where(self):
        criteria = {c["id"]: c for c in self.deck.ask("checklist", codes=(0, 1))["criteria"]}
        self.assertEqual(criteria["1.1.d"]["state"], "failing")
        self.assertIn("shop-public", json.dumps(criteria["1.1.d"]))


class OnMinistack(Stores, PeerCase):
    peer_type = Ministack

    def test_what_drifted_from_its_template_is_shown_and_fails_its_criterion(self):
        template = {"Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "drifting", "VisibilityTimeout": 30}},
            "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/drifting", "RetentionInDays": 7}}}}
        self.cloudformation.create_stack(StackName="drifting", TemplateBody=json.dumps(template))
        self.addCleanup(self.cloudformation.delete_stack, StackName="drifting")

        def shown():
            self.cloudformation.detect_stack_drift(StackName="drifting")
            return next(s for s in self.deck.ask("stacks")["stacks"] if s["name"] == "drifting")

        still = shown()
        self.assertEqual((still["drift"], still["drifts"]), ("IN_SYNC", []))
        sqs, logs = client("sqs", self.peer.endpoint), client("logs", self.peer.endpoint)
        sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName="drifting")["QueueUrl"], Attributes={"VisibilityTimeout": "99"})
        logs.delete_log_group(logGroupName="/drifting")
        drifted = shown()
        self.assertEqual(drifted["drift"], "DRIFTED")
        there = self.cloudformation.describe_stack_resource_drifts(StackName="drifting")["StackResourceDrifts"]
        there = {(d["LogicalResourceId"], d["StackResourceDriftStatus"]) for d in there if d["StackResourceDriftStatus"] != "IN_SYNC"}
        self.assertEqual({(d["logical"], d["status"]) for d in drifted["drifts"]}, there)
        (changed,) = [d for d in drifted["drifts"] if d["status"] == "MODIFIED"]
        self.assertEqual((changed["property"], str(changed["expected"]), str(changed["actual"])), ("/VisibilityTimeout", "30", "99"))
        criteria = self.deck.ask("checklist", codes=(0, 1))["criteria"]
        one = next(c for c in criteria if "cloudformation.no-drift" in (c["probe"] or ""))
        self.assertEqual(one["state"], "failing")
        self.assertIn("Queue/VisibilityTimeout", json.dumps(one))


class OnMoto(Stores, PeerCase):
    peer_type = Moto

    def test_a_public_policy_is_seen(self):
        self.s3.put_bucket_policy(Bucket="shop-public", Policy=POLICY)
        self.assertEqual(self.bucket("shop-public")["public_policy"], {"set": True})

    def test_whom_a_bucket_and_a_secret_let_in_by_themselves(self):
        def policy(action, resource, **more):
            statement = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": action, "Resource": resource}
            return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]})

        self.s3.put_bucket_policy(Bucket="shop-backups", Policy=policy("s3:GetObject", "arn:aws:s3:::shop-backups/*"))
        held = {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}
        self.secretsmanager.put_resource_policy(
            SecretId="shop/database", ResourcePolicy=policy("secretsmanager:GetSecretValue", "*", Condition=held))
        self.addCleanup(self.secretsmanager.delete_resource_policy, SecretId="shop/database")
        self.addCleanup(self.s3.delete_bucket_policy, Bucket="shop-backups")
        for view, name, action, conditional in [
            ("buckets", "shop-backups", "s3:GetObject", False), ("secrets", "shop/database", "secretsmanager:GetSecretValue", True),
        ]:
            (row,) = [g for g in self.deck.ask("show", view)["guests"] if g["of"] == name]
            guest = {"who": "arn:aws:iam::210987654321:root", "account": "210987654321", "actions": [action], "conditional": conditional}
            self.assertEqual((row["guest"], row["foreign"]), (guest, True))

    def test_whether_a_bucket_refuses_what_comes_in_the_clear(self):
        def deny(**more):
            statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::shop-backups", "arn:aws:s3:::shop-backups/*"]}
            return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Condition": {"Bool": {"aws:SecureTransport": "false"}}, **more}]})

        self.addCleanup(self.s3.delete_bucket_policy, Bucket="shop-backups")
        for policy, told in [(deny(), {"set": True}), (deny(Action="s3:GetObject"), {"set": False})]:
            self.s3.put_bucket_policy(Bucket="shop-backups", Policy=policy)
            self.assertEqual(self.bucket("shop-backups")["plain_refused"], told)

    def test_findings_of_a_scan(self):
        digest = self.ecr.describe_images(repositoryName="shop/api")["imageDetails"][0]["imageDigest"]
        self.ecr.start_image_scan(repositoryName="shop/api", imageId={"imageDigest": digest})
        there = self.ecr.describe_image_scan_findings(repositoryName="shop/api", imageId={"imageDigest": digest})
        (image,) = self.deck.ask("show", "images")["images"]
        self.assertEqual(image["scan"]["counts"], there["imageScanFindings"]["findingSeverityCounts"])
        self.assertEqual([f["id"] for f in image["findings"]], [f["name"] for f in there["imageScanFindings"]["findings"]])
