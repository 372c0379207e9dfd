"""Real jobs on a primary and three core nodes, with one random kill during each.

    .venv/bin/python tests/soak/jobs.py --jobs 50 [--seed N] [--server build/howdah]

Kills: a NodeManager, a DataNode, a whole core or task node, the ResourceManager, the server. Each
job counts words of its own text by MapReduce or by Spark in cluster mode. Afterwards: no wrong
answer; at least 98 in a hundred completed without being submitted again; HDFS misses no block.
"""

import argparse
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import boto3
import botocore.config

from support import hadoop
from support.server import KEYS, ROOT, Server, until

EXAMPLES = "/usr/lib/hadoop-mapreduce/hadoop-mapreduce-examples.jar"
ENDED = {"COMPLETED", "FAILED", "CANCELLED"}
KILLS = ("nodemanager", "datanode", "core", "task", "resourcemanager", "server")
SPARK = b"""
import sys
from pyspark.sql import SparkSession
lines = SparkSession.builder.getOrCreate().sparkContext.textFile(sys.argv[1], 4)
pairs = lines.flatMap(str.split).map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b, 3)
pairs.map(lambda pair: "%s,%d" % pair).saveAsTextFile(sys.argv[2])
"""


class Soak:
    def __init__(self, server, seed):
        self.server, self.rng = server, random.Random(seed)
        self.cluster = None
        self.log = []

    def client(self, service):
        config = botocore.config.Config(retries={"total_max_attempts": 6, "mode": "standard"})
        return boto3.client(service, endpoint_url=self.server.endpoint, region_name="us-east-1",
                            config=config, aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"])

    def prepare(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket="soak")
        s3.put_object(Bucket="soak", Key="count.py", Body=SPARK)
        request = hadoop.request(core=3, LogUri="s3://soak/logs/", Configurations=[
            {"Classification": "hdfs-site", "Properties": {"dfs.replication": "2"}}])
        request["Instances"]["InstanceGroups"] = hadoop.groups(core=3, task=1)
        self.cluster = self.client("emr").run_job_flow(**request)["JobFlowId"]
        hadoop.wait_for_state(self.client("emr"), self.cluster, "WAITING", timeout=900)
        self.run(hadoop.bash(
            "set -e; hdfs dfs -mkdir -p /kept; for i in 1 2 3 4 5; do head -c 3000000 /dev/urandom"
            " > f; hdfs dfs -put f /kept/$i; done; hdfs dfs -cat '/kept/*' | md5sum > sum;"
            " hdfs dfs -put sum /kept.md5"))

    def step_state(self, step):
        found = self.client("emr").describe_step(ClusterId=self.cluster, StepId=step)["Step"]
        return found["Status"]["State"]

    def add(self, step):
        return self.client("emr").add_job_flow_steps(
            JobFlowId=self.cluster, Steps=[step])["StepIds"][0]

    def run(self, step, timeout=600):
        identifier = self.add(step)
        until(lambda: self.step_state(identifier) in ENDED, "the step ends", timeout, 0.3)
        state = self.step_state(identifier)
        if state != "COMPLETED":
            raise RuntimeError(f"{step['Name']} {identifier}: {state}")
        return identifier

    def instances(self, role):
        return [one["Ec2InstanceId"] for one in hadoop.live(self.client("emr"), self.cluster, role)]

    def end_process(self, instance, needle):
        for pid, command in self.server.processes_of_node(self.cluster, instance).items():
            if needle in command and "java" in command:
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def kill(self, what):
        """True when there was something to kill."""
        if what == "server":
            self.server.kill()
            self.server.start()
            return True
        if what == "resourcemanager":
            return self.end_process(self.instances("MASTER")[0], "ResourceManager")
        if what in ("core", "task"):
            victims = self.instances(what.upper())
            if victims:
                self.server.kill_node(self.cluster, self.rng.choice(victims))
            return bool(victims)
        needle = {"nodemanager": "NodeManager", "datanode": "DataNode"}[what]
        return self.end_process(self.rng.choice(self.instances("CORE")), needle)

    def healthy(self):
        """All nodes are back and HDFS has two copies of everything: a real operator waits too."""
        emr = self.client("emr")
        hadoop.wait_for_group(emr, self.cluster, "CORE", 3, timeout=300)
        hadoop.wait_for_group(emr, self.cluster, "TASK", 1, timeout=300)
        self.run(hadoop.bash(
            "for i in $(seq 120); do hdfs fsck / > f 2>/dev/null; "
            "grep -qE 'Under-replicated blocks:[[:space:]]*0 ' f && grep -q HEALTHY f && "
            "[ $(hdfs dfsadmin -report -live 2>/dev/null | grep -c ^Name:) = 3 ] && exit 0; "
            "sleep 1; done; cat f; exit 1"))

    def job(self, number):
        text, expected = hadoop.corpus(number, 3000)
        s3 = self.client("s3")
        s3.put_object(Bucket="soak", Key=f"in/{number}/words.txt", Body=text.encode())
        places = [f"s3://soak/in/{number}/", f"s3://soak/out/{number}"]
        if number % 2:
            step = hadoop.runner("hadoop", "jar", EXAMPLES, "wordcount",
                                 "-Dmapreduce.job.reduces=2", *places, name=f"mapreduce {number}")
        else:
            step = hadoop.runner("spark-submit", "--deploy-mode", "cluster", "--num-executors", "2",
                                 "--executor-memory", "512m", "s3://soak/count.py", *places,
                                 name=f"spark {number}")
        what = KILLS[number % len(KILLS)]
        began = time.monotonic()
        identifier = self.add(step)
        until(lambda: self.step_state(identifier) != "PENDING", "it begins", 120, 0.1)
        time.sleep(self.rng.uniform(1, 15))  # the fault's moment is the experiment
        done = self.kill(what)
        until(lambda: self.step_state(identifier) in ENDED, "the job ends", 900, 0.3)
        state = self.step_state(identifier)
        right = state != "COMPLETED" or hadoop.counts(
            hadoop.text_of(s3, "soak", f"out/{number}/part-")) == expected
        self.log.append((number, step["Name"], what if done else "nothing", state, right))
        print(f"job {number}: {step['Name']}, killed {what if done else 'nothing'}: {state}, "
              f"{'right' if right else 'WRONG'}, {time.monotonic() - began:.0f} s", flush=True)
        self.healthy()

    def verdict(self):
        self.run(hadoop.bash("set -e; hdfs dfs -cat '/kept/*' | md5sum > now; hdfs dfs -cat "
                             "/kept.md5 > then; cmp now then; "
                             "hdfs fsck / | grep -E 'Missing blocks:[[:space:]]*0'"))
        wrong = [line for line in self.log if not line[4]]
        completed = sum(line[3] == "COMPLETED" for line in self.log)
        problems = [f"wrong answer: {line}" for line in wrong]
        problems += [f"nothing was killed: {line}" for line in self.log if line[2] == "nothing"]
        if completed < 0.98 * len(self.log):
            problems.append(f"{completed} of {len(self.log)} completed: "
                            f"{[line for line in self.log if line[3] != 'COMPLETED']}")
        return problems


def run(jobs, seed, binary, folder):
    """The problems found: empty when there were none."""
    server = Server(folder / "data", binary)
    with server:
        soak = Soak(server, seed)
        soak.prepare()
        for number in range(jobs):
            soak.job(number)
        return soak.verdict()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--server", default=str(ROOT / "build" / "howdah"))
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="howdah-soak-"))
    try:
        problems = run(arguments.jobs, arguments.seed, arguments.server, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for problem in problems:
        print(problem)
    print(f"{arguments.jobs} jobs, seed {arguments.seed}: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
