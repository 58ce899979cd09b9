"""The embedded platform with every system that it plays, and a console that is configured for all of them."""

from harness.console import Flightdeck

#: What each vendor's token is asked for by, in the environment.
TOKENS = ("GITHUB_TOKEN", "SENTRY_AUTH_TOKEN", "SLACK_BOT_TOKEN", "VERCEL_TOKEN", "CLOUDFLARE_API_TOKEN")
#: What the platform takes.
TOKEN = "flightdeck-demo-token"

CONFIGURATION = """
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
"""


def console_of(sandbox):
    """A console with a home of its own that watches all of a platform."""
    facts = sandbox.facts()
    deck = Flightdeck(sandbox.endpoint)
    authority = deck.home / "authority.pem"
    authority.write_text(facts["ca_pem"])
    urls = {"endpoint": sandbox.endpoint, "redis": facts["redis"]["url"], "postgres": facts["postgres"]["url"]}
    deck.configure(CONFIGURATION.format(**urls))
    passwords = {"REDISCLI_AUTH": facts["redis"]["password"], "PGPASSWORD": facts["postgres"]["password"]}
    tokens = dict.fromkeys(TOKENS, TOKEN)
    deck.environment.update(passwords | tokens | {"SSL_CERT_FILE": str(authority)})
    return deck
