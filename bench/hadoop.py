"""How long a Hadoop cluster takes to be ready, what it weighs, and how soon a new node serves.

    .venv/bin/python bench/hadoop.py [--rounds 3] [--reference ../shared/reference/hadoop]

Alternating in one run: RunJobFlow to WAITING of a primary and two core nodes with Hadoop alone, and
the plain bring-up script of the reference folder (the same daemons, versions and machine, started
by hand in network namespaces; needs root). Then the headline cluster (Hadoop, Spark, Hive), the
resident memory of the daemons at rest, and one task node more until YARN has it. Artifacts are
installed before anything is timed. A figure in brackets is the limit the project sets itself.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import boto3

from support import hadoop
from support.server import Server, server_environment, until

WRITTEN_FOR = "/var/lib/howdah/try"  # the folder that the reference's files name
DAEMONS = ("NameNode", "DataNode", "ResourceManager", "NodeManager", "JobHistoryServer",
           "ApplicationHistoryServer", "WebAppProxyServer", "HistoryServer", "HiveMetaStore",
           "HiveServer2")


def client(server, service):
    return boto3.client(service, endpoint_url=server.endpoint, region_name="us-east-1",
                        aws_access_key_id="test", aws_secret_access_key="test")


def start(emr, applications, **changes):
    """A waiting cluster's id, and the seconds from RunJobFlow until it waited."""
    began = time.monotonic()
    cluster = emr.run_job_flow(**hadoop.request(applications=applications, **changes))["JobFlowId"]
    hadoop.wait_for_state(emr, cluster, "WAITING", timeout=600)
    return cluster, time.monotonic() - began


def end(emr, cluster):
    emr.terminate_job_flows(JobFlowIds=[cluster])
    hadoop.wait_for_state(emr, cluster, "TERMINATED", timeout=120)


def prepare_reference(reference, engines, folder):
    """A copy of the reference's files that works in `folder`, with our own Hadoop's jars."""
    jars = sorted(engines.glob("hadoop-*/**/hadoop-common-3*.jar"))
    if not jars:
        raise SystemExit("no Hadoop below " + str(engines))
    home = jars[-1].relative_to(engines).parts[0]
    (folder / "conf").mkdir(parents=True)
    (folder / "hadoop/lib").mkdir(parents=True)
    (folder / "hadoop/res").mkdir()
    (folder / "spark-shuffle").mkdir()
    (folder / "hadoop/res/webapps").symlink_to(engines / home / "hadoop-hdfs/webapps")
    for jar in (engines / home).rglob("*.jar"):
        link = folder / "hadoop/lib" / jar.name
        if "shuffle" in str(jar.parent) or "spark" in jar.name:
            link = folder / "spark-shuffle" / jar.name
        if not link.exists():
            link.symlink_to(jar.resolve())
    for file in reference.iterdir():
        text = file.read_text().replace(WRITTEN_FOR, str(folder))
        place = folder / ("conf" if file.suffix in (".xml", ".conf") else "") / file.name
        if file.suffix == ".xml" and not any(
                "YarnShuffleService" in str(name) for name in (folder / "spark-shuffle").iterdir()):
            text = text.replace("mapreduce_shuffle,spark_shuffle", "mapreduce_shuffle")
        place.write_text(text)
        place.chmod(0o755)


def end_reference(folder):
    for file in folder.glob("run/*/*.pid"):
        try:
            os.killpg(int(file.read_text()), signal.SIGKILL)
        except (ProcessLookupError, ValueError):
            pass
    for name in subprocess.run(["ip", "netns", "list"], capture_output=True,
                               text=True).stdout.split("\n"):
        if name.startswith("hd-"):
            for pid in subprocess.run(["ip", "netns", "pids", name.split()[0]],
                                      capture_output=True, text=True).stdout.split():
                os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", name.split()[0]], check=False)
    # A namespace goes away some time after its last process: its links go now, for the next round.
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout
    for name in re.findall(r"^\d+: (fhv\d+|fhbr0)[@:]", links, re.MULTILINE):
        subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)
    until(lambda: not re.search(r": fh(v|br)", subprocess.run(
        ["ip", "-o", "link"], capture_output=True, text=True).stdout), "its links are gone", 30)


def reference_seconds(folder):
    """From the start of the script until HDFS, YARN and the history server answer."""
    try:
        done = subprocess.run(["bash", str(folder / "up.sh"), "2"], capture_output=True, text=True,
                              timeout=300, env={"PATH": os.environ["PATH"], "HOME": "/root"})
        if "JobHistory live" not in done.stdout:
            raise SystemExit(f"the reference did not come up:\n{done.stdout}{done.stderr}")
        return float(re.findall(r"([0-9.]+)s", done.stdout)[-1])
    finally:
        end_reference(folder)


