"""Hive on Tez on YARN over S3 and HDFS, HiveServer2, the metastore that Spark shares; ZooKeeper."""
import gzip

import pytest

from support import hadoop
from support.server import until

pytestmark = [pytest.mark.spark, pytest.mark.slow]
TABLE = b"""
CREATE EXTERNAL TABLE IF NOT EXISTS inspections (name STRING, violation STRING, points INT)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION '${INPUT}';
CREATE TABLE IF NOT EXISTS red STORED AS PARQUET AS
SELECT name, count(*) AS n FROM inspections WHERE violation = 'RED' GROUP BY name;
INSERT OVERWRITE DIRECTORY '${OUTPUT}' ROW FORMAT DELIMITED FIELDS TERMINATED BY ','
SELECT name, n FROM red ORDER BY n DESC, name;
"""


@pytest.fixture(scope="module")
def cluster(emr, s3):
    s3.create_bucket(Bucket="hive-logs")
    made = emr.run_job_flow(**hadoop.request(
        Name="hive", LogUri="s3://hive-logs/",
        Applications=[{"Name": name} for name in ("Hadoop", "Spark", "Hive", "ZooKeeper")],
        Configurations=[{"Classification": "hive-site",
                         "Properties": {"hive.exec.dynamic.partition.mode": "nonstrict"}}]))
    cluster = made["JobFlowId"]
    hadoop.wait_for_state(emr, cluster, "WAITING", timeout=900)
    yield cluster
    emr.terminate_job_flows(JobFlowIds=[cluster])
    hadoop.wait_for_state(emr, cluster, "TERMINATED", timeout=120)


@pytest.fixture
def out_of(cluster, run_step, server):
    """out_of(step) -> its stdout; it has to end COMPLETED unless `state` says otherwise."""
    def one(step, state="COMPLETED"):
        ended = run_step(cluster, step, 900)
        logs = list(server.data.glob(f"nodes/*/fs/log/hadoop/steps/{ended['Id']}/std*"))
        assert ended["Status"]["State"] == state, "\n".join(
            [str(ended["Status"])] + [path.read_text(errors="replace")[-3000:] for path in logs])
        return "".join(path.read_text() for path in logs if path.name == "stdout")
    return one


def test_a_script_on_s3_reads_and_writes_s3_and_hdfs(out_of, s3, bucket):
    rows = "".join(f"PLACE {n % 5},{'RED' if n % 2 else 'BLUE'},{n}\n" for n in range(100))
    s3.put_object(Bucket=bucket, Key="in/rows.csv", Body=rows.encode())
    s3.put_object(Bucket=bucket, Key="red.q", Body=TABLE)
    out_of({"Name": "hive", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {
        "Jar": "command-runner.jar", "Args": [
            "hive-script", "--run-hive-script", "--args", "-f", f"s3://{bucket}/red.q",
            "-d", f"INPUT=s3://{bucket}/in/", "-d", f"OUTPUT=s3://{bucket}/out/"]}})
    text = hadoop.text_of(s3, bucket, "out/")
    assert text == "".join(f"PLACE {n},10\n" for n in range(5))
    # The table itself lies in HDFS, and HiveServer2 serves it.
    out = out_of(hadoop.bash(
        "hdfs dfs -ls /user/hive/warehouse/red && until (exec 3<>/dev/tcp/localhost/10000); do "
        "sleep 1; done 2>/dev/null; "
        "beeline -u jdbc:hive2://localhost:10000 -n hadoop --silent=true "
        "--outputformat=csv2 -e 'select count(*) from red'"))
    assert "/user/hive/warehouse/red/" in out and "\n5\n" in out


def test_spark_reads_and_writes_hives_tables(out_of):
    out = out_of(hadoop.bash(
        "set -e; hive -S -e 'create table if not exists pairs (a int, b string)' && "
        "cat > both.py <<'END'\n"
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.enableHiveSupport().getOrCreate()\n"
        "spark.sql(\"insert into pairs values (1, 'x'), (2, 'y')\")\n"
        "print('rows', spark.table('pairs').count())\nEND\n"
        "spark-submit --executor-memory 512m both.py; hive -S -e 'select sum(a) from pairs'"))
    assert "rows 2" in out and out.rstrip().endswith("3")


def test_partitions_are_made_as_hive_site_says(out_of):
    out = out_of(hadoop.bash(
        "hive -S -e \"create table parts (a int) partitioned by (p string) stored as orc; "
        "insert into parts partition (p) select 1, 'x'; show partitions parts\""))
    assert "p=x" in out


def test_a_wrong_statement_fails_the_step_and_says_why(out_of, s3, cluster):
    out_of(hadoop.runner("hive", "-e", "select no_such_column from no_such_table"), state="FAILED")

    def stderr():
        pages = s3.list_objects_v2(Bucket="hive-logs", Prefix=f"{cluster}/steps/")
        texts = [gzip.decompress(s3.get_object(Bucket="hive-logs", Key=one["Key"])["Body"].read())
                 for one in pages.get("Contents", []) if one["Key"].endswith("stderr.gz")]
        return b"no_such_table" in b"".join(texts)
    until(stderr, "the step's stderr names the table", 60)


def test_zookeeper_keeps_what_it_is_told(out_of):
    out = out_of(hadoop.bash(
        "zookeeper-client create /howdah here > /dev/null 2>&1; "
        "zookeeper-client get /howdah 2>/dev/null; "
        "echo srvr > /dev/tcp/localhost/2181 && systemctl is-active zookeeper-server"))
    assert "here" in out and "active" in out
