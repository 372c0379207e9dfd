"""The disk below the server's data directory is full: what runs there fails and says why, what is
asked is refused in AWS's words, nothing that was answered is lost, and once there is room
everything goes on without a restart."""
import os
import subprocess

import boto3
import botocore.config
import pytest
from botocore.exceptions import ClientError

from support import hadoop, serverless
from support.aws_cli import REGION
from support.clusters import OVER, cluster_request
from support.server import KEYS, Server, until

pytestmark = [pytest.mark.spark, pytest.mark.slow]
MIB = 1 << 20
FILLS = "dd if=/dev/zero of=big bs=1M; code=$?; echo last words; exit $code"
HELLO = "print('hello from the driver')\n"
# No session: a driver that needs no executor is enough to fill a disk.
FILLS_IT = """
with open("/tmp/big", "wb", buffering=0) as big:
    while True:
        big.write(b"x" * (1 << 20))
"""


class Disk:
    """A small file system of its own, on which a server's data directory lies."""
    def __init__(self, folder, size):
        self.folder, self.ballast = folder, folder / "ballast"
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")

    def free(self):
        seen = os.statvfs(self.folder)
        return seen.f_bavail * seen.f_frsize

    def fill(self):
        """Somebody else takes all that is left, to the last page."""
        with open(self.ballast, "ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * MIB)
            except OSError:
                pass
        assert self.free() == 0

    def make_room(self, data):
        """What a user would do: removes the ballast, and what jobs left in their nodes."""
        for big in [self.ballast, *(data / "nodes").glob("*/fs/*/**/big")]:
            big.unlink(missing_ok=True)
        assert self.free() > 50 * MIB

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.folder], check=True)


@pytest.fixture
def small(tmp_path, engine, request):
    """Its data on the small disk; the engines and its log elsewhere."""
    with Disk(tmp_path / "disk", "300m") as disk:
        made = Server(disk.folder / "data", request.config.getoption("--server"))
        made.log_path, made.disk = tmp_path / "server.log", disk
        with made:
            yield made


def client(server, service, **config):
    return boto3.client(service, endpoint_url=server.endpoint, region_name=REGION,
                        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
                        config=botocore.config.Config(
                            retries={"total_max_attempts": 1}, read_timeout=60, **config))


def refused(code, request, *arguments, **named):
    """The request fails as AWS's own fault, and its message names the disk."""
    with pytest.raises(ClientError) as caught:
        request(*arguments, **named)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, 500)
    message = answer["Error"]["Message"]
    assert "disk is full" in message or "No space left on device" in message, message
    assert "nothing of this write was kept" in message, message


def run_step(emr, cluster, script):
    step = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[hadoop.bash(script)])["StepIds"][0]

    def ended():
        status = emr.describe_step(ClusterId=cluster, StepId=step)["Step"]["Status"]
        return status if status["State"] in {"COMPLETED", "FAILED", "CANCELLED"} else None
    return until(ended, f"{step} ends", 180, every=0.1)


def take_what_is_kept(emr):
    """Requests until one cannot be committed any more. The clusters that were answered before."""
    step = hadoop.bash("#" * 10000)
    request = cluster_request(Name="late", Steps=[step] * 50)
    answered = []

    def run():
        while True:
            answered.append(emr.run_job_flow(**request)["JobFlowId"])
    refused("InternalServerException", run)
    return answered


