"""The two commands that people try first, unmodified: they create, work and end by themselves."""
import pytest

from support import hadoop
from support.server import until

pytestmark = [pytest.mark.spark, pytest.mark.slow]
SCRIPT = b"""
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("etl").getOrCreate()
lines = spark.sparkContext.textFile(sys.argv[1])
pairs = lines.flatMap(str.split).map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b)
pairs.map(lambda pair: "%s,%d" % pair).saveAsTextFile(sys.argv[2])
"""


@pytest.fixture
def words(s3, bucket):
    text, expected = hadoop.corpus(7, 300)
    s3.put_object(Bucket=bucket, Key="code/etl.py", Body=SCRIPT)
    s3.put_object(Bucket=bucket, Key="in/words.txt", Body=text.encode())
    return expected


def ended(emr, cluster, timeout):
    until(lambda: hadoop.state_of(emr, cluster)["State"].startswith("TERMINATED"),
          f"{cluster} ends by itself", timeout, every=0.5)
    status = hadoop.state_of(emr, cluster)
    assert status["State"] == "TERMINATED", status
    assert status["StateChangeReason"]["Code"] == "ALL_STEPS_COMPLETED"


def test_run_job_flow_with_a_spark_step_in_cluster_mode(emr, s3, bucket, words):
    cluster = emr.run_job_flow(
        Name="ETL", ReleaseLabel="emr-6.15.0", LogUri=f"s3://{bucket}/logs/",
        Applications=[{"Name": "Spark"}, {"Name": "Hadoop"}],
        Instances={
            "InstanceGroups": [
                {"Name": "Primary", "Market": "ON_DEMAND", "InstanceRole": "MASTER",
                 "InstanceType": "m5.xlarge", "InstanceCount": 1},
                {"Name": "Core", "Market": "ON_DEMAND", "InstanceRole": "CORE",
                 "InstanceType": "m5.xlarge", "InstanceCount": 2}],
            "KeepJobFlowAliveWhenNoSteps": False, "TerminationProtected": False},
        Steps=[{"Name": "etl", "ActionOnFailure": "TERMINATE_CLUSTER", "HadoopJarStep": {
            "Jar": "command-runner.jar", "Args": [
                "spark-submit", "--deploy-mode", "cluster", f"s3://{bucket}/code/etl.py",
                f"s3://{bucket}/in/", f"s3://{bucket}/out"]}}],
        JobFlowRole="EMR_EC2_DefaultRole", ServiceRole="EMR_DefaultRole",
        VisibleToAllUsers=True)["JobFlowId"]
    ended(emr, cluster, 900)
    steps = emr.list_steps(ClusterId=cluster)["Steps"]
    assert [step["Status"]["State"] for step in steps] == ["COMPLETED"]
    assert hadoop.counts(hadoop.text_of(s3, bucket, "out/part-")) == words


def test_create_cluster_with_the_aws_cli_that_terminates_itself(aws, emr, s3, bucket, words):
    aws("emr", "create-default-roles")
    made = aws("emr", "create-cluster", "--name", "ETL Cluster", "--release-label", "emr-6.5.0",
               "--applications", "Name=Spark", "Name=Hadoop", "--instance-type", "m5.xlarge",
               "--instance-count", "3", "--use-default-roles", "--log-uri",
               f"s3://{bucket}/emr-logs/", "--steps",
               "Type=Spark,Name=etl,ActionOnFailure=TERMINATE_CLUSTER,Args=[--deploy-mode,cluster,"
               f"s3://{bucket}/code/etl.py,s3://{bucket}/in/,s3://{bucket}/out]",
               "--auto-terminate")
    cluster = made["ClusterId"]
    ended(emr, cluster, 900)
    assert hadoop.counts(hadoop.text_of(s3, bucket, "out/part-")) == words
    instances = emr.list_instances(ClusterId=cluster)["Instances"]
    assert len(instances) == 3
    assert {one["Status"]["State"] for one in instances} == {"TERMINATED"}
