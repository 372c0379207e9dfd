"""Waiters return at once: a held poll is answered when the state it waits for is there."""
import threading
import time

from support.clusters import end_cluster

SECONDS = 29  # a waiter that slept between two polls would take its 30 at least


def timed(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began


def step(command, **more):
    return {"Name": "a step", "ActionOnFailure": "CONTINUE", **more,
            "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["bash", "-c", command]}}


def test_cluster_running(emr, run_cluster, engine):
    cluster_id = run_cluster()
    assert timed(lambda: emr.get_waiter("cluster_running").wait(ClusterId=cluster_id)) < SECONDS
    assert emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]["State"] == "WAITING"


def test_step_complete(emr, waiting_cluster):
    step_id = emr.add_job_flow_steps(JobFlowId=waiting_cluster,
                                     Steps=[step("sleep 2")])["StepIds"][0]
    took = timed(lambda: emr.get_waiter("step_complete").wait(
        ClusterId=waiting_cluster, StepId=step_id))
    assert 1 < took < SECONDS
    ended = emr.describe_step(ClusterId=waiting_cluster, StepId=step_id)["Step"]["Status"]
    assert ended["State"] == "COMPLETED"


def test_cluster_terminated_after_a_terminate(emr, run_cluster, engine):
    cluster_id = run_cluster()
    emr.get_waiter("cluster_running").wait(ClusterId=cluster_id)
    emr.terminate_job_flows(JobFlowIds=[cluster_id])
    assert timed(lambda: emr.get_waiter("cluster_terminated").wait(ClusterId=cluster_id)) < SECONDS


def test_cluster_terminated_is_held_while_the_cluster_waits(client, run_cluster, engine):
    emr, other = client("emr"), client("emr")
    cluster_id = run_cluster()
    emr.get_waiter("cluster_running").wait(ClusterId=cluster_id)
    waited = []
    waiter = threading.Thread(target=lambda: waited.append(timed(
        lambda: client("emr").get_waiter("cluster_terminated").wait(
            ClusterId=cluster_id, WaiterConfig={"Delay": 1, "MaxAttempts": 5}))))
    waiter.start()
    time.sleep(8)  # five polls a second apart would have given up by now
    assert waiter.is_alive()
    end_cluster(other, cluster_id)
    waiter.join(SECONDS)
    assert not waiter.is_alive() and waited


def test_the_cli_waits_for_a_step(aws, waiting_cluster):
    step_id = aws("emr", "add-steps", "--cluster-id", waiting_cluster, "--steps",
                  "Type=CUSTOM_JAR,Name=s,Jar=command-runner.jar,"
                  "Args=[bash,-c,sleep 1]")["StepIds"][0]
    assert timed(lambda: aws("emr", "wait", "step-complete", "--cluster-id", waiting_cluster,
                             "--step-id", step_id)) < SECONDS
