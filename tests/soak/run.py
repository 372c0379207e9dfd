"""Kills a real server again and again under a mixed load, and then looks whether anything was lost.

    .venv/bin/python tests/soak/run.py --kills 200 [--seed N] [--server build/howdah]

While the server is killed (-9) and started again: objects are written, clusters come and go,
steps are added to clusters that stay, job runs are submitted to an application of EMR Serverless,
and some of them cancelled. Afterwards: every acknowledged object, cluster, step and run is there;
every step and run ended in a state; none ran twice; no process, mount or cgroup is left 30 s after
the clusters ended.
"""

import argparse
import gzip
import hashlib
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import boto3
import botocore.config

from support.server import KEYS, ROOT, Server, until
from support.serverless import SMALL, job_role

RELEASE = "emr-7.10.0"
OVER = ("TERMINATED", "TERMINATED_WITH_ERRORS")
ENDED = ("COMPLETED", "CANCELLED", "FAILED")
RUN_ENDED = ("SUCCESS", "CANCELLED", "FAILED")
# The SDKs ask a few times within milliseconds and give up: the run says so and is FAILED, truly.
WITHOUT_SERVER = "Unable to load AWS credentials"
# A job run says once for every time that it really runs which one it is.
JOB = b"""import os, time
print("ran", os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"].split("/")[-1], flush=True)
time.sleep(0.3)
"""


def step(name):
    # One line for every time that it really runs; its own id comes from the environment.
    script = 'echo "ran $EMR_STEP_ID"; sleep 0.3'
    return {
        "Name": name,
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["bash", "-c", script]},
    }


class Load:
    """What clients do, and what they were told. Nothing is retried: an answer is an answer."""

    def __init__(self, server, seed):
        self.server = server
        self.random = random.Random(seed)
        self.stop = threading.Event()
        self.objects, self.clusters, self.steps = {}, set(), {}
        self.application, self.runs, self.cancelled = None, set(), set()
        self.unclear = 0
        self.kept = []
        self.threads = []

    def client(self, service):
        config = botocore.config.Config(
            retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30
        )
        return boto3.client(
            service,
            endpoint_url=self.server.endpoint,
            region_name="us-east-1",
            config=config,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )

    def cluster(self, emr, name, keep, steps):
        return emr.run_job_flow(
            Name=name,
            ReleaseLabel=RELEASE,
            Applications=[{"Name": "Spark"}],
            ServiceRole="EMR_DefaultRole",
            JobFlowRole="EMR_EC2_DefaultRole",
            LogUri="s3://soak-logs/",
            Instances={
                "InstanceGroups": [
                    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
                ],
                "KeepJobFlowAliveWhenNoSteps": keep,
            },
            Steps=steps,
        )["JobFlowId"]

    def prepare(self):
        s3 = self.client("s3")
        for bucket in ("soak", "soak-logs"):
            s3.create_bucket(Bucket=bucket)
        emr = self.client("emr")
        for number in range(2):
            self.kept.append(self.cluster(emr, f"kept-{number}", True, []))
        self.clusters.update(self.kept)
        s3.put_object(Bucket="soak-logs", Key="job.py", Body=JOB)
        self.role = job_role(self.client("iam"))
        self.application = self.client("emr-serverless").create_application(
            releaseLabel=RELEASE, type="SPARK"
        )["applicationId"]
        for work in (self.write_objects, self.add_steps, self.come_and_go, self.submit_runs):
            self.threads.append(threading.Thread(target=self.forever, args=(work,), daemon=True))
            self.threads[-1].start()

    def forever(self, work):
        number = 0
        while not self.stop.is_set():
            number += 1
            try:
                work(number)
            except Exception:  # the server was killed, or is not there: nothing was promised
                self.unclear += 1
                self.stop.wait(0.05)

    def write_objects(self, number):
        key = f"{number:06d}"
        body = random.Random(number).randbytes(100 if number % 3 else 100_000)
        self.client("s3").put_object(Bucket="soak", Key=key, Body=body)
        self.objects[key] = hashlib.sha256(body).hexdigest()
        self.stop.wait(0.02)

    def add_steps(self, number):
        cluster = self.kept[number % len(self.kept)]
        ids = self.client("emr").add_job_flow_steps(
            JobFlowId=cluster, Steps=[step(f"step-{number}")]
        )["StepIds"]
        self.steps.update({identifier: cluster for identifier in ids})
        self.stop.wait(0.4)

    def come_and_go(self, number):
        emr = self.client("emr")
        identifier = self.cluster(emr, f"transient-{number}", False, [step("once")])
        self.clusters.add(identifier)
        if number % 4 == 0:
            emr.terminate_job_flows(JobFlowIds=[identifier])
        self.stop.wait(1.5)

    def submit_runs(self, number):
        serverless = self.client("emr-serverless")
        run = serverless.start_job_run(
            applicationId=self.application,
            executionRoleArn=self.role,
            jobDriver={
                "sparkSubmit": {
                    "entryPoint": "s3://soak-logs/job.py",
                    "sparkSubmitParameters": SMALL,
                }
            },
            configurationOverrides={
                "monitoringConfiguration": {
                    "s3MonitoringConfiguration": {"logUri": "s3://soak-logs/"}
                }
            },
        )["jobRunId"]
        self.runs.add(run)
        if number % 5 == 0:
            self.cancelled.add(run)
            serverless.cancel_job_run(applicationId=self.application, jobRunId=run)
        self.stop.wait(4)

    def finish(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)


