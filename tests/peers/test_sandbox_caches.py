"""boto3 and the AWS CLI against the sandbox: ElastiCache. Reads FLIGHTDECK_SANDBOX_ENDPOINT."""
import datetime, json, os, subprocess, time, unittest
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["FLIGHTDECK_SANDBOX_ENDPOINT"]
PROD = "laser-prod-redis"
caches = boto3.client("elasticache", endpoint_url=ENDPOINT, region_name="us-east-1", config=Config(retries={"max_attempts": 1}, read_timeout=10))


def refused(case, call):
    """The code with which a call is refused, and the status."""
    with case.assertRaises(ClientError) as caught:
        call()
    answer = caught.exception.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def group(name=PROD):
    return caches.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]


def roles():
    members = group()["NodeGroups"][0]["NodeGroupMembers"]
    return {m["CacheClusterId"]: m["CurrentRole"] for m in members}


class Caches(unittest.TestCase):
    def test_production_is_protected_and_staging_is_not(self):
        said = {g["ReplicationGroupId"]: g for g in caches.describe_replication_groups()["ReplicationGroups"]}
        self.assertEqual(set(said), {PROD, "laser-staging-redis"})
        prod, staging = said[PROD], said["laser-staging-redis"]
        self.assertEqual((prod["MultiAZ"], prod["AutomaticFailover"]), ("enabled", "enabled"))
        self.assertTrue(prod["TransitEncryptionEnabled"] and prod["AtRestEncryptionEnabled"] and prod["AuthTokenEnabled"])
        self.assertEqual(prod["MemberClusters"], [f"{PROD}-001", f"{PROD}-002"])
        zones = {m["PreferredAvailabilityZone"] for m in prod["NodeGroups"][0]["NodeGroupMembers"]}
        self.assertEqual(zones, {"us-east-1a", "us-east-1b"})
        self.assertEqual((staging["MultiAZ"], staging["AutomaticFailover"]), ("disabled", "disabled"))
        self.assertFalse(staging["TransitEncryptionEnabled"])

    def test_nodes_are_told_with_their_details_only_when_asked(self):
        plain = caches.describe_cache_clusters()["CacheClusters"]
        self.assertEqual(len(plain), 3)
        self.assertNotIn("CacheNodes", plain[0])
        one = caches.describe_cache_clusters(CacheClusterId=f"{PROD}-002", ShowCacheNodeInfo=True)["CacheClusters"][0]
        self.assertEqual(one["EngineVersion"], "7.1.0")
        self.assertEqual(one["ReplicationGroupId"], PROD)
        node = one["CacheNodes"][0]
        self.assertEqual((node["CacheNodeId"], node["CustomerAvailabilityZone"]), ("0001", "us-east-1b"))
        self.assertIsInstance(node["Endpoint"]["Port"], int)
        alone = caches.describe_cache_clusters(ShowCacheClustersNotInReplicationGroups=True)
        self.assertEqual(alone["CacheClusters"], [])

    def test_a_serverless_cache_stands_in_a_list_of_its_own(self):
        self.assertEqual(caches.describe_serverless_caches()["ServerlessCaches"], [])
        made = caches.create_serverless_cache(ServerlessCacheName="quotes", Engine="valkey", SnapshotRetentionLimit=3)["ServerlessCache"]
        self.assertEqual((made["Status"], made["MajorEngineVersion"]), ("creating", "8"))
        self.assertNotIn("quotes", {g["ReplicationGroupId"] for g in caches.describe_replication_groups()["ReplicationGroups"]})
        for _ in range(40):
            one = caches.describe_serverless_caches(ServerlessCacheName="quotes")["ServerlessCaches"][0]
            if one["Status"] == "available":
                break
            time.sleep(0.25)
        self.assertEqual((one["Status"], one["Endpoint"]["Port"], one["SnapshotRetentionLimit"]), ("available", 6379, 3))
        self.assertEqual(caches.describe_serverless_cache_snapshots(ServerlessCacheName="quotes")["ServerlessCacheSnapshots"], [])
        again = refused(self, lambda: caches.create_serverless_cache(ServerlessCacheName="quotes", Engine="valkey"))
        self.assertEqual(again, ("ServerlessCacheAlreadyExistsFault", 400))
        self.assertEqual(refused(self, lambda: caches.describe_serverless_caches(ServerlessCacheName="none")), ("ServerlessCacheNotFoundFault", 404))

    def test_snapshots_are_of_every_day_and_kept_as_long_as_said(self):
        pages = caches.get_paginator("describe_snapshots").paginate(ReplicationGroupId=PROD)
        all_of_them = [s for p in pages for s in p["Snapshots"] if s["SnapshotSource"] == "automated"]
        self.assertIn(len(all_of_them), (6, 7, 8))
        at = [s["NodeSnapshots"][0]["SnapshotCreateTime"] for s in all_of_them]
        self.assertEqual({(b - a).total_seconds() for a, b in zip(at, at[1:])}, {86400.0})
        newest = (datetime.datetime.now(datetime.timezone.utc) - at[-1]).total_seconds()
        self.assertLess(newest, 86400 + 600)
        self.assertGreater(newest, 0)

    def test_a_snapshot_that_is_asked_for_is_there_afterwards(self):
        made = caches.create_snapshot(ReplicationGroupId=PROD, SnapshotName="before-launch")["Snapshot"]
        self.assertEqual((made["SnapshotSource"], made["SnapshotStatus"]), ("manual", "creating"))
        shown = caches.describe_snapshots(SnapshotName="before-launch")["Snapshots"][0]
        self.assertEqual(shown["ReplicationGroupId"], PROD)
        code, _ = refused(self, lambda: caches.create_snapshot(ReplicationGroupId=PROD, SnapshotName="before-launch"))
        self.assertEqual(code, "SnapshotAlreadyExistsFault")

    def test_events_are_of_the_last_hour_unless_more_is_asked_for(self):
        short = caches.describe_events()["Events"]
        long = caches.describe_events(Duration=14 * 24 * 60)["Events"]
        self.assertGreater(len(long), len(short))
        self.assertEqual(sorted(e["Date"] for e in long), [e["Date"] for e in long])
        of_group = caches.describe_events(SourceType="replication-group", SourceIdentifier=PROD, Duration=14 * 24 * 60)
        self.assertTrue(of_group["Events"])
        self.assertTrue(all(e["SourceIdentifier"] == PROD for e in of_group["Events"]))

    def test_pages_and_refusals_are_the_vendors(self):
        self.assertEqual(refused(self, lambda: group("nowhere")), ("ReplicationGroupNotFoundFault", 404))
        self.assertEqual(refused(self, lambda: caches.describe_cache_clusters(CacheClusterId="nowhere")), ("CacheClusterNotFound", 404))
        self.assertEqual(refused(self, lambda: caches.describe_replication_groups(MaxRecords=5)), ("InvalidParameterValue", 400))
        self.assertEqual(refused(self, lambda: caches.describe_events(Duration=99999)), ("InvalidParameterValue", 400))
        self.assertEqual(refused(self, lambda: caches.describe_events(SourceIdentifier=PROD))[0], "InvalidParameterCombination")

    def test_a_failover_changes_the_roles_and_is_told(self):
        before = roles()
        code, _ = refused(self, lambda: caches.test_failover(ReplicationGroupId="laser-staging-redis", NodeGroupId="0001"))
        self.assertEqual(code, "TestFailoverNotAvailableFault")
        during = caches.test_failover(ReplicationGroupId=PROD, NodeGroupId="0001")["ReplicationGroup"]
        self.assertEqual(during["Status"], "modifying")
        end = time.monotonic() + 20
        while group()["Status"] != "available":
            self.assertLess(time.monotonic(), end, "the failover never ends")
            time.sleep(0.1)
        after = roles()
        self.assertEqual(set(before.values()), {"primary", "replica"})
        self.assertTrue(all(before[n] != after[n] for n in before), after)
        told = caches.describe_events(SourceType="replication-group", Duration=5)["Events"]
        self.assertTrue(any("completed" in e["Message"] for e in told), told)

    def test_the_vendors_command_line_reads_it(self):
        words = ["aws", "--endpoint-url", ENDPOINT, "--region", "us-east-1", "elasticache", "describe-replication-groups", "--output", "json"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["ReplicationGroups"]), 2)


if __name__ == "__main__":
    unittest.main()
