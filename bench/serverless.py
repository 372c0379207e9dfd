"""EMR Serverless beside bare spark-submit: the word count and the inspections job, a cold and a
warm application, and one with a standalone cluster of its own (cold too); how soon a run is RUNNING
and its first line runs; many small jobs, two at a time.

    .venv/bin/python bench/serverless.py [--rounds 5] [--jobs 60] [--server build/howdah]
                                         [--parts words inspections start jobs]

The bare run is Spark's own spark-submit of the same SPARK_HOME on this host, outside any node, with
the same rendered configuration, script and data on our own S3 endpoint, `local[n]` with the n of
the job run. Cold, warm and bare alternate. Cold: a new application and nothing ready beforehand
(HOWDAH_WARM=off in that server). A figure in brackets is the limit that the project sets itself.
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
from support.serverless import SMALL, Application, job_role

WORD_COUNT = "s3://us-east-1.elasticmapreduce/emr-containers/samples/wordcount/scripts/wordcount.py"
CLUSTER = SMALL + " --conf spark.howdah.placement=cluster"
HELLO = b"""import time
print("first", time.time(), flush=True)
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print(spark.range(1000).selectExpr("sum(id)").collect())
"""


def client(server, service):
    return boto3.client(service, endpoint_url=server.endpoint, region_name="us-east-1",
                        aws_access_key_id="test", aws_secret_access_key="test")


class Side:
    """One server with its application."""

    def __init__(self, folder, binary, warm):
        self.server = Server(folder, binary, environment={} if warm else {"HOWDAH_WARM": "off"})
        self.server.start()
        self.s3 = client(self.server, "s3")
        self.s3.create_bucket(Bucket="bench")
        self.role = job_role(client(self.server, "iam"))
        self.app = self.new_application()

    def new_application(self):
        return Application(client(self.server, "emr-serverless"), self.s3, self.role, "bench")

    def upload(self, folder):
        data = folder / "inspections.csv"
        if not data.exists():
            subprocess.run([sys.executable, ROOT / "tools/make_inspections.py", data], check=True,
                           stdout=subprocess.DEVNULL)
        real = ROOT.parent / "shared/data/food_establishment_data.csv"
        self.s3.upload_file(str(real if real.exists() else data), "bench", "inspections.csv")
        self.s3.upload_file(str(ROOT / "apps/demo/health_violations.py"), "bench", "job.py")
        self.s3.put_object(Bucket="bench", Key="hello.py", Body=HELLO)

    def run(self, entry, *arguments, app=None, parameters=SMALL, every=0.005):
        """Seconds from StartJobRun to SUCCESS, and to RUNNING; the state is asked for `every` s."""
        app = app or self.app
        began = time.monotonic()
        run = app.submit(entry, *arguments, parameters=parameters)
        running = None
        while True:
            state = app.get(run)["state"]
            if state == "RUNNING" and running is None:
                running = time.monotonic() - began
            if state in ("SUCCESS", "FAILED", "CANCELLED"):
                break
            time.sleep(every)
        took = time.monotonic() - began
        if state != "SUCCESS":
            sys.exit(f"{entry}: {app.get(run)['stateDetails']}")
        return took, running, run

    def is_ready(self, run, app=None):
        return "howdah: warm driver" in (app or self.app).log(run, "stderr")


def wait_until_warm(side):
    """The pool is full again: making its drivers is no part of what is measured next."""
    nodes = side.server.data / "nodes"

    def full():
        warm = [one for one in os.listdir(nodes) if one.startswith("warm")]
        ready = [one for one in warm
                 if (nodes / one / "fs/mnt/var/lib/howdah/warm/driver/ready").exists()]
        return len(ready) == len(warm) >= 2
    until(full, "the pool is full", 180, 0.05)


def compare(name, jobs, rounds, limits):
    times = {side: [] for side in jobs}
    for number in range(rounds + 1):
        for side, run in jobs.items():
            took = run(number)
            if number > 0:  # the first round warms the page cache for all
                times[side].append(took)
    bare = statistics.median(times["bare"])
    print(f"{name}: " + ", ".join(
        f"{side} {statistics.median(all):.2f} s"
        + ("" if side == "bare"
           else f" = {statistics.median(all) / bare:.2f}x{limits.get(side, '')}")
        for side, all in times.items()), flush=True)


def start(side, count):
    """How soon a run is RUNNING, and its first line runs."""
    running, first = [], []
    for _ in range(count):
        wait_until_warm(side)
        began = time.time()
        _, until_running, run = side.run("s3://bench/hello.py")
        if until_running is not None:
            running.append(until_running * 1000)
        line = next(one for one in side.app.log(run).splitlines() if one.startswith("first"))
        first.append((float(line.split()[1]) - began) * 1000)
    print(f"StartJobRun -> RUNNING, warm: p50 {statistics.median(running):.0f} ms [<= 60]; "
          f"first line of user code: p50 {statistics.median(first):.0f} ms [<= 250]", flush=True)


def throughput(side, bare, jobs):
    """Jobs a minute: two runs at a time, and a sequential loop of spark-submit."""
    wait_until_warm(side)
    left = list(range(jobs))
    lock = threading.Lock()

    def work():
        mine = Application.__new__(Application)
        mine.__dict__.update(side.app.__dict__,
                             serverless=client(side.server, "emr-serverless"),
                             s3=client(side.server, "s3"))
        while True:
            with lock:
                if not left:
                    return
                left.pop()
            side.run("s3://bench/hello.py", app=mine, every=0.2)  # asking takes cores too

    began = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until_warm(side)  # the pool is as full as before
    ours = jobs / (time.monotonic() - began) * 60
    began = time.monotonic()
    count = max(5, jobs // 6)
    for _ in range(count):
        bare("s3://bench/hello.py", quiet=False)
    theirs = count / (time.monotonic() - began) * 60
    print(f"{jobs} small jobs, two at a time: {ours:.1f} a minute; a loop of spark-submit "
          f"{theirs:.1f} ({count} of them): {ours / theirs:.2f}x [>= 2.2x]")


def main():
    arguments = argparse.ArgumentParser(description=__doc__,
                                        formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--jobs", type=int, default=60)
    arguments.add_argument("--server", default=str(ROOT / "build/howdah"))
    parts = ["words", "inspections", "start", "jobs"]
    arguments.add_argument("--parts", nargs="+", choices=parts, default=parts)
    options = arguments.parse_args()
    if missing():
        sys.exit(missing())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="howdah-bench-"))
    print(f"load before: {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    warm = Side(folder / "warm", options.server, True)
    cold = Side(folder / "cold", options.server, False)
    try:
        for side in (warm, cold):
            side.upload(folder)
        host = SparkHost(folder / "bare", warm.server.endpoint)

        def bare(entry, *rest, master="local[1]", quiet=True):
            if quiet:
                wait_until_warm(warm)
            began = time.monotonic()
            done = host.run(host.home / "bin/spark-submit", "--master", master, "--driver-memory",
                            "4g", entry, *rest)
            if done.returncode:
                sys.exit(f"bare spark-submit failed:\n{done.stderr[-2000:]}")
            return time.monotonic() - began

        def on_cold(entry, *rest):
            wait_until_warm(warm)
            return cold.run(entry, *rest, app=cold.new_application())[0]

        def on_cluster(entry, *rest):
            wait_until_warm(warm)
            return cold.run(entry, *rest, app=cold.new_application(), parameters=CLUSTER)[0]

        def on_warm(entry, *rest):
            wait_until_warm(warm)
            took, _, run = warm.run(entry, *rest)
            assert warm.is_ready(run), "it was not warm"
            return took

        warm.run("s3://bench/hello.py")  # the pool learns what to keep
        limits = {"cold": " [<= 0.6x]", "warm": " [<= 0.3x, aim 0.2x]"}
        jobs = {"words": [WORD_COUNT],
                "inspections": ["s3://bench/job.py", "--data_source",
                                "s3://bench/inspections.csv", "--output_uri"]}
        for name, job in jobs.items():
            if name in options.parts:
                compare(name, {
                    "bare": lambda n: bare(*job, f"s3://bench/{name}-bare-{n}"),
                    "cold": lambda n: on_cold(*job, f"s3://bench/{name}-cold-{n}"),
                    "warm": lambda n: on_warm(*job, f"s3://bench/{name}-warm-{n}"),
                    "standalone": lambda n: on_cluster(*job, f"s3://bench/{name}-cluster-{n}"),
                }, options.rounds, limits)
        if "start" in options.parts:
            start(warm, max(5, options.rounds * 2))
        if "jobs" in options.parts:
            throughput(warm, bare, options.jobs)
    finally:
        for side in (warm, cold):
            side.server.__exit__()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"load after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
