"""What a node meets at localhost:4566 and 169.254.169.254, and how people come in: web interfaces
through the server, ssh."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import textwrap
import urllib.error
import urllib.parse
import urllib.request

import pytest

from support.clusters import cluster_request, end_cluster
from support.hadoop import bash, wait_for_state
from support.server import ROOT, clean_environment, until

pytestmark = pytest.mark.spark
ROLE = "EMR_EC2_DefaultRole"


@pytest.fixture(scope="module")
def cluster(server, emr):
    """A primary node with Hadoop and Spark, waiting for steps."""
    made = emr.run_job_flow(**cluster_request(
        Applications=[{"Name": "Hadoop"}, {"Name": "Spark"}]))["JobFlowId"]
    wait_for_state(emr, made, "WAITING", "RUNNING", timeout=300)
    yield made
    end_cluster(emr, made)


def node_of(emr, cluster):
    return emr.list_instances(ClusterId=cluster)["Instances"][0]


@pytest.fixture(scope="module", autouse=True)
def own_network(emr, cluster):
    if node_of(emr, cluster)["PrivateIpAddress"].startswith("127."):
        pytest.skip("this host makes no networks for nodes")


@pytest.fixture
def run_inside(emr, s3, bucket, cluster):
    """Runs a script as a step; what it prints, once it has succeeded."""
    def run(script):
        whole = (f"set -eu; {{ {textwrap.dedent(script)}\n}} > /tmp/out 2>&1 || "
                 f"{{ cat /tmp/out >&2; exit 1; }}; aws s3 cp /tmp/out s3://{bucket}/out")
        step = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[bash(whole)])["StepIds"][0]

        def over():
            status = emr.describe_step(ClusterId=cluster, StepId=step)["Step"]["Status"]
            return status if status["State"] in ("COMPLETED", "FAILED") else None
        status = until(over, "the step ends", 90, every=0.1)
        assert status["State"] == "COMPLETED", status
        return s3.get_object(Bucket=bucket, Key="out")["Body"].read().decode()
    return run


def test_instance_metadata_answers_as_on_ec2(emr, cluster, run_inside):
    node = node_of(emr, cluster)
    said = run_inside("""
        at=http://169.254.169.254/latest
        get() { curl -s -o /tmp/body -w '%{http_code} ' "$@"; head -c 300 /tmp/body; echo; }
        get $at/meta-data/instance-id
        get $at/meta-data/local-ipv4
        get $at/meta-data/local-hostname
        get $at/meta-data/instance-type
        get $at/meta-data/placement/region
        get $at/meta-data/iam/security-credentials/
        get $at/user-data | head -1
        token=$(curl -s -X PUT $at/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
        get -H "X-aws-ec2-metadata-token: $token" $at/meta-data/instance-id
        get -H "X-aws-ec2-metadata-token: x$token" $at/meta-data/instance-id | head -1
        get -X PUT $at/api/token | head -1
        get -X PUT -H 'X-Forwarded-For: 1.2.3.4' $at/api/token | head -1
        curl -s $at/dynamic/instance-identity/document | jq -r .privateIp
        hostname -f
        """).splitlines()
    assert said[:6] == [f"200 {node['Ec2InstanceId']}", f"200 {node['PrivateIpAddress']}",
                        f"200 {node['PrivateDnsName']}", f"200 {node['InstanceType']}",
                        "200 us-east-1", f"200 {ROLE}"]
    assert said[6].startswith("404 ")
    assert said[7] == f"200 {node['Ec2InstanceId']}"
    assert [line[:4] for line in said[8:11]] == ["401 ", "400 ", "403 "]
    assert said[11:] == [node["PrivateIpAddress"], node["PrivateDnsName"]]


def test_an_sdk_finds_the_roles_credentials_by_instance_metadata(cluster, run_inside):
    said = run_inside("""
        env -u AWS_CONTAINER_CREDENTIALS_FULL_URI -u AWS_CONTAINER_AUTHORIZATION_TOKEN \\
            AWS_EC2_METADATA_DISABLED=false python3 - <<'PYTHON'
        import boto3, botocore.credentials, botocore.utils
        session = boto3.Session()
        print(session.get_credentials().method)
        print(session.client("sts").get_caller_identity()["Arn"])
        fetcher = botocore.utils.InstanceMetadataFetcher(timeout=5, num_attempts=2)
        print(botocore.credentials.InstanceMetadataProvider(fetcher).load().access_key[:4])
        PYTHON
        """.replace("        ", "")).splitlines()
    assert said[0] == "iam-role"
    assert f":assumed-role/{ROLE}/i-" in said[1]
    assert said[2] == "ASIA"


def test_inside_a_node_the_endpoint_is_localhost_4566_and_gives_no_more_than_its_own(run_inside):
    said = run_inside("""
        echo $AWS_ENDPOINT_URL
        echo $AWS_CONTAINER_CREDENTIALS_FULL_URI | cut -d/ -f1-5
        curl -s http://localhost:4566/_howdah/health | jq -r .status
        code() { curl -s -o /dev/null -w '%{http_code}\\n' "$@"; }
        uri=$AWS_CONTAINER_CREDENTIALS_FULL_URI
        code $uri
        code -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" $uri
        code http://localhost:4566/_howdah/credentials/us-east-1/j-OTHER/node
        code -X POST http://localhost:4566/_howdah/shutdown
        code http://localhost:4566/_howdah/ui/j-OTHER/
        code -H 'Host: evil.example' http://localhost:4566/_howdah/health
        """).splitlines()
    assert said == ["http://localhost:4566", "http://localhost:4566/_howdah/credentials", "ok",
                    "403", "200", "403", "400", "400", "403"]


def test_a_killed_server_is_there_again_for_its_nodes(server, run_inside):
    before = run_inside("curl -s http://169.254.169.254/latest/meta-data/instance-id")
    server.kill()
    server.start()
    assert run_inside("curl -s --retry 10 --retry-all-errors "
                      "http://169.254.169.254/latest/meta-data/instance-id") == before


# ---- web interfaces

class Browser:
    """Cookies of one path, no redirects to other hosts."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def get(self, path):
        """Status, text and the path at last."""
        try:
            with self.opener.open(urllib.parse.urljoin(self.endpoint, path), timeout=60) as answer:
                return answer.status, answer.read().decode(), urllib.parse.urlsplit(answer.url).path
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), path


