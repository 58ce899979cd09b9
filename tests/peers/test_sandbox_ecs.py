"""boto3 and the AWS CLI against the sandbox: ECS, ELBv2, STS. Reads FLIGHTDECK_SANDBOX_ENDPOINT."""
import json, os, shutil, subprocess, time, unittest
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["FLIGHTDECK_SANDBOX_ENDPOINT"]
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
CLUSTER = "laser-prod"
REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/laser"


def client(name, **more):
    config = Config(retries={"max_attempts": 1}, read_timeout=10)
    return boto3.client(name, endpoint_url=ENDPOINT, region_name=REGION, config=config, **more)


ecs = client("ecs")


def service(name):
    return ecs.describe_services(cluster=CLUSTER, services=[name])["services"][0]


def until(what, condition, seconds=40):
    """Waits for a condition; the sandbox's clock is what is waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("never: " + what)


def register(name, tag):
    now = ecs.describe_task_definition(taskDefinition=service(name)["taskDefinition"])["taskDefinition"]
    containers = now["containerDefinitions"]
    containers[0]["image"] = f"{REPOSITORY}/{name}:{tag}" if "/" not in tag else tag
    keep = ["family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn"]
    answer = ecs.register_task_definition(containerDefinitions=containers, **{k: now[k] for k in keep})
    return answer["taskDefinition"]


def deployments(name):
    arns = [d["serviceDeploymentArn"] for d in ecs.list_service_deployments(cluster=CLUSTER, service=name)["serviceDeployments"]]
    return ecs.describe_service_deployments(serviceDeploymentArns=arns[:20])["serviceDeployments"]


def steady(name):
    return until(f"{name} is steady", lambda: [d["rolloutState"] for d in service(name)["deployments"]] == ["COMPLETED"])


class Reads(unittest.TestCase):
    def test_identity(self):
        self.assertEqual(client("sts").get_caller_identity()["Account"], "123456789012")

    def test_clusters(self):
        arns = ecs.list_clusters()["clusterArns"]
        self.assertEqual(len(arns), 3)
        shown = ecs.describe_clusters(clusters=arns + ["nowhere"])
        self.assertEqual(shown["failures"][0]["reason"], "MISSING")
        prod = next(c for c in shown["clusters"] if c["clusterName"] == CLUSTER)
        self.assertEqual(prod["activeServicesCount"], 6)

    def test_services_page_by_page(self):
        pages = list(ecs.get_paginator("list_services").paginate(cluster=CLUSTER, PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(p["serviceArns"]) for p in pages], [2, 2, 2])
        shown = ecs.describe_services(cluster=CLUSTER, services=[a for p in pages for a in p["serviceArns"]])
        self.assertEqual(len(shown["services"]), 6)
        self.assertEqual(shown["failures"], [])

    def test_limits_and_errors_are_the_vendors(self):
        def code(call):
            with self.assertRaises(ClientError) as caught:
                call()
            return caught.exception.response["Error"]["Code"]
        self.assertEqual(code(lambda: ecs.list_services(cluster="nowhere")), "ClusterNotFoundException")
        self.assertEqual(code(lambda: ecs.describe_services(cluster=CLUSTER, services=["a"] * 11)), "InvalidParameterException")
        self.assertEqual(code(lambda: ecs.update_service(cluster=CLUSTER, service="nope", desiredCount=1)), "ServiceNotFoundException")
        self.assertEqual(code(lambda: ecs.describe_task_definition(taskDefinition="nope:1")), "ClientException")
        stranger = client("ecs", aws_access_key_id="AKIASTRANGER", aws_secret_access_key="x")
        self.assertEqual(code(stranger.list_clusters), "UnrecognizedClientException")
        stranger = client("sts", aws_access_key_id="AKIASTRANGER", aws_secret_access_key="x")
        self.assertEqual(code(stranger.get_caller_identity), "InvalidClientTokenId")

    def test_tasks(self):
        steady("api")
        arns = ecs.list_tasks(cluster=CLUSTER, serviceName="api")["taskArns"]
        tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
        self.assertEqual({t["availabilityZone"] for t in tasks}, {"us-east-1a", "us-east-1b", "us-east-1c"})
        self.assertTrue(all(t["healthStatus"] == "HEALTHY" and t["containers"][0]["image"] for t in tasks))

    def test_task_definitions(self):
        arns = ecs.list_task_definitions(familyPrefix="laser-prod-api", sort="DESC")["taskDefinitionArns"]
        self.assertGreaterEqual(len(arns), 4)
        newest = ecs.describe_task_definition(taskDefinition="laser-prod-api")["taskDefinition"]
        self.assertEqual(newest["taskDefinitionArn"], arns[0])
        self.assertTrue(newest["containerDefinitions"][0]["healthCheck"]["command"])
        self.assertIn("laser-prod-worker", ecs.list_task_definition_families()["families"])

    def test_targets(self):
        elb = client("elbv2")
        groups = elb.describe_target_groups()["TargetGroups"]
        self.assertEqual(len(groups), 5)
        api = next(g for g in groups if g["TargetGroupName"] == "tg-auth")
        health = elb.describe_target_health(TargetGroupArn=api["TargetGroupArn"])["TargetHealthDescriptions"]
        self.assertGreaterEqual(len(health), 2)
        self.assertTrue(all(h["TargetHealth"]["State"] for h in health))
        self.assertEqual(len(elb.describe_load_balancers()["LoadBalancers"]), 1)
        self.assertTrue(elb.describe_listeners(LoadBalancerArn=api["LoadBalancerArns"][0])["Listeners"])
        self.assertEqual(len(elb.describe_rules()["Rules"]), 5)
        with self.assertRaises(ClientError):
            elb.describe_target_health(TargetGroupArn="arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/no/1")


class Changes(unittest.TestCase):
    def test_a_good_image_rolls_out(self):
        steady("api")
        definition = register("api", "1.8.3")
        ecs.update_service(cluster=CLUSTER, service="api", taskDefinition=definition["taskDefinitionArn"])
        self.assertEqual(deployments("api")[0]["status"], "IN_PROGRESS")
        seen = []
        def done():
            seen.append(service("api")["runningCount"])
            return deployments("api")[0]["status"] == "SUCCESSFUL"
        until("the deployment succeeds", done)
        self.assertGreaterEqual(min(seen), 4, "never fewer than the minimum healthy")
        self.assertLessEqual(max(seen), 8, "never more than the maximum")
        steady("api")
        self.assertEqual(service("api")["taskDefinition"], definition["taskDefinitionArn"])
        revision = deployments("api")[0]["targetServiceRevision"]["arn"]
        shown = ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"][0]
        self.assertEqual(shown["taskDefinition"], definition["taskDefinitionArn"])
        self.assertRegex(shown["containerImages"][0]["imageDigest"], "^sha256:[0-9a-f]{64}$")

    def test_a_bad_image_trips_the_breaker_and_goes_back(self):
        for name, tag in [("auth", "2.1.0-bad"), ("pdf-render", "1.0.0-crash")]:
            steady(name)
            before = service(name)["taskDefinition"]
            definition = register(name, tag)
            ecs.update_service(cluster=CLUSTER, service=name, taskDefinition=definition["taskDefinitionArn"])
            until(f"{name} is rolled back", lambda: deployments(name)[0]["status"] == "ROLLBACK_SUCCESSFUL", 60)
            self.assertEqual(service(name)["taskDefinition"], before)
            self.assertEqual(service(name)["runningCount"], service(name)["desiredCount"])
            told = deployments(name)[0]
            self.assertEqual(told["deploymentCircuitBreaker"]["status"], "TRIGGERED")
            self.assertGreaterEqual(told["deploymentCircuitBreaker"]["failureCount"], told["deploymentCircuitBreaker"]["threshold"])
            stopped = ecs.list_tasks(cluster=CLUSTER, serviceName=name, desiredStatus="STOPPED")["taskArns"]
            self.assertTrue(ecs.describe_tasks(cluster=CLUSTER, tasks=stopped)["tasks"][0]["stoppedReason"])

    def test_an_image_that_does_not_exist(self):
        steady("admin")
        definition = register("admin", "registry.example/nope:1")
        ecs.update_service(cluster=CLUSTER, service="admin", taskDefinition=definition["taskDefinitionArn"])
        def pulled():
            arns = ecs.list_tasks(cluster=CLUSTER, serviceName="admin", desiredStatus="STOPPED")["taskArns"]
            tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
            return any("CannotPullContainerError" in t.get("stoppedReason", "") for t in tasks)
        until("the pull fails", pulled)
        steady("admin")

    def test_a_running_deployment_is_stopped_with_rollback(self):
        steady("worker")
        before = service("worker")["taskDefinition"]
        definition = register("worker", "1.9.9")
        ecs.update_service(cluster=CLUSTER, service="worker", taskDefinition=definition["taskDefinitionArn"])
        arn = deployments("worker")[0]["serviceDeploymentArn"]
        ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
        until("it goes back", lambda: deployments("worker")[0]["status"] == "ROLLBACK_SUCCESSFUL")
        self.assertEqual(service("worker")["taskDefinition"], before)
        with self.assertRaises(ClientError):
            ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")

    def test_scale_and_restart(self):
        steady("calculator")
        ecs.update_service(cluster=CLUSTER, service="calculator", desiredCount=5)
        until("five run", lambda: service("calculator")["runningCount"] == 5)
        ecs.update_service(cluster=CLUSTER, service="calculator", desiredCount=2)
        until("two run", lambda: service("calculator")["runningCount"] == 2)
        old = set(ecs.list_tasks(cluster=CLUSTER, serviceName="calculator")["taskArns"])
        ecs.update_service(cluster=CLUSTER, service="calculator", forceNewDeployment=True)
        told = deployments("calculator")[0]
        source, target = told["sourceServiceRevisions"][0], told["targetServiceRevision"]
        self.assertEqual((source["runningTaskCount"], target["runningTaskCount"]), (2, 0), "of one task definition, and counted apart")
        current = {r["arn"] for r in service("calculator")["currentServiceRevisions"]}
        self.assertEqual(current, {source["arn"], target["arn"]})
        until("all are new", lambda: not old & set(ecs.list_tasks(cluster=CLUSTER, serviceName="calculator")["taskArns"]), 60)


@unittest.skipUnless(shutil.which("aws"), "the AWS CLI is not installed")
class CommandLine(unittest.TestCase):
    def aws(self, *words):
        run = subprocess.run(["aws", "--endpoint-url", ENDPOINT, "--region", REGION, "--output", "json", *words], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_reads(self):
        self.assertEqual(self.aws("sts", "get-caller-identity")["Account"], "123456789012")
        self.assertEqual(len(self.aws("ecs", "list-services", "--cluster", CLUSTER)["serviceArns"]), 6)
        self.assertEqual(len(self.aws("elbv2", "describe-target-groups")["TargetGroups"]), 5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
