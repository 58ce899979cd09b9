"""Which operations of AWS our sandbox serves, asked of the sandbox itself, and which of them the tests called of it.

No list is kept by hand: botocore's models name every operation of a service, and a sandbox is asked for each with an input that says next
to nothing. Of what it does not offer it says so; everything else is served, what it refuses for other reasons among it."""

import functools
import http.client
import os
import re
import subprocess
import threading
import urllib.parse

import boto3
import botocore.awsrequest
import botocore.handlers
import botocore.serialize
import botocore.session

from .console import KEYS, REGION, binary
from .server import Sandbox

#: The systems that the sandbox plays and AWS has, as its faults name them, with botocore's names.
SYSTEMS = {
    "ecs": ["ecs"], "logs": ["logs"], "cloudwatch": ["cloudwatch"], "elbv2": ["elbv2"], "sts": ["sts"], "secretsmanager": ["secretsmanager"],
    "cloudformation": ["cloudformation"], "sns": ["sns"], "ecr": ["ecr"], "rds": ["rds"], "pi": ["pi"], "ec2": ["ec2"],
    "autoscaling": ["application-autoscaling"], "costexplorer": ["ce"], "iam": ["iam"], "waf": ["wafv2"], "shield": ["shield"],
    "elasticache": ["elasticache"], "s3": ["s3", "s3control"], "appconfig": ["appconfig"], "backup": ["backup"],
}
#: The systems of others.
OTHERS = {"github", "sentry", "slack", "vercel", "cloudflare", "redis", "postgres", "smtp"}
SERVICES = [name for names in SYSTEMS.values() for name in names]

#: How it says that an operation is not offered: by a code, or in words where the vendor has no code for it.
UNKNOWN = ("UnknownOperation", "NotImplemented", "InvalidAction", "does not offer", "The resource cannot be found.")

#: What was called so far: (service, operation), in botocore's names. What the AWS CLI calls is added by those who start it.
CALLED = set()
#: The files whose every test is part of this run, by name. Of others, what they would call is read from their words.
WHOLE = set()
_session = botocore.session.Session()
_loading = threading.Lock()
_models = {}


def model(service):
    """botocore's model of a service."""
    with _loading:
        if service not in _models:
            _models[service] = _session.get_service_model(service)
        return _models[service]


def operation(service, verb):
    """The operation that the AWS CLI calls by a verb: `DescribeDBInstances` of `describe-db-instances`."""
    return next(name for name in model(service).operation_names if botocore.xform_name(name, "-") == verb)


def record():
    """Notes from now on what clients call at sandboxes. Clients that were made before are not seen."""
    # Every session that is made later has it, boto3's among them.
    botocore.handlers.BUILTIN_HANDLERS.append(("before-call", _note))


def _note(model, params, **_):
    service = _by_id().get(str(model.service_model.service_id))
    judged = os.environ.get("FLIGHTDECK_SANDBOX_ENDPOINT", "")
    sandboxes = Sandbox.started | {urllib.parse.urlsplit(judged).netloc}
    # Some clients put a word before the host.
    asked = urllib.parse.urlsplit(params["url"]).netloc
    if service and any(asked.endswith(one) for one in sandboxes if one):
        CALLED.add((service, model.name))


def named(operations, text):
    """Those of the operations that a file's words name: an estimate, since the same name in another service counts as well."""
    words = set(re.findall(r"[\w-]+", text))

    def spelled(name):
        """As boto3 writes it, and as the AWS CLI does."""
        return {botocore.xform_name(name), botocore.xform_name(name, "-")}

    return {(service, name) for service, name in operations if spelled(name) & words}


@functools.cache
def _by_id():
    return {str(model(name).service_id): name for name in SERVICES}


def systems():
    """Names of the systems that the sandbox plays: it tells them to who names another."""
    said = subprocess.run([binary(), "sandbox", "--listen", "127.0.0.1:0", "--fault", "nothing:denied=1"], capture_output=True, text=True, timeout=30)
    return set(said.stderr.partition("is none of ")[2].partition("\n")[0].split(", "))