def howdah_json(server, *arguments):
    done = subprocess.run([server.binary, "--data", server.data, "--json", *arguments], text=True,
                          capture_output=True, env=clean_environment(), timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_web_interfaces_open_with_a_link_and_lead_to_each_other(server, cluster):
    found = howdah_json(server, "ui", cluster)
    there = {one["App"]: one for one in found["Uis"]}
    assert {"yarn", "hdfs", "spark"} <= set(there), there
    until(lambda: all(one.get("Answers") for one in howdah_json(server, "ui", cluster)["Uis"]
                      if one["App"] in ("yarn", "hdfs")), "YARN and HDFS answer", 90, every=1)
    browser = Browser(server.endpoint)
    status, text, _ = browser.get(there["yarn"]["Url"])
    assert status == 401 and f"howdah ui {cluster}" in text
    status, text, path = browser.get(howdah_json(server, "ui", cluster, "--app", "yarn")["Url"])
    assert status == 200 and "All Applications" in text
    assert "howdah-token" not in path
    # Nothing on the page leads past the proxy, and what it needs is there.
    base = path[:path.index("/8088") + 5]
    links = re.findall(r"""(?:href|src|action)=["']([^"'#]+)""", text)
    rooted = [link for link in links if link.startswith("/")]
    assert rooted and all(link.startswith("/_howdah/ui/") for link in rooted), rooted
    static = [link for link in rooted if "/static/" in link][:5]
    for link in [*static, f"{base}/cluster/nodes", f"{base}/ws/v1/cluster/info"]:
        assert browser.get(link)[0] == 200, link
    nodes = browser.get(f"{base}/cluster/nodes")[1]
    node_links = re.findall(rf"/_howdah/ui/{cluster}/i-[0-9a-f]+/8042[^\"' ]*", nodes)
    assert node_links, nodes[-3000:]
    assert browser.get(node_links[0] + "/node")[0] == 200
    hdfs = there["hdfs"]["Url"]
    status, text, path = browser.get(hdfs)
    assert status == 200 and "howdah.js" in text
    base = path[:path.index("/9870") + 5]
    assert "beans" in json.loads(browser.get(f"{base}/jmx?qry=Hadoop:service=NameNode,*")[1])
    assert browser.get(f"{base}/webhdfs/v1/?op=LISTSTATUS")[0] == 200
    assert browser.get(f"/_howdah/ui/{cluster}/primary/22/")[0] == 404


def test_the_live_spark_interface_knows_its_prefix(server, emr, cluster):
    emr.add_job_flow_steps(JobFlowId=cluster, Steps=[bash(
        "echo 'import time; from pyspark.sql import SparkSession; "
        "s = SparkSession.builder.master(\"local[1]\").getOrCreate(); s.range(9).count(); "
        "time.sleep(600)' > /tmp/live.py; exec spark-submit --deploy-mode client /tmp/live.py")])
    step = emr.list_steps(ClusterId=cluster)["Steps"][0]["Id"]
    try:
        def answers():
            return any(one.get("Answers") for one in howdah_json(server, "ui", cluster)["Uis"]
                       if one["App"] == "spark")
        until(answers, "the live interface answers", 90, every=1)
        browser = Browser(server.endpoint)

        def jobs():
            return browser.get(howdah_json(server, "ui", cluster, "--app", "spark")["Url"])

        def started():  # until then Spark asks for patience at its root
            found = jobs()
            return found if found[0] == 200 and found[2].endswith("/4040/jobs/") else None
        _, text, path = until(started, "the page of jobs", 60, 1)
        base = path[:-len("/jobs/")]
        assert f'href="{base}/stages/"' in text
        assert "/_howdah/ui/" not in text.replace(f"/_howdah/ui/{cluster}", ""), "once only"
        for page in ("/stages/", "/environment/", "/executors/", "/api/v1/applications"):
            assert browser.get(base + page)[0] == 200, page
    finally:
        emr.cancel_steps(ClusterId=cluster, StepIds=[step],
                         StepCancellationOption="TERMINATE_PROCESS")


# ---- ssh

needs_ssh = pytest.mark.skipif(not os.access("/usr/sbin/sshd", os.X_OK) or not shutil.which("ssh"),
                               reason="openssh is not installed on this host")


@needs_ssh
def test_howdah_ssh_runs_a_command_as_hadoop_on_the_primary(server, cluster):
    def run():
        return subprocess.run(
            [server.binary, "--data", server.data, "ssh", cluster, "id -un; hostname; "
             "echo $AWS_ENDPOINT_URL; exit 7"], text=True, capture_output=True,
            stdin=subprocess.DEVNULL, env=clean_environment(), timeout=60)
    done = until(lambda: (found := run()).returncode == 7 and found, "ssh lets us in", 60, every=1)
    lines = done.stdout.split()
    assert lines[0] == "hadoop"
    assert lines[1].startswith("ip-10-")
    assert lines[2] == "http://localhost:4566"


def through_socks(port):
    """Asks the server as the node sees it, by the tunnel that `aws emr socks` opens (RFC 1928)."""
    try:
        with socket.create_connection(("127.0.0.1", 8157), 5) as tunnel:
            tunnel.sendall(b"\x05\x01\x00")
            assert tunnel.recv(2) == b"\x05\x00"
            host = b"localhost"
            tunnel.sendall(b"\x05\x01\x00\x03" + bytes([len(host)]) + host
                           + port.to_bytes(2, "big"))
            if tunnel.recv(10)[1] != 0:
                return False
            tunnel.sendall(b"GET /_howdah/health HTTP/1.0\r\nHost: localhost:4566\r\n\r\n")
            return b'"status"' in b"".join(iter(lambda: tunnel.recv(4096), b""))
    except (ConnectionError, IndexError):
        return False


@needs_ssh
def test_aws_emr_ssh_put_get_and_socks_work_with_the_clusters_key_pair(server, emr, tmp_path):
    key = tmp_path / "mine.pem"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", key], check=True)
    howdah_json(server, "ssh-key", "mine", f"{key}.pub")
    made = emr.run_job_flow(**cluster_request(
        Instances={"Ec2KeyName": "mine"}))["JobFlowId"]
    try:
        wait_for_state(emr, made, "WAITING", "RUNNING")
        (tmp_path / "to.txt").write_text("there and back\n")

        def copy(*arguments):
            done = subprocess.run(
                [ROOT / ".venv/bin/aws", "emr", *arguments, "--cluster-id", made,
                 "--key-pair-file", key], text=True, capture_output=True, stdin=subprocess.DEVNULL,
                env=clean_environment(server.endpoint, home=tmp_path), timeout=120)
            print(done.stdout, done.stderr)
            return done
        copy("put", "--src", str(tmp_path / "to.txt"), "--dest", "/home/hadoop/x.txt")
        copy("get", "--src", "/home/hadoop/x.txt", "--dest", str(tmp_path / "from.txt"))
        assert (tmp_path / "from.txt").read_text() == "there and back\n"
        said = copy("ssh", "--command", "id -un; hostname").stdout
        assert "hadoop\nip-10-" in said.replace("\r", ""), said
        socks = subprocess.Popen(
            [ROOT / ".venv/bin/aws", "emr", "socks", "--cluster-id", made, "--key-pair-file", key],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=clean_environment(server.endpoint, home=tmp_path), start_new_session=True)
        try:
            until(lambda: through_socks(4566), "the tunnel answers", 60, every=0.2)
        finally:
            os.killpg(socks.pid, signal.SIGTERM)
            socks.wait(30)
    finally:
        end_cluster(emr, made)
