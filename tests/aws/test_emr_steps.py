"""Steps through boto3: failure policies, cancelling, concurrency, paging, bootstrap actions."""
import gzip

import pytest
from botocore.exceptions import ClientError

from support.clusters import OVER
from support.server import until

ENDED = {"COMPLETED", "FAILED", "CANCELLED"}


def bash(command, action="CONTINUE", name="a step"):
    return {"Name": name, "ActionOnFailure": action,
            "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["bash", "-c", command]}}


def state(emr, cluster_id, step_id):
    step = emr.describe_step(ClusterId=cluster_id, StepId=step_id)["Step"]
    return step["Status"]["State"]


def cluster_status(emr, cluster_id):
    return emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]


def add(emr, cluster_id, *steps):
    return emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=list(steps))["StepIds"]


def becomes(emr, cluster_id, step_id, *states, timeout=60):
    until(lambda: state(emr, cluster_id, step_id) in states, f"{step_id} is {states}", timeout,
          every=0.05)


def test_a_step_reads_back_as_it_was_submitted(emr, waiting_cluster, run_step):
    step = bash("true")
    step["HadoopJarStep"]["Properties"] = [{"Key": "k", "Value": "v"}]
    found = run_step(waiting_cluster, step)
    assert found["Status"]["State"] == "COMPLETED"
    assert found["Config"] == {"Jar": "command-runner.jar", "Args": ["bash", "-c", "true"],
                               "Properties": {"k": "v"}}
    assert found["ActionOnFailure"] == "CONTINUE"
    timeline = found["Status"]["Timeline"]
    assert timeline["CreationDateTime"] <= timeline["StartDateTime"] <= timeline["EndDateTime"]
    status = cluster_status(emr, waiting_cluster)
    assert status["StateChangeReason"] == {"Message": "Cluster ready after last step completed."}


@pytest.mark.parametrize("action, cluster_state, message, second", [
    ("CONTINUE", "WAITING", "Cluster ready after last step completed.", "COMPLETED"),
    ("CANCEL_AND_WAIT", "WAITING", "Cluster ready after last step failed.", "CANCELLED"),
    ("TERMINATE_CLUSTER", "TERMINATED_WITH_ERRORS", "Shut down as step failed", "CANCELLED"),
    ("TERMINATE_JOB_FLOW", "TERMINATED_WITH_ERRORS", "Shut down as step failed", "CANCELLED"),
])
def test_failure_policies(emr, run_cluster, engine, action, cluster_state, message, second):
    cluster_id = run_cluster(Steps=[bash("exit 7", action), bash("true")])
    until(lambda: cluster_status(emr, cluster_id)["State"] == cluster_state,
          f"the cluster is {cluster_state}", 60)
    status = cluster_status(emr, cluster_id)
    assert status["StateChangeReason"]["Message"] == message
    last, first = emr.list_steps(ClusterId=cluster_id)["Steps"]
    assert first["Status"]["State"] == "FAILED"
    assert first["Status"]["FailureDetails"]["Reason"]
    assert last["Status"]["State"] == second


def test_a_continued_failure_ends_an_auto_terminating_cluster_terminated(emr, run_cluster, engine):
    cluster_id = run_cluster(Instances={"KeepJobFlowAliveWhenNoSteps": False},
                             Steps=[bash("exit 1"), bash("true")])
    until(lambda: cluster_status(emr, cluster_id)["State"] in OVER, "the cluster ends", 60)
    status = cluster_status(emr, cluster_id)
    assert status["State"] == "TERMINATED"
    assert status["StateChangeReason"] == {"Code": "ALL_STEPS_COMPLETED",
                                           "Message": "Steps completed with errors"}


def test_failure_details_name_a_log_that_exists(emr, s3, bucket, run_cluster, engine):
    cluster_id = run_cluster(LogUri=f"s3://{bucket}/logs/", Steps=[
        bash("echo Traceback >&2; echo 'ValueError: no such column' >&2; exit 1")])
    step_id = emr.list_steps(ClusterId=cluster_id)["Steps"][0]["Id"]
    becomes(emr, cluster_id, step_id, *ENDED)
    details = emr.describe_step(ClusterId=cluster_id,
                                StepId=step_id)["Step"]["Status"]["FailureDetails"]
    assert details["Message"] == "ValueError: no such column"
    log = details["LogFile"]
    assert log.startswith(f"s3://{bucket}/logs/{cluster_id}/steps/{step_id}/")
    body = s3.get_object(Bucket=bucket, Key=log.removeprefix(f"s3://{bucket}/"))["Body"].read()
    assert b"ValueError: no such column" in gzip.decompress(body)


