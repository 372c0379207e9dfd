"""EMR Serverless with real Spark: what runs, what it finds, how it ends, where its logs lie."""
import collections
import csv
import io
import json
import os
import subprocess
import zipfile

import boto3
import pytest

from support.aws_cli import REGION
from support.serverless import LABEL, SMALL, Application, job_role
from support.server import clean_environment, until

WORD_COUNT = "s3://us-east-1.elasticmapreduce/emr-containers/samples/wordcount/scripts/wordcount.py"


@pytest.fixture(scope="module")
def app(engine, client, s3, role):
    bucket = "howdah-" + os.urandom(6).hex()
    s3.create_bucket(Bucket=bucket)
    made = Application(client("emr-serverless"), s3, role, bucket, name="tests")
    yield made
    made.end()


@pytest.fixture
def howdah(request, server):
    """The finished command, against the session's server; with `start` what is still going."""
    def run(*arguments, start=False):
        return (subprocess.Popen if start else subprocess.run)(
            [request.config.getoption("--server"), *arguments, "--data", server.data], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(server.endpoint))
    return run


def words_of_the_samples(s3):
    public, words = "us-east-1.elasticmapreduce", collections.Counter()
    for one in s3.list_objects_v2(Bucket=public,
                                  Prefix="emr-containers/samples/wordcount/input/")["Contents"]:
        text = s3.get_object(Bucket=public, Key=one["Key"])["Body"].read().decode()
        words.update(word for line in text.splitlines() for word in line.split(" "))
    return words


def test_the_word_count_runs_from_the_unmodified_cli(aws, engine, role, bucket, s3):
    made = aws("emr-serverless", "create-application", "--release-label", LABEL,
                    "--type", "SPARK", "--name", "My_First_Application")
    started = aws(
        "emr-serverless", "start-job-run", "--application-id", made["applicationId"],
        "--execution-role-arn", role, "--job-driver", json.dumps({"sparkSubmit": {
            "entryPoint": WORD_COUNT, "entryPointArguments": [f"s3://{bucket}/output"],
            "sparkSubmitParameters": SMALL}}))

    def over():
        run = aws("emr-serverless", "get-job-run", "--application-id",
                       made["applicationId"], "--job-run-id", started["jobRunId"])["jobRun"]
        return run if run["state"] in ("SUCCESS", "FAILED", "CANCELLED") else None
    run = until(over, "the word count ends", 300, every=1)
    assert run["state"] == "SUCCESS", run
    assert run["totalExecutionDurationSeconds"] >= 1
    assert run["billedResourceUtilization"]["vCPUHour"] > 0
    found = s3.list_objects_v2(Bucket=bucket, Prefix="output/")["Contents"]
    text = "".join(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read().decode()
                   for one in found if "part-" in one["Key"])
    counts = {word: int(count) for word, count in csv.reader(text.splitlines())}
    assert counts == words_of_the_samples(s3)
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    aws("emr-serverless", "stop-application", "--application-id", made["applicationId"])


def test_a_job_finds_its_role_arguments_settings_and_nothing_of_the_server(app):
    job = app.script("probe", """
        import os, sys, json, boto3
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        print(json.dumps({
            "args": sys.argv[1:], "master": spark.sparkContext.master,
            "name": spark.conf.get("spark.app.name"), "own": spark.conf.get("spark.my.own"),
            "env": os.environ.get("MY_ENV"),
            "who": boto3.client("sts").get_caller_identity()["Arn"],
            "endpoint": os.environ["AWS_ENDPOINT_URL"], "region": os.environ["AWS_REGION"],
            "secrets": sorted(n for n in os.environ if "AWS_SECRET" in n or "HOWDAH_DATA" in n),
            "data": os.path.exists("/var/lib/howdah/control.db"), "uid": os.getuid() != 0}))
        print("to stderr", file=sys.stderr)
        """)
    run = app.run(job, "a b", "größe", "$HOME; ls", name="probing",
                  parameters=SMALL + " --conf 'spark.my.own=x y' "
                                     "--conf spark.emr-serverless.driverEnv.MY_ENV=here")
    assert run["state"] == "SUCCESS", run
    found = json.loads(next(line for line in app.log(run["jobRunId"]).splitlines()
                            if line.startswith("{")))
    assert found["args"] == ["a b", "größe", "$HOME; ls"]
    assert found["own"] == "x y" and found["env"] == "here" and found["name"] == "probing"
    assert f":assumed-role/JobRunRole/{run['jobRunId']}" in found["who"]
    assert found["master"].startswith("local[") and found["region"] == "us-east-1"
    assert found["secrets"] == [] and not found["data"] and found["uid"]
    assert run["attempt"] == 1 and run["name"] == "probing"
    assert "howdah: 1 executors of 1 cores run as local[1]: they fit one worker" in app.log(
        run["jobRunId"], "stderr")


