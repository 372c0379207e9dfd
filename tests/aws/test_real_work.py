"""Real work that goes well and real work that fails: state, reason and logs, on one cluster."""
import gzip
import os
import signal

import pytest
from botocore.exceptions import ClientError

from support.server import until

pytestmark = pytest.mark.spark
ENDED = ("COMPLETED", "FAILED", "CANCELLED")

USES_EVERYTHING = """
import sys
import boto3
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

bucket = sys.argv[1]
spark = SparkSession.builder.master("yarn").appName("everything").getOrCreate()

def who(_):
    import boto3
    return boto3.client("sts").get_caller_identity()["Arn"]

arns = [row[0] for row in spark.range(2).select(udf(who)("id")).collect()]
for scheme in ("s3", "s3a", "s3n"):
    spark.range(3).write.mode("overwrite").parquet(f"{scheme}://{bucket}/parquet-{scheme}")
counts = [spark.read.parquet(f"{s}://{bucket}/parquet-{s}").count() for s in ("s3", "s3a", "s3n")]
boto3.client("s3").put_object(Bucket=bucket, Key="said", Body=repr((arns, counts)).encode())
print("said", counts)
"""


@pytest.fixture(scope="module")
def place(client, engine):
    """A bucket and a waiting cluster with logs in it, for the whole file."""
    s3, emr = client("s3"), client("emr")
    bucket = "howdah-" + os.urandom(6).hex()
    s3.create_bucket(Bucket=bucket)
    cluster = emr.run_job_flow(
        Name="work", ReleaseLabel="emr-7.10.0", Applications=[{"Name": "Spark"}],
        JobFlowRole="EMR_EC2_DefaultRole", ServiceRole="EMR_DefaultRole",
        LogUri=f"s3://{bucket}/logs/", StepConcurrencyLevel=2,
        Instances={"InstanceCount": 1, "MasterInstanceType": "m4.large",
                   "KeepJobFlowAliveWhenNoSteps": True})["JobFlowId"]
    yield bucket, cluster
    emr.terminate_job_flows(JobFlowIds=[cluster])
    emr.get_waiter("cluster_terminated").wait(ClusterId=cluster)


@pytest.fixture
def work(place, emr, s3):
    """work(jar, args...) -> (step, its logs): run to the end, logs from S3."""
    bucket, cluster = place

    def run(jar, *arguments):
        step = {"Name": "work", "ActionOnFailure": "CONTINUE",
                "HadoopJarStep": {"Jar": jar, "Args": list(arguments)}}
        found = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[step])["StepIds"][0]

        def ended():
            seen = emr.describe_step(ClusterId=cluster, StepId=found)["Step"]
            return seen if seen["Status"]["State"] in ENDED else None

        seen = until(ended, f"step {found} ends", 300, every=0.2)
        logs = {}
        for name in ("controller", "syslog", "stderr", "stdout"):
            body = s3.get_object(Bucket=bucket, Key=f"logs/{cluster}/steps/{found}/{name}.gz")
            logs[name] = gzip.decompress(body["Body"].read()).decode()
        return seen["Status"], logs

    return run


def failure_of(status, s3):
    """FailureDetails, after a look at the log file that it names."""
    assert status["State"] == "FAILED"
    details = status["FailureDetails"]
    bucket, key = details["LogFile"].removeprefix("s3://").split("/", 1)
    s3.head_object(Bucket=bucket, Key=key)
    return details


def test_yarn_three_schemes_and_the_jobs_role(place, work, s3):
    bucket, _ = place
    s3.put_object(Bucket=bucket, Key="job.py", Body=USES_EVERYTHING.encode())
    status, logs = work("command-runner.jar", "spark-submit", "--deploy-mode", "cluster",
                        "--conf", "spark.executor.memory=1g", f"s3://{bucket}/job.py", bucket)
    assert status["State"] == "COMPLETED", logs["stderr"][-3000:]
    said = s3.get_object(Bucket=bucket, Key="said")["Body"].read().decode()
    assert "[3, 3, 3]" in said
    assert "assumed-role/EMR_EC2_DefaultRole" in said
    assert "said [3, 3, 3]" in logs["stdout"]
    assert "cluster" in logs["controller"], "what was changed in the command is said"
    assert "INFO startExec 'hadoop jar" in logs["controller"]
    assert "waitProcessCompletion ended with exit code 0" in logs["controller"]


