"""How long things take from a client's chair: start, cluster, step, waiter; and the tutorial step
beside bare Spark.

    .venv/bin/python bench/steps.py [--rounds 3] [--seconds 5,60] [--server build/howdah]
    .venv/bin/python bench/steps.py --warm [--rounds 3]

The bare run is spark-submit of the same SPARK_HOME on this host, outside any node, with the same
rendered configuration, script and data on our own S3 endpoint; step and bare run alternate.
`--seconds 5,60,600` also measures the waiter after ten minutes. A figure in brackets is the
limit that the project sets itself. Steps have no warm drivers there: making the next one would run
beside the bare job. `--warm` measures only these: a small step from RUNNING to COMPLETED in a
server that keeps drivers ready and in one that does not, by turns, each when its driver is ready.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "apps"))

import boto3

from spark_host import SparkHost, missing
from support.server import Server, until


def client(server, service):
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def start_time(server):
    """From exec to the first answered request, in ms, and the idle resident memory in MiB."""
    began = time.monotonic()
    server.start()
    subprocess.run(
        ["curl", "-s", "-o", "/dev/null", server.endpoint + "/_howdah/health"], check=True
    )
    took = (time.monotonic() - began) * 1000
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    rss = (
        next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        / 1024
    )
    return took, rss


def new_cluster(emr, concurrency=1):
    began = time.monotonic()
    identifier = emr.run_job_flow(
        Name="bench",
        ReleaseLabel="emr-7.10.0",
        Applications=[{"Name": "Spark"}],
        ServiceRole="EMR_DefaultRole",
        JobFlowRole="EMR_EC2_DefaultRole",
        LogUri="s3://bench/logs/",
        StepConcurrencyLevel=concurrency,
        Instances={
            "InstanceGroups": [
                {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
            ],
            "KeepJobFlowAliveWhenNoSteps": True,
        },
    )["JobFlowId"]
    until(
        lambda: emr.describe_cluster(ClusterId=identifier)["Cluster"]["Status"]["State"]
        == "WAITING",
        "the cluster waits",
        120,
        0.01,
    )
    return identifier, time.monotonic() - began


def add_step(emr, cluster, args):
    step = {
        "Name": args[0],
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": args},
    }
    return emr.add_job_flow_steps(JobFlowId=cluster, Steps=[step])["StepIds"][0]


def waiter_delays(server, seconds):
    """For a step of each length, in ms: from its end, as dated, to the return of boto3's waiter."""
    emr = client(server, "emr")
    cluster, _ = new_cluster(emr, concurrency=len(seconds))
    delays = {}

    def one(length):
        mine = client(server, "emr")
        step = add_step(mine, cluster, ["sleep", str(length)])
        mine.get_waiter("step_complete").wait(ClusterId=cluster, StepId=step)
        returned = time.time()
        ended = mine.describe_step(ClusterId=cluster, StepId=step)["Step"]["Status"]["Timeline"][
            "EndDateTime"
        ]
        delays[length] = (returned - ended.timestamp()) * 1000

    threads = [threading.Thread(target=one, args=(length,)) for length in seconds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return delays


def tutorial(server, rounds, folder):
    """Seconds of the step (submit to the waiter's return) and of bare spark-submit, alternating."""
    s3, emr = client(server, "s3"), client(server, "emr")
    data = folder / "inspections.csv"
    subprocess.run(
        [sys.executable, ROOT / "tools/make_inspections.py", data],
        check=False,
        stdout=subprocess.DEVNULL,
    )
    real = ROOT.parent / "shared/data/food_establishment_data.csv"
    s3.upload_file(str(real if real.exists() else data), "bench", "inspections.csv")
    s3.upload_file(str(ROOT / "apps/demo/health_violations.py"), "bench", "job.py")
    cluster, _ = new_cluster(emr)
    bare = SparkHost(folder / "bare", server.endpoint)
    steps, bares = [], []
    for number in range(rounds + 1):
        arguments = [
            "spark-submit",
            "s3://bench/job.py",
            "--data_source",
            "s3://bench/inspections.csv",
            "--output_uri",
        ]
        began = time.monotonic()
        step = add_step(emr, cluster, [*arguments, f"s3://bench/step-{number}"])
        emr.get_waiter("step_complete").wait(ClusterId=cluster, StepId=step)
        middle = time.monotonic()
        done = bare.run(*arguments, f"s3://bench/bare-{number}")
        if done.returncode:
            sys.exit(f"bare spark-submit failed:\n{done.stderr[-2000:]}")
        if number > 0:  # the first round warms the page cache for both
            steps.append(middle - began)
            bares.append(time.monotonic() - middle)
    return steps, bares


SMALL = """
from operator import add
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("small").getOrCreate()
words = spark.sparkContext.parallelize(["a b", "b c", "c a b"] * 1000, 2).flatMap(str.split)
print(dict(words.map(lambda word: (word, 1)).reduceByKey(add).collect()))
"""


def next_steps(rounds, folder, program):
    """Seconds of small steps with and without a warm driver that waits for each."""
    took = {"on": [], "off": []}
    servers, clusters = {}, {}
    try:
        for warm in took:
            servers[warm] = Server(folder / warm, program, arguments=["--log-level", "warn"],
                                   environment={"HOWDAH_WARM": warm}).start()
            client(servers[warm], "s3").create_bucket(Bucket="bench")
            client(servers[warm], "s3").put_object(Bucket="bench", Key="job.py", Body=SMALL)
            clusters[warm] = new_cluster(client(servers[warm], "emr"))[0]
        for number in range(rounds + 1):  # the first is cold for both
            for warm, server in servers.items():
                emr = client(server, "emr")
                step = add_step(emr, clusters[warm], ["spark-submit", "s3://bench/job.py"])
                emr.get_waiter("step_complete").wait(ClusterId=clusters[warm], StepId=step)
                times = emr.describe_step(ClusterId=clusters[warm], StepId=step)["Step"][
                    "Status"]["Timeline"]
                if number > 0:
                    took[warm].append(
                        (times["EndDateTime"] - times["StartDateTime"]).total_seconds())
                if warm == "on":
                    ready = f"nodes/*/fs/mnt/var/lib/howdah/warm/warm-{number + 1}/ready"
                    until(lambda: list(server.data.glob(ready)), "the next driver is ready", 300)
    finally:
        for server in servers.values():
            server.shut_down()
    return took


def print_next_steps(rounds, folder, program):
    load = os.getloadavg()[0]
    took = next_steps(rounds, folder, program)
    on, off = statistics.median(took["on"]), statistics.median(took["off"])
    print(f"{os.cpu_count()} cores, load average {load:.1f} at the start\n")
    print(f"| a small step, warm, median of {rounds} | {on:.2f} s | {on / off:.2f}x |")
    print(f"| the same with HOWDAH_WARM=off | {off:.2f} s | 1.00x |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", default="5,60")
    parser.add_argument("--server", default=str(ROOT / "build" / "howdah"))
    parser.add_argument("--warm", action="store_true")
    given = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="howdah-bench-"))
    if given.warm:
        try:
            return print_next_steps(given.rounds, folder, given.server)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    server = Server(folder / "data", given.server, arguments=["--log-level", "warn"],
                    environment={"HOWDAH_WARM": "off"})
    try:
        starts = []
        for _ in range(5):
            starts.append(start_time(server))
            server.terminate()
        server.start()
        client(server, "s3").create_bucket(Bucket="bench")
        clusters = [new_cluster(client(server, "emr"))[1] for _ in range(3)]
        delays = waiter_delays(server, [int(length) for length in given.seconds.split(",")])
        print(
            f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}\n"
            "\n| what | measured |\n|---|---|"
        )
        print(
            f"| server start to first answer, median of 5 [100 ms] | "
            f"{statistics.median(s[0] for s in starts):.0f} ms |"
        )
        print(
            f"| resident memory when idle [40 MiB] | "
            f"{statistics.median(s[1] for s in starts):.1f} MiB |"
        )
        print(
            f"| RunJobFlow to WAITING, engine installed, median of 3 [1 s] | "
            f"{statistics.median(clusters):.2f} s |"
        )
        for length, delay in sorted(delays.items()):
            print(
                f"| waiter's delay after a step of {length} s [50 ms; AWS polls every 30 s] "
                f"| {delay:.0f} ms |"
            )
        if reason := missing():
            print(f"| the tutorial step | not measured: {reason} |")
            return
        steps, bares = tutorial(server, given.rounds, folder)
        ours, theirs = statistics.median(steps), statistics.median(bares)
        print(
            f"| the tutorial step, submit to COMPLETED, median of {given.rounds} | {ours:.2f} s |"
        )
        print(f"| bare spark-submit of the same | {theirs:.2f} s |")
        print(f"| overhead [{0.5 + theirs / 100:.2f} s] | {ours - theirs:+.2f} s |")
    finally:
        server.shut_down()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