@pytest.mark.parametrize("name, text, code, said", [
    ("exit3", "import sys\nsys.exit(3)\n", 3, ""),
    ("syntax", "def (:\n", 1, "SyntaxError"),
    ("import", "import there_is_no_such_module\n", 1, "ModuleNotFoundError"),
    ("value", "raise ValueError('no such colour')\n", 1, "ValueError: no such colour"),
])
def test_a_failure_says_exit_code_and_exception(app, name, text, code, said):
    run = app.run(app.script(name, text))
    assert run["state"] == "FAILED"
    assert run["stateDetails"].startswith(
        "Job failed, please check complete logs in configured logging destination. "
        f"ExitCode: {code}."), run["stateDetails"]
    assert said in run["stateDetails"]


def test_the_command_line_follows_a_run_and_shows_why_it_failed(app, howdah):
    run = app.submit(app.script("late", """
        import boto3, sys
        print("first line", flush=True)
        boto3.client("s3").get_waiter("object_exists").wait(
            Bucket=sys.argv[1], Key="go", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        print("last line", flush=True)
        raise ValueError("no such colour")
        """), app.bucket)
    live = howdah("logs", "-f", app.id, start=True)  # its newest run's
    assert live.stdout.readline() == "first line\n"
    assert app.get(run)["state"] == "RUNNING"
    shown = howdah("logs", run)
    assert shown.stdout == "first line\n", shown
    assert howdah("status").stdout.count("1 running") == 1
    app.put("go", "")
    rest, complaints = live.communicate(timeout=60)
    assert live.returncode == 0 and rest.startswith("last line\n"), complaints

    over = howdah("wait", run)
    assert over.returncode == 1
    assert f"{run} FAILED: Job failed" in over.stderr
    assert "ValueError: no such colour" in over.stderr.split("stdout:", 1)[1].split("error:")[0]
    assert f"logs {run} --file stdout" in over.stderr
    assert howdah("logs", run).stdout == "first line\n" + rest == app.log(run)
    last = howdah("logs", run, "--file", "stderr", "-n", "3").stdout
    assert app.log(run, "stderr").endswith(last) and len(last.splitlines()) == 3
    assert json.loads(howdah("cost", run, "--json").stdout)["TotalUsd"] > 0


def test_a_script_that_is_not_there_fails(app):
    run = app.run(f"s3://{app.bucket}/scripts/none.py")
    assert run["state"] == "FAILED" and "none.py" in run["stateDetails"], run


def test_python_files_and_a_sql_file_run(app):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("colours/__init__.py", "BEST = 'ochre'\n")
    zipped = app.put("code/colours.zip", packed.getvalue())
    job = app.script("uses", """
        from pyspark.sql import SparkSession
        import colours
        spark = SparkSession.builder.getOrCreate()
        def best(_):
            import colours
            return colours.BEST
        print("best", colours.BEST, spark.sparkContext.parallelize([1]).map(best).collect())
        """)
    run = app.run(job, parameters=f"{SMALL} --py-files {zipped}")
    assert run["state"] == "SUCCESS", run
    assert "best ochre ['ochre']" in app.log(run["jobRunId"])
    query = app.put("code/q.sql", "SELECT 'sum', sum(id) FROM range(101);\n")
    run = app.run(query)
    assert run["state"] == "SUCCESS", run
    assert "5050" in app.log(run["jobRunId"])


def test_a_run_is_cancelled_while_it_runs_and_before(app):
    job = app.script("long", """
        import time
        print("begun", flush=True)
        while True: time.sleep(0.1)
        """)
    run = app.submit(job)
    app.wait(run, "RUNNING")
    app.serverless.cancel_job_run(applicationId=app.id, jobRunId=run)
    assert app.wait(run)["state"] == "CANCELLED"
    with pytest.raises(app.serverless.exceptions.ValidationException):
        app.serverless.cancel_job_run(applicationId=app.id, jobRunId=run)


