"""boto3 against the sandbox: IAM's account details and credential report, and the second region's load balancers."""
import csv, json, os, unittest
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["FLIGHTDECK_SANDBOX_ENDPOINT"]


def client(name, region="us-east-1"):
    return boto3.client(name, endpoint_url=ENDPOINT, region_name=region, config=Config(retries={"max_attempts": 1}, read_timeout=10))


class Access(unittest.TestCase):
    iam = client("iam")

    def details(self, **words):
        pages = self.iam.get_paginator("get_account_authorization_details").paginate(**words)
        whole = {}
        for page in pages:
            for name in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"):
                whole.setdefault(name, []).extend(page[name])
        return whole

    def test_everything_comes_in_pages_of_any_size(self):
        whole, small = self.details(), self.details(PaginationConfig={"PageSize": 3})
        self.assertEqual(whole, small)
        users = {u["UserName"]: u for u in whole["UserDetailList"]}
        self.assertEqual(users["ana.maria"]["GroupList"], ["administrators"])
        self.assertTrue(users["ci-deployer"]["Arn"].endswith(":user/ci-deployer"))
        roles = {r["RoleName"]: r for r in whole["RoleDetailList"]}
        trust = roles["laser-backup"]["AssumeRolePolicyDocument"]
        self.assertEqual(trust["Statement"][0]["Principal"], {"Service": "backup.amazonaws.com"})
        inline = {p["PolicyName"]: p["PolicyDocument"] for p in roles["laser-prod-migrations"]["RolePolicyList"]}
        self.assertEqual({s["Effect"] for s in inline["databases"]["Statement"]}, {"Allow", "Deny"})
        policies = {p["Arn"]: p for p in whole["Policies"]}
        attached = [a["PolicyArn"] for p in whole["UserDetailList"] + whole["GroupDetailList"] + whole["RoleDetailList"] for a in p["AttachedManagedPolicies"]]
        self.assertEqual(set(attached), set(policies))
        self.assertTrue(all(p["PolicyVersionList"][0]["IsDefaultVersion"] for p in policies.values()))

    def test_filters_leave_the_rest_out(self):
        only = self.details(Filter=["Role"])
        self.assertTrue(only["RoleDetailList"])
        self.assertFalse(only["UserDetailList"] or only["GroupDetailList"] or only["Policies"])
        local = self.details(Filter=["LocalManagedPolicy"])["Policies"]
        self.assertTrue(local and all(":123456789012:" in p["Arn"] for p in local))

    def test_a_policy_put_at_a_role_is_there_until_it_is_deleted(self):
        text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "rds:DeleteDBSnapshot", "Resource": "*"}]})
        self.iam.put_role_policy(RoleName="laser-prod-api", PolicyName="too-much", PolicyDocument=text)
        at = lambda: {p["PolicyName"] for r in self.details(Filter=["Role"])["RoleDetailList"] if r["RoleName"] == "laser-prod-api" for p in r["RolePolicyList"]}
        self.assertIn("too-much", at())
        self.iam.delete_role_policy(RoleName="laser-prod-api", PolicyName="too-much")
        self.assertNotIn("too-much", at())
        for call, code in [
            (lambda: self.iam.delete_role_policy(RoleName="laser-prod-api", PolicyName="too-much"), "NoSuchEntity"),
            (lambda: self.iam.put_role_policy(RoleName="nobody", PolicyName="x", PolicyDocument=text), "NoSuchEntity"),
            (lambda: self.iam.put_role_policy(RoleName="laser-prod-api", PolicyName="x", PolicyDocument="{}"), "MalformedPolicyDocument"),
        ]:
            with self.assertRaises(ClientError) as caught:
                call()
            self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def test_the_credential_report_has_a_row_for_every_user_and_the_root(self):
        self.assertIn(self.iam.generate_credential_report()["State"], ("STARTED", "COMPLETE"))
        report = self.iam.get_credential_report()
        rows = {r["user"]: r for r in csv.DictReader(report["Content"].decode().splitlines())}
        users = {u["UserName"] for u in self.details(Filter=["User"])["UserDetailList"]}
        self.assertEqual(set(rows), users | {"<root_account>"})
        self.assertEqual((rows["ci-deployer"]["access_key_1_active"], rows["oncall"]["mfa_active"]), ("true", "false"))


class SecondRegion(unittest.TestCase):
    def test_a_stand_by_is_healthy_in_two_zones_there_and_nowhere_else(self):
        away = client("elbv2", "eu-west-1")
        (group,) = away.describe_target_groups()["TargetGroups"]
        health = away.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
        self.assertEqual({t["TargetHealth"]["State"] for t in health}, {"healthy"})
        self.assertEqual(len({t["Target"]["AvailabilityZone"] for t in health}), 2)
        (balancer,) = away.describe_load_balancers()["LoadBalancers"]
        self.assertEqual(group["LoadBalancerArns"], [balancer["LoadBalancerArn"]])
        self.assertEqual(client("elbv2", "ap-south-1").describe_target_groups()["TargetGroups"], [])
        here = client("elbv2").describe_target_groups()["TargetGroups"]
        self.assertNotIn(group["TargetGroupArn"], [g["TargetGroupArn"] for g in here])


if __name__ == "__main__":
    unittest.main()
