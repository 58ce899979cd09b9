"""A small platform on an AWS peer, made and read back with boto3."""

import boto3
from botocore.config import Config

from .console import KEYS, REGION


def client(service, endpoint):
    """A boto3 client for the peer."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=30),
    )


class Platform:
    """One cluster, one service behind a load balancer, its log group: what a person has on day one."""

    cluster, service, family, group = "shop", "api", "api", "/ecs/api"
    image = "registry.example/shop/api"

    def __init__(self, endpoint):
        self.ecs, self.elb = client("ecs", endpoint), client("elbv2", endpoint)
        self.cloudwatch, self.logs = client("cloudwatch", endpoint), client("logs", endpoint)
        self.ec2, self.sts = client("ec2", endpoint), client("sts", endpoint)

    def build(self, desired=2):
        """Makes it all; revision 1 runs 1.0.0."""
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        group = self.ec2.create_security_group(GroupName="api", Description="api", VpcId=vpc)["GroupId"]
        balancer = self.elb.create_load_balancer(Name="shop", Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0]
        self.target_group = self.elb.create_target_group(
            Name="tg-api", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", HealthCheckPath="/health"
        )["TargetGroups"][0]["TargetGroupArn"]
        self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.target_group}],
        )
        self.targets(desired)
        self.logs.create_log_group(logGroupName=self.group)
        self.logs.put_retention_policy(logGroupName=self.group, retentionInDays=30)
        self.ecs.create_cluster(clusterName=self.cluster)
        self.register("1.0.0")
        self.ecs.create_service(
            cluster=self.cluster, serviceName=self.service, taskDefinition=f"{self.family}:1", desiredCount=desired,
            launchType="FARGATE",
            loadBalancers=[{"targetGroupArn": self.target_group, "containerName": "api", "containerPort": 80}],
            networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group]}},
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        )
        return self

    def targets(self, count):
        """Registers targets: ECS would register a service's tasks, the peers leave that to us."""
        targets = [{"Id": f"10.0.{n % 2}.{5 + n // 2}", "Port": 80} for n in range(count)]
        self.elb.register_targets(TargetGroupArn=self.target_group, Targets=targets)

    def register(self, tag):
        """Registers a further task definition revision; its number."""
        container = {
            "name": "api", "image": f"{self.image}:{tag}", "essential": True, "cpu": 256, "memory": 512,
            "portMappings": [{"containerPort": 80}],
            "environment": [{"name": "LOG_LEVEL", "value": "info"}],
            "healthCheck": {"command": ["CMD-SHELL", "curl -f http://localhost/health"]},
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": self.group, "awslogs-region": REGION, "awslogs-stream-prefix": "api"},
            },
        }
        made = self.ecs.register_task_definition(
            family=self.family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[container],
        )
        return made["taskDefinition"]["revision"]

    def now(self):
        """The service as the peer describes it."""
        return self.ecs.describe_services(cluster=self.cluster, services=[self.service])["services"][0]

    def running_image(self):
        """The image of the task definition that the service is set to."""
        definition = self.ecs.describe_task_definition(taskDefinition=self.now()["taskDefinition"])["taskDefinition"]
        return definition["containerDefinitions"][0]["image"]

    def revisions(self):
        """Every registered revision."""
        return self.ecs.list_task_definitions(familyPrefix=self.family)["taskDefinitionArns"]

    def state(self):
        """Everything that an action could have changed."""
        service = self.now()
        kept = ("taskDefinition", "desiredCount", "deploymentConfiguration")
        return {
            "revisions": self.revisions(),
            "deployments": [d["id"] for d in service["deployments"]],
            **{name: service[name] for name in kept},
        }
