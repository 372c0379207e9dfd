"""s3-dist-cp beside Hadoop's distcp on the same cluster: many small files and one large, both ways;
and how long it takes to join 10,000 small files.

    .venv/bin/python bench/distcp.py [--server build/howdah] [--core 2] [--files 1000]
                                     [--gigabytes 2] [--rounds 1] [--parts join,small,large]

Both run as steps of a cluster of emr-7.10.0 with Hadoop; a figure is the time of the command inside
its step, the start of the JVM or of the program included. Every copy is counted, and the large file
compared by its MD5. A figure in brackets is the limit that the project sets itself.
"""

import argparse
import concurrent.futures
import pathlib
import re
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import boto3

from support import hadoop
from support.clusters import OVER
from support.server import Server, until

BUCKET = "distcp-bench"
MIB = 1 << 20


def client(server, service):
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


class Cluster:
    def __init__(self, server, core):
        self.server = server
        self.emr = client(server, "emr")
        self.id = self.emr.run_job_flow(
            **hadoop.request(applications=("Hadoop",), core=core, LogUri=f"s3://{BUCKET}-logs/")
        )["JobFlowId"]
        hadoop.wait_for_state(self.emr, self.id, "WAITING", timeout=1800)

    def run(self, script):
        """The script's output; it must succeed."""
        step = self.emr.add_job_flow_steps(JobFlowId=self.id, Steps=[hadoop.bash(script)])
        step = step["StepIds"][0]

        def ended():
            status = self.emr.describe_step(ClusterId=self.id, StepId=step)["Step"]["Status"]
            return status if status["State"] in ("COMPLETED", "FAILED", "CANCELLED") else None

        status = until(ended, "the step ends", 3600, every=0.2)
        folders = list(self.server.data.glob(f"nodes/*/fs/log/hadoop/steps/{step}"))
        texts = [
            (folder / name).read_text(errors="replace")
            for folder in folders
            for name in ("stdout", "stderr")
            if (folder / name).exists()
        ]
        if status["State"] != "COMPLETED":
            raise SystemExit(f"{script}\n{status}\n" + "\n".join(texts)[-4000:])
        return "\n".join(texts)

    def seconds(self, command, before="true"):
        script = (
            f"{before}; began=$(date +%s%N); {command} || exit 1; "
            "echo TOOK $(( ($(date +%s%N) - began) / 1000000 ))"
        )
        return int(re.search(r"TOOK (\d+)", self.run(script)).group(1)) / 1000

    def count(self, path):
        """Files and bytes below a path of HDFS."""
        words = self.run(f"echo COUNT $(hdfs dfs -count {path})").split("COUNT", 1)[1].split()
        return int(words[1]), int(words[2])


def objects(s3, prefix):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    # S3A keeps the markers of folders that it made.
    sizes = [item["Size"] for page in pages for item in page.get("Contents", [])
             if not item["Key"].endswith("/")]
    return len(sizes), sum(sizes)


def upload(s3, prefix, count, size):
    data = bytes(range(256)) * (size // 256 + 2)

    def put(number):
        body = data[number % 256 : number % 256 + size]
        s3.put_object(Bucket=BUCKET, Key=f"{prefix}/{number % 20:02d}/f{number}", Body=body)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(count)))


def compare(cluster, s3, what, prefix, rounds, limit):
    """Alternately by both programs, S3 -> HDFS and back; checks that everything arrived."""
    expected = objects(s3, f"{prefix}/")
    times = {}
    for _ in range(rounds):
        for name, command, scheme in (("s3-dist-cp", "s3-dist-cp --src={0} --dest={1}", "s3"),
                                      ("distcp", "hadoop distcp {0} {1}", "s3a")):
            there, back = f"/{prefix}-{name}", f"{prefix}-{name}-back"
            clean = f"hdfs dfs -rm -r -f -skipTrash {there} > /dev/null 2>&1"
            took = cluster.seconds(
                command.format(f"{scheme}://{BUCKET}/{prefix}", f"hdfs://{there}"), clean
            )
            times.setdefault((name, "S3 -> HDFS"), []).append(took)
            if cluster.count(there) != expected:
                raise SystemExit(f"{name}: {cluster.count(there)} files and bytes, not {expected}")
            took = cluster.seconds(
                command.format(f"hdfs://{there}", f"{scheme}://{BUCKET}/{back}")
            )
            times.setdefault((name, "HDFS -> S3"), []).append(took)
            if objects(s3, f"{back}/") != expected:
                raise SystemExit(f"{name}: {objects(s3, back + '/')} came back, not {expected}")
    for way in ("S3 -> HDFS", "HDFS -> S3"):
        own = statistics.median(times["s3-dist-cp", way])
        other = statistics.median(times["distcp", way])
        print(f"{what}, {way}: s3-dist-cp {own:.1f} s, distcp {other:.1f} s, "
              f"{other / own:.1f}x [{limit}x]", flush=True)


def same_bytes(cluster, s3, prefix):
    sums = cluster.run(
        f"for f in /{prefix}-s3-dist-cp /{prefix}-distcp; do "
        "echo SUM $(hdfs dfs -cat $f/*/* | md5sum); done"
    )
    found = set(re.findall(r"SUM (\w{32})", sums))
    if len(found) != 1:
        raise SystemExit(f"the copies differ: {found}")


def join(cluster, s3):
    upload(s3, "tiny", 10_000, 10_000)
    for target, scheme in (("HDFS", "hdfs:///joined"), ("S3", f"s3://{BUCKET}/joined")):
        took = cluster.seconds(
            f"s3-dist-cp --src=s3://{BUCKET}/tiny/ --dest={scheme} "
            "--groupBy='.*/tiny/(\\d\\d)/.*' --targetSize=64"
        )
        print(f"groupBy of 10,000 files of 10 kB into 20, S3 -> {target}: {took:.1f} s", flush=True)
    if cluster.count("/joined") != (20, 100_000_000) or objects(s3, "joined/") != (20, 100_000_000):
        raise SystemExit("the joined files are not what they were made of")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", default=str(ROOT / "build" / "howdah"))
    parser.add_argument("--core", type=int, default=2)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--gigabytes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--parts", default="join,small,large")
    options = parser.parse_args()
    parts = options.parts.split(",")
    with tempfile.TemporaryDirectory() as folder:
        with Server(pathlib.Path(folder) / "data", binary=options.server) as server:
            s3 = client(server, "s3")
            for bucket in (BUCKET, f"{BUCKET}-logs"):
                s3.create_bucket(Bucket=bucket)
            cluster = Cluster(server, options.core)
            try:
                if "join" in parts:
                    join(cluster, s3)
                if "small" in parts:
                    upload(s3, "many", options.files, MIB)
                    compare(cluster, s3, f"{options.files} files of 1 MiB", "many",
                            options.rounds, 5)
                if "large" in parts:
                    cluster.run(f"head -c {options.gigabytes}G /dev/urandom | "
                                f"aws s3 cp - s3://{BUCKET}/large/00/f")
                    compare(cluster, s3, f"one file of {options.gigabytes} GiB", "large",
                            options.rounds, 1.3)
                    same_bytes(cluster, s3, "large")
            finally:
                cluster.emr.terminate_job_flows(JobFlowIds=[cluster.id])
                until(lambda: hadoop.state_of(cluster.emr, cluster.id)["State"] in OVER,
                      "the cluster ends", 120, every=0.2)


if __name__ == "__main__":
    main()
