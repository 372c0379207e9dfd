"""AWS's "Getting started with Amazon EMR", with boto3 and with the CLI, on real Spark."""
import gzip
import time

import pytest

from support.server import ROOT, until

pytestmark = pytest.mark.spark
SCRIPT = ROOT / "apps/demo/health_violations.py"
INSPECTIONS = """name,inspection_result,inspection_closed_business,violation_type,violation_points
NOODLES,Unsatisfactory,false,RED,25
NOODLES,Unsatisfactory,false,RED,10
BAKERY,Unsatisfactory,false,RED,5
BAKERY,Satisfactory,false,BLUE,3
"""


@pytest.fixture
def tutorial(s3, bucket):
    s3.upload_file(str(SCRIPT), bucket, "health_violations.py")
    s3.put_object(Bucket=bucket, Key="inspections.csv", Body=INSPECTIONS.encode())
    return bucket


def spark_step(bucket, output="results"):
    return {"Name": "violations", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {
        "Jar": "command-runner.jar", "Args": [
            "spark-submit", f"s3://{bucket}/health_violations.py",
            "--data_source", f"s3://{bucket}/inspections.csv",
            "--output_uri", f"s3://{bucket}/{output}"]}}


def result_of(s3, bucket, prefix="results/"):
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    assert any(item["Key"].endswith("_SUCCESS") for item in found)
    parts = [item["Key"] for item in found if "part-" in item["Key"]]
    return "".join(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in parts)


def test_the_tutorial_with_boto3_and_its_waiters(emr, s3, tutorial, run_cluster, engine):
    cluster = run_cluster(LogUri=f"s3://{tutorial}/logs/")
    emr.get_waiter("cluster_running").wait(ClusterId=cluster)
    step = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[spark_step(tutorial)])["StepIds"][0]
    emr.get_waiter("step_complete").wait(ClusterId=cluster, StepId=step)
    assert result_of(s3, tutorial) == "name,total_red_violations\nNOODLES,2\nBAKERY,1\n"
    status = until(lambda: (lambda found: found if found["State"] == "WAITING" else None)(
        emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]), "WAITING", 10)
    assert status["StateChangeReason"]["Message"] == "Cluster ready after last step completed."
    emr.terminate_job_flows(JobFlowIds=[cluster])
    emr.get_waiter("cluster_terminated").wait(ClusterId=cluster)
    ended = emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]
    assert ended["State"] == "TERMINATED"
    assert ended["StateChangeReason"] == {"Code": "USER_REQUEST",
                                          "Message": "Terminated by user request"}


def test_the_logs_of_a_step_are_where_emr_puts_them(emr, s3, tutorial, run_cluster, engine):
    cluster = run_cluster(LogUri=f"s3://{tutorial}/logs/")
    step = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[spark_step(tutorial)])["StepIds"][0]
    emr.get_waiter("step_complete").wait(ClusterId=cluster, StepId=step)
    prefix = f"logs/{cluster}/steps/{step}/"
    keys = {item["Key"] for item in
            s3.list_objects_v2(Bucket=tutorial, Prefix=prefix).get("Contents", [])}
    assert {prefix + "controller.gz", prefix + "stderr.gz"} <= keys
    text = gzip.decompress(s3.get_object(
        Bucket=tutorial, Key=prefix + "controller.gz")["Body"].read()).decode()
    assert "startExec" in text
    assert "waitProcessCompletion ended with exit code 0" in text


def test_the_tutorial_with_the_aws_cli(aws, s3, tutorial, emr, engine):
    cluster = aws("emr", "create-cluster", "--name", "cli", "--release-label", "emr-7.10.0",
                  "--applications", "Name=Spark", "--use-default-roles", "--log-uri",
                  f"s3://{tutorial}/logs/", "--instance-type", "m5.xlarge", "--instance-count",
                  "1", "--query", "ClusterId", "--output", "text")
    aws("emr", "wait", "cluster-running", "--cluster-id", cluster)
    step = aws("emr", "add-steps", "--cluster-id", cluster, "--steps",
               f"Type=Spark,Name=v,ActionOnFailure=CONTINUE,Args=[s3://{tutorial}/"
               f"health_violations.py,--data_source,s3://{tutorial}/inspections.csv,"
               f"--output_uri,s3://{tutorial}/results]", "--query", "StepIds[0]",
               "--output", "text")
    aws("emr", "wait", "step-complete", "--cluster-id", cluster, "--step-id", step)
    assert "NOODLES,2" in result_of(s3, tutorial)
    aws("emr", "terminate-clusters", "--cluster-ids", cluster)
    aws("emr", "wait", "cluster-terminated", "--cluster-id", cluster)


def test_a_failing_script_fails_the_step_with_its_last_words(emr, s3, tutorial, waiting_cluster,
                                                             run_step):
    s3.put_object(Bucket=tutorial, Key="bad.py", Body=b"raise ValueError('no such column')\n")
    step = spark_step(tutorial)
    step["HadoopJarStep"]["Args"] = ["spark-submit", f"s3://{tutorial}/bad.py"]
    ended = run_step(waiting_cluster, step)
    assert ended["Status"]["State"] == "FAILED"
    assert "no such column" in ended["Status"]["FailureDetails"]["Message"]
    cluster = emr.describe_cluster(ClusterId=waiting_cluster)["Cluster"]
    assert cluster["Status"]["State"] in ("WAITING", "RUNNING")


def test_a_script_that_is_not_there_fails_the_step_and_not_the_cluster(tutorial, waiting_cluster,
                                                                       run_step):
    step = spark_step(tutorial)
    step["HadoopJarStep"]["Args"] = ["spark-submit", f"s3://{tutorial}/nowhere.py"]
    ended = run_step(waiting_cluster, step)
    assert ended["Status"]["State"] == "FAILED"
    assert ended["Status"]["FailureDetails"]


@pytest.mark.local_only
def test_a_waiter_learns_of_the_end_at_once(emr, waiting_cluster):
    step = {"Name": "sleep", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {
        "Jar": "command-runner.jar", "Args": ["bash", "-c", "sleep 3"]}}
    step_id = emr.add_job_flow_steps(JobFlowId=waiting_cluster, Steps=[step])["StepIds"][0]
    begin = time.monotonic()
    emr.get_waiter("step_complete").wait(ClusterId=waiting_cluster, StepId=step_id)
    # botocore's own delay is 30 s: the held answer is what makes it quick.
    assert time.monotonic() - begin < 10
