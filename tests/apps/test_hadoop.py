"""A primary and two core nodes: HDFS, YARN, MapReduce, Spark on YARN, s3-dist-cp, resizing."""
import gzip
import re

import pytest

from support import hadoop
from support.server import ROOT, until

pytestmark = [pytest.mark.spark, pytest.mark.slow]
EXAMPLES = "/usr/lib/hadoop-mapreduce/hadoop-mapreduce-examples.jar"


@pytest.fixture(scope="module")
def logs(s3):
    s3.create_bucket(Bucket="hadoop-logs")
    return "hadoop-logs"


@pytest.fixture(scope="module")
def cluster(emr, server, logs):
    """One for the whole file: tests leave it with one task node fewer or more, never broken."""
    made = emr.run_job_flow(**hadoop.request(LogUri=f"s3://{logs}/", StepConcurrencyLevel=4))
    cluster = made["JobFlowId"]
    hadoop.wait_for_state(emr, cluster, "WAITING", timeout=900)
    yield cluster
    emr.terminate_job_flows(JobFlowIds=[cluster])
    hadoop.wait_for_state(emr, cluster, "TERMINATED", timeout=120)


@pytest.fixture
def run(cluster, run_step, emr, server):
    """run(step) -> the step, COMPLETED; its log is part of a failure's message."""
    def one(step, state="COMPLETED", timeout=600):
        ended = run_step(cluster, step, timeout)
        if ended["Status"]["State"] != state:
            tails = [f"{path}:\n{path.read_text(errors='replace')[-3000:]}" for path in
                     server.data.glob(f"nodes/*/fs/log/hadoop/steps/{ended['Id']}/std*")]
            pytest.fail(f"{ended['Status']}\n" + "\n".join(tails))
        return ended
    return one


def stdout_of(server, step):
    return "".join(path.read_text() for path in
                   server.data.glob(f"nodes/*/fs/log/hadoop/steps/{step['Id']}/stdout"))


def test_the_instances_are_three_real_nodes(emr, cluster):
    nodes = emr.list_instances(ClusterId=cluster)["Instances"]
    assert len(nodes) == 3 and {node["Status"]["State"] for node in nodes} == {"RUNNING"}
    assert len({node["PrivateIpAddress"] for node in nodes}) == 3
    groups = emr.list_instance_groups(ClusterId=cluster)["InstanceGroups"]
    assert {g["InstanceGroupType"]: g["RunningInstanceCount"] for g in groups} == {
        "MASTER": 1, "CORE": 2}


def test_what_is_put_into_hdfs_comes_back(run, server):
    step = run(hadoop.bash(
        "set -e; head -c 3000000 /dev/urandom > a; hdfs dfs -mkdir -p /data; "
        "hdfs dfs -put -f a /data/a; hdfs dfs -get /data/a b; cmp a b; "
        "hdfs dfsadmin -report | grep -c '^Name:'; hdfs fsck /data | grep -o 'is HEALTHY'"))
    out = stdout_of(server, step)
    assert "is HEALTHY" in out and "\n2\n" in "\n" + out


def test_wordcount_by_mapreduce_from_s3_and_hdfs(run, s3, bucket, server):
    text, expected = hadoop.corpus(4, 4000)
    s3.put_object(Bucket=bucket, Key="in/words.txt", Body=text.encode())
    run(hadoop.runner("hadoop", "jar", EXAMPLES, "wordcount", f"s3://{bucket}/in/",
                      f"s3://{bucket}/counted/"))
    assert hadoop.counts(hadoop.text_of(s3, bucket, "counted/part-")) == expected


def test_pi_by_mapreduce_as_a_custom_jar(run, server):
    step = run({"Name": "pi", "ActionOnFailure": "CONTINUE",
                "HadoopJarStep": {"Jar": EXAMPLES, "Args": ["pi", "4", "1000"]}})
    assert re.search(r"Estimated value of Pi is 3\.14", stdout_of(server, step))


def test_streaming_runs_users_programs(run, s3, bucket):
    text, expected = hadoop.corpus(5, 500)
    s3.put_object(Bucket=bucket, Key="in/words.txt", Body=text.encode())
    s3.put_object(Bucket=bucket, Key="code/split.py", Body=(
        b"#!/usr/bin/env python3\nimport sys\n"
        b"for line in sys.stdin:\n    for word in line.split():\n        print(word + '\\t1')\n"))
    s3.put_object(Bucket=bucket, Key="code/add.py", Body=(
        b"#!/usr/bin/env python3\nimport sys, itertools\n"
        b"rows = (line.rstrip().split('\\t') for line in sys.stdin)\n"
        b"for word, group in itertools.groupby(rows, key=lambda row: row[0]):\n"
        b"    print(word + '\\t' + str(sum(int(row[1]) for row in group)))\n"))
    run(hadoop.runner("hadoop-streaming", "-files",
                      f"s3://{bucket}/code/split.py,s3://{bucket}/code/add.py",
                      "-mapper", "split.py", "-reducer", "add.py",
                      "-input", f"s3://{bucket}/in/", "-output", f"s3://{bucket}/streamed/"))
    assert hadoop.counts(hadoop.text_of(s3, bucket, "streamed/part-")) == expected