def test_a_retried_run_has_attempts_with_logs_of_their_own(app, howdah):
    job = app.script("again", """
        import boto3, sys
        s3 = boto3.client("s3")
        bucket = sys.argv[1]
        seen = s3.list_objects_v2(Bucket=bucket, Prefix="seen/").get("KeyCount", 0)
        s3.put_object(Bucket=bucket, Key=f"seen/{seen + 1}", Body=b"")
        print("attempt", seen + 1)
        sys.exit(0 if seen == 1 else 1)
        """)
    submitted = app.submit(job, app.bucket, retryPolicy={"maxAttempts": 3})
    assert howdah("logs", "-f", submitted).stdout == "attempt 1\nattempt 2\n"
    run = app.wait(submitted)
    assert run["state"] == "SUCCESS" and run["attempt"] == 2, run
    assert howdah("wait", submitted).stdout.startswith(f"{submitted} SUCCESS in ")
    attempts = app.serverless.list_job_run_attempts(
        applicationId=app.id, jobRunId=run["jobRunId"])["jobRunAttempts"]
    assert [one["state"] for one in sorted(attempts, key=lambda a: a["attempt"])] == [
        "FAILED", "SUCCESS"]
    assert "attempt 1" in app.log(run["jobRunId"], attempt=1)
    assert "attempt 2" in app.log(run["jobRunId"], attempt=2)


def test_a_driver_that_was_ready_takes_the_next_job_and_the_log_says_so(app):
    job = app.script("hello", "print('hello from', __name__)\n")

    def warm():
        run = app.run(job)
        assert run["state"] == "SUCCESS", run
        return "howdah: warm driver" in app.log(run["jobRunId"], "stderr")
    until(warm, "a run takes a warm driver", 180, every=1)
    cold = app.run(job, parameters=SMALL + " --driver-java-options -Dmy.own=1")
    assert "howdah: cold start" in app.log(cold["jobRunId"], "stderr")


def test_what_a_job_prints_becomes_events_of_a_log_stream(app, client):
    job = app.script("talks", "print('one line')\nprint('another line')\n")
    run = app.run(job, overrides={"monitoringConfiguration": {
        "cloudWatchLoggingConfiguration": {"enabled": True, "logStreamNamePrefix": "mine"}}})
    assert run["state"] == "SUCCESS", run
    stream = f"mine/applications/{app.id}/jobs/{run['jobRunId']}/SPARK_DRIVER/stdout"
    events = client("logs").get_log_events(
        logGroupName="/aws/emr-serverless", logStreamName=stream, startFromHead=True)["events"]
    assert [one["message"] for one in events] == ["one line", "another line"]


def test_beyond_the_maximum_fails_at_once_and_says_why(app, client, s3, role):
    small = Application(client("emr-serverless"), s3, role, app.bucket,
                        maximumCapacity={"cpu": "2 vCPU", "memory": "8 GB"})
    run = small.run(WORD_COUNT, f"s3://{app.bucket}/never", timeout=30)
    assert run["state"] == "FAILED"
    assert "ApplicationMaxCapacityExceededException" in run["stateDetails"]
    small.end()


def application_of(server):
    """Of a server of the test's own, with the bucket "kept"."""
    def client(name):
        return boto3.client(name, region_name=REGION, endpoint_url=server.endpoint,
                            aws_access_key_id="test", aws_secret_access_key="test")
    s3 = client("s3")
    s3.create_bucket(Bucket="kept")
    return Application(client("emr-serverless"), s3, job_role(client("iam")), "kept")


def test_a_killed_server_finds_the_run_again(own_server, engine):
    running = own_server()
    app = application_of(running)
    job = app.script("slow", """
        import time, boto3
        s3 = boto3.client("s3")
        s3.put_object(Bucket="kept", Key="begun", Body=b"")
        def there(key):
            return s3.list_objects_v2(Bucket="kept", Prefix=key).get("KeyCount")
        while True:
            try:
                if there("go-on"): break
            except Exception: pass
            time.sleep(0.2)
        print("went on")
        """)
    run = app.submit(job)
    until(lambda: app.s3.list_objects_v2(Bucket="kept", Prefix="begun").get("KeyCount"),
          "the job begins", 120, every=0.2)
    running.kill()
    running.start()
    app.s3.put_object(Bucket="kept", Key="go-on", Body=b"")
    done = app.wait(run)
    assert done["state"] == "SUCCESS", done
    assert app.log(run).count("went on") == 1
    app.end()


