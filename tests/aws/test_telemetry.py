"""What the server measures of itself and of clusters: /metrics, CloudWatch, howdah cost."""
import json
import re
import subprocess
import urllib.error
import urllib.request

import pytest
from support.server import clean_environment, until

pytestmark = pytest.mark.local_only


def scrape(endpoint, **headers):
    request = urllib.request.Request(endpoint + "/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        return answer.read().decode()


def howdah(request, server, *arguments):
    done = subprocess.run([request.config.getoption("--server"), *arguments, "--data", server.data],
                          text=True, capture_output=True, timeout=60,
                          env=clean_environment(server.endpoint))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_prometheus_on_this_host_scrapes_without_a_key(endpoint, client, sts):
    sts.get_caller_identity()
    client("cloudwatch").put_metric_data(Namespace="My/App", MetricData=[
        {"MetricName": "QueueLength", "Value": 3.0,
         "Dimensions": [{"Name": "QueueName", "Value": "a"}]}])
    text = scrape(endpoint)
    assert 'my_app_queue_length{queue_name="a",region="us-east-1"} 3' in text
    assert re.search(r'howdah_requests_total\{operation="GetCallerIdentity",service="sts",'
                     r'status="200"\} [1-9]', text)
    assert re.search(r'howdah_request_seconds_count\{service="sts"\} [1-9]', text)
    assert 'howdah_reconciliations_total{loop="clusters"}' in text
    sample = re.compile(r"[a-z_][a-z0-9_]*(\{.*\})? [-+.\da-zA-Z]+")
    assert all(line.startswith("#") or sample.fullmatch(line) for line in text.splitlines())


def test_other_sites_and_foreign_names_are_refused(endpoint):
    for headers in ({"Host": "rebound.example"}, {"Origin": "http://evil.example"},
                    {"Sec-Fetch-Site": "cross-site"}):
        with pytest.raises(urllib.error.HTTPError) as caught:
            scrape(endpoint, **headers)
        assert caught.value.code == 403


def test_a_bucket_may_be_called_metrics(s3):
    s3.create_bucket(Bucket="metrics")
    assert s3.list_objects_v2(Bucket="metrics")["KeyCount"] == 0
    s3.delete_bucket(Bucket="metrics")


@pytest.mark.spark
@pytest.mark.slow
def test_a_waiting_cluster_says_that_it_is_idle(waiting_cluster, client):
    """The meters turn once a minute."""
    cloudwatch = client("cloudwatch")
    dimensions = [{"Name": "JobFlowId", "Value": waiting_cluster}]
    found = until(lambda: cloudwatch.list_metrics(
        Namespace="AWS/ElasticMapReduce", Dimensions=dimensions)["Metrics"],
        "metrics of the cluster", 130, every=1)
    assert {"IsIdle"} <= {metric["MetricName"] for metric in found}


@pytest.mark.spark
def test_the_cost_of_a_cluster_is_told(waiting_cluster, request, server):
    told = json.loads(howdah(request, server, "cost", waiting_cluster, "--json"))
    item = told["Items"][0]
    assert item["Id"] == waiting_cluster and item["Kind"] == "cluster"
    hours = item["InstanceHours"]
    assert hours >= 60 / 3600 - 1e-9
    assert item["Ec2Usd"] == pytest.approx(hours * 0.192)  # an m5.xlarge
    assert item["EmrUsd"] == pytest.approx(hours * 0.048)
    assert told["TotalUsd"] == pytest.approx(item["Ec2Usd"] + item["EmrUsd"])
    assert waiting_cluster in howdah(request, server, "cost")
    assert waiting_cluster not in howdah(request, server, "cost", "--tag", "no=thing")


def test_the_cost_of_nothing_is_an_error(request, server):
    done = subprocess.run([request.config.getoption("--server"), "cost", "j-NOPE", "--data",
                           server.data], text=True, capture_output=True, timeout=60,
                          env=clean_environment(server.endpoint))
    assert done.returncode == 3
    assert "howdah cost" in done.stderr  # what to try next