def test_the_inspections_job_in_cluster_mode(run, s3, bucket, logs, cluster):
    job = (ROOT / "apps/demo/health_violations.py").read_bytes()
    s3.put_object(Bucket=bucket, Key="job.py", Body=job + b"    print('the driver says', 6 * 7)\n")
    rows = "".join(f"PLACE {n % 7},Unsatisfactory,FALSE,RED,{n}\n" for n in range(700))
    s3.put_object(Bucket=bucket, Key="in.csv", Body=(
        "name,inspection_result,inspection_closed_business,violation_type,violation_points\n"
        + rows).encode())
    run(hadoop.runner(
        "spark-submit", "--deploy-mode", "cluster", f"s3://{bucket}/job.py",
        "--data_source", f"s3://{bucket}/in.csv", "--output_uri", f"s3://{bucket}/out"))
    text = hadoop.text_of(s3, bucket, "out/part-")
    assert text.startswith("name,total_red_violations\n") and "PLACE 0,100\n" in text

    def said():  # in cluster mode the driver's output is that of the first container
        for page in s3.get_paginator("list_objects_v2").paginate(
                Bucket=logs, Prefix=f"{cluster}/containers/"):
            for item in page.get("Contents", []):
                if item["Key"].endswith("_000001/stdout.gz"):
                    body = s3.get_object(Bucket=logs, Key=item["Key"])["Body"].read()
                    if b"the driver says 42" in gzip.decompress(body):
                        return item["Key"]
        return None
    key = until(said, "the driver's stdout is in S3", 120, every=0.5)
    assert re.search(r"containers/application_\d+_\d+/container_[\d_]+_000001/stdout\.gz$", key)


def test_a_failing_cluster_mode_job_says_why(run, s3, bucket):
    s3.put_object(Bucket=bucket, Key="bad.py", Body=b"raise ValueError('no such column')\n")
    ended = run(hadoop.runner("spark-submit", "--deploy-mode", "cluster", f"s3://{bucket}/bad.py"),
                state="FAILED")
    assert ended["Status"]["FailureDetails"]["Reason"]


def test_a_cancelled_step_ends_its_yarn_application(emr, cluster, s3, bucket, run, server):
    s3.put_object(Bucket=bucket, Key="sleep.py", Body=(
        b"import time\nfrom pyspark.sql import SparkSession\n"
        b"SparkSession.builder.getOrCreate()\ntime.sleep(600)\n"))
    step = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[hadoop.runner(
        "spark-submit", "--deploy-mode", "cluster", "--name", "to-be-cancelled",
        f"s3://{bucket}/sleep.py")])["StepIds"][0]
    running = hadoop.bash("yarn application -list -appStates RUNNING 2>/dev/null | "
                          "grep -c cancelled || true")
    until(lambda: stdout_of(server, run(running)).strip() == "1", "it runs on YARN", 120, every=1)
    emr.cancel_steps(ClusterId=cluster, StepIds=[step],
                     StepCancellationOption="TERMINATE_PROCESS")
    until(lambda: emr.describe_step(ClusterId=cluster, StepId=step)["Step"]["Status"]["State"]
          == "CANCELLED", "the step is cancelled", 60, every=0.2)
    until(lambda: stdout_of(server, run(running)).strip() == "0", "YARN has ended it", 60, every=1)


