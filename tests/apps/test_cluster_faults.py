"""What goes wrong around clusters with real daemons: the state and the words that it leads to, and
that nothing of a cluster stays when it is over."""
import os
import pathlib
import subprocess

import boto3
import pytest

from support import hadoop
from support.aws_cli import REGION
from support.server import KEYS, until

pytestmark = [pytest.mark.spark, pytest.mark.slow]
HANGS = b"#!/bin/bash\nsleep 3600\n"
TAKES_A_PORT = b"""#!/bin/bash
nohup python3 -m http.server 9870 --bind 0.0.0.0 > /tmp/taken.log 2>&1 &
until (exec 3<>/dev/tcp/localhost/9870) 2>/dev/null; do sleep 0.1; done
"""


def client(server, service):
    return boto3.client(service, endpoint_url=server.endpoint, region_name=REGION,
                        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"])


def links(server):
    """The host's network interfaces that are this server's."""
    names = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True,
                           check=True).stdout
    installation = (server.data / "installation").read_text().strip()
    return [line.split()[1] for line in names.splitlines()
            if line.split()[1].startswith(f"hd{installation}-")]


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it ended
        return b""


def left_of(server, processes):
    """Whatever there is of clusters, beside the processes of the server itself."""
    found = [command_of(pid).replace(b"\0", b" ")[:120]
             for pid in set(server.left_processes()) - processes]
    return [*found, *links(server), *server.left_mounts(),
            *(server.data / "networks").glob("[!.]*"), *(server.data / "nodes").glob("*/fs/[!l]*"),
            *(server.data / "trash").glob("*")]


def state(server, cluster):
    return hadoop.state_of(client(server, "emr"), cluster)


def script(server, name, body):
    s3 = client(server, "s3")
    s3.create_bucket(Bucket="scripts")
    s3.put_object(Bucket="scripts", Key=name, Body=body)
    return [{"Name": name, "ScriptBootstrapAction": {"Path": f"s3://scripts/{name}"}}]


COUNT = b"""
from pyspark.sql import SparkSession
assert SparkSession.builder.getOrCreate().range(1000).selectExpr("sum(id)").first()[0] == 499500
"""


def test_an_only_core_node_runs_a_job_and_an_ended_cluster_leaves_nothing(own_server):
    """No process, network, mount or folder. And with EMR's defaults a driver fits beside its
    executor on the one node that there is."""
    server = own_server()
    before = set(server.left_processes())
    emr = client(server, "emr")
    cluster = emr.run_job_flow(**hadoop.request(core=1))["JobFlowId"]
    hadoop.wait_for_state(emr, cluster, "WAITING", timeout=600)
    assert left_of(server, before), "a running cluster is seen by what looks for leavings"
    script(server, "count.py", COUNT)
    step = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[hadoop.runner(
        "spark-submit", "--deploy-mode", "cluster", "s3://scripts/count.py")])["StepIds"][0]
    emr.get_waiter("step_complete").wait(ClusterId=cluster, StepId=step, WaiterConfig={"Delay": 5})
    emr.terminate_job_flows(JobFlowIds=[cluster])
    hadoop.wait_for_state(emr, cluster, "TERMINATED", timeout=120)
    until(lambda: not left_of(server, before), "nothing of it is left", 30, every=0.2)


def test_a_bootstrap_that_hangs_ends_with_its_cluster_or_with_the_whole_server(own_server):
    server = own_server()
    before = set(server.left_processes())
    emr = client(server, "emr")
    request = hadoop.request(core=1, BootstrapActions=script(server, "hangs", HANGS))

    def hang():
        cluster = emr.run_job_flow(**request)["JobFlowId"]
        hadoop.wait_for_state(emr, cluster, "BOOTSTRAPPING", timeout=300)
        until(lambda: sum(b"sleep\0003600" in command_of(pid) for pid in server.left_processes())
              == 2, "the action runs on both nodes", 60, every=0.2)
        return cluster
    cluster = hang()
    emr.terminate_job_flows(JobFlowIds=[cluster])
    hadoop.wait_for_state(emr, cluster, "TERMINATED", timeout=60)
    until(lambda: not left_of(server, before), "nothing of it is left", 30, every=0.2)
    cluster = hang()
    server.shut_down()
    until(lambda: not server.left_processes(), "no process is left", 30, every=0.2)
    assert not links(server) and not server.left_mounts()
    # The server comes back; what was at work on the nodes is lost, and says so.
    server.start()
    until(lambda: state(server, cluster)["State"] == "TERMINATED_WITH_ERRORS",
          "the cluster fails", 60, every=0.2)
    assert "bootstrap action 1" in state(server, cluster)["StateChangeReason"]["Message"]


@pytest.mark.parametrize("what", ["a configuration", "a taken port"])
def test_a_daemon_that_does_not_start_ends_the_cluster_with_its_last_words(own_server, what):
    server = own_server()
    changes = {"Configurations": [{"Classification": "hadoop-env", "Configurations": [
        {"Classification": "export", "Properties": {"HADOOP_NAMENODE_OPTS": "-XX:+NoSuchThing"}}]}]}
    said = "NoSuchThing"
    if what == "a taken port":
        changes = {"BootstrapActions": script(server, "takes", TAKES_A_PORT)}
        said = "Port in use"
    emr = client(server, "emr")
    cluster = emr.run_job_flow(**hadoop.request(core=1, **changes))["JobFlowId"]
    until(lambda: state(server, cluster)["State"] == "TERMINATED_WITH_ERRORS", "it fails", 300,
          every=0.2)
    reason = state(server, cluster)["StateChangeReason"]
    assert reason["Code"] == "BOOTSTRAP_FAILURE"
    master = next(one for one in emr.list_instances(ClusterId=cluster)["Instances"]
                  if one["InstanceGroupId"] == next(
                      group["Id"] for group in emr.list_instance_groups(
                          ClusterId=cluster)["InstanceGroups"]
                      if group["InstanceGroupType"] == "MASTER"))
    assert master["Ec2InstanceId"] in reason["Message"]
    detail = emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["ErrorDetails"][0]
    text = detail["ErrorMessage"]
    assert "hadoop-hdfs-namenode" in text and master["Ec2InstanceId"] in text, text
    assert "exit code 1" in text and said in text, text
    assert "/var/log/hadoop-hdfs/" in text, text


def test_an_engine_that_cannot_be_fetched_ends_the_cluster_and_names_it(own_server, tmp_path):
    (tmp_path / ".m2").mkdir()
    nowhere = "http://127.0.0.1:9"
    (tmp_path / ".m2/settings.xml").write_text(
        "<settings><mirrors><mirror><id>nowhere</id><mirrorOf>*</mirrorOf>"
        f"<url>{nowhere}</url></mirror></mirrors></settings>")
    server = own_server(arguments=["--engines", str(tmp_path / "engines")], environment={
        "HOME": str(tmp_path), "HOWDAH_CACHE": str(tmp_path / "cache"), "PIP_INDEX_URL": nowhere,
        "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"})
    emr = client(server, "emr")
    cluster = emr.run_job_flow(**hadoop.request(core=1))["JobFlowId"]
    until(lambda: state(server, cluster)["State"] == "TERMINATED_WITH_ERRORS", "it fails", 300,
          every=0.2)
    message = state(server, cluster)["StateChangeReason"]["Message"]
    assert "Installing emr-7.10.0 failed: pip could not download" in message, message
    assert "exit code 1" in message and "howdah install emr-7.10.0" in message, message
    assert emr.list_instances(ClusterId=cluster)["Instances"] == []
