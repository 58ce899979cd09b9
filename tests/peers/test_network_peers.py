"""Network, scaling, flags, web ACLs and cost through our clients: made with boto3 on servers that others wrote, read back here."""

import datetime
import json
import unittest
import urllib.request

from harness.cases import NEST
from harness.console import Flightdeck
from harness.platform import client
from harness.server import Ministack, Moto


class Case(unittest.TestCase):
    """An empty peer for the class, one flightdeck home a test."""

    peer_type = None

    @classmethod
    def setUpClass(cls):
        cls.peer = cls.peer_type().start()
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


class Networks:
    """Shared by both peers: VPC, subnets with and without a way out, groups that name each other."""

    @classmethod
    def build(cls):
        cls.ec2 = ec2 = client("ec2", cls.peer.endpoint)
        cls.vpc = vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "shop"}])
        make = lambda n, zone: ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
        cls.public, cls.private = make(0, "a"), [make(10, "a"), make(11, "b")]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2.associate_route_table(RouteTableId=table, SubnetId=cls.public)
        group = lambda name: ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        cls.lb, cls.app, cls.db = group("lb"), group("app"), group("db")
        def let(to, port, until=None, **peer):
            permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": until or port, **peer}
            ec2.authorize_security_group_ingress(GroupId=to, IpPermissions=[permission])
        let(cls.lb, 443, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
        let(cls.app, 8080, 8084, UserIdGroupPairs=[{"GroupId": cls.lb}])
        let(cls.db, 5432, UserIdGroupPairs=[{"GroupId": cls.app}])
        let(cls.db, 5432, IpRanges=[{"CidrIp": "10.7.0.0/16"}])
        for subnet, name in zip(cls.private, (cls.app, cls.db)):
            ec2.create_network_interface(SubnetId=subnet, Groups=[name], Description="RDSNetworkInterface" if name == cls.db else "x")
        elb = client("elbv2", cls.peer.endpoint)
        elb.create_load_balancer(Name="shop", Subnets=[cls.public, cls.private[1]], SecurityGroups=[cls.lb])

    def show(self):
        return self.deck.ask("show", "network")

    def test_subnets_are_public_by_their_routes(self):
        mine = {s["id"]: s for s in self.show()["subnets"] if s["vpc"] == self.vpc}
        self.assertEqual({s["public"] for i, s in mine.items() if i in self.private}, {False})
        self.assertTrue(mine[self.public]["public"])
        there = {s["SubnetId"]: s["AvailabilityZone"] for s in self.ec2.describe_subnets()["Subnets"]}
        self.assertEqual({i: s["zone"] for i, s in mine.items()}, {i: there[i] for i in mine})

    def test_who_may_reach_whom_is_what_the_groups_say(self):
        rows = {json.dumps(r["source"]): r["targets"] for r in self.show()["reach"]}
        ports = lambda source: {(t["group"], t["ports"]["protocol"], tuple(t["ports"]["range"] or ())) for t in rows[json.dumps(source)]}
        self.assertIn((self.lb, "tcp", (443, 443)), ports("world"))
        self.assertIn((self.app, "tcp", (8080, 8084)), ports({"group": self.lb}))
        self.assertIn((self.db, "tcp", (5432, 5432)), ports({"group": self.app}))
        self.assertIn((self.db, "tcp", (5432, 5432)), ports({"range": "10.7.0.0/16"}))

    def test_a_port_opened_to_the_world_fails_the_criterion_until_it_is_closed(self):
        before = self.criterion("ec2.open-ports")
        self.assertEqual(before["state"], "proved", before)
        rule = dict(GroupId=self.app, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
        self.ec2.authorize_security_group_ingress(**rule)
        try:
            open_now = self.criterion("ec2.open-ports")
            self.assertEqual(open_now["state"], "failing", open_now)
            self.assertIn("app: open to the world on 22", open_now["reason"])
            self.assertTrue(any("app" in e["answer"] for e in [open_now["evidence"]] if e), open_now)
        finally:
            self.ec2.revoke_security_group_ingress(**rule)
        self.assertEqual(self.criterion("ec2.open-ports")["state"], "proved")

    def test_private_zones_and_a_database_let_in_by_addresses(self):
        vpc = self.criterion("ec2.vpc")
        self.assertEqual(vpc["state"], "proved", vpc)
        groups = self.criterion("ec2.security-groups")
        self.assertEqual(groups["state"], "failing", groups)
        self.assertIn("db: 5432 from addresses 10.7.0.0/16", groups["reason"])


class NetworkOnMoto(Networks, Case):
    peer_type = Moto


class NetworkOnMinistack(Networks, Case):
    peer_type = Ministack


class ScalingOnMoto(Case):
    """moto 5.2.5 keeps targets and policies; DescribeScalingActivities answers HTTP 500 with HTML."""

    peer_type = Moto
    of = dict(ServiceNamespace="ecs", ResourceId="service/shop/api", ScalableDimension="ecs:service:DesiredCount")

    @classmethod
    def build(cls):
        ecs = client("ecs", cls.peer.endpoint)
        ecs.create_cluster(clusterName="shop")
        ecs.register_task_definition(family="api", containerDefinitions=[{"name": "api", "image": "x", "memory": 128}])
        ecs.create_service(cluster="shop", serviceName="api", taskDefinition="api", desiredCount=2)
        cls.scaling = client("application-autoscaling", cls.peer.endpoint)

    def test_bounds_and_policies_decide_whether_a_service_scales(self):
        self.scaling.register_scalable_target(MinCapacity=2, MaxCapacity=6, **self.of)
        bare = self.criterion("autoscaling.configured")
        self.assertEqual(bare["state"], "failing", bare)
        self.assertIn("no policy", bare["reason"])
        self.scaling.put_scaling_policy(
            PolicyName="cpu", PolicyType="TargetTrackingScaling", **self.of,
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 55.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}})
        (row,) = self.deck.ask("show", "scaling")["scaling"]
        self.assertEqual((row["resource"], row["min"], row["max"]), ("service/shop/api", 2, 6))
        self.assertEqual([(p["metric"], p["target"]) for p in row["policies"]], [("ECSServiceAverageCPUUtilization", 55.0)])
        self.assertEqual(self.criterion("autoscaling.configured")["state"], "proved")

    def test_scaled_activities_that_cannot_be_asked_prove_nothing(self):
        self.scaling.register_scalable_target(MinCapacity=2, MaxCapacity=6, **self.of)
        self.scaling.put_scaling_policy(
            PolicyName="cpu", PolicyType="TargetTrackingScaling", **self.of,
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 55.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}})
        answer = self.deck.ask("show", "scaling")
        source = next(s for s in answer["sources"] if s["list"] == "scaling_activities")
        self.assertIsNotNone(source["error"])
        self.assertIsNone(NEST.search(json.dumps(source["error"]["why"])), source)
        self.assertEqual(self.criterion("autoscaling.observed")["state"], "unknown")