def test_s3_dist_cp_both_ways(run, s3, bucket, server):
    for number in range(20):
        s3.put_object(Bucket=bucket, Key=f"in/2026-11-{number % 2 + 1:02d}/part-{number}.log",
                      Body=(f"line {number}\n" * 100).encode())
    run(hadoop.runner("s3-dist-cp", f"--src=s3://{bucket}/in/", "--dest=hdfs:///copied/"))
    listed = run(hadoop.bash("hdfs dfs -ls -R /copied | grep -c part-"))
    assert stdout_of(server, listed).strip() == "20"
    run(hadoop.runner("s3-dist-cp", "--src=hdfs:///copied/", f"--dest=s3://{bucket}/back/",
                      "--groupBy=.*(2026-11-[0-9]+).*", "--outputCodec=gz"))
    found = s3.list_objects_v2(Bucket=bucket, Prefix="back/")["Contents"]
    assert len(found) == 2
    lines = sum(gzip.decompress(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
                .count(b"\n") for item in found)
    assert lines == 2000


def test_a_task_node_is_added_and_leaves_again_while_a_job_runs(emr, cluster, s3, bucket, run_step):
    text, expected = hadoop.corpus(6, 3000)
    s3.put_object(Bucket=bucket, Key="in/words.txt", Body=text.encode())
    job = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[hadoop.runner(
        "hadoop", "jar", EXAMPLES, "wordcount", "-Dmapreduce.job.reduces=2",
        f"s3://{bucket}/in/", f"s3://{bucket}/counted/")])["StepIds"][0]
    group = emr.add_instance_groups(JobFlowId=cluster, InstanceGroups=[{
        "Name": "task", "InstanceRole": "TASK", "InstanceType": "m5.xlarge",
        "InstanceCount": 1}])["InstanceGroupIds"][0]
    hadoop.wait_for_group(emr, cluster, "TASK", 1)
    nodes = run_step(cluster, hadoop.bash(
        "for i in $(seq 60); do [ $(yarn node -list 2>/dev/null | grep -c RUNNING) = 3 ] && "
        "exit 0; sleep 1; done; exit 1"))
    assert nodes["Status"]["State"] == "COMPLETED"
    emr.modify_instance_groups(ClusterId=cluster, InstanceGroups=[
        {"InstanceGroupId": group, "InstanceCount": 0}])
    hadoop.wait_for_group(emr, cluster, "TASK", 0)
    emr.get_waiter("step_complete").wait(ClusterId=cluster, StepId=job)
    assert hadoop.counts(hadoop.text_of(s3, bucket, "counted/part-")) == expected


def test_a_third_core_node_comes_and_goes_without_losing_a_block(emr, cluster, run, server):
    core = next(g for g in emr.list_instance_groups(ClusterId=cluster)["InstanceGroups"]
                if g["InstanceGroupType"] == "CORE")["Id"]
    emr.modify_instance_groups(ClusterId=cluster, InstanceGroups=[
        {"InstanceGroupId": core, "InstanceCount": 3}])
    hadoop.wait_for_group(emr, cluster, "CORE", 3)
    run(hadoop.bash("set -e; hdfs dfs -mkdir -p /kept; for i in $(seq 6); do head -c 2000000 "
                    "/dev/urandom > f; hdfs dfs -put -f f /kept/$i; done; "
                    "hdfs dfs -cat '/kept/*' | md5sum > sum; hdfs dfs -put -f sum /kept.md5"))
    emr.modify_instance_groups(ClusterId=cluster, InstanceGroups=[
        {"InstanceGroupId": core, "InstanceCount": 2}])
    hadoop.wait_for_group(emr, cluster, "CORE", 2)
    step = run(hadoop.bash("set -e; hdfs dfs -cat /kept.md5; hdfs dfs -cat '/kept/*' | md5sum; "
                           "hdfs fsck / | grep -E 'Missing blocks|is HEALTHY'"))
    out = stdout_of(server, step).splitlines()
    assert out[0] == out[1] and any("is HEALTHY" in line for line in out)
    assert len(hadoop.live(emr, cluster, "CORE")) == 2


def test_a_lost_core_node_is_replaced_and_its_data_survives(emr, cluster, run, server):
    run(hadoop.bash("set -e; head -c 4000000 /dev/urandom > f; "
                    "hdfs dfs -D dfs.replication=2 -put -f f /survives; md5sum < f > sum; "
                    "hdfs dfs -D dfs.replication=2 -put -f sum /survives.md5"))
    victim = hadoop.live(emr, cluster, "CORE")[0]
    server.kill_node(cluster, victim["Ec2InstanceId"])
    until(lambda: {n["Ec2InstanceId"] for n in hadoop.live(emr, cluster, "CORE")}.isdisjoint(
        {victim["Ec2InstanceId"]}) and len(hadoop.live(emr, cluster, "CORE")) == 2,
          "the core node is replaced", 120, every=0.2)
    gone = [n for n in emr.list_instances(ClusterId=cluster)["Instances"]
            if n["Ec2InstanceId"] == victim["Ec2InstanceId"]][0]
    assert gone["Status"]["State"] == "TERMINATED"
    step = run(hadoop.bash("set -e; hdfs dfs -cat /survives.md5; hdfs dfs -cat /survives | md5sum"))
    out = stdout_of(server, step).splitlines()
    assert out[0] == out[1]


def test_the_daemons_logs_are_in_s3(cluster, s3, logs):
    def found():
        keys = [item["Key"] for page in s3.get_paginator("list_objects_v2").paginate(
            Bucket=logs, Prefix=f"{cluster}/node/") for item in page.get("Contents", [])]
        wanted = ("hadoop-hdfs", "hadoop-yarn")
        return all(any(f"/applications/{one}/" in key for key in keys) for one in wanted)
    until(found, "HDFS' and YARN's logs are there", 360, every=1)
