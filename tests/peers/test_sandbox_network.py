"""boto3 and the AWS CLI against the sandbox: EC2's network, auto scaling, AppConfig, Cost Explorer, WAF and Shield."""
import datetime, json, os, shutil, subprocess, time, unittest
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["FLIGHTDECK_SANDBOX_ENDPOINT"]
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")


def client(name, **more):
    config = Config(retries={"max_attempts": 1}, read_timeout=10)
    return boto3.client(name, endpoint_url=ENDPOINT, region_name=REGION, config=config, **more)


def until(what, condition, seconds=60):
    """Waits for a condition; the sandbox's clock is what is waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("never: " + what)


def code(case, call):
    """The code of the error that a call ends with."""
    with case.assertRaises(ClientError) as caught:
        call()
    return caught.exception.response["Error"]["Code"]


def name_of(thing):
    return next((t["Value"] for t in thing.get("Tags", []) if t["Key"] == "Name"), "")


class Network(unittest.TestCase):
    ec2 = client("ec2")

    def groups(self):
        return {g["GroupName"]: g for g in self.ec2.describe_security_groups()["SecurityGroups"]}

    def test_subnets_stand_in_three_zones_and_only_the_public_ones_lead_to_the_internet(self):
        vpc = self.ec2.describe_vpcs()["Vpcs"][0]
        self.assertEqual((vpc["CidrBlock"], vpc["State"], vpc["IsDefault"]), ("10.0.0.0/16", "available", False))
        subnets = self.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
        self.assertEqual(len(subnets), 9)
        tables = self.ec2.describe_route_tables()["RouteTables"]
        main = next(t for t in tables if any(a["Main"] for a in t["Associations"]))
        def table(subnet):
            bound = [t for t in tables if any(a.get("SubnetId") == subnet["SubnetId"] for a in t["Associations"])]
            return (bound or [main])[0]
        def way_out(subnet):
            for r in table(subnet)["Routes"]:
                if r["DestinationCidrBlock"] == "0.0.0.0/0":
                    return r.get("GatewayId") or r.get("NatGatewayId")
        out = {name_of(s): (way_out(s) or "")[:4] for s in subnets}
        for layer, gateway in [("public", "igw-"), ("services", "nat-"), ("data", "")]:
            self.assertEqual({out[f"laser-prod-{layer}-{z}"] for z in "abc"}, {gateway}, layer)

    def test_one_group_lets_the_world_in_where_it_should_not(self):
        def open_ports(group):
            return {
                (p["FromPort"], p["ToPort"]) for p in group["IpPermissions"]
                if any(r["CidrIp"] == "0.0.0.0/0" for r in p["IpRanges"]) or any(r["CidrIpv6"] == "::/0" for r in p["Ipv6Ranges"])
            }
        found = {name: open_ports(g) for name, g in self.groups().items() if open_ports(g)}
        self.assertEqual(found, {"laser-prod-alb": {(80, 80), (443, 443)}, "laser-prod-bastion": {(22, 22)}})

    def test_rules_agree_with_permissions(self):
        groups = self.groups()
        database, services = groups["laser-prod-database"]["GroupId"], groups["laser-prod-services"]["GroupId"]
        pages = self.ec2.get_paginator("describe_security_group_rules").paginate(
            Filters=[{"Name": "group-id", "Values": [database]}], PaginationConfig={"PageSize": 5})
        rules = [r for p in pages for r in p["SecurityGroupRules"] if not r["IsEgress"]]
        self.assertIn((services, 5432), [(r["ReferencedGroupInfo"]["GroupId"], r["FromPort"]) for r in rules])
        permissions = groups["laser-prod-database"]["IpPermissions"]
        pairs = [(g["GroupId"], p["FromPort"]) for p in permissions for g in p["UserIdGroupPairs"]]
        self.assertEqual(sorted(pairs), sorted((r["ReferencedGroupInfo"]["GroupId"], r["FromPort"]) for r in rules))

    def test_a_port_is_opened_and_closed_again(self):
        group = self.groups()["laser-prod-cache"]["GroupId"]
        rule = dict(GroupId=group, IpPermissions=[{
            "IpProtocol": "tcp", "FromPort": 6380, "ToPort": 6380, "IpRanges": [{"CidrIp": "198.51.100.0/24", "Description": "office"}]}])
        made = self.ec2.authorize_security_group_ingress(**rule)["SecurityGroupRules"][0]
        self.assertEqual((made["CidrIpv4"], made["Description"]), ("198.51.100.0/24", "office"))
        self.assertEqual(code(self, lambda: self.ec2.authorize_security_group_ingress(**rule)), "InvalidPermission.Duplicate")
        ports = lambda: [p["FromPort"] for p in self.groups()["laser-prod-cache"]["IpPermissions"]]
        self.assertIn(6380, ports())
        self.ec2.revoke_security_group_ingress(**rule)
        self.assertNotIn(6380, ports())
        self.assertEqual(code(self, lambda: self.ec2.revoke_security_group_ingress(**rule)), "InvalidPermission.NotFound")

    def test_interfaces_follow_the_tasks(self):
        running = client("ecs").list_tasks(cluster="laser-prod", serviceName="auth")["taskArns"]
        pages = self.ec2.get_paginator("describe_network_interfaces").paginate(PaginationConfig={"PageSize": 10})
        found = [i for p in pages for i in p["NetworkInterfaces"]]
        self.assertEqual(len({i["NetworkInterfaceId"] for i in found}), len(found))
        attached = [i for i in found if any(i["Description"].endswith(arn.rpartition("/")[2]) for arn in running)]
        self.assertGreaterEqual(len(attached), 2)
        self.assertEqual({i["Groups"][0]["GroupName"] for i in attached}, {"laser-prod-services"})
        stores = [i for i in found if i["Groups"][0]["GroupName"] == "laser-prod-database"]
        self.assertTrue(stores and all("Association" not in i for i in stores), "a database has no public address")

    def test_acls_and_errors(self):
        acl = self.ec2.describe_network_acls()["NetworkAcls"][0]
        self.assertEqual([(e["RuleNumber"], e["RuleAction"]) for e in acl["Entries"] if not e["Egress"]], [(100, "allow"), (32767, "deny")])
        self.assertEqual(len(acl["Associations"]), 9)
        self.assertEqual(code(self, lambda: self.ec2.describe_subnets(SubnetIds=["subnet-0none"])), "InvalidSubnetID.NotFound")
        self.assertEqual(code(self, lambda: self.ec2.describe_security_groups(GroupIds=["sg-0none"])), "InvalidGroup.NotFound")
        self.assertEqual(code(self, lambda: self.ec2.describe_vpcs(Filters=[{"Name": "colour", "Values": ["red"]}])), "InvalidParameterValue")


class Scaling(unittest.TestCase):
    scaling, ecs = client("application-autoscaling"), client("ecs")
    of = dict(ServiceNamespace="ecs", ResourceId="service/laser-prod/auth", ScalableDimension="ecs:service:DesiredCount")

    def desired(self):
        return self.ecs.describe_services(cluster="laser-prod", services=["auth"])["services"][0]["desiredCount"]

    def activities(self, resource="service/laser-prod/auth"):
        pages = self.scaling.get_paginator("describe_scaling_activities").paginate(ServiceNamespace="ecs", ResourceId=resource, PaginationConfig={"PageSize": 2})
        return [a for p in pages for a in p["ScalingActivities"]]

    def test_bounds_policies_and_past(self):
        targets = {t["ResourceId"]: t for t in self.scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]}
        self.assertEqual((targets["service/laser-prod/api"]["MinCapacity"], targets["service/laser-prod/api"]["MaxCapacity"]), (4, 12))
        self.assertNotIn("service/laser-prod/worker", targets)
        policies = self.scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
        tracked = {p["ResourceId"]: p["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for p in policies}
        self.assertEqual(tracked["service/laser-prod/api"], 60.0)
        self.assertNotIn("service/laser-prod/pdf-render", tracked)
        made = {a["AlarmName"]: a["AlarmARN"] for p in policies for a in p["Alarms"]}
        alarms = {a["AlarmName"]: a for a in client("cloudwatch").describe_alarms(AlarmNamePrefix="TargetTracking-")["MetricAlarms"]}
        self.assertEqual(made, {name: a["AlarmArn"] for name, a in alarms.items()}, "two for each policy")
        self.assertEqual({len(p["Alarms"]) for p in policies}, {2})
        self.assertLessEqual({x for a in alarms.values() for x in a["AlarmActions"]}, {p["PolicyARN"] for p in policies})
        past = self.activities("service/laser-prod/api")
        self.assertGreaterEqual(len(past), 5)
        self.assertIn("Setting desired count to 8.", [a["Description"] for a in past])
        self.assertTrue(all(a["StartTime"] < a["EndTime"] for a in past))

    def test_it_follows_the_load(self):
        until("two tasks are wanted", lambda: self.desired() == 2)
        put = lambda target: self.scaling.put_scaling_policy(
            PolicyName="auth-cpu", PolicyType="TargetTrackingScaling", **self.of,
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": target, "ScaleOutCooldown": 60, "ScaleInCooldown": 60,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}})
        put(6.0)
        until("it scales out", lambda: self.desired() > 2)
        newest = self.activities()[0]
        self.assertIn("triggered policy auth-cpu", newest["Cause"])
        until("the activity ends", lambda: self.activities()[-1].get("StatusCode") == "Successful")
        self.assertLessEqual(self.desired(), 6, "never more than the maximum")
        put(90.0)
        until("it scales in", lambda: self.desired() == 2, 90)
        put(60.0)

    def test_bounds_move_what_stands_outside(self):
        of = {**self.of, "ResourceId": "service/laser-prod/pdf-render"}
        shown = lambda: self.ecs.describe_services(cluster="laser-prod", services=["pdf-render"])["services"][0]["desiredCount"]
        self.scaling.register_scalable_target(MinCapacity=3, MaxCapacity=5, **of)
        until("the minimum holds", lambda: shown() == 3)
        self.assertEqual(self.activities("service/laser-prod/pdf-render")[0]["Cause"], "minimum capacity was set to 3")
        self.scaling.register_scalable_target(MinCapacity=2, MaxCapacity=2, **of)
        until("the maximum holds", lambda: shown() == 2)
        self.scaling.register_scalable_target(MinCapacity=2, MaxCapacity=4, **of)

    def test_errors(self):
        self.assertEqual(code(self, lambda: self.scaling.register_scalable_target(MinCapacity=5, MaxCapacity=2, **self.of)), "ValidationException")
        nobody = {**self.of, "ResourceId": "service/laser-prod/worker"}
        self.assertEqual(code(self, lambda: self.scaling.deregister_scalable_target(**nobody)), "ObjectNotFoundException")
        self.assertEqual(self.scaling.describe_scalable_targets(ServiceNamespace="rds")["ScalableTargets"], [])


class Flags(unittest.TestCase):
    config = client("appconfig")

    def setUp(self):
        self.app = next(a["Id"] for a in self.config.list_applications()["Items"] if a["Name"] == "laser")
        self.environments = {e["Name"]: e for e in self.config.list_environments(ApplicationId=self.app)["Items"]}
        profiles = self.config.list_configuration_profiles(ApplicationId=self.app)["Items"]
        self.profile = next(p["Id"] for p in profiles if p["Type"] == "AWS.AppConfig.FeatureFlags")
        self.assertEqual({p["Type"] for p in profiles}, {"AWS.AppConfig.FeatureFlags", "AWS.Freeform"})

    def deployments(self, environment):
        pages = self.config.get_paginator("list_deployments").paginate(
            ApplicationId=self.app, EnvironmentId=self.environments[environment]["Id"], PaginationConfig={"PageSize": 2})
        return [d for p in pages for d in p["Items"]]

    def read(self, version):
        got = self.config.get_hosted_configuration_version(ApplicationId=self.app, ConfigurationProfileId=self.profile, VersionNumber=version)
        return got, json.loads(got["Content"].read())

    def test_three_environments_and_what_each_runs(self):
        self.assertEqual(set(self.environments), {"production", "staging", "development"})
        staging = self.deployments("staging")[0]
        self.assertEqual((staging["State"], staging["ConfigurationVersion"]), ("COMPLETE", "5"))
        got, content = self.read(5)
        self.assertEqual((got["VersionLabel"], got["ContentType"], got["VersionNumber"]), ("guests", "application/json", 5))
        self.assertTrue(content["values"]["guest-checkout"]["enabled"])
        versions = self.config.list_hosted_configuration_versions(ApplicationId=self.app, ConfigurationProfileId=self.profile)["Items"]
        self.assertGreaterEqual(versions[0]["VersionNumber"], 5)

    def test_a_flag_is_rolled_out_little_by_little_and_taken_back(self):
        _, content = self.read(5)
        content["values"]["maintenance"]["enabled"] = True
        made = self.config.create_hosted_configuration_version(
            ApplicationId=self.app, ConfigurationProfileId=self.profile, Content=json.dumps(content).encode(), ContentType="application/json", Description="on")
        where = dict(ApplicationId=self.app, EnvironmentId=self.environments["development"]["Id"])
        start = lambda: self.config.start_deployment(
            **where, DeploymentStrategyId="AppConfig.Linear50PercentEvery30Seconds",
            ConfigurationProfileId=self.profile, ConfigurationVersion=str(made["VersionNumber"]))
        number = start()["DeploymentNumber"]
        self.assertEqual(code(self, start), "ConflictException")
        shown = lambda: self.config.get_deployment(**where, DeploymentNumber=number)
        seen = set()
        def done():
            d = shown()
            seen.add((d["State"], d["PercentageComplete"]))
            return d["State"] == "COMPLETE"
        until("the deployment completes", done)
        self.assertIn(("DEPLOYING", 50.0), seen)
        self.assertIn(("BAKING", 100.0), seen)
        kinds = [e["EventType"] for e in reversed(shown()["EventLog"])]
        self.assertEqual(kinds, ["DEPLOYMENT_STARTED", "PERCENTAGE_UPDATED", "PERCENTAGE_UPDATED", "BAKE_TIME_STARTED", "DEPLOYMENT_COMPLETED"])
        times = [e["OccurredAt"] for e in reversed(shown()["EventLog"])]
        self.assertEqual(times, sorted(times))
        self.assertEqual(code(self, lambda: self.config.stop_deployment(**where, DeploymentNumber=number)), "BadRequestException")
        second = start()["DeploymentNumber"]
        self.assertEqual(self.config.stop_deployment(**where, DeploymentNumber=second)["State"], "ROLLED_BACK")

    def test_errors(self):
        self.assertEqual(code(self, lambda: self.config.list_environments(ApplicationId="nope")), "ResourceNotFoundException")
        wrong = lambda: self.config.create_hosted_configuration_version(
            ApplicationId=self.app, ConfigurationProfileId=self.profile, ContentType="application/json",
            Content=b'{"version":"1","flags":{},"values":{"x":{"enabled":true}}}')
        self.assertEqual(code(self, wrong), "BadRequestException")
        stranger = client("appconfig", aws_access_key_id="AKIASTRANGER", aws_secret_access_key="x")
        self.assertEqual(code(self, stranger.list_applications), "UnrecognizedClientException")

    def test_strategies(self):
        strategies = {s["Id"]: s for s in self.config.list_deployment_strategies()["Items"]}
        canary = strategies["AppConfig.Canary10Percent20Minutes"]
        self.assertEqual((canary["GrowthType"], canary["GrowthFactor"], canary["FinalBakeTimeInMinutes"]), ("EXPONENTIAL", 10.0, 10))


class Cost(unittest.TestCase):
    ce = client("ce")
    today = datetime.datetime.now(datetime.timezone.utc).date()

    def usage(self, start, end, granularity="DAILY", **more):
        return self.ce.get_cost_and_usage(
            TimePeriod={"Start": str(start), "End": str(end)}, Granularity=granularity, Metrics=["UnblendedCost"], **more)["ResultsByTime"]

    def test_days_add_up_to_the_month_and_services_to_the_total(self):
        first = (self.today.replace(day=1) - datetime.timedelta(days=1)).replace(day=1)
        end = self.today.replace(day=1)
        amount = lambda r: float(r["Total"]["UnblendedCost"]["Amount"])
        days = self.usage(first, end)
        month = self.usage(first, end, "MONTHLY")
        self.assertEqual(len(days), (end - first).days)
        self.assertEqual(len(month), 1)
        self.assertAlmostEqual(sum(map(amount, days)), amount(month[0]), 4)
        grouped = self.usage(first, end, "MONTHLY", GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}])[0]["Groups"]
        self.assertAlmostEqual(sum(float(g["Metrics"]["UnblendedCost"]["Amount"]) for g in grouped), amount(month[0]), 4)
        one = self.usage(first, end, "MONTHLY", Filter={"Dimensions": {"Key": "SERVICE", "Values": ["Amazon ElastiCache"]}})[0]
        shown = next(g for g in grouped if g["Keys"] == ["Amazon ElastiCache"])
        self.assertEqual(one["Total"], shown["Metrics"])

    def test_questions_cost_a_cent_each(self):
        def asked():
            today = self.usage(self.today, self.today + datetime.timedelta(days=1), GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}])[0]["Groups"]
            return next(float(g["Metrics"]["UnblendedCost"]["Amount"]) for g in today if g["Keys"] == ["AWS Cost Explorer"])
        self.assertAlmostEqual(asked() + 0.01, asked(), 6)

    def test_the_anomaly_is_in_the_bill(self):
        found = self.ce.get_anomalies(DateInterval={"StartDate": str(self.today - datetime.timedelta(days=30))})["Anomalies"]
        self.assertEqual([a["DimensionValue"] for a in found], ["AmazonCloudWatch"])
        day = datetime.date.fromisoformat(found[0]["AnomalyStartDate"][:10])
        by_day = {r["TimePeriod"]["Start"]: float(r["Total"]["UnblendedCost"]["Amount"]) for r in self.usage(
            day - datetime.timedelta(days=2), day + datetime.timedelta(days=2),
            Filter={"Dimensions": {"Key": "SERVICE", "Values": ["AmazonCloudWatch"]}})}
        self.assertGreater(by_day[str(day)], 3 * by_day[str(day - datetime.timedelta(days=1))])
        self.assertGreater(found[0]["Impact"]["TotalImpact"], 20)

    def test_forecast(self):
        end = self.today + datetime.timedelta(days=10)
        period = {"Start": str(self.today), "End": str(end)}
        got = self.ce.get_cost_forecast(TimePeriod=period, Metric="UNBLENDED_COST", Granularity="DAILY")
        self.assertEqual(len(got["ForecastResultsByTime"]), 10)
        self.assertAlmostEqual(sum(float(r["MeanValue"]) for r in got["ForecastResultsByTime"]), float(got["Total"]["Amount"]), 4)
        past = {"Start": str(self.today - datetime.timedelta(days=1)), "End": str(end)}
        self.assertEqual(code(self, lambda: self.ce.get_cost_forecast(TimePeriod=past, Metric="UNBLENDED_COST", Granularity="DAILY")), "ValidationException")


class Walls(unittest.TestCase):
    def test_the_web_acl_stands_before_the_balancer(self):
        waf, elb = client("wafv2"), client("elbv2")
        acl = waf.list_web_acls(Scope="REGIONAL")["WebACLs"][0]
        self.assertEqual(waf.list_web_acls(Scope="CLOUDFRONT")["WebACLs"], [])
        rules = waf.get_web_acl(Name=acl["Name"], Id=acl["Id"], Scope="REGIONAL")["WebACL"]["Rules"]
        limits = [r["Statement"]["RateBasedStatement"]["Limit"] for r in rules if "RateBasedStatement" in r["Statement"]]
        self.assertEqual(limits, [2000])
        balancer = elb.describe_load_balancers()["LoadBalancers"][0]
        self.assertEqual(waf.list_resources_for_web_acl(WebACLArn=acl["ARN"])["ResourceArns"], [balancer["LoadBalancerArn"]])
        self.assertEqual(waf.get_web_acl_for_resource(ResourceArn=balancer["LoadBalancerArn"])["WebACL"]["Name"], acl["Name"])
        self.assertEqual(code(self, lambda: waf.get_web_acl(Name="x", Id="1", Scope="REGIONAL")), "WAFNonexistentItemException")
        groups = client("ec2").describe_security_groups(GroupIds=balancer["SecurityGroups"])["SecurityGroups"]
        self.assertEqual([g["GroupName"] for g in groups], ["laser-prod-alb"])

    def test_no_shield_advanced(self):
        shield = client("shield")
        self.assertEqual(shield.get_subscription_state()["SubscriptionState"], "INACTIVE")
        self.assertEqual(code(self, shield.describe_subscription), "ResourceNotFoundException")


@unittest.skipUnless(shutil.which("aws"), "the AWS CLI is not installed")
class CommandLine(unittest.TestCase):
    def aws(self, *words):
        run = subprocess.run(["aws", "--endpoint-url", ENDPOINT, "--region", REGION, "--output", "json", *words], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_reads(self):
        self.assertEqual(len(self.aws("ec2", "describe-subnets")["Subnets"]), 9)
        self.assertEqual(len(self.aws("ec2", "describe-security-groups", "--filters", "Name=group-name,Values=default,laser-prod-alb")["SecurityGroups"]), 2)
        self.assertEqual(len(self.aws("application-autoscaling", "describe-scalable-targets", "--service-namespace", "ecs")["ScalableTargets"]), 4)
        self.assertEqual(self.aws("appconfig", "list-applications")["Items"][0]["Name"], "laser")
        self.assertEqual(len(self.aws("wafv2", "list-web-acls", "--scope", "REGIONAL")["WebACLs"]), 1)
        self.assertEqual(len(self.aws("ce", "get-anomaly-monitors")["AnomalyMonitors"]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