class FlagsOnMinistack(Case):
    """ministack 1.5.33 keeps AppConfig whole, but tells no profile id in ListDeployments, and its deployments stay where they begin."""

    peer_type = Ministack

    @classmethod
    def build(cls):
        cls.config = config = client("appconfig", cls.peer.endpoint)
        app = config.create_application(Name="shop")["Id"]
        environments = {name: config.create_environment(ApplicationId=app, Name=name)["Id"] for name in ("staging", "production")}
        profile = config.create_configuration_profile(ApplicationId=app, Name="flags", LocationUri="hosted", Type="AWS.AppConfig.FeatureFlags")["Id"]
        def version(value):
            content = {"version": "1", "flags": {"checkout": {"name": "Checkout"}}, "values": {"checkout": value}}
            made = config.create_hosted_configuration_version(
                ApplicationId=app, ConfigurationProfileId=profile, Content=json.dumps(content).encode(), ContentType="application/json")
            return str(made["VersionNumber"])
        off = version({"enabled": False})
        share = version({"_variants": [{"name": "some", "enabled": True, "rule": "(split pct::25 by::$userId)"}, {"name": "default", "enabled": False}]})
        slowly = config.create_deployment_strategy(Name="slowly", DeploymentDurationInMinutes=30, GrowthFactor=20, FinalBakeTimeInMinutes=5, ReplicateTo="NONE")["Id"]
        def deploy(name, number):
            return config.start_deployment(
                ApplicationId=app, EnvironmentId=environments[name], DeploymentStrategyId=slowly,
                ConfigurationProfileId=profile, ConfigurationVersion=number)
        deploy("production", off)
        deploy("staging", share)
        cls.app, cls.environments = app, environments

    def test_flags_and_what_spreads_them(self):
        answer = self.deck.ask("flags")
        (flag,) = answer["flags"]
        self.assertEqual((flag["application"], flag["profile"], flag["key"], flag["name"]), ("shop", "flags", "checkout", "Checkout"))
        self.assertEqual(list(flag["environments"]), ["production", "staging"])
        for name, value in (("production", {"state": "off"}), ("staging", {"state": "share", "percent": 25.0})):
            there = self.config.list_deployments(ApplicationId=self.app, EnvironmentId=self.environments[name])["Items"][0]
            state = flag["environments"][name]
            if there["State"] == "COMPLETE":
                self.assertEqual(state["state"], value["state"], state)
            else:
                self.assertEqual((state["state"], state["coming"]), ("missing", value), state)
            mine = next(r for r in answer["rollouts"] if r["environment"] == name)
            self.assertEqual((mine["state"], mine["percent"], mine["minutes"], mine["flags"]), (there["State"], there["PercentageComplete"], 30, True))

    def test_the_criterion_holds_while_they_spread_slowly(self):
        found = self.criterion("appconfig.flags")
        self.assertEqual(found["state"], "proved", found)