def memory(server, emr, cluster, counted="Pss"):
    """MiB resident of each daemon. With "Pss" those who map a page (class archives, libjvm) share
    it, so that the sum is what the machine lacks; "Rss" counts it each time."""
    weights = {}
    for node in emr.list_instances(ClusterId=cluster)["Instances"]:
        for pid, command in server.processes_of_node(cluster, node["Ec2InstanceId"]).items():
            name = next((one for one in DAEMONS if f".{one} " in command + " "), None)
            if not name or "java" not in command.split()[0]:
                continue
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            resident = int(re.search(rf"^{counted}:\s+(\d+)", rollup, re.MULTILINE).group(1)) / 1024
            weights.setdefault(name, []).append(resident)
    return weights


def new_node_seconds(emr, cluster):
    """From AddInstanceGroups until the ResourceManager counts one active node more."""
    primary = emr.describe_cluster(ClusterId=cluster)["Cluster"]["MasterPublicDnsName"]
    address = f"http://{primary}:8088/ws/v1/cluster/metrics"

    def active():
        with urllib.request.urlopen(address, timeout=5) as answer:
            return json.load(answer)["clusterMetrics"]["activeNodes"]
    before = active()
    began = time.monotonic()
    emr.add_instance_groups(JobFlowId=cluster, InstanceGroups=[{
        "Name": "task", "InstanceRole": "TASK", "InstanceType": "m5.xlarge", "InstanceCount": 1}])
    until(lambda: active() > before, "YARN has the node", 120, 0.05)
    return time.monotonic() - began


def say(what, value):
    print(f"{what:58} {value}", flush=True)


def measure(server, reference, rounds, folder):
    emr = client(server, "emr")
    engines = pathlib.Path(os.environ.get("HOWDAH_ENGINES", "/var/lib/howdah/engines"))
    for applications in ("Hadoop", "Hadoop,Spark,Hive"):
        subprocess.run([str(server.binary), "install", hadoop.LABEL, "--applications",
                        applications], check=True, env=server_environment())
    if reference:
        prepare_reference(reference, engines, folder / "reference")
    ours, theirs = [], []
    for number in range(rounds + 1):
        cluster, took = start(emr, ["Hadoop"])
        end(emr, cluster)
        other = reference_seconds(folder / "reference") if reference else float("nan")
        if number:  # the first of each warms the page cache
            ours.append(took)
            theirs.append(other)
    say("Hadoop alone, 3 nodes, RunJobFlow to WAITING, s", f"{statistics.median(ours):.1f} "
        f"{[round(one, 1) for one in ours]}")
    if reference:
        say("  the bring-up script beside it, s", f"{statistics.median(theirs):.1f} "
            f"{[round(one, 1) for one in theirs]}")
        say("  ratio (at most 1.1, aim 0.6)",
            f"{statistics.median(ours) / statistics.median(theirs):.2f}")
    first, _ = start(emr, ["Hadoop"])
    time.sleep(20)  # at rest
    seven = {counted: sum(sum(memory(server, emr, first, counted).get(name, []))
                          for name in DAEMONS[:5]) * 1.048576 for counted in ("Pss", "Rss")}
    say("the seven daemons of the script, MB (at most 1300)", f"{seven['Pss']:.0f}, each page that "
        f"several map counted each time: {seven['Rss']:.0f}")
    cluster, took = start(emr, ["Hadoop", "Spark", "Hive"])
    say("Hadoop, Spark, Hive beside it, RunJobFlow to WAITING, s", f"{took:.1f}")
    end(emr, first)
    time.sleep(20)  # what starts after WAITING has started
    weights = memory(server, emr, cluster)
    for name, each in sorted(weights.items()):
        say(f"  {name}, MiB resident", " + ".join(f"{one:.0f}" for one in each))
    say("  all of them", f"{sum(sum(each) for each in weights.values()):.0f}")
    say("one task node more, until YARN has it, s (at most 8)",
        f"{new_node_seconds(emr, cluster):.1f}")
    end(emr, cluster)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--server", default=str(ROOT / "build" / "howdah"))
    parser.add_argument("--reference", default=str(ROOT.parent / "shared/reference/hadoop"))
    arguments = parser.parse_args()
    reference = pathlib.Path(arguments.reference)
    if not (reference / "up.sh").exists() or os.geteuid() != 0:
        print(f"no {reference}/up.sh, or not root: nothing to compare with")
        reference = None
    folder = pathlib.Path(tempfile.mkdtemp(prefix="howdah-bench-"))
    try:
        with Server(folder / "data", arguments.server) as server:
            measure(server, reference, arguments.rounds, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