@functools.cache
def served():
    """What a sandbox of our own serves: (service, operation). It is asked once, and changed by it."""
    with Sandbox(speed=1) as sandbox:
        line = http.client.HTTPConnection(urllib.parse.urlsplit(sandbox.endpoint).netloc, timeout=20)
        known = _known(sandbox.endpoint)
        every = [(service, name) for service in SERVICES for name in model(service).operation_names]
        return {(service, name) for service, name in every if _offers(line, sandbox.endpoint, model(service).operation_model(name), known)}


def _known(endpoint):
    """What exists, by the names of what asks for it: a path of a thing that does not exist is refused for that, whatever it asks."""
    client = functools.partial(boto3.client, endpoint_url=endpoint, region_name=REGION, aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"], aws_secret_access_key="x")
    config = client("appconfig")
    application = config.list_applications()["Items"][0]["Id"]
    environment = config.list_environments(ApplicationId=application)["Items"][0]["Id"]
    return {
        **dict.fromkeys(("ApplicationId", "ApplicationIdentifier", "Application"), application),
        **dict.fromkeys(("EnvironmentId", "EnvironmentIdentifier", "Environment"), environment),
        "ConfigurationProfileId": config.list_configuration_profiles(ApplicationId=application)["Items"][0]["Id"],
        "BackupPlanId": client("backup").list_backup_plans()["BackupPlansList"][0]["BackupPlanId"], "BackupVaultName": "laser-prod-daily",
        "Bucket": "laser-prod-assets", "AccountId": "123456789012", "ServiceNamespace": "ecs",
    }


#: S3 keeps name and size of an object alone, and whatever else is asked of one falls on the operations that ask for that.
OBJECTS = {"PutObject", "DeleteObject", "GetObject", "HeadObject"}
#: These are told from another operation by a host that the sandbox has not: `ListBuckets`, and nothing at all.
BY_HOST = {"ListDirectoryBuckets", "WriteGetObjectResponse"}


def _offers(line, endpoint, asked, known):
    service = asked.service_model.service_name
    if service == "s3" and (asked.name in BY_HOST or "{Key+}" in asked.http["requestUri"] and asked.name not in OBJECTS):
        return False
    if service == "application-autoscaling" and "ServiceNamespace" not in asked.input_shape.members:
        # It asks for the namespace before anything else.
        return False
    serializer = botocore.serialize.create_serializer(asked.service_model.resolved_protocol, include_validation=False)
    words = serializer.serialize_to_request(_least(asked, known), asked)
    # Some clients put a word before the host, which is an address here.
    words.pop("host_prefix", None)
    botocore.awsrequest.prepare_request_dict(words, endpoint)
    scope = f"{KEYS['AWS_ACCESS_KEY_ID']}/20260101/{REGION}/{asked.service_model.signing_name}/aws4_request"
    words["headers"]["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    if service == "s3control":
        words["headers"]["x-amz-account-id"] = known["AccountId"]
    request = botocore.awsrequest.create_request_object(words).prepare()
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    line.request(request.method, request.url.removeprefix(endpoint), body=request.body, headers=headers)
    answer = line.getresponse()
    # An answer to HEAD has no words.
    told = f"{answer.getheader('x-amzn-errortype', '')} {answer.read().decode(errors='replace')}"
    return answer.status < 400 or answer.status != 501 and not any(word in told for word in UNKNOWN)


def _least(asked, known):
    """What a request cannot do without: what stands in its path, and what is known."""
    members = asked.input_shape.members if asked.input_shape else {}
    least = {}
    for name, member in members.items():
        if name in known and member.type_name == "string":
            # A bucket that is to be made must not exist.
            least[name] = "made-by-asking" if asked.name == "CreateBucket" else known[name]
        elif name in asked.input_shape.required_members and member.serialization.get("location") in ("uri", "header", "querystring"):
            least[name] = {"string": "none", "timestamp": "2026-01-01T00:00:00Z", "boolean": True, "list": ["none"]}.get(member.type_name, 1)
    return least
