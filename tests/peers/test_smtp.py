"""flightdeck against the mail server aiosmtpd: what it greets with, how the way to it is protected, and that no mail is begun."""

import datetime
import ssl
import tempfile
import unittest
from pathlib import Path

from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from harness.cases import assert_worded
from harness.console import Flightdeck
from harness.server import free_port


class Counting:
    """Takes mail, and counts it."""

    def __init__(self):
        self.begun, self.greeted = 0, 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.greeted += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.begun += 1
        return "250 OK"


def certificate(folder):
    """A certificate for `localhost` that vouches for itself, as files: itself, its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


class Mail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root, key = certificate(Path(folder.name))
        cls.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        cls.context.load_cert_chain(cls.root, key)

    def shown(self, tls, trusted=True, **more):
        """What flightdeck makes of a server of that kind; its answer, and what the server counted."""
        counting = Counting()
        server = Controller(counting, hostname="127.0.0.1", port=free_port(), **more)
        server.start()
        self.addCleanup(server.stop)
        deck = Flightdeck("http://127.0.0.1:1")
        self.addCleanup(deck.close)
        roots = f'[probes]\nextra_roots = "{self.root}"\n' if trusted else ""
        deck.configure(f'{roots}[smtp]\nhost = "localhost"\nport = {server.port}\ntls = "{tls}"\n')
        return deck, counting

    def row(self, deck):
        (row,) = deck.ask("show", "slack", codes=(0, 1))["mail"]
        return row

    def test_a_session_turns_to_tls(self):
        deck, counting = self.shown("starttls", tls_context=self.context)
        row = self.row(deck)
        self.assertEqual(row["tls"], "TLS 1.3")
        self.assertIn("SMTP", row["greeting"])
        # Once in the clear, once behind the handshake; nothing was sent.
        self.assertEqual((counting.greeted, counting.begun), (2, 0))

    def test_tls_from_the_first_byte(self):
        deck, counting = self.shown("implicit", ssl_context=self.context)
        self.assertEqual(self.row(deck)["tls"], "TLS 1.3")
        self.assertEqual((counting.greeted, counting.begun), (1, 0))

    def test_one_without_tls_is_reached_and_the_clear_is_told(self):
        deck, _ = self.shown("starttls")
        self.assertIsNone(self.row(deck)["tls"])
        self.assertIn("offers no STARTTLS", deck.run("show", "slack").out)
        deck, _ = self.shown("none")
        self.assertNotIn("STARTTLS", deck.run("show", "slack").out)

    def test_what_is_wrong_is_worded(self):
        deck, _ = self.shown("starttls", trusted=False, tls_context=self.context)
        answer = deck.run("show", "slack")
        self.assertNotEqual(answer.code, 0, str(answer))
        assert_worded(self, answer)
        self.assertIn("certificate is not trusted", answer.err)
        deck, _ = self.shown("implicit")
        self.assertIn("from the first byte", deck.run("show", "slack").err)


if __name__ == "__main__":
    unittest.main()
