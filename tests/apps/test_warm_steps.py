"""Warm drivers in the node of a primary-only cluster, real Spark: the second step takes one."""
import gzip
import io
import os

import boto3
import pytest

from support.aws_cli import REGION
from support.clusters import cluster_request, end_cluster
from support.server import KEYS, until

pytestmark = pytest.mark.spark
BUCKET = "work"

# What a step is, to itself; the session is a real one, so that its settings are the step's own.
WHO = """
import os, sys
import boto3
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
arn = boto3.client("sts").get_caller_identity()["Arn"]
print("who", os.environ["EMR_STEP_ID"], arn, sys.argv[1], spark.range(3).count())
"""
FOREVER = """
import time
from pyspark import SparkContext
SparkContext()
print("it waits", flush=True)
time.sleep(100000)
"""


class Cluster:
    """A primary-only cluster of a server that may be killed."""

    def __init__(self, server):
        self.server = server
        self.emr, self.s3 = (
            boto3.client(name, region_name=REGION, endpoint_url=server.endpoint,
                         aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                         aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"])
            for name in ("emr", "s3"))
        self.s3.create_bucket(Bucket=BUCKET)
        self.id = self.emr.run_job_flow(**cluster_request(LogUri=f"s3://{BUCKET}/logs"))[
            "JobFlowId"]

    def put(self, name, text):
        self.s3.put_object(Bucket=BUCKET, Key=name, Body=text.encode())
        return f"s3://{BUCKET}/{name}"

    def add(self, *arguments):
        step = {"Name": "step", "ActionOnFailure": "CONTINUE",
                "HadoopJarStep": {"Jar": "command-runner.jar",
                                  "Args": ["spark-submit", *arguments]}}
        return self.emr.add_job_flow_steps(JobFlowId=self.id, Steps=[step])["StepIds"][0]

    def end(self, step):
        def ended():
            status = self.emr.describe_step(ClusterId=self.id, StepId=step)["Step"]["Status"]
            return status["State"] if status["State"] in ("COMPLETED", "FAILED",
                                                          "CANCELLED") else None
        return until(ended, f"step {step} ends", 300, every=0.1)

    def log(self, step, name):
        body = self.s3.get_object(Bucket=BUCKET, Key=f"logs/{self.id}/steps/{step}/{name}.gz")
        return gzip.GzipFile(fileobj=io.BytesIO(body["Body"].read())).read().decode()

    def state(self):
        return self.emr.describe_cluster(ClusterId=self.id)["Cluster"]["Status"]["State"]

    def folder(self, number):
        """Of a warm driver, as this host sees it."""
        found = list(self.server.data.glob(
            f"nodes/*/fs/mnt/var/lib/howdah/warm/warm-{number}"))
        return found[0] if found else None

    def ready(self, number):
        def there():
            folder = self.folder(number)
            return folder and (folder / "ready").exists()
        until(there, f"warm driver {number} is ready", 300, every=0.2)


@pytest.fixture
def cluster(own_server, engine):
    made = Cluster(own_server())
    yield made
    end_cluster(made.emr, made.id)


def test_the_second_step_takes_a_warm_driver_also_of_a_server_that_was_killed(cluster):
    job = cluster.put("who.py", WHO)
    heap = "--driver-memory", "1g"
    first = cluster.add(*heap, job, "one")
    assert cluster.end(first) == "COMPLETED", cluster.log(first, "stderr")
    assert "howdah: cold start: no warm driver is ready" in cluster.log(first, "stderr")
    cluster.ready(1)
    assert cluster.state() == "WAITING"

    cluster.server.kill()
    cluster.server.start()
    second = cluster.add(*heap, job, "two")
    assert cluster.end(second) == "COMPLETED", cluster.log(second, "stderr")
    assert "howdah: warm driver warm-1, ready for" in cluster.log(second, "stderr")
    said = [cluster.log(step, "stdout").split() for step in (first, second)]
    assert [words[:2] + words[3:] for words in said] == [["who", first, "one", "3"],
                                                         ["who", second, "two", "3"]]
    assert said[0][2].rpartition("/")[0] == said[1][2].rpartition("/")[0]

    until(lambda: cluster.folder(2), "the next one is made", 60)
    steps = cluster.emr.list_steps(ClusterId=cluster.id)["Steps"]
    assert {step["Id"] for step in steps} == {first, second}


def test_a_step_in_a_warm_driver_ends_when_it_is_killed(cluster):
    # Without a word about its heap: the driver has what the node's settings say.
    assert cluster.end(cluster.add(cluster.put("who.py", WHO), "one")) == "COMPLETED"
    cluster.ready(1)
    step = cluster.add(cluster.put("forever.py", FOREVER))

    def jobs():
        """Its Python, which the driver's JVM has started."""
        found = []
        for pid in cluster.server.left_processes():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if os.path.basename(words[0]).startswith(b"python3") and any(
                    word.endswith(b"forever.py") for word in words[1:]):
                found.append(pid)
        return found

    until(jobs, "the job runs", 120)
    assert not (cluster.folder(1) / "ready").exists(), "it is in the warm driver"
    cluster.emr.cancel_steps(ClusterId=cluster.id, StepIds=[step],
                             StepCancellationOption="TERMINATE_PROCESS")
    assert cluster.end(step) == "CANCELLED"
    until(lambda: not jobs(), "nothing of it runs any more", 10)
    assert "howdah: warm driver warm-1" in cluster.log(step, "stderr")
