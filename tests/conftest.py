"""The server of a test session, and clients of it. See tests/README.md."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import boto3
import botocore.config
import pytest

from support import server as server_module
from support.aws_cli import REGION, AwsCli
from support.clusters import OVER, RELEASE, cluster_request, end_cluster
from support.server import KEYS, ROOT, Server, clean_environment, until
from support.serverless import job_role


# A shell that started this in the background has SIGINT ignored, and so would every process below.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--aws", action="store_true",
                     help="run against the real AWS with your own credentials (costs money)")
    parser.addoption("--server", default=str(ROOT / "build" / "howdah"),
                     help="the binary to test (build/howdah)")
    parser.addoption("--keep", action="store_true", help="keep the data directory")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--aws"):
        return
    skip = pytest.mark.skip(reason="Howdah only")
    for item in items:
        ours = item.fspath.dirname.endswith(("cli", "apps"))
        if ours or item.get_closest_marker("local_only"):
            item.add_marker(skip)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    running = item.funcargs.get("server") if hasattr(item, "funcargs") else None
    if report.failed and isinstance(running, Server):
        report.sections.append(("the server's log", running.log_tail()))


@pytest.fixture(scope="session")
def on_aws(request):
    return request.config.getoption("--aws")


@pytest.fixture(scope="session")
def server(request, on_aws):
    """The session's server; None with --aws. At the end nothing of it may be left running."""
    if on_aws:
        yield None
        return
    binary = pathlib.Path(request.config.getoption("--server"))
    if not binary.exists():
        pytest.exit(f"{binary} is not there: make build", returncode=2)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="howdah-test-"))
    running = Server(folder / "data", binary)
    running.start()
    yield running
    running.shut_down()
    try:
        until(lambda: not running.left_processes(), "every process of every node ends", 30)
    except TimeoutError:
        commands = [pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")[:200]
                    for pid in running.left_processes()]
        pytest.fail(f"left behind: {commands}\n{running.log_tail()}")
    assert not running.left_mounts(), "mounts left behind"
    if not request.config.getoption("--keep"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def endpoint(server):
    return server.endpoint if server else None


@pytest.fixture(scope="session")
def client(endpoint):
    """client("emr"), client("s3", region="eu-west-1", access_key="AKIA...", secret_key="...")."""
    def make(service, region=REGION, access_key=None, secret_key=None, token=None, **config):
        settings = botocore.config.Config(
            retries={"total_max_attempts": config.pop("attempts", 1)}, read_timeout=120, **config)
        if endpoint is None:
            return boto3.client(service, region_name=region, config=settings)
        return boto3.session.Session().client(
            service, region_name=region, endpoint_url=endpoint, config=settings,
            aws_access_key_id=access_key or KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=secret_key or KEYS["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=token)
    return make


@pytest.fixture(scope="session")
def emr(client):
    return client("emr")


@pytest.fixture(scope="session")
def s3(client):
    return client("s3", s3={"addressing_style": "path"})


@pytest.fixture(scope="session")
def iam(client):
    return client("iam")


@pytest.fixture(scope="session")
def role(iam):
    """The ARN of a role that job runs may take."""
    return job_role(iam)


@pytest.fixture(scope="session")
def sts(client):
    return client("sts")


@pytest.fixture(scope="session")
def aws(endpoint, tmp_path_factory):
    if endpoint is None:
        return AwsCli({**os.environ, "AWS_PAGER": ""})
    return AwsCli(clean_environment(endpoint, tmp_path_factory.mktemp("home")))


@pytest.fixture
def bucket(s3):
    """An empty bucket of its own, emptied and removed afterwards."""
    name = "howdah-" + os.urandom(6).hex()
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for found in page.get("Contents", []):
            s3.delete_object(Bucket=name, Key=found["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def run_cluster(emr):
    """run_cluster(Name=..., Steps=[...]) -> cluster id; every one is terminated at the end."""
    started = []

    def run(**changes):
        started.append(emr.run_job_flow(**cluster_request(**changes))["JobFlowId"])
        return started[-1]

    yield run
    for cluster_id in started:
        state = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]["State"]
        if state not in OVER:
            end_cluster(emr, cluster_id)


@pytest.fixture(scope="session")
def install(request):
    """install(label): makes sure that the Spark of a release is on this host."""
    def run(label):
        subprocess.run([request.config.getoption("--server"), "install", label], check=True,
                       env=server_module.server_environment())
    return run


@pytest.fixture(scope="session")
def engine(server, install):
    """Makes sure that Spark is installed, once, before the first cluster asks for it."""
    if server is not None:
        install(RELEASE)


@pytest.fixture(scope="session")
def waiting_cluster(emr, engine):
    """One WAITING cluster with Spark for the whole session: do not terminate it."""
    cluster_id = emr.run_job_flow(**cluster_request(Name="shared"))["JobFlowId"]
    emr.get_waiter("cluster_running").wait(
        ClusterId=cluster_id, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    until(lambda: emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]["State"]
          == "WAITING", "the shared cluster waits", 60, every=0.1)
    yield cluster_id
    end_cluster(emr, cluster_id)


@pytest.fixture
def run_step(emr):
    """run_step(cluster, step) -> the Step after it ended, through the waiter's own polling."""
    def run(cluster_id, step, timeout=300):
        step_id = emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[step])["StepIds"][0]

        def ended():
            found = emr.describe_step(ClusterId=cluster_id, StepId=step_id)["Step"]
            over = {"COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED"}
            return found if found["Status"]["State"] in over else None
        return until(ended, f"step {step_id} ends", timeout, every=0.1)
    return run


@pytest.fixture
def own_server(request, tmp_path):
    """own_server(listen=..., arguments=[...]): further servers that a test may kill."""
    started = []

    def start(name="data", **options):
        started.append(server_module.Server(tmp_path / name, request.config.getoption("--server"),
                                            **options))
        return started[-1].start()

    yield start
    for running in started:
        running.__exit__()
