"""A deploy looks its image up in ECR before it asks for anything: what boto3 pushed there is what the preview tells."""

import json

from harness.cases import PeerCase, assert_worded
from harness.platform import client
from harness.server import Ministack, Moto

ALL = (0, 1, 2, 3, 4, 5, 6, 7)


def manifest(n):
    """An image's manifest; each n is another image."""
    return json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7023, "digest": f"sha256:{n:064x}"},
        "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 32654, "digest": f"sha256:{n + 1000:064x}"}],
    })


class Images:
    """The tests, for each peer."""

    @classmethod
    def build(cls):
        cls.ecr = client("ecr", cls.peer.endpoint)
        made = cls.ecr.create_repository(repositoryName="shop/api")["repository"]
        cls.platform.image = made["repositoryUri"]
        for n, tag in enumerate(("1.0.0", "1.1.0", "1.2.0")):
            cls.ecr.put_image(repositoryName="shop/api", imageTag=tag, imageManifest=manifest(n))
        cls.platform.build()

    def preview(self, image):
        shown = self.deck.ask("deploy", "api", "--image", image, "--preview", codes=ALL)["preview"]
        return {f["name"]: f["value"] for f in shown["facts"]}, shown

    def digest(self, tag):
        return self.ecr.describe_images(repositoryName="shop/api", imageIds=[{"imageTag": tag}])["imageDetails"][0]["imageDigest"]

    def test_an_image_that_is_there_is_told_by_its_digest(self):
        facts, shown = self.preview("1.1.0")
        self.assertEqual(shown["refusals"], [])
        self.assertIn(self.digest("1.1.0").split(":")[1][:12], facts["image"])
        self.assertIn({"name": "image digest", "value": self.digest("1.1.0")}, shown["inputs"])
        facts, shown = self.preview(self.digest("1.2.0"))
        self.assertEqual(shown["refusals"], [])
        self.assertIn(self.digest("1.2.0").split(":")[1][:12], facts["image"])

    def test_an_image_that_is_not_there_is_refused_and_the_tags_that_are_are_named(self):
        before = (self.platform.revisions(), self.platform.running_image())
        for image, named in (("9.9.9", "9.9.9"), ("sha256:" + "0" * 64, "sha256:" + "0" * 64)):
            _, shown = self.preview(image)
            (why,) = shown["refusals"]
            self.assertIn(f"no image {named} in repository shop/api; newest tags: ", why)
            for tag in ("1.0.0", "1.1.0", "1.2.0"):
                self.assertIn(tag, why)
        answer = self.deck.run("deploy", "api", "--image", "9.9.9", "--yes")
        assert_worded(self, answer)
        self.assertIn("newest tags: ", answer.err)
        self.assertEqual((self.platform.revisions(), self.platform.running_image()), before)

    def test_a_repository_that_is_not_there_is_refused(self):
        _, shown = self.preview(self.platform.image.replace("shop/api", "shop/nothing") + ":1.0.0")
        self.assertIn("there is no repository shop/nothing in its registry", shown["refusals"])

    def test_another_registry_is_not_looked_into_and_that_is_said(self):
        facts, shown = self.preview("registry.example/shop/api:1.1.0")
        self.assertEqual((shown["refusals"], facts["image"]), ([], "not looked up"))
        self.assertTrue([w for w in shown["warnings"] if "nobody looked whether the image exists" in w], shown["warnings"])


class OnMinistack(Images, PeerCase):
    peer_type = Ministack


class OnMoto(Images, PeerCase):
    peer_type = Moto

    def test_findings_of_a_scan_are_warned_of(self):
        self.ecr.start_image_scan(repositoryName="shop/api", imageId={"imageTag": "1.2.0"})
        counts = self.ecr.describe_image_scan_findings(repositoryName="shop/api", imageId={"imageTag": "1.2.0"})
        counts = counts["imageScanFindings"]["findingSeverityCounts"]
        facts, shown = self.preview("1.2.0")
        for severity in ("CRITICAL", "HIGH"):
            if counts.get(severity):
                self.assertIn(f"{counts[severity]} {severity.lower()}", facts["scan"])
        never, other = self.preview("1.1.0")
        self.assertEqual(never["scan"], "never scanned")
        self.assertTrue([w for w in other["warnings"] if "nobody scanned the image" in w], other["warnings"])