def test_cancel_pending_and_running(emr, waiting_cluster):
    running, pending = add(emr, waiting_cluster, bash("sleep 300"), bash("true"))
    becomes(emr, waiting_cluster, running, "RUNNING")
    answer = emr.cancel_steps(ClusterId=waiting_cluster, StepIds=[pending, running, "s-NOPE"])
    told = {info["StepId"]: info["Status"] for info in answer["CancelStepsInfoList"]}
    assert told == {pending: "SUBMITTED", running: "SUBMITTED", "s-NOPE": "FAILED"}
    becomes(emr, waiting_cluster, pending, "CANCELLED")
    becomes(emr, waiting_cluster, running, "CANCELLED")
    until(lambda: cluster_status(emr, waiting_cluster)["State"] == "WAITING", "it waits", 30)
    again = emr.cancel_steps(ClusterId=waiting_cluster, StepIds=[running])
    assert again["CancelStepsInfoList"][0]["Status"] == "FAILED"


def test_cancel_kills_what_ignores_the_interrupt(emr, waiting_cluster):
    step_id, = add(emr, waiting_cluster, bash("trap '' TERM INT; while true; do sleep 1; done"))
    becomes(emr, waiting_cluster, step_id, "RUNNING")
    emr.cancel_steps(ClusterId=waiting_cluster, StepIds=[step_id],
                     StepCancellationOption="TERMINATE_PROCESS")
    becomes(emr, waiting_cluster, step_id, "CANCELLED")


def test_concurrency(emr, run_cluster, engine):
    cluster_id = run_cluster(StepConcurrencyLevel=2)
    first, second, third = add(emr, cluster_id, *[bash("sleep 300")] * 3)
    becomes(emr, cluster_id, first, "RUNNING")
    becomes(emr, cluster_id, second, "RUNNING")
    assert state(emr, cluster_id, third) == "PENDING"
    assert emr.modify_cluster(ClusterId=cluster_id,
                              StepConcurrencyLevel=3)["StepConcurrencyLevel"] == 3
    becomes(emr, cluster_id, third, "RUNNING")
    with pytest.raises(ClientError, match="ActionOnFailure setting TERMINATE_CLUSTER"):
        add(emr, cluster_id, bash("true", "TERMINATE_CLUSTER"))


def test_sixty_steps_are_two_pages_newest_first(emr, run_cluster, engine):
    cluster_id = run_cluster()
    ids = add(emr, cluster_id, bash("sleep 300"), *[bash("true")] * 59)
    pages = list(emr.get_paginator("list_steps").paginate(ClusterId=cluster_id))
    assert [len(page["Steps"]) for page in pages] == [50, 10]
    assert [step["Id"] for page in pages for step in page["Steps"]] == ids[::-1]
    some = emr.list_steps(ClusterId=cluster_id, StepIds=ids[5:7])["Steps"]
    assert {step["Id"] for step in some} == set(ids[5:7])
    with pytest.raises(ClientError, match="Maximum number of active steps"):
        add(emr, cluster_id, *[bash("true")] * 200)


def test_bootstrap_actions_run_before_the_steps(emr, s3, bucket, run_cluster, engine):
    s3.put_object(Bucket=bucket, Key="mark.sh", Body=b"#!/bin/bash\necho $1 > /tmp/mark\n")
    cluster_id = run_cluster(
        BootstrapActions=[{"Name": "mark", "ScriptBootstrapAction":
                           {"Path": f"s3://{bucket}/mark.sh", "Args": ["here"]}}],
        Steps=[bash("test \"$(cat /tmp/mark)\" = here")])
    listed = emr.list_bootstrap_actions(ClusterId=cluster_id)["BootstrapActions"]
    assert listed == [{"Name": "mark", "ScriptPath": f"s3://{bucket}/mark.sh", "Args": ["here"]}]
    step_id = emr.list_steps(ClusterId=cluster_id)["Steps"][0]["Id"]
    becomes(emr, cluster_id, step_id, *ENDED)
    assert state(emr, cluster_id, step_id) == "COMPLETED"


def test_a_failed_bootstrap_action_ends_the_cluster(emr, s3, bucket, run_cluster, engine):
    s3.put_object(Bucket=bucket, Key="bad.sh", Body=b"#!/bin/bash\nexit 3\n")
    cluster_id = run_cluster(BootstrapActions=[
        {"Name": "bad", "ScriptBootstrapAction": {"Path": f"s3://{bucket}/bad.sh"}}])
    until(lambda: cluster_status(emr, cluster_id)["State"] in OVER, "the cluster ends", 60)
    status = cluster_status(emr, cluster_id)
    instance = emr.list_instances(ClusterId=cluster_id)["Instances"][0]["Ec2InstanceId"]
    assert status["State"] == "TERMINATED_WITH_ERRORS"
    assert status["StateChangeReason"] == {
        "Code": "BOOTSTRAP_FAILURE",
        "Message": f"On the master instance ({instance}), bootstrap action 1 returned a non-zero "
                   "return code"}
    assert status["ErrorDetails"][0]["ErrorData"][0]["exit-code"] == "3"
