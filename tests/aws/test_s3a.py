"""S3 as Hadoop's S3A 3.3.4 uses it: signed chunked uploads, folders, the magic committer."""
import os
import pathlib
import subprocess

import pytest

COMMITTER = {
    "spark.hadoop.fs.s3a.committer.name": "magic",
    "spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3a":
        "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory",
    "spark.sql.sources.commitProtocolClass":
        "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol",
    "spark.sql.parquet.output.committer.class":
        "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter",
}


def spark_home():
    """Of the installed engine: beside the default installation's data."""
    roots = [pathlib.Path("/var/lib/howdah"),
             pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share")
             / "howdah"]
    found = [home for root in roots for home in sorted(root.glob("engines/spark-3.5.*/spark"))]
    return found[-1] if found else None


@pytest.mark.local_only
@pytest.mark.spark
def test_s3a_and_its_magic_committer(server, engine, s3, bucket):
    home = spark_home()
    if home is None:
        pytest.skip("no installed Spark was found")
    settings = {
        "spark.hadoop.fs.s3a.endpoint": server.endpoint.replace("localhost", "127.0.0.1"),
        "spark.hadoop.fs.s3a.endpoint.region": "us-east-1",
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.multipart.size": "8M",
        "spark.ui.enabled": "false",
        **COMMITTER,
    }
    command = [home / "bin/spark-submit", "--master", "local[2]"]
    for name, value in settings.items():
        command += ["--conf", f"{name}={value}"]
    environment = {**os.environ, "SPARK_HOME": str(home),
                   "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    job = pathlib.Path(__file__).with_name("s3a_job.py")
    done = subprocess.run([*command, job, bucket], env=environment, capture_output=True, text=True,
                          timeout=600)
    assert done.returncode == 0, done.stderr[-5000:]
    assert "S3A is content" in done.stdout
    assert not s3.list_multipart_uploads(Bucket=bucket).get("Uploads")