def ran_how_often(server, identifier):
    """The lines that a step's own stdout holds; also of a cluster that has ended."""
    files = list(server.data.glob(f"nodes/*/fs/log/hadoop/steps/{identifier}/stdout"))
    return sum(path.read_text().count(f"ran {identifier}") for path in files)


def check_steps(load, emr, problems):
    for cluster in load.clusters:
        seen = {}
        for page in emr.get_paginator("list_steps").paginate(ClusterId=cluster):
            seen.update({item["Id"]: item["Status"]["State"] for item in page["Steps"]})
        for identifier, owner in load.steps.items():
            if owner == cluster and identifier not in seen:
                problems.append(f"step {identifier} was acknowledged and is gone")
        for identifier, state in seen.items():
            runs = ran_how_often(load.server, identifier)
            if state not in ENDED:
                problems.append(f"step {identifier} is still {state}")
            if runs > 1:
                problems.append(f"step {identifier} ran {runs} times")
            if state == "COMPLETED" and runs != 1:
                problems.append(f"step {identifier} is COMPLETED and ran {runs} times")


def check_runs(load, problems):
    serverless, s3 = load.client("emr-serverless"), load.client("s3")

    def all_runs():
        return [
            run
            for page in serverless.get_paginator("list_job_runs").paginate(
                applicationId=load.application
            )
            for run in page["jobRuns"]
        ]

    until(
        lambda: all(run["state"] in RUN_ENDED for run in all_runs()), "every job run ends", 600, 1
    )
    found = {run["id"]: run["state"] for run in all_runs()}
    away = 0
    for run in all_runs():
        if run["state"] == "FAILED" and WITHOUT_SERVER in run["stateDetails"]:
            away += 1
        elif (run["state"] == "FAILED"
              or run["state"] == "CANCELLED" and run["id"] in load.runs - load.cancelled):
            problems.append(f"job run {run['id']} {run['state']}: {run['stateDetails']}")
    problems += [f"job run {lost} was acknowledged and is gone" for lost in load.runs - set(found)]
    for identifier, state in found.items():
        key = f"applications/{load.application}/jobs/{identifier}/SPARK_DRIVER/stdout.gz"
        try:
            body = s3.get_object(Bucket="soak-logs", Key=key)["Body"].read()
            runs = gzip.decompress(body).decode().count(f"ran {identifier}")
        except s3.exceptions.NoSuchKey:
            runs = 0
        if runs > 1:
            problems.append(f"job run {identifier} ran {runs} times")
        if state == "SUCCESS" and runs != 1:
            problems.append(f"job run {identifier} is SUCCESS and ran {runs} times")
    good = sum(state == "SUCCESS" for state in found.values())
    if found and not good:
        problems.append("no job run came to SUCCESS")
    return (f"{len(found)} job runs ({good} to SUCCESS, {len(load.cancelled)} cancelled, {away} "
            "FAILED because they asked for credentials while the server was away)")


