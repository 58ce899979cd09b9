"""The embedded platform with every system that it plays, and a console that is configured for all of them."""

from harness.console import Flightdeck

#: What each vendor's token is asked for by, in the environment.
TOKENS = ("GITHUB_TOKEN", "SENTRY_AUTH_TOKEN", "SLACK_BOT_TOKEN", "VERCEL_TOKEN", "CLOUDFLARE_API_TOKEN")
#: What the platform takes.
TOKEN = "flightdeck-demo-token"

CONFIGURATION = """
environment = "laser-prod"
[aws]
second_region = "eu-west-1"
[cost]
monthly_budget = 2000
[probes]
dns_server = "{dns}"
connect_to = "{https}"
extra_roots = "authority.pem"
{hosts}
[smtp]
host = "localhost"
port = {smtp}
[github]
repository = "laser/platform"
endpoint = "{endpoint}/github"
[sentry]
organization = "laser"
endpoint = "{endpoint}/sentry/api/0"
[slack]
channel = "ops"
endpoint = "{endpoint}/slack/api"
[vercel]
endpoint = "{endpoint}/vercel"
[cloudflare]
endpoint = "{endpoint}/cloudflare/client/v4"
[redis]
url = "{redis}"
[postgres]
url = "{postgres}"
[environments.laser-prod]
production = true
[environments.laser-staging.postgres]
url = "{staging}"
"""

#: What is asked of each host of the platform's edge.
HOST = """
[[probes.https]]
url = "https://{host}/health"
[[probes.dns]]
name = "{host}"
expected = ["127.0.0.1"]
"""


def console_of(sandbox):
    """A console with a home of its own that watches all of a platform."""
    facts = sandbox.facts()
    deck = Flightdeck(sandbox.endpoint)
    authority = deck.home / "authority.pem"
    authority.write_text(facts["ca_pem"])
    servers = {name: facts[name]["url"] for name in ("redis", "postgres")}
    edge = {name: facts[name] for name in ("dns", "https")}
    others = {
        "endpoint": sandbox.endpoint,
        "hosts": "".join(HOST.format(host=host) for host in facts["hosts"]),
        "smtp": facts["smtp"].rpartition(":")[2],
        "staging": servers["postgres"].replace("/laser?", "/laser_staging?"),
    }
    deck.configure(CONFIGURATION.format(**servers, **edge, **others))
    database = facts["postgres"]["password"]
    passwords = {"REDISCLI_AUTH": facts["redis"]["password"], "PGPASSWORD": database, "PGPASSWORD_STAGING": database}
    tokens = dict.fromkeys(TOKENS, TOKEN)
    deck.environment.update(passwords | tokens | {"SSL_CERT_FILE": str(authority)})
    return deck
