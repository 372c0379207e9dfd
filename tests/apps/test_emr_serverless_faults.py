"""EMR Serverless with real Spark when something goes wrong: memory that runs out, drivers that are
killed, policies that forbid, logs that have nowhere to go, cancellation in every state."""
import json
import os
import pathlib
import signal
import uuid

import pytest

from support.serverless import OVER, Application
from support.server import until

# Workers of 2 GB: what takes all memory of a run does not take the host's.
TINY = ("--conf spark.executor.cores=1 --conf spark.executor.memory=1g "
        "--conf spark.driver.cores=1 --conf spark.driver.memory=1g "
        "--conf spark.executor.instances=1")
COLD = TINY + " --driver-java-options -Dmy.own=1"
EXIT = ("Job failed, please check complete logs in configured logging destination. "
        "ExitCode: {}.")


@pytest.fixture(scope="module")
def make(engine, client, s3, role):
    """make(**options) -> an application with a bucket of its own; all are ended."""
    bucket = "howdah-" + os.urandom(6).hex()
    s3.create_bucket(Bucket=bucket)
    made = []

    def application(**options):
        made.append(Application(client("emr-serverless"), s3, role, bucket, **options))
        return made[-1]
    yield application
    for each in made:
        each.end()


def capacity(memory):
    return {"Driver": {"workerCount": 1,
                       "workerConfiguration": {"cpu": "1 vCPU", "memory": memory}}}


@pytest.fixture(scope="module")
def app(make):
    """Started: a driver of 1 GB of heap is ready, and another is made when that one is taken."""
    made = make(name="faults", initialCapacity=capacity("2 GB"))
    made.serverless.start_application(applicationId=made.id)
    until(lambda: made.state() == "STARTED", "a driver is ready", 120, every=0.1)
    return made


def processes_with(word):
    """Pid and program of whatever has the word in its command line."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word.encode() in (entry / "cmdline").read_bytes():
                found[int(entry.name)] = (entry / "comm").read_text().strip()
        except OSError:  # it ended
            continue
    return found


def parent_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


# Waits until it is ended; what it was given is in its command line.
FOREVER = """
    import boto3, sys, time
    boto3.client("s3").put_object(Bucket=sys.argv[1], Key="begun/" + sys.argv[2], Body=b"")
    while True: time.sleep(0.1)
    """


def begun(app, word):
    return app.s3.list_objects_v2(Bucket=app.bucket, Prefix=f"begun/{word}").get("KeyCount")


# -- memory -------------------------------------------------------------------------------------

TAKES_ALL = """
    import mmap
    kept = []
    for _ in range(24):  # 6 GB, where the run may have 4
        kept.append(mmap.mmap(-1, 256 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x8000))
    print("nobody minded")
    """  # 0x8000: MAP_POPULATE


@pytest.mark.parametrize("parameters, said", [
    (TINY, "howdah: warm driver"), (COLD, "howdah: cold start")], ids=["warm", "cold"])
def test_python_that_takes_all_memory_is_ended(app, parameters, said):
    run = app.run(app.script("takes_all", TAKES_ALL), parameters=parameters)
    assert said in app.log(run["jobRunId"], "stderr")
    assert run["state"] == "FAILED", app.log(run["jobRunId"])
    assert run["stateDetails"].startswith(
        EXIT.format(137) + " A worker was killed because it ran out of memory."), run
    assert " INFO " not in run["stateDetails"]


def test_a_driver_whose_heap_is_full_says_so(app):
    job = app.script("heap", """
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        spark._jvm.java.lang.StringBuilder(2000000000)
        """)
    run = app.run(job, parameters=TINY)
    assert run["state"] == "FAILED"
    assert run["stateDetails"].startswith(EXIT.format(1)), run
    assert "java.lang.OutOfMemoryError" in run["stateDetails"]


def test_a_task_whose_heap_is_full_ends_the_run(app):
    job = app.script("task", """
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        print(spark.range(1).selectExpr("sum(size(array_repeat(id, 500000000)))").collect())
        """)
    run = app.run(job, parameters=TINY)
    assert run["state"] == "FAILED"
    assert run["stateDetails"].startswith(EXIT.format(52)), run
    assert "java.lang.OutOfMemoryError: Java heap space" in run["stateDetails"]


# -- kills --------------------------------------------------------------------------------------

def driver_of(app, parameters):
    """A run whose job has begun, the word in its command lines, its JVM's pid and command line."""
    word = uuid.uuid4().hex
    run = app.submit(app.script("forever", FOREVER), app.bucket, word, parameters=parameters)
    until(lambda: begun(app, word), "the job begins", 90, every=0.1)
    python = next(pid for pid, name in processes_with(word).items() if name.startswith("python"))
    java = parent_of(python)
    return run, word, java, pathlib.Path(f"/proc/{java}/cmdline").read_bytes()