def check(load, problems):
    emr, s3 = load.client("emr"), load.client("s3")
    for key, digest in load.objects.items():
        try:
            body = s3.get_object(Bucket="soak", Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            problems.append(f"object {key} was acknowledged and is gone")
            continue
        if hashlib.sha256(body).hexdigest() != digest:
            problems.append(f"object {key} has other bytes")
    known = {
        item["Id"]
        for page in emr.get_paginator("list_clusters").paginate()
        for item in page["Clusters"]
    }
    problems += [f"cluster {lost} was acknowledged and is gone" for lost in load.clusters - known]
    load.clusters = known  # those of unclear answers too

    def busy():
        return [
            item
            for cluster in load.kept
            for item in emr.list_steps(
                ClusterId=cluster, StepStates=["PENDING", "RUNNING", "CANCEL_PENDING"]
            )["Steps"]
        ]

    until(lambda: not busy(), "every step of the kept clusters ends", 300, 0.5)
    left = [
        item["Id"]
        for page in emr.get_paginator("list_clusters").paginate(
            ClusterStates=["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]
        )
        for item in page["Clusters"]
    ]
    for start in range(0, len(left), 10):
        emr.terminate_job_flows(JobFlowIds=left[start : start + 10])
    until(
        lambda: all(
            item["Status"]["State"] in OVER
            for page in emr.get_paginator("list_clusters").paginate()
            for item in page["Clusters"]
        ),
        "every cluster ends",
        300,
        0.5,
    )
    check_steps(load, emr, problems)


def check_leftovers(server, problems):
    tag = (server.data / "installation").read_text().strip()

    def left():
        processes = [pid for pid in server.left_processes() if pid != server.process.pid]
        cgroups = [
            str(path)
            for path in pathlib.Path("/sys/fs/cgroup").rglob(f"*{tag}*")
            if any(path.iterdir()) and not path.name.endswith(tag)
        ]
        return processes or server.left_mounts() or cgroups

    try:
        until(lambda: not left(), "nothing is left", 30, 0.5)
    except TimeoutError:
        problems.append(f"left behind after 30 s: {left()}")


def soak(kills, seed, binary, say=print):
    """The problems that were found; none is the right answer."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="howdah-soak-"))
    server = Server(folder / "data", binary, arguments=["--log-level", "warn"])
    server.start()
    problems = []
    load = Load(server, seed)
    try:
        load.prepare()
        slowest = 0.0
        for number in range(1, kills + 1):
            time.sleep(
                load.random.uniform(0.2, 1.5)
            )  # the moment of the kill is the test's own choice
            server.kill()
            began = time.monotonic()
            server.start()
            slowest = max(slowest, time.monotonic() - began)
            if number % 10 == 0:
                say(
                    f"{number} kills: {len(load.objects)} objects, {len(load.clusters)} clusters, "
                    f"{len(load.steps)} steps acknowledged; slowest start {slowest:.2f} s"
                )
        load.finish()
        runs = check_runs(load, problems)
        check(load, problems)
        # What is kept ready for the next job run is no leftover: without it nothing may be there.
        server.terminate()
        server.environment["HOWDAH_WARM"] = "off"
        server.start()
        check_leftovers(server, problems)
        say(
            f"{kills} kills, seed {seed}: {len(load.objects)} objects, "
            f"{len(load.clusters)} clusters, "
            f"{len(load.steps)} steps acknowledged, {runs}, "
            f"{load.unclear} calls without an answer; slowest start {slowest:.2f} s; "
            f"{len(problems)} problems"
        )
    finally:
        load.stop.set()
        server.shut_down()
    if problems:
        say(server.log_tail(60))
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--server", default=str(ROOT / "build" / "howdah"))
    given = parser.parse_args()
    problems = soak(given.kills, given.seed, given.server)
    for problem in problems:
        print("PROBLEM:", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
