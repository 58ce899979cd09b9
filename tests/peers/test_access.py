"""Who may do what, and a second region's targets: made with boto3 on moto, read back through flightdeck."""

import json
import unittest

import boto3
from botocore.config import Config
from harness.console import KEYS, Flightdeck
from harness.platform import Platform, client
from harness.server import Moto

AWAY = "eu-west-1"


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


class Case(unittest.TestCase):
    """A moto for the class, one flightdeck home a test."""

    @classmethod
    def setUpClass(cls):
        cls.peer = Moto().start()
        cls.addClassCleanup(cls.peer.stop)
        cls.build()

    @classmethod
    def build(cls):
        """What the peer holds before the first test."""

    def setUp(self):
        self.deck = Flightdeck(self.peer.endpoint)
        self.addCleanup(self.deck.close)

    def criterion(self, name):
        """The criterion that a probe proves."""
        rows = self.deck.ask("checklist", codes=(0, 1, 2))["criteria"]
        return next(c for c in rows if name in (c["probe"] or ""))


class AccessOnMoto(Case):
    @classmethod
    def build(cls):
        cls.iam = iam = client("iam", cls.peer.endpoint)
        iam.create_group(GroupName="operators")
        restore = iam.create_policy(PolicyName="restore", PolicyDocument=document(
            allow("rds:Restore*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})))["Policy"]["Arn"]
        iam.attach_group_policy(GroupName="operators", PolicyArn=restore)
        iam.create_user(UserName="ben")
        iam.add_user_to_group(GroupName="operators", UserName="ben")
        iam.create_user(UserName="ana")
        iam.put_user_policy(UserName="ana", PolicyName="all", PolicyDocument=document(allow("*")))
        iam.create_role(RoleName="migrations", AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName="migrations", PolicyName="databases", PolicyDocument=document(
            allow("rds:*"), {"Effect": "Deny", "Action": "rds:DeleteDB*", "Resource": "*"}))
        iam.create_role(RoleName="backup-keeper", AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName="backup-keeper", PolicyName="keep", PolicyDocument=document(allow(["backup:*"])))

    def principals(self):
        return {p["name"]: p for p in self.deck.ask("show", "access")["principals"]}

    def test_rights_come_from_users_groups_and_roles(self):
        found = self.principals()
        self.assertEqual(set(found), {"ana", "ben", "migrations", "backup-keeper"})
        self.assertTrue(found["ana"]["administers"])
        (grant, *_) = found["ben"]["grants"]["restore"]
        self.assertTrue(grant["conditional"])
        self.assertEqual(found["ben"]["groups"], ["operators"])
        self.assertEqual(set(found["migrations"]["grants"]), {"restore", "change_database"})
        self.assertEqual(found["migrations"]["trusted"], ["ecs-tasks.amazonaws.com"])
        there = {r["RoleName"]: r["Arn"] for r in self.iam.list_roles()["Roles"]}
        self.assertEqual(found["migrations"]["arn"], there["migrations"])

    def test_a_policy_that_lets_somebody_delete_backups_fails_the_criterion_until_it_is_gone(self):
        before = self.criterion("iam.backup-access")
        self.assertEqual(before["state"], "proved", before)
        self.iam.put_user_policy(UserName="ben", PolicyName="too-much", PolicyDocument=document(allow("rds:DeleteDBSnapshot")))
        try:
            now = self.criterion("iam.backup-access")
            self.assertEqual(now["state"], "failing", now)
            self.assertIn("ben: may rds:DeleteDBSnapshot", now["reason"])
            self.deck.configure('[backups]\nmay_delete = ["ana", "ben", "backup-*"]\n')
            self.assertEqual(self.criterion("iam.backup-access")["state"], "proved")
        finally:
            self.iam.delete_user_policy(UserName="ben", PolicyName="too-much")

    def test_a_boundary_lets_no_more_than_it_says_of_a_resource(self):
        backups = "arn:aws:rds:us-east-1:123456789012:snapshot:"
        edge = self.iam.create_policy(PolicyName="edge", PolicyDocument=document(allow("rds:*", backups + "trial-*")))["Policy"]["Arn"]
        self.iam.create_role(RoleName="bounded", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=edge)
        self.iam.put_role_policy(RoleName="bounded", PolicyName="all", PolicyDocument=document(allow("*")))
        try:
            found = self.principals()["bounded"]
            self.assertEqual((found["bounded_by"], found["bound_unread"], found["administers"]), (edge, False, False))
            on = {grant["action"]: grant["on"] for grant in found["grants"]["delete_backups"]}
            self.assertEqual(on["rds:DeleteDBSnapshot"], [backups + "trial-*"])
            self.assertNotIn("deploy", found["grants"])
            # A denial in the boundary outweighs all that is allowed.
            self.iam.create_policy_version(PolicyArn=edge, SetAsDefault=True, PolicyDocument=document(
                allow("*"), {"Effect": "Deny", "Action": ["rds:*", "backup:*", "elasticache:*", "s3:*"], "Resource": "*"}))
            found = self.principals()["bounded"]
            self.assertNotIn("delete_backups", found["grants"])
            self.assertIn("deploy", found["grants"])
        finally:
            self.iam.delete_role_policy(RoleName="bounded", PolicyName="all")
            self.iam.delete_role(RoleName="bounded")

    def test_rights_are_taken_by_passing_a_role_until_the_pass_is_taken_away(self):
        there = {r["RoleName"]: r["Arn"] for r in self.iam.list_roles()["Roles"]}
        through = lambda: [(row["who"].rpartition("/")[2], row["through"]) for row in self.deck.ask("show", "access")["through"]]
        self.assertEqual(through(), [])
        runs = allow(["ecs:RegisterTaskDefinition", "ecs:UpdateService"])
        self.iam.put_user_policy(UserName="ben", PolicyName="deploy", PolicyDocument=document(runs, allow("iam:PassRole", there["migrations"])))
        try:
            ((who, passing),) = through()
            self.assertEqual((who, passing["role"]), ("ben", "migrations"))
            self.assertEqual(passing["by"], ["ecs:RegisterTaskDefinition", "ecs:UpdateService"])
            self.assertEqual(passing["gains"], ["change_database"])
            self.iam.put_user_policy(UserName="ben", PolicyName="deploy", PolicyDocument=document(runs))
            self.assertEqual(through(), [])
        finally:
            self.iam.delete_user_policy(UserName="ben", PolicyName="deploy")

    def test_credentials_are_seen_once_somebody_had_a_report_made(self):
        self.iam.create_login_profile(UserName="ben", Password="Hunter2-Hunter2!")
        self.iam.create_access_key(UserName="ana")
        try:
            self.iam.generate_credential_report()
            self.iam.get_credential_report()
            shown = {c["user"]: c for c in self.deck.ask("show", "access")["credentials"]}
            self.assertEqual((shown["ben"]["password"], shown["ben"]["mfa"], shown["ben"]["keys"]), (True, False, []))
            self.assertEqual(len(shown["ana"]["keys"]), 1)
        finally:
            self.iam.delete_login_profile(UserName="ben")


class SecondRegionOnMoto(Case):
    @classmethod
    def build(cls):
        Platform(cls.peer.endpoint).build()
        make = lambda name: boto3.client(
            name, endpoint_url=cls.peer.endpoint, region_name=AWAY, config=Config(retries={"max_attempts": 1}),
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"])
        cls.elb, ec2 = make("elbv2"), make("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
        subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{n}.0/24", AvailabilityZone=f"{AWAY}{z}")["Subnet"]["SubnetId"] for n, z in enumerate("ab")]
        balancer = cls.elb.create_load_balancer(Name="away", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        cls.group = cls.elb.create_target_group(Name="tg-away", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
        cls.elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": cls.group}])

    def setUp(self):
        super().setUp()
        # moto puts targets in no zone, which another probe of this criterion holds against it.
        (self.deck.home / "plan.toml").write_text('extends = "default"\n[[criteria]]\nid = "4.1.a"\nprobes = ["elb.regions"]\n')
        self.configure("")

    def configure(self, aws):
        self.deck.configure(f'plan = "plan.toml"\n[aws]\n{aws}')

    def test_without_a_second_region_the_reason_is_said(self):
        told = self.criterion("elb.regions")
        self.assertEqual(told["state"], "unknown")
        self.assertIn("second_region in [aws]", told["reason"])

    def test_healthy_targets_there_prove_it_and_none_fail(self):
        self.configure(f'second_region = "{AWAY}"\n')
        none = self.criterion("elb.regions")
        self.assertEqual(none["state"], "failing", none)
        self.assertIn(f"{AWAY}: 0 of 0 targets healthy behind tg-away", none["reason"])
        targets = [{"Id": f"10.8.0.{n}", "Port": 80} for n in (5, 6)]
        self.elb.register_targets(TargetGroupArn=self.group, Targets=targets)
        shown = [t for row in self.deck.ask("show", "targets")["targets_abroad"] for t in row["targets"]]
        there = self.elb.describe_target_health(TargetGroupArn=self.group)["TargetHealthDescriptions"]
        self.assertEqual({t["id"]: t["state"] for t in shown}, {d["Target"]["Id"]: d["TargetHealth"]["State"] for d in there})
        self.assertEqual(self.criterion("elb.regions")["state"], "proved")


if __name__ == "__main__":
    unittest.main()
