"""Airflow 2.10.5 with its Amazon provider 9.2.0, unmodified, against EMR Serverless."""
import json
import pathlib
import subprocess

import pytest

from support.airflow import airflow_python
from support.server import clean_environment

SCRIPT = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("sum", spark.range(101).selectExpr("sum(id)").first()[0], sys.argv[1])
"""


@pytest.fixture(scope="module")
def airflow():
    try:
        return airflow_python()
    except RuntimeError as error:
        pytest.skip(f"Airflow cannot be installed here: {error}")


def test_its_operators_make_an_application_and_run_a_job(
        airflow, engine, endpoint, client, s3, role, bucket, tmp_path):
    s3.put_object(Bucket=bucket, Key="job.py", Body=SCRIPT)
    program = pathlib.Path(__file__).with_name("airflow_job.py")
    environment = {**clean_environment(endpoint, tmp_path), "AIRFLOW_HOME": str(tmp_path),
                   "AIRFLOW_CONN_AWS_DEFAULT": "aws://", "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO"}
    done = subprocess.run(
        [airflow, program, role, bucket, f"s3://{bucket}/job.py"],
        env=environment, capture_output=True, text=True, timeout=240)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    assert done.returncode == 0 and len(lines) == 1, done.stdout[-3000:] + done.stderr[-3000:]
    found = json.loads(lines[0].removeprefix("FOUND "))

    assert "sum 5050 from airflow" in found["log"]
    assert "/_howdah/ui/" in found["dashboard"]
    assert "emr_serverless_logs" in found["links"], found["links"]
    serverless = client("emr-serverless")
    run = serverless.get_job_run(applicationId=found["application"],
                                 jobRunId=found["run"])["jobRun"]
    assert run["state"] == "SUCCESS" and run["name"].startswith("emr_serverless_job_airflow_")
    serverless.stop_application(applicationId=found["application"])