def test_a_run_waits_for_its_credentials_while_the_server_is_away(own_server, engine):
    running = own_server()
    app = application_of(running)
    job = app.script("reader", """
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        print("lines", spark.read.text("s3://kept/scripts/reader.py").count())
        """)
    run = app.submit(job)
    app.wait(run, "RUNNING")
    running.kill()
    until(lambda: any("Waiting for the role's credentials" in log.read_text(errors="replace")
                      for log in running.data.glob("nodes/**/stderr")),
          "the driver waits", 120, every=0.2)
    running.start()
    done = app.wait(run)
    assert done["state"] == "SUCCESS", done
    assert "lines 4" in app.log(run)
    app.end()


def test_a_run_that_does_not_fit_one_worker_has_executors_of_its_own(app):
    job = app.script("executors", """
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        print("master", spark.sparkContext.master)
        print("authenticates", spark.conf.get("spark.authenticate"))
        rdd = spark.sparkContext.parallelize(range(8), 8)
        print("sum", rdd.map(lambda x: (x % 2, x)).reduceByKey(lambda a, b: a + b).collect())
        infos = spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
        print("hosts", *sorted(info.host() for info in infos))
        """)
    run = app.run(job, parameters="--num-executors 2 --executor-cores 1 --executor-memory 512m "
                                  "--driver-memory 1g --conf spark.howdah.placement=cluster "
                                  "--conf spark.dynamicAllocation.enabled=false "
                                  "--conf spark.scheduler.minRegisteredResourcesRatio=1 "
                                  "--conf spark.cores.max=2", timeout=300)
    assert run["state"] == "SUCCESS", (run, app.log(run["jobRunId"], "stderr")[-3000:])
    said = app.log(run["jobRunId"])
    assert "master spark://127.0.0.1:" in said and "\nauthenticates true\n" in said
    assert {"127.1.0.1", "127.1.0.2"} <= set(said.split("hosts ")[1].split())
    found = app.s3.list_objects_v2(
        Bucket=app.bucket,
        Prefix=f"logs/applications/{app.id}/jobs/{run['jobRunId']}/SPARK_EXECUTOR/")["Contents"]
    assert {"0", "1"} <= {one["Key"].split("/")[-2] for one in found}


def test_executors_come_as_work_does_one_that_is_killed_is_replaced_and_idle_ones_go(app, server):
    """Spark's own dynamic allocation asks; a worker process comes for each, and goes again."""
    job = app.script("elastic", """
        import sys, time
        import boto3
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        s3 = boto3.client("s3")
        def work(x):
            import os, pathlib, time
            time.sleep(2)
            if x == 5:
                try:
                    os.close(os.open("/mnt/tmp/killed", os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    return x
                # This task's Python, its daemon, the executor.
                daemon = pathlib.Path(f"/proc/{os.getppid()}/stat").read_text().rsplit(")", 1)[1]
                os.kill(int(daemon.split()[1]), 9)
            return x
        print("sum", spark.sparkContext.parallelize(range(12), 12).map(work).sum())
        while s3.list_objects_v2(Bucket=sys.argv[1], Prefix="go-on")["KeyCount"] == 0:
            time.sleep(0.2)
        print("again", spark.sparkContext.parallelize(range(4), 2).sum())
        """)
    run = app.submit(job, app.bucket,
                     parameters="--executor-cores 1 --executor-memory 512m --driver-memory 1g "
                                "--conf spark.howdah.placement=cluster "
                                "--num-executors 1 "
                                "--conf spark.dynamicAllocation.maxExecutors=2 "
                                "--conf spark.dynamicAllocation.executorIdleTimeout=3s")

    def workers():
        found = server.processes_of_node(app.id, f"{run}-1").values()
        hosts = [command.split("--host ")[1].split()[0] for command in found
                 if "deploy.worker.Worker" in command]
        return len(set(hosts))

    until(lambda: workers() == 2, "a second worker comes", 300, every=0.2)
    until(lambda: workers() == 0, "idle workers go", 300, every=0.2)
    assert app.get(run)["state"] == "RUNNING"
    app.put("go-on", "")
    done = app.wait(run)
    said = app.log(run)
    assert done["state"] == "SUCCESS", (done, said, app.log(run, "stderr")[-3000:])
    assert said == "sum 66\nagain 6\n"
    lost = [line for line in app.log(run, "stderr").splitlines() if "Lost executor" in line]
    assert lost, "the executor was killed"