def test_the_word_count_of_the_samples(place, work, s3):
    bucket, _ = place
    samples = "s3://us-east-1.elasticmapreduce/emr-containers/samples/wordcount"
    status, logs = work("command-runner.jar", "spark-submit", f"{samples}/scripts/wordcount.py",
                        f"s3://{bucket}/words")
    assert status["State"] == "COMPLETED", logs["stderr"][-3000:]
    assert s3.list_objects_v2(Bucket=bucket, Prefix="words/")["KeyCount"] > 0


def test_an_exception_in_python_is_the_reason(place, work, s3):
    bucket, _ = place
    s3.put_object(Bucket=bucket, Key="bad.py", Body=b"raise ValueError('no such luck')\n")
    status, logs = work("command-runner.jar", "spark-submit", f"s3://{bucket}/bad.py")
    details = failure_of(status, s3)
    assert details["Message"] == "ValueError: no such luck"
    assert "Step failed with exitCode 1 and took" in logs["controller"]


def test_a_script_that_is_not_there(place, work, s3):
    bucket, _ = place
    status, logs = work("command-runner.jar", "spark-submit", f"s3://{bucket}/nope.py")
    details = failure_of(status, s3)
    assert "nope.py" in details["Message"]
    assert details["Reason"] == "Input not found."


def test_a_jar_that_is_none(place, work, s3):
    bucket, _ = place
    s3.put_object(Bucket=bucket, Key="broken.jar", Body=b"this is not a jar")
    status, logs = work(f"s3://{bucket}/broken.jar", "x")
    assert failure_of(status, s3)["Message"], logs["stderr"]


def test_a_tool_of_an_application_that_is_not_there(place, work, s3):
    status, logs = work("command-runner.jar", "hive-script", "--run-hive-script")
    assert "Hive" in failure_of(status, s3)["Message"]
    assert "was not started" in logs["controller"]


def test_script_runner_runs_a_script_from_s3(place, work, s3):
    bucket, _ = place
    script = "#!/bin/bash\necho \"got $1\"\naws s3 ls | grep -c " + bucket + "\nexit $2\n"
    s3.put_object(Bucket=bucket, Key="run.sh", Body=script.encode())
    runner = "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar"
    status, logs = work(runner, f"s3://{bucket}/run.sh", "this", "0")
    assert status["State"] == "COMPLETED", logs["stderr"]
    assert logs["stdout"] == "got this\n1\n"
    status, logs = work(runner, f"s3://{bucket}/run.sh", "that", "9")
    assert "exitCode 9" in logs["controller"]


def test_a_step_that_takes_more_memory_than_its_instance_has(place, work, s3):
    status, _ = work("command-runner.jar", "python3", "-c", "x = b'x' * (9 << 30)")
    details = failure_of(status, s3)
    assert "memory" in details["Reason"] + details["Message"] or "MemoryError" in details["Message"]


def test_a_killed_server_loses_nothing_of_a_running_step(place, work, s3, emr, server):
    bucket, cluster = place
    step = {"Name": "long", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {
        "Jar": "command-runner.jar", "Args": ["bash", "-c", "echo begun; sleep 3; echo done"]}}
    found = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[step])["StepIds"][0]
    until(lambda: emr.describe_step(ClusterId=cluster, StepId=found)["Step"]["Status"]["State"]
          == "RUNNING", "the step runs", 60)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    server.start()

    def state():
        try:
            seen = emr.describe_step(ClusterId=cluster, StepId=found)["Step"]["Status"]["State"]
        except ClientError:
            return None
        return seen if seen in ENDED else None

    assert until(state, "the step ends", 60) == "COMPLETED"
    log = s3.get_object(Bucket=bucket, Key=f"logs/{cluster}/steps/{found}/stdout.gz")["Body"].read()
    assert gzip.decompress(log) == b"begun\ndone\n"