def keys_of(s3, bucket):
    return {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def bodies(server):
    return {path for path in (server.data / "objects").rglob("*") if path.is_file()}


def test_a_full_disk_fails_steps_and_requests_with_words_and_loses_nothing(small):
    server = small
    disk = server.disk
    emr, s3 = client(server, "emr"), client(server, "s3", s3={"addressing_style": "path"})
    for bucket in ("kept", "logs"):
        s3.create_bucket(Bucket=bucket)
    kept = {"small": os.urandom(1000), "large": os.urandom(MIB)}
    for key, body in kept.items():
        s3.put_object(Bucket="kept", Key=key, Body=body)
    cluster = emr.run_job_flow(**cluster_request(LogUri="s3://logs/"))["JobFlowId"]
    hadoop.wait_for_state(emr, cluster, "WAITING")
    node = emr.list_instances(ClusterId=cluster)["Instances"][0]["Ec2InstanceId"]

    # What fills the disk itself ends, and is heard.
    failed = run_step(emr, cluster, FILLS)
    assert failed["State"] == "FAILED"
    assert failed["FailureDetails"]["Reason"] == "No space left on the disk."
    message = failed["FailureDetails"]["Message"]
    assert "dd: error writing 'big': No space left on device" in message, message
    assert f"The disk of {node} is full: 0 of 300 MiB are free" in message, message
    assert "logs could not be uploaded: s3://logs: " in failed["StateChangeReason"]["Message"]
    assert failed["FailureDetails"]["LogFile"].startswith("/mnt/var/log/hadoop/steps/")

    # What cannot even be started ends too; the cluster goes on.
    disk.fill()
    failed = run_step(emr, cluster, "echo never")
    assert failed["State"] == "FAILED"
    assert failed["FailureDetails"]["Reason"] == "The step could not be started."
    message = failed["FailureDetails"]["Message"]
    assert "No space left on device" in message and f"{node} is full" in message, message
    assert hadoop.state_of(emr, cluster)["State"] == "WAITING"

    # What cannot be kept is not acknowledged.
    disk.fill()
    files = bodies(server)
    for name, size in (("a", 100), ("b", 60000), ("c", 5 * MIB)):
        refused("InternalError", s3.put_object, Bucket="kept", Key=name, Body=b"x" * size)
    assert keys_of(s3, "kept") == set(kept)
    assert bodies(server) == files
    refused("InternalFailure", client(server, "iam").create_role, RoleName="late",
            AssumeRolePolicyDocument=serverless.TRUST)
    answered = take_what_is_kept(emr)
    assert server.call("GET", "/_howdah/health")["status"] == "ok"

    # Killed now, it says why it cannot be started; with room everything that was answered is there.
    server.kill()
    with pytest.raises(RuntimeError, match="howdah serve: .*No space left on device"):
        server.start()
    disk.make_room(server.data)
    server.start()
    assert {one["Id"] for one in emr.list_clusters()["Clusters"]} == {cluster, *answered}
    states = [one["Status"]["State"] for one in emr.list_steps(ClusterId=cluster)["Steps"]]
    assert states == ["FAILED", "FAILED"]
    assert run_step(emr, cluster, "echo x > y")["State"] == "COMPLETED"
    s3.put_object(Bucket="kept", Key="later", Body=kept["large"])
    for key, body in {**kept, "later": kept["large"]}.items():
        assert s3.get_object(Bucket="kept", Key=key)["Body"].read() == body
    if answered:
        emr.terminate_job_flows(JobFlowIds=answered)
    for one in answered:
        until(lambda one=one: hadoop.state_of(emr, one)["State"] in OVER, f"{one} ends", 60)


def test_a_full_disk_fails_job_runs_with_words(small):
    server = small
    s3 = client(server, "s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="runs")
    application = serverless.Application(client(server, "emr-serverless"), s3,
                                         serverless.job_role(client(server, "iam")), "runs",
                                         name="full")
    hello, fills = application.put("hello.py", HELLO), application.put("fills.py", FILLS_IT)
    failed = application.run(fills)
    assert failed["state"] == "FAILED"
    details = failed["stateDetails"]
    assert "ExitCode: 1." in details and "OSError: [Errno 28] No space left" in details, details
    assert f"The disk of {failed['jobRunId']}-1 " in details, details

    # Its node is erased, so that the next run has room; until others take it.
    until(lambda: server.disk.free() > 200 * MIB, "the run's files are gone", 30)
    server.disk.fill()
    failed = application.run(hello)
    assert failed["state"] == "FAILED"
    assert "No space left on device" in failed["stateDetails"], failed["stateDetails"]

    server.disk.make_room(server.data)
    run = application.run(hello)
    assert run["state"] == "SUCCESS", run["stateDetails"]
    assert "hello from the driver" in application.log(run["jobRunId"])
    application.end()


def test_hdfs_on_a_nearly_full_disk_says_so(small):
    """Long before the disk is full HDFS takes no new block: the step says by how much."""
    emr = client(small, "emr")
    cluster = emr.run_job_flow(**hadoop.request(core=1))["JobFlowId"]
    hadoop.wait_for_state(emr, cluster, "WAITING")
    failed = run_step(emr, cluster, "echo hello | hdfs dfs -put - /tmp/small")
    assert failed["State"] == "FAILED"
    assert failed["FailureDetails"]["Reason"] == "No space left on the disk."
    message = failed["FailureDetails"]["Message"]
    assert "could only be written to 0 of the 1 minReplication nodes" in message, message
    assert "too full for HDFS" in message and "of 300 MiB are free" in message, message
    assert failed["FailureDetails"]["LogFile"].endswith("/stderr")
