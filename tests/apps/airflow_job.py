"""Run by Airflow's own interpreter, as tasks of a DAG would be: makes an application, runs a script
on it, reads the driver's log through the link that Airflow shows. Prints what it found as JSON.

    python airflow_job.py ROLE_ARN BUCKET SCRIPT
"""
import gzip
import json
import sys
import urllib.request

from airflow.providers.amazon.aws.links.emr import (
    EmrServerlessDashboardLink,
    EmrServerlessLogsLink,
)
from airflow.providers.amazon.aws.operators.emr import (
    EmrServerlessCreateApplicationOperator,
    EmrServerlessStartJobOperator,
)


class Pushed:
    """What a task instance keeps of the operators' links."""
    def __init__(self):
        self.values = {}

    def xcom_push(self, key, value, **_):
        self.values[key] = value


role, bucket, script = sys.argv[1:]
pushed = Pushed()
application = EmrServerlessCreateApplicationOperator(
    task_id="create", release_label="emr-7.10.0", job_type="SPARK",
    config={"name": "airflow"}, waiter_delay=1, waiter_max_attempts=60).execute({"ti": pushed})
run = EmrServerlessStartJobOperator(
    task_id="run", application_id=application, execution_role_arn=role,
    job_driver={"sparkSubmit": {
        "entryPoint": script, "entryPointArguments": ["from airflow"],
        "sparkSubmitParameters": "--conf spark.executor.cores=1 --conf spark.executor.memory=1g "
                                 "--conf spark.driver.cores=1 --conf spark.driver.memory=1g "
                                 "--conf spark.executor.instances=1"}},
    configuration_overrides={"monitoringConfiguration": {
        "s3MonitoringConfiguration": {"logUri": f"s3://{bucket}/logs/"}}},
    wait_for_completion=True, waiter_delay=1, waiter_max_attempts=120,
    enable_application_ui_links=True).execute({"ti": pushed})
ids = {"application_id": application, "job_run_id": run, "conn_id": "aws_default"}
link = EmrServerlessLogsLink().format_link(**ids)
with urllib.request.urlopen(link, timeout=30) as answer:
    log = gzip.decompress(answer.read()).decode()
print("FOUND " + json.dumps({
    "application": application, "run": run, "log": log, "links": sorted(pushed.values),
    "dashboard": EmrServerlessDashboardLink().format_link(**ids)}))