class WallsOnMinistack(Case):
    """ministack 1.5.33 knows no Shield; moto 5.2.5 cannot list what stands behind a web ACL (HTTP 500)."""

    peer_type = Ministack

    def test_rules_of_a_web_acl(self):
        waf = client("wafv2", self.peer.endpoint)
        quiet = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
        waf.create_web_acl(
            Name="front", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=quiet,
            Rules=[{"Name": "rate", "Priority": 0, "Action": {"Block": {}}, "VisibilityConfig": quiet,
                    "Statement": {"RateBasedStatement": {"Limit": 500, "AggregateKeyType": "IP"}}}])
        answer = self.deck.ask("show", "walls")
        (row,) = answer["web_acl_rules"]
        self.assertEqual((row["web_acl"], row["allows"]), ("front", True))
        rule = row["rule"]
        self.assertEqual((rule["name"], rule["kind"], rule["action"], rule["limit"]), ("rate", "rate", "block", 500))
        notes = [n["text"] for n in answer["sources"][0]["notes"]]
        self.assertIn("whether Shield Advanced is on could not be asked", notes)


class CostOnMoto(Case):
    """moto 5.2.5 answers GetCostAndUsage with what it was told to; forecast and anomalies answer HTTP 500 with HTML."""

    peer_type = Moto

    def test_the_bill_is_read_kept_on_disk_and_not_asked_for_without_leave(self):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        first = (today.replace(day=1) - datetime.timedelta(days=1)).replace(day=1)
        def day(date, amount):
            return {"TimePeriod": {"Start": str(date), "End": str(date)}, "Estimated": False, "Total": {},
                    "Groups": [{"Keys": ["AmazonECS"], "Metrics": {"UnblendedCost": {"Amount": str(amount), "Unit": "EUR"}}}]}
        told = {"results": [{"ResultsByTime": [day(first, 7.5), day(today, 2.25)], "DimensionValueAttributes": []}]}
        request = urllib.request.Request(
            f"{self.peer.endpoint}/moto-api/static/ce/cost-and-usage-results", json.dumps(told).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()
        answer = self.deck.run("show", "cost", "--json")
        self.assertNotEqual(answer.code, 0, "nobody said that money may be spent")
        self.deck.configure("[cost]\nmonthly_budget = 100\n")
        answer = self.deck.ask("show", "cost")
        (row,) = answer["services"]
        self.assertEqual((row["service"], row["month"]), ("AmazonECS", 2.25))
        notes = " ".join(n["text"] for n in answer["sources"][0]["notes"])
        self.assertIn("2.25 EUR this month so far", notes)
        self.assertIn("7.50 EUR in all of last month", notes)
        found = self.criterion("cost.within-budget")
        self.assertEqual(found["state"], "unknown", "without a forecast nothing is proved")


if __name__ == "__main__":
    unittest.main(verbosity=2)
