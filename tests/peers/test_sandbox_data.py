"""boto3 and the AWS CLI against the sandbox: RDS, Performance Insights, AWS Backup. Reads FLIGHTDECK_SANDBOX_ENDPOINT."""
import datetime, json, os, shutil, subprocess, time, unittest
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["FLIGHTDECK_SANDBOX_ENDPOINT"]
HOME, SECOND = "us-east-1", "eu-west-1"
ACCOUNT = "123456789012"
DB, REPLICA = "laser-prod-db", "laser-prod-db-replica"
DAY = datetime.timedelta(days=1)


def client(name, region=HOME):
    config = Config(retries={"max_attempts": 1}, read_timeout=10)
    return boto3.client(name, endpoint_url=ENDPOINT, region_name=region, config=config)


rds, far = client("rds"), client("rds", SECOND)
backup, far_backup = client("backup"), client("backup", SECOND)
pi = client("pi")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def instance(name, of=rds):
    return of.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def snapshot(name, of=rds):
    return of.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]


def until(what, condition, seconds=60):
    """Waits for a condition; the sandbox's clock is what is waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("never: " + what)


def code(call, **given):
    """The code and the HTTP status that a call is refused with."""
    try:
        call(**given)
    except ClientError as why:
        return why.response["Error"]["Code"], why.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError(f"{call} {given} was not refused")


class Instances(unittest.TestCase):
    def test_production_is_as_the_plan_wants_it(self):
        db = instance(DB)
        self.assertEqual((db["Engine"], db["MultiAZ"], db["StorageEncrypted"], db["PubliclyAccessible"]), ("postgres", True, True, False))
        self.assertEqual((db["BackupRetentionPeriod"], db["DeletionProtection"], db["PerformanceInsightsEnabled"]), (14, True, True))
        self.assertEqual(db["ReadReplicaDBInstanceIdentifiers"], [REPLICA])
        self.assertEqual([s["Name"] for s in (z["SubnetAvailabilityZone"] for z in db["DBSubnetGroup"]["Subnets"])], [HOME + z for z in "abc"])
        self.assertNotEqual(db["AvailabilityZone"], db["SecondaryAvailabilityZone"])
        age = now() - db["LatestRestorableTime"]
        self.assertTrue(datetime.timedelta() < age < datetime.timedelta(minutes=11), age)
        self.assertTrue(db["VpcSecurityGroups"][0]["VpcSecurityGroupId"].startswith("sg-"))

    def test_a_replica_says_of_whom_and_that_it_replicates(self):
        db = instance(REPLICA)
        self.assertEqual(db["ReadReplicaSourceDBInstanceIdentifier"], DB)
        self.assertEqual([(s["Status"], s["Normal"]) for s in db["StatusInfos"]], [("replicating", True)])
        self.assertNotIn("LatestRestorableTime", db)

    def test_filters_arns_and_regions(self):
        def names(**given):
            return {d["DBInstanceIdentifier"] for d in rds.describe_db_instances(**given)["DBInstances"]}

        aurora = names(Filters=[{"Name": "engine", "Values": ["aurora-postgresql", "mysql"]}])
        self.assertEqual(aurora, {"laser-analytics-1", "laser-analytics-2"})
        self.assertEqual(names(Filters=[{"Name": "db-instance-id", "Values": [instance(DB)["DBInstanceArn"]]}]), {DB})
        self.assertEqual(names(DBInstanceIdentifier=instance(DB)["DBInstanceArn"]), {DB})
        self.assertEqual(far.describe_db_instances()["DBInstances"], [])
        self.assertEqual(code(rds.describe_db_instances, Filters=[{"Name": "colour", "Values": ["red"]}])[0], "InvalidParameterValue")

    def test_what_is_not_there(self):
        self.assertEqual(code(rds.describe_db_instances, DBInstanceIdentifier="none"), ("DBInstanceNotFound", 404))
        self.assertEqual(code(rds.describe_db_snapshots, DBSnapshotIdentifier="none"), ("DBSnapshotNotFound", 404))
        self.assertEqual(code(rds.describe_db_clusters, DBClusterIdentifier="none"), ("DBClusterNotFoundFault", 404))
        with self.assertRaises(rds.exceptions.DBInstanceNotFoundFault):
            instance("none")

    def test_clusters_have_members_in_zones(self):
        (cluster,) = rds.describe_db_clusters()["DBClusters"]
        self.assertEqual((cluster["MultiAZ"], cluster["StorageEncrypted"], cluster["Status"]), (True, True, "available"))
        self.assertEqual(sum(m["IsClusterWriter"] for m in cluster["DBClusterMembers"]), 1)
        for member in cluster["DBClusterMembers"]:
            self.assertEqual(instance(member["DBInstanceIdentifier"])["DBClusterIdentifier"], cluster["DBClusterIdentifier"])

    def test_parameter_groups_refuse_what_comes_in_the_clear(self):
        only = [{"Name": "parameter-name", "Values": ["rds.force_ssl"]}]
        group = instance(DB)["DBParameterGroups"][0]["DBParameterGroupName"]
        (forced,) = rds.describe_db_parameters(DBParameterGroupName=group, Filters=only)["Parameters"]
        self.assertEqual((forced["ParameterValue"], forced["Source"]), ("1", "user"))
        pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group)
        every = {p["ParameterName"]: p.get("ParameterValue") for page in pages for p in page["Parameters"]}
        self.assertTrue(len(every) > 1 and every["rds.force_ssl"] == "1" and every["max_wal_senders"] is None, every)
        named = [{"Name": "parameter-name", "Values": ["max_connections"]}]
        (most,) = rds.describe_db_parameters(DBParameterGroupName=group, Filters=named)["Parameters"]
        self.assertEqual((most["ParameterValue"], most["Source"]), ("200", "user"))
        self.assertEqual(rds.describe_db_parameters(DBParameterGroupName=group, Filters=named, Source="system")["Parameters"], [])
        (cluster,) = rds.describe_db_clusters()["DBClusters"]
        member = instance(cluster["DBClusterMembers"][0]["DBInstanceIdentifier"])["DBParameterGroups"][0]["DBParameterGroupName"]
        system = rds.describe_db_parameters(DBParameterGroupName=member, Source="system")["Parameters"]
        self.assertEqual({p["Source"] for p in system}, {"system"})
        (most,) = rds.describe_db_parameters(DBParameterGroupName=member, Filters=named)["Parameters"]
        self.assertEqual((most["ParameterValue"], most["Source"]), ("LEAST({DBInstanceClassMemory/9531392},5000)", "system"))
        told = rds.describe_db_cluster_parameters(DBClusterParameterGroupName=cluster["DBClusterParameterGroup"], Filters=only)["Parameters"]
        self.assertEqual([p["ParameterValue"] for p in told], ["1"])
        self.assertEqual(code(rds.describe_db_parameters, DBParameterGroupName="none"), ("DBParameterGroupNotFound", 404))
        self.assertEqual(code(rds.describe_db_parameters, DBParameterGroupName=group, Filters=[{"Name": "colour", "Values": ["red"]}])[0], "InvalidParameterValue")

    def test_maintenance_and_tags(self):
        (due,) = rds.describe_pending_maintenance_actions()["PendingMaintenanceActions"]
        self.assertEqual(due["ResourceIdentifier"], instance(REPLICA)["DBInstanceArn"])
        tags = rds.list_tags_for_resource(ResourceName=instance("laser-staging-db")["DBInstanceArn"])["TagList"]
        self.assertIn({"Key": "environment", "Value": "staging"}, tags)


class Copies(unittest.TestCase):
    def test_daily_snapshots_one_a_day_for_as_long_as_they_are_kept(self):
        kept = rds.describe_db_snapshots(DBInstanceIdentifier=DB, SnapshotType="automated")["DBSnapshots"]
        self.assertIn(len(kept), (14, 15))
        self.assertTrue(all(s["Encrypted"] and s["DBSnapshotIdentifier"].startswith("rds:" + DB) for s in kept))
        newest = max(s["SnapshotCreateTime"] for s in kept)
        self.assertLess(now() - newest, DAY + datetime.timedelta(minutes=1))
        days = sorted(s["SnapshotCreateTime"] for s in kept)
        self.assertTrue(all(b - a == DAY for a, b in zip(days, days[1:])))
        self.assertEqual(newest.strftime("%H:%M"), "03:07")

    def test_page_by_page(self):
        pages = list(rds.get_paginator("describe_db_snapshots").paginate(PaginationConfig={"PageSize": 20}))
        there = [s["DBSnapshotIdentifier"] for p in pages for s in p["DBSnapshots"]]
        self.assertEqual(len(there), len(set(there)))
        self.assertEqual(set(there), {s["DBSnapshotIdentifier"] for s in rds.describe_db_snapshots()["DBSnapshots"]})
        self.assertEqual(code(rds.describe_db_snapshots, MaxRecords=5)[0], "InvalidParameterValue")
        self.assertEqual(code(rds.describe_db_snapshots, Marker="x")[0], "InvalidParameterValue")

    def test_the_second_region_holds_copies_but_not_of_analytics(self):
        copies = far.describe_db_snapshots(SnapshotType="awsbackup")["DBSnapshots"]
        self.assertTrue(copies)
        self.assertEqual({(s["DBInstanceIdentifier"], s["SourceRegion"]) for s in copies}, {(DB, HOME)})
        newest = max(copies, key=lambda s: s["SnapshotCreateTime"])
        self.assertLess(now() - newest["OriginalSnapshotCreateTime"], DAY * 1.1)
        home = {s["DBSnapshotArn"] for s in rds.describe_db_snapshots(SnapshotType="awsbackup")["DBSnapshots"]}
        self.assertIn(newest["SourceDBSnapshotIdentifier"], home)
        self.assertEqual(far.describe_db_cluster_snapshots()["DBClusterSnapshots"], [])
        self.assertTrue(rds.describe_db_cluster_snapshots(DBClusterIdentifier="laser-analytics")["DBClusterSnapshots"])

    def test_automated_backups_are_replicated(self):
        own = {b["DBInstanceIdentifier"]: b for b in rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]}
        self.assertEqual(own[DB]["Status"], "active")
        self.assertNotIn(REPLICA, own)
        (copied,) = far.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
        self.assertEqual((copied["DBInstanceIdentifier"], copied["Region"], copied["Status"]), (DB, HOME, "replicating"))
        self.assertLess(now() - copied["RestoreWindow"]["LatestTime"], datetime.timedelta(minutes=16))
        self.assertLess(copied["RestoreWindow"]["EarliestTime"], now() - 13 * DAY)
        listed = instance(DB)["DBInstanceAutomatedBackupsReplications"]
        self.assertEqual([r["DBInstanceAutomatedBackupsArn"] for r in listed], [copied["DBInstanceAutomatedBackupsArn"]])

    def test_events_of_two_weeks(self):
        events = rds.describe_events(Duration=20_160, SourceType="db-instance", SourceIdentifier=DB)["Events"]
        words = [e["Message"] for e in events]
        self.assertTrue(any("failover completed" in w for w in words), words)
        self.assertEqual(sorted(e["Date"] for e in events), [e["Date"] for e in events])
        backups = rds.describe_events(Duration=20_160, EventCategories=["backup"], SourceType="db-instance")["Events"]
        self.assertTrue(all(e["EventCategories"] == ["backup"] for e in backups) and backups)
        day = rds.describe_events(StartTime=now() - 10 * DAY, EndTime=now() - 9 * DAY)["Events"]
        self.assertTrue(all(now() - 10.1 * DAY < e["Date"] < now() - 8.9 * DAY for e in day) and day)
        self.assertEqual(code(rds.describe_events, SourceIdentifier=DB)[0], "InvalidParameterCombination")


class Changes(unittest.TestCase):
    def test_a_snapshot_is_made_copied_to_the_second_region_and_deleted(self):
        made = rds.create_db_snapshot(DBSnapshotIdentifier="before-go-live", DBInstanceIdentifier="laser-staging-db")["DBSnapshot"]
        self.assertEqual((made["Status"], made["SnapshotType"], made["PercentProgress"]), ("creating", "manual", 0))
        self.assertEqual(instance("laser-staging-db")["DBInstanceStatus"], "backing-up")
        again = dict(DBSnapshotIdentifier="before-go-live", DBInstanceIdentifier="laser-staging-db")
        self.assertEqual(code(rds.create_db_snapshot, **again), ("DBSnapshotAlreadyExists", 400))
        arn = made["DBSnapshotArn"]
        copy = dict(SourceDBSnapshotIdentifier=arn, TargetDBSnapshotIdentifier="before-go-live-copy", KmsKeyId="alias/laser", SourceRegion=HOME)
        self.assertEqual(code(far.copy_db_snapshot, **copy)[0], "InvalidDBSnapshotState")
        rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier="before-go-live", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        without = {k: v for k, v in copy.items() if k != "KmsKeyId"}
        self.assertEqual(code(far.copy_db_snapshot, **without)[0], "InvalidParameterCombination")
        self.assertEqual(far.copy_db_snapshot(**copy)["DBSnapshot"]["SourceRegion"], HOME)
        until("the copy is there", lambda: snapshot("before-go-live-copy", far)["Status"] == "available")
        there = snapshot("before-go-live-copy", far)
        self.assertEqual(there["SourceDBSnapshotIdentifier"], arn)
        self.assertEqual(there["OriginalSnapshotCreateTime"], snapshot("before-go-live")["OriginalSnapshotCreateTime"])
        self.assertGreater(there["SnapshotCreateTime"], snapshot("before-go-live")["SnapshotCreateTime"])
        self.assertEqual(rds.delete_db_snapshot(DBSnapshotIdentifier="before-go-live")["DBSnapshot"]["Status"], "deleted")
        self.assertEqual(code(rds.describe_db_snapshots, DBSnapshotIdentifier="before-go-live")[0], "DBSnapshotNotFound")
        automated = rds.describe_db_snapshots(DBInstanceIdentifier=DB, SnapshotType="automated")["DBSnapshots"][0]["DBSnapshotIdentifier"]
        self.assertEqual(code(rds.delete_db_snapshot, DBSnapshotIdentifier=automated)[0], "InvalidDBSnapshotState")

    def test_an_instance_is_restored_changed_restarted_and_deleted(self):
        source = rds.describe_db_snapshots(DBInstanceIdentifier=DB, SnapshotType="automated")["DBSnapshots"][-1]["DBSnapshotIdentifier"]
        made = rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="drill-1", DBSnapshotIdentifier=source, DBInstanceClass="db.t4g.large")["DBInstance"]
        self.assertEqual((made["DBInstanceStatus"], made["DBInstanceClass"], made["StorageEncrypted"]), ("creating", "db.t4g.large", True))
        self.assertNotIn("Endpoint", instance("drill-1"))
        self.assertEqual(code(rds.reboot_db_instance, DBInstanceIdentifier="drill-1")[0], "InvalidDBInstanceState")
        seen = []

        def is_available():
            seen.append(instance("drill-1")["DBInstanceStatus"])
            return seen[-1] == "available"

        until("the restored instance is available", is_available)
        self.assertEqual(list(dict.fromkeys(seen)), ["creating", "backing-up", "available"])
        self.assertEqual(instance("drill-1")["Endpoint"]["Port"], 5432)
        rds.modify_db_instance(DBInstanceIdentifier="drill-1", AllocatedStorage=150, DBInstanceClass="db.t4g.xlarge")
        self.assertEqual(instance("drill-1")["PendingModifiedValues"], {"AllocatedStorage": 150, "DBInstanceClass": "db.t4g.xlarge"})
        rds.modify_db_instance(DBInstanceIdentifier="drill-1", BackupRetentionPeriod=3, ApplyImmediately=True)
        self.assertEqual(instance("drill-1")["DBInstanceStatus"], "modifying")
        until("the change is there", lambda: instance("drill-1")["DBInstanceStatus"] == "available")
        db = instance("drill-1")
        self.assertEqual((db["AllocatedStorage"], db["DBInstanceClass"], db["BackupRetentionPeriod"]), (150, "db.t4g.xlarge", 3))
        self.assertEqual(db.get("PendingModifiedValues", {}), {})
        self.assertEqual(code(rds.reboot_db_instance, DBInstanceIdentifier="drill-1", ForceFailover=True)[0], "InvalidParameterCombination")
        self.assertEqual(rds.reboot_db_instance(DBInstanceIdentifier="drill-1")["DBInstance"]["DBInstanceStatus"], "rebooting")
        until("it is back", lambda: instance("drill-1")["DBInstanceStatus"] == "available")
        self.assertEqual(code(rds.delete_db_instance, DBInstanceIdentifier="drill-1")[0], "InvalidParameterCombination")
        rds.delete_db_instance(DBInstanceIdentifier="drill-1", SkipFinalSnapshot=True)
        rds.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier="drill-1", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.assertEqual(code(rds.describe_db_instances, DBInstanceIdentifier="drill-1")[0], "DBInstanceNotFound")
        words = [e["Message"] for e in rds.describe_events(SourceType="db-instance", SourceIdentifier="drill-1")["Events"]]
        self.assertEqual([words[0], words[-1]], ["Restored from snapshot", "DB instance deleted"])

    def test_production_fails_over_and_cannot_be_deleted(self):
        before = instance(DB)
        rds.reboot_db_instance(DBInstanceIdentifier=DB, ForceFailover=True)
        self.assertEqual(instance(DB)["DBInstanceStatus"], "rebooting")
        until("it is back", lambda: instance(DB)["DBInstanceStatus"] == "available")
        after = instance(DB)
        self.assertEqual(after["AvailabilityZone"], before["SecondaryAvailabilityZone"])
        self.assertEqual(after["SecondaryAvailabilityZone"], before["AvailabilityZone"])
        self.assertEqual(code(rds.delete_db_instance, DBInstanceIdentifier=DB, SkipFinalSnapshot=True)[0], "InvalidParameterCombination")
        self.assertEqual(instance(DB)["DBInstanceStatus"], "available")

    def test_a_point_in_time_in_either_region(self):
        latest = dict(TargetDBInstanceIdentifier="drill-2", UseLatestRestorableTime=True)
        (copied,) = far.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
        made = far.restore_db_instance_to_point_in_time(SourceDBInstanceAutomatedBackupsArn=copied["DBInstanceAutomatedBackupsArn"], **latest)
        self.assertEqual(made["DBInstance"]["DBInstanceArn"], f"arn:aws:rds:{SECOND}:{ACCOUNT}:db:drill-2")
        late = dict(SourceDBInstanceIdentifier=DB, TargetDBInstanceIdentifier="drill-3", RestoreTime=now() - 40 * DAY)
        self.assertEqual(code(rds.restore_db_instance_to_point_in_time, **late)[0], "InvalidRestoreFault")
        none = dict(SourceDBInstanceIdentifier=REPLICA, TargetDBInstanceIdentifier="drill-3", UseLatestRestorableTime=True)
        self.assertEqual(code(rds.restore_db_instance_to_point_in_time, **none)[0], "PointInTimeRestoreNotEnabled")
        rds.restore_db_instance_to_point_in_time(SourceDBInstanceIdentifier=DB, TargetDBInstanceIdentifier="drill-3", RestoreTime=now() - DAY)
        until("both are there", lambda: instance("drill-2", far)["DBInstanceStatus"] == instance("drill-3")["DBInstanceStatus"] == "available")
        for of, name in ((far, "drill-2"), (rds, "drill-3")):
            of.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
            until("it is gone", lambda: all(d["DBInstanceIdentifier"] != name for d in of.describe_db_instances()["DBInstances"]))

    def test_a_cluster_fails_over_and_its_snapshot_is_copied(self):
        def writer():
            (cluster,) = rds.describe_db_clusters()["DBClusters"]
            return next(m["DBInstanceIdentifier"] for m in cluster["DBClusterMembers"] if m["IsClusterWriter"])

        before = writer()
        self.assertEqual(rds.failover_db_cluster(DBClusterIdentifier="laser-analytics")["DBCluster"]["Status"], "failing-over")
        self.assertNotEqual(writer(), before)
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="analytics-1", DBClusterIdentifier="laser-analytics")

        def one(of, name):
            return of.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)["DBClusterSnapshots"][0]

        until("the snapshot is there", lambda: one(rds, "analytics-1")["Status"] == "available")
        arn = one(rds, "analytics-1")["DBClusterSnapshotArn"]
        far.copy_db_cluster_snapshot(SourceDBClusterSnapshotIdentifier=arn, TargetDBClusterSnapshotIdentifier="analytics-1", KmsKeyId="alias/laser", SourceRegion=HOME)
        until("the copy is there", lambda: one(far, "analytics-1")["Status"] == "available")
        self.assertEqual(one(far, "analytics-1")["SourceDBClusterSnapshotArn"], arn)
        for of in (rds, far):
            of.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="analytics-1")
            self.assertEqual(code(of.describe_db_cluster_snapshots, DBClusterSnapshotIdentifier="analytics-1")[0], "DBClusterSnapshotNotFoundFault")


class Load(unittest.TestCase):
    def top(self, identifier=None, **more):
        given = dict(ServiceType="RDS", Identifier=identifier or instance(DB)["DbiResourceId"], StartTime=now() - DAY / 24, EndTime=now(),
                     Metric="db.load.avg", GroupBy={"Group": "db.sql_tokenized", "Limit": 10})
        return pi.describe_dimension_keys(**{**given, **more})

    def test_top_statements_biggest_first_with_what_they_cost(self):
        names = [f"db.sql_tokenized.stats.{n}.avg" for n in ("calls_per_sec", "avg_latency_per_call", "rows_per_call")]
        keys = self.top(AdditionalMetrics=names)["Keys"]
        self.assertEqual(len(keys), 5)
        totals = [k["Total"] for k in keys]
        self.assertEqual(totals, sorted(totals, reverse=True))
        slow = max(keys, key=lambda k: k["AdditionalMetrics"][names[1]])
        self.assertIn("FROM quotes", slow["Dimensions"]["db.sql_tokenized.statement"])
        self.assertGreater(slow["AdditionalMetrics"][names[1]], 400)
        for key in keys:
            calls, ms = (key["AdditionalMetrics"][n] for n in names[:2])
            self.assertAlmostEqual(key["Total"], calls * ms / 1000, delta=0.1 * key["Total"])

    def test_load_by_wait_and_user_adds_up(self):
        sums = [sum(k["Total"] for k in self.top(GroupBy={"Group": g, "Limit": 25})["Keys"]) for g in ("db.sql", "db.wait_event", "db.user")]
        self.assertAlmostEqual(sums[0], sums[1], delta=0.02)
        self.assertAlmostEqual(sums[0], sums[2], delta=0.02)
        query = dict(ServiceType="RDS", Identifier=instance(DB)["DbiResourceId"], StartTime=now() - DAY / 24, EndTime=now(), PeriodInSeconds=60)
        (series,) = pi.get_resource_metrics(MetricQueries=[{"Metric": "db.load.avg"}], **query)["MetricList"]
        values = [p["Value"] for p in series["DataPoints"]]
        self.assertIn(len(values), (60, 61))
        self.assertAlmostEqual(sum(values) / len(values), sums[0], delta=0.05)

    def test_whole_statements(self):
        first = self.top(GroupBy={"Group": "db.sql", "Limit": 1})["Keys"][0]["Dimensions"]
        got = pi.get_dimension_key_details(ServiceType="RDS", Identifier=instance(DB)["DbiResourceId"], Group="db.sql", GroupIdentifier=first["db.sql.id"])
        self.assertEqual(got["Dimensions"][0]["Value"], first["db.sql.statement"])

    def test_who_has_no_insights(self):
        for name in (instance("laser-staging-db")["DbiResourceId"], "db-NONE"):
            self.assertEqual(code(self.top, identifier=name), ("InvalidArgumentException", 400))
        self.assertEqual(code(self.top, GroupBy={"Group": "db.colour"})[0], "InvalidArgumentException")


class Vaults(unittest.TestCase):
    def test_vaults_and_points_in_both_regions(self):
        for of, region, name in ((backup, HOME, "laser-prod-daily"), (far_backup, SECOND, "laser-dr")):
            (vault,) = of.list_backup_vaults()["BackupVaultList"]
            self.assertEqual((vault["BackupVaultName"], vault["BackupVaultArn"].split(":")[3]), (name, region))
            pages = of.get_paginator("list_recovery_points_by_backup_vault").paginate(BackupVaultName=name, PaginationConfig={"PageSize": 7})
            points = [p for page in pages for p in page["RecoveryPoints"]]
            self.assertEqual(len(points), vault["NumberOfRecoveryPoints"])
            self.assertEqual({p["ResourceType"] for p in points}, {"RDS", "S3"})
            self.assertTrue(all(p["IsEncrypted"] and p["BackupSizeInBytes"] > 0 for p in points))
            self.assertLess(now() - max(p["CreationDate"] for p in points), DAY * 1.1)
            only = of.list_recovery_points_by_backup_vault(BackupVaultName=name, ByResourceType="S3", ByCreatedAfter=now() - 3 * DAY)
            self.assertEqual({p["ResourceType"] for p in only["RecoveryPoints"]}, {"S3"})
            one = of.describe_recovery_point(BackupVaultName=name, RecoveryPointArn=points[0]["RecoveryPointArn"])
            self.assertEqual(one["CreationDate"], points[0]["CreationDate"])
        self.assertEqual(code(backup.list_recovery_points_by_backup_vault, BackupVaultName="none")[0], "ResourceNotFoundException")
        self.assertEqual(client("backup", "ap-south-1").list_backup_vaults()["BackupVaultList"], [])

    def test_a_database_s_points_are_snapshots_of_rds(self):
        points = backup.list_recovery_points_by_backup_vault(BackupVaultName="laser-prod-daily", ByResourceType="RDS")["RecoveryPoints"]
        snapshots = {s["DBSnapshotArn"] for s in rds.describe_db_snapshots(SnapshotType="awsbackup")["DBSnapshots"]}
        self.assertEqual({p["RecoveryPointArn"] for p in points}, snapshots)

    def test_jobs_and_what_is_protected(self):
        jobs = backup.list_backup_jobs()["BackupJobs"]
        self.assertTrue(all(j["CreatedBy"]["BackupPlanName"] == "laser-prod-daily" for j in jobs if "CreatedBy" in j))
        failed = backup.list_backup_jobs(ByState="FAILED")["BackupJobs"]
        self.assertEqual([j["ResourceType"] for j in failed], ["S3"])
        self.assertIn("Access Denied", failed[0]["StatusMessage"])
        copies = backup.list_copy_jobs()["CopyJobs"]
        self.assertTrue(all(j["DestinationBackupVaultArn"].split(":")[3] == SECOND for j in copies) and copies)
        things = {r["ResourceName"]: r for r in backup.list_protected_resources()["Results"]}
        self.assertEqual(set(things), {DB, "laser-prod-uploads"})
        self.assertLess(now() - things[DB]["LastBackupTime"], DAY * 1.1)
        by = backup.list_recovery_points_by_resource(ResourceArn=things[DB]["ResourceArn"])["RecoveryPoints"]
        self.assertEqual({p["BackupVaultName"] for p in by}, {"laser-prod-daily"})
        (plan,) = backup.list_backup_plans()["BackupPlansList"]
        rules = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
        self.assertEqual(rules[0]["CopyActions"][0]["DestinationBackupVaultArn"].split(":")[3], SECOND)

    def test_a_job_that_is_asked_for_runs_and_its_point_is_copied(self):
        role = f"arn:aws:iam::{ACCOUNT}:role/laser-prod-backup"
        asked = dict(BackupVaultName="laser-prod-daily", ResourceArn="arn:aws:s3:::laser-prod-uploads", IamRoleArn=role, IdempotencyToken="once")
        job = backup.start_backup_job(**asked)
        self.assertEqual(backup.start_backup_job(**asked)["BackupJobId"], job["BackupJobId"])
        until("the job is done", lambda: backup.describe_backup_job(BackupJobId=job["BackupJobId"])["State"] == "COMPLETED")
        to = far_backup.list_backup_vaults()["BackupVaultList"][0]["BackupVaultArn"]
        copy = backup.start_copy_job(RecoveryPointArn=job["RecoveryPointArn"], SourceBackupVaultName="laser-prod-daily", DestinationBackupVaultArn=to, IamRoleArn=role)
        until("the copy is done", lambda: backup.describe_copy_job(CopyJobId=copy["CopyJobId"])["CopyJob"]["State"] == "COMPLETED")
        arn = backup.describe_copy_job(CopyJobId=copy["CopyJobId"])["CopyJob"]["DestinationRecoveryPointArn"]
        self.assertEqual(far_backup.describe_recovery_point(BackupVaultName="laser-dr", RecoveryPointArn=arn)["Status"], "COMPLETED")
        self.assertEqual(code(backup.start_backup_job, **{**asked, "ResourceArn": "arn:aws:s3:::none"})[0], "ResourceNotFoundException")

    def test_a_restore_makes_a_database_and_its_check_is_told(self):
        point = next(p for p in backup.list_recovery_points_by_backup_vault(BackupVaultName="laser-prod-daily", ByResourceType="RDS")["RecoveryPoints"]
                     if p["Status"] == "COMPLETED")
        role = f"arn:aws:iam::{ACCOUNT}:role/laser-prod-backup"
        asked = dict(RecoveryPointArn=point["RecoveryPointArn"], Metadata={"DBInstanceIdentifier": "laser-drill"}, IamRoleArn=role, ResourceType="RDS")
        job = backup.start_restore_job(**asked)["RestoreJobId"]
        self.assertEqual(code(backup.put_restore_validation_result, RestoreJobId=job, ValidationStatus="SUCCESSFUL")[0], "InvalidRequestException")
        until("it is restored", lambda: backup.describe_restore_job(RestoreJobId=job)["Status"] == "COMPLETED")
        self.assertEqual(rds.describe_db_instances(DBInstanceIdentifier="laser-drill")["DBInstances"][0]["DBInstanceStatus"], "available")
        (told,) = [j for j in backup.list_restore_jobs(ByCreatedAfter=now() - DAY)["RestoreJobs"] if j["RestoreJobId"] == job]
        self.assertNotIn("ValidationStatus", told)
        backup.put_restore_validation_result(RestoreJobId=job, ValidationStatus="SUCCESSFUL", ValidationStatusMessage="12 tables of 12")
        (told,) = [j for j in backup.list_restore_jobs(ByStatus="COMPLETED")["RestoreJobs"] if j["RestoreJobId"] == job]
        self.assertEqual((told["ValidationStatus"], told["ValidationStatusMessage"]), ("SUCCESSFUL", "12 tables of 12"))
        self.assertEqual(told["SourceResourceArn"], point["ResourceArn"])
        self.assertEqual(told["RecoveryPointCreationDate"], point["CreationDate"])
        self.assertEqual(code(backup.start_restore_job, **{**asked, "RecoveryPointArn": "arn:aws:none"})[0], "ResourceNotFoundException")
        rds.delete_db_instance(DBInstanceIdentifier="laser-drill", SkipFinalSnapshot=True)

    def test_an_unknown_key_is_refused(self):
        for name, call in (("backup", "list_backup_vaults"), ("rds", "describe_db_instances"), ("pi", "describe_dimension_keys")):
            stranger = boto3.client(name, endpoint_url=ENDPOINT, region_name=HOME, aws_access_key_id="AKIASTRANGER00000000", aws_secret_access_key="x")
            given = {} if name != "pi" else dict(ServiceType="RDS", Identifier="db-X", StartTime=now() - DAY, EndTime=now(), Metric="db.load.avg", GroupBy={"Group": "db.sql"})
            got, status = code(getattr(stranger, call), **given)
            self.assertIn(got, ("InvalidClientTokenId", "UnrecognizedClientException"))
            self.assertIn(status, (400, 403))


class Cli(unittest.TestCase):
    def ask(self, *words, region=HOME):
        aws = shutil.which("aws")
        self.assertTrue(aws, "the AWS CLI is not beside this Python")
        words = [aws, "--endpoint-url", ENDPOINT, "--region", region, "--output", "json", *words]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_it_reads_all_three(self):
        shown = self.ask("rds", "describe-db-instances", "--query", "DBInstances[?MultiAZ].DBInstanceIdentifier")
        self.assertEqual(shown, [DB])
        self.assertTrue(self.ask("rds", "describe-db-snapshots", "--snapshot-type", "awsbackup", region=SECOND)["DBSnapshots"])
        points = self.ask("backup", "list-recovery-points-by-backup-vault", "--backup-vault-name", "laser-dr", region=SECOND)
        self.assertTrue(points["RecoveryPoints"])
        times = ["--start-time", str(int(time.time()) - 3600), "--end-time", str(int(time.time()))]
        keys = self.ask("pi", "describe-dimension-keys", "--service-type", "RDS", "--identifier", instance(DB)["DbiResourceId"], *times,
                        "--metric", "db.load.avg", "--group-by", '{"Group":"db.wait_event"}')
        self.assertTrue(keys["Keys"])
