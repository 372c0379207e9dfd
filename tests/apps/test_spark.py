"""A real Spark with a node's configuration, on this host, without server and node."""
import textwrap

import pytest

from apps import spark_host

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(spark_host.missing() is not None, reason=str(spark_host.missing())),
    pytest.mark.usefixtures("engine"),
]


def script(host, text):
    path = host.folder / "work/job.py"
    path.write_text(textwrap.dedent(text))
    return path


def test_a_script_that_asks_for_yarn_runs_here_with_the_clusters_settings(tmp_path):
    host = spark_host.SparkHost(tmp_path, configurations=[
        {"Classification": "spark-defaults", "Properties": {
            "spark.app.probe": "a = 'b' # c: \\d", "spark.submit.deployMode": "cluster"}},
        {"Classification": "core-site", "Properties": {"my.probe": "<&> é"}},
        {"Classification": "spark-log4j2", "Properties": {"rootLogger.level": "warn"}},
        {"Classification": "spark-env", "Configurations": [
            {"Classification": "export", "Properties": {"MY_PROBE": "it's $HOME"}}]}])
    assert len(host.notes) == 1
    job = script(host, """
        import os, sys
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.master("yarn").appName("probe").getOrCreate()
        context = spark.sparkContext
        print("master", context.master)
        print("args", sys.argv[1:])
        print("defaults", context.getConf().get("spark.app.probe"))
        print("core", context._jsc.hadoopConfiguration().get("my.probe"))
        print("env", os.environ["MY_PROBE"])
        print("squares", context.parallelize(range(4), 2).map(lambda x: x * x).collect())
        import boto3, numpy
        out = "file://" + os.getcwd() + "/out"
        spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
        for rows in ([(1, "a"), (2, "b")], [(3, "b")]):
            frame = spark.createDataFrame(rows, ["n", "part"])
            frame.write.mode("overwrite").partitionBy("part").parquet(out)
        print("rows", sorted(tuple(row) for row in spark.read.parquet(out).collect()))
        """)
    done = host.run("spark-submit", "--deploy-mode", "cluster", job, "--master", "yarn")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "master yarn",
        "args ['--master', 'yarn']",
        "defaults a = 'b' # c: \\d",
        "core <&> é",
        f"env it's {tmp_path}/home",
        "squares [0, 1, 4, 9]",
        "rows [(1, 'a'), (3, 'b')]",
    ]
    assert "deploy mode cluster" in host.said()
    assert "master yarn" in host.said()
    assert " INFO " not in done.stderr, "rootLogger.level warn is applied"
    assert len(list((tmp_path / "mnt/var/log/spark/apps").iterdir())) == 1


def test_the_example_everybody_tries_first(tmp_path):
    host = spark_host.SparkHost(tmp_path)
    done = host.run("spark-submit", "--master", "yarn",
                    "--class", "org.apache.spark.examples.SparkPi",
                    host.home / "examples/jars/spark-examples.jar", 4)
    assert done.returncode == 0, done.stderr
    assert "Pi is roughly 3.1" in done.stdout


def test_hadoop_fs_and_the_aws_cli_are_there(tmp_path):
    host = spark_host.SparkHost(tmp_path)
    (tmp_path / "work/x").write_text("hello\n")
    assert host.run("hadoop", "fs", "-cat", "x").stdout == "hello\n"
    assert host.run("hdfs", "dfs", "-ls", "nothing").returncode == 1
    assert "not installed on this cluster" in host.run("hadoop", "distcp", "a", "b").stderr
    assert host.run("aws", "--version").stdout.startswith("aws-cli/")


def test_s3_reads_commits_and_overwrites_partitions(tmp_path, endpoint, s3, bucket):
    host = spark_host.SparkHost(tmp_path, endpoint=endpoint)
    s3.put_object(Bucket=bucket, Key="in/a.csv", Body=b"n,part\n1,a\n2,b\n3,b\n")
    job = script(host, f"""
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        read = spark.read.option("header", True)
        frame = read.csv("s3a://{bucket}/in")
        frame.coalesce(1).write.csv("s3n://{bucket}/plain")
        frame.write.partitionBy("part").parquet("s3://{bucket}/table")
        spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
        changed = frame.where("n = 3").selectExpr("'9' as n", "part")
        changed.write.mode("overwrite").partitionBy("part").parquet("s3://{bucket}/table")
        rows = spark.read.parquet("s3://{bucket}/table").collect()
        print(sorted(tuple(row) for row in rows))
        """)
    s3.upload_file(str(job), bucket, "job.py")
    done = host.run("spark-submit", f"s3://{bucket}/job.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[('1', 'a'), ('9', 'b')]\n"
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert not [key for key in keys if "__magic" in key or ".spark-staging" in key], keys
    success = s3.get_object(Bucket=bucket, Key="plain/_SUCCESS")["Body"].read()
    assert b'"committer" : "magic"' in success
