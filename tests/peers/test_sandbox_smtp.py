"""Python's own smtplib against the sandbox's mail relay: greeting, STARTTLS, and that it takes no mail. Reads FLIGHTDECK_SANDBOX_FACTS."""

import json
import os
import smtplib
import ssl
import unittest

FACTS = json.loads(os.environ["FLIGHTDECK_SANDBOX_FACTS"])
PORT = int(FACTS["smtp"].rpartition(":")[2])


class Relay(unittest.TestCase):
    def talk(self):
        relay = smtplib.SMTP("localhost", PORT, timeout=10)
        self.addCleanup(relay.close)
        return relay

    def secured(self):
        relay = self.talk()
        self.assertEqual(relay.starttls(context=ssl.create_default_context(cadata=FACTS["ca_pem"]))[0], 220)
        return relay

    def test_it_greets_turns_to_tls_and_says_goodbye(self):
        relay = self.talk()
        self.assertEqual(relay.ehlo()[0], 250)
        self.assertTrue(relay.has_extn("starttls") and relay.has_extn("size"))
        self.assertFalse(relay.has_extn("auth"), "a password in the clear is not asked for")
        relay = self.secured()
        self.assertEqual(relay.ehlo()[0], 250)
        self.assertTrue(relay.has_extn("auth") and not relay.has_extn("starttls"))
        self.assertEqual((relay.noop()[0], relay.quit()[0]), (250, 221))

    def test_its_certificate_is_the_platforms(self):
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.talk().starttls(context=ssl.create_default_context())

    def test_it_takes_no_mail(self):
        with self.assertRaises(smtplib.SMTPSenderRefused) as caught:
            self.secured().sendmail("a@laser.example", ["b@laser.example"], "Subject: x\n\nx")
        self.assertEqual(caught.exception.smtp_code, 530)
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.secured().login("ana", "guess")


if __name__ == "__main__":
    unittest.main()
