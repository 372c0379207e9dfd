"""status, wait, logs, cost and down of EMR Serverless, where no job has to run to its end.

With what a job prints: tests/apps/test_emr_serverless.py.
"""
import os

import boto3
import pytest

from support.aws_cli import REGION
from support.serverless import Application, job_role


@pytest.fixture
def app(client, s3, iam):
    bucket = "howdah-" + os.urandom(6).hex()
    s3.create_bucket(Bucket=bucket)
    made = Application(client("emr-serverless"), s3, job_role(iam), bucket, name="etl",
                       maximumCapacity={"cpu": "2 vCPU", "memory": "8 GB"})
    yield made
    made.end()


def test_an_application_without_runs_is_shown_and_has_nothing_to_wait_for(shared, app):
    shown = next(each for each in shared.json("status")["Applications"] if each["Id"] == app.id)
    assert (shown["Name"], shown["Release"], shown["Runs"]) == ("etl", "emr-7.10.0", {})
    for command in ("wait", "logs"):
        done = shared.run(command, app.id)
        assert done.returncode == 3
        assert f"{app.id} has no job runs yet" in done.stderr


def test_a_run_that_never_began_tells_why_and_what_to_try(shared, app):
    run = app.submit("s3://nowhere/job.py")  # of more than the maximum capacity
    for identity in (run, app.id):
        done = shared.run("wait", identity, "--timeout", "60")
        assert done.returncode == 1, done
        assert f"{run} FAILED: " in done.stderr
        assert "ApplicationMaxCapacityExceededException" in done.stderr
        assert f"get-job-run --application-id {app.id} --job-run-id {run}" in done.stderr
    told = shared.run("wait", run, "--json")
    assert told.returncode == 1 and f'"JobRunId": "{run}"' in told.stdout
    row = next(line for line in shared("status").splitlines() if line.startswith(app.id))
    assert "etl" in row and "emr-7.10.0" in row and "1 failed" in row

    done = shared.run("logs", run)
    assert done.returncode == 3
    assert f"stdout of attempt 1 of {run}" in done.stderr
    assert "stdout, stderr" in shared.run("logs", run, "--file", "controller").stderr
    item = shared.json("cost", run)["Items"][0]
    assert (item["Id"], item["Kind"], item["TotalUsd"]) == (run, "job run", 0)


def test_ids_that_nobody_has_are_not_found(shared):
    for arguments in (["wait", "00nosuchjobrun00"], ["logs", "00nosuchjobrun00"],
                      ["logs", "00-"], ["cost", "00nosuchjobrun00"]):
        done = shared.run(*arguments)
        assert done.returncode == 3, arguments
        assert "next:" in done.stderr


def test_a_step_has_no_price_of_its_own(shared):
    assert "ask for its cluster" in shared.run("cost", "s-NOSUCHSTEP1").stderr


def test_down_asks_while_a_job_run_is_not_over(up, engine):
    def client(service):
        return boto3.client(service, endpoint_url=up.json("status")["Endpoint"],
                            region_name=REGION, aws_access_key_id="test",
                            aws_secret_access_key="test")
    s3 = client("s3")
    s3.create_bucket(Bucket="jobs")
    app = Application(client("emr-serverless"), s3, job_role(client("iam")), "jobs")
    run = app.submit(app.put("sleep.py", "import time\ntime.sleep(600)\n"))
    done = up.run("down")
    assert done.returncode == 1
    assert f"{run} " in done.stderr and f"of {app.id}" in done.stderr
    assert "down --yes" in done.stderr
    assert up.json("status")["Up"]