def warm_driver_of(app):
    run, word, java, command = driver_of(app, TINY)
    if b"WarmDriver" in command:
        return run, word, java, command
    cancel(app, run)
    return None


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_driver_that_is_killed_fails_the_run_and_leaves_nothing(app, warm):
    run, word, java, command = driver_of(app, COLD) if not warm else until(
        lambda: warm_driver_of(app), "a warm driver takes a run", 120)
    assert command.startswith(b"java") or b"/java" in command.split(b"\0")[0]
    os.kill(java, signal.SIGKILL)
    done = app.wait(run, timeout=20)
    assert done["state"] == "FAILED" and done["attempt"] == 1, done
    assert done["stateDetails"].startswith(EXIT.format(137)), done
    assert "memory" not in done["stateDetails"] and " WARN " not in done["stateDetails"], done
    until(lambda: not processes_with(word), "every process of the run ends", 20)


# -- policies -----------------------------------------------------------------------------------

def test_a_run_may_do_no_more_than_its_execution_policy_allows(app):
    job = app.script("writes", """
        import boto3, sys
        boto3.client("s3").put_object(Bucket=sys.argv[1], Key=sys.argv[2], Body=b"written")
        """)
    arn = f"arn:aws:s3:::{app.bucket}"
    policy = {"policy": json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/scripts/*"},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{arn}/allowed/*"}]})}
    refused = app.run(job, app.bucket, "elsewhere/x", parameters=TINY, executionIamPolicy=policy)
    assert refused["state"] == "FAILED"
    assert "AccessDenied" in refused["stateDetails"], refused
    assert "AccessDenied" in app.log(refused["jobRunId"])
    allowed = app.run(job, app.bucket, "allowed/x", parameters=TINY, executionIamPolicy=policy)
    assert allowed["state"] == "SUCCESS", (allowed, app.log(allowed["jobRunId"]))
    found = app.s3.list_objects_v2(Bucket=app.bucket)["Contents"]
    keys = [one["Key"] for one in found]
    assert "allowed/x" in keys and "elsewhere/x" not in keys


# -- logs ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("text, state, said", [
    ("print('well')", "SUCCESS", ""),
    ("raise SystemExit(3)", "FAILED", EXIT.format(3)),
])
def test_a_log_bucket_that_is_not_there_changes_no_state_and_is_told(app, text, state, said):
    run = app.run(app.script("logs_" + state.lower(), text), parameters=TINY, overrides={
        "monitoringConfiguration": {
            "s3MonitoringConfiguration": {"logUri": "s3://howdah-there-is-none/logs/"}}})
    assert run["state"] == state, run
    assert run["stateDetails"].startswith(said), run
    assert "Its logs could not be uploaded" in run["stateDetails"], run
    assert "howdah-there-is-none" in run["stateDetails"], run


# -- cancellation -------------------------------------------------------------------------------

def cancel(app, run):
    app.serverless.cancel_job_run(applicationId=app.id, jobRunId=run)
    return app.wait(run, timeout=30)


def test_a_run_is_cancelled_while_its_application_starts(make):
    # Nobody else has drivers of this heap: it takes seconds until one is ready.
    app = make(name="starting", initialCapacity=capacity("4 GB"))
    run = app.submit(app.script("forever", FOREVER), app.bucket, "never", parameters=TINY)
    app.wait(run, "PENDING")
    until(lambda: app.state() == "STARTING", "it starts", 20, every=0)
    ended = cancel(app, run)
    assert ended["state"] == "CANCELLED" and app.state() == "STARTING"
    assert not begun(app, "never")


def test_runs_are_cancelled_in_the_queue_and_on_their_way(make):
    one = make(name="one-at-a-time",
               schedulerConfiguration={"maxConcurrentRuns": 1, "queueTimeoutMinutes": 15})
    job = one.script("forever", FOREVER)
    words = [uuid.uuid4().hex for _ in range(5)]

    def submit(word):
        return one.submit(job, one.bucket, word, parameters=TINY)
    first, queued = submit(words[0]), submit(words[1])
    one.wait(queued, "QUEUED")
    assert cancel(one, queued)["state"] == "CANCELLED"
    one.wait(first, "RUNNING")
    assert cancel(one, first)["state"] == "CANCELLED"
    assert not begun(one, words[1])

    at_once = submit(words[2])
    assert cancel(one, at_once)["state"] == "CANCELLED"
    for word, states in ((words[3], {"SCHEDULED", "RUNNING"}),
                         (words[4], {"PENDING", "SCHEDULED", "RUNNING"})):
        run = submit(word)
        until(lambda: one.get(run)["state"] in states, f"the run is one of {states}", 30, every=0)
        done = cancel(one, run)
        assert done["state"] == "CANCELLED", done
        assert one.get(run)["state"] in OVER
    until(lambda: not any(processes_with(word) for word in words),
          "every process of the runs ends", 20)
