"""CloudWatch's metrics as boto3, the AWS CLI and older SDKs (Query, XML answers) meet them."""
import datetime
import json
import os
import urllib.request
import xml.etree.ElementTree

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError
from support.server import KEYS

XML = "{http://monitoring.amazonaws.com/doc/2010-08-01/}"


@pytest.fixture(scope="module")
def cloudwatch(client):
    return client("cloudwatch")


@pytest.fixture
def space():
    return "Howdah/" + os.urandom(5).hex()


def minute(back=10):
    now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
    return now - datetime.timedelta(minutes=back)


def minutes(count):
    return datetime.timedelta(minutes=count)


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


def put(cloudwatch, space, values, name="m", start=None, **more):
    start = start or minute()
    cloudwatch.put_metric_data(Namespace=space, MetricData=[
        {"MetricName": name, "Value": value, "Timestamp": start + minutes(i), **more}
        for i, value in enumerate(values)])


def stat_query(space, name, id, stat="Sum", period=60, **more):
    return {"Id": id, "MetricStat": {"Metric": {"Namespace": space, "MetricName": name},
                                     "Period": period, "Stat": stat}, **more}


def query_api(endpoint, **parameters):
    """A signed, form-encoded request, as SDKs sent it before 2025. Status and parsed XML."""
    request = botocore.awsrequest.AWSRequest(
        method="POST", url=endpoint + "/", data={"Version": "2010-08-01", **parameters},
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    keys = botocore.credentials.Credentials(*KEYS.values())
    botocore.auth.SigV4Auth(keys, "monitoring", "us-east-1").add_auth(request)
    prepared = request.prepare()
    sent = urllib.request.Request(prepared.url, prepared.body.encode()
                                  if isinstance(prepared.body, str) else prepared.body,
                                  dict(prepared.headers), method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, xml.etree.ElementTree.fromstring(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, xml.etree.ElementTree.fromstring(error.read())


def test_statistics_of_what_was_put(cloudwatch, space):
    start = minute()
    cloudwatch.put_metric_data(Namespace=space, MetricData=[
        {"MetricName": "m", "Timestamp": start, "Unit": "Seconds",
         "Values": [1.0, 2.0, 10.0], "Counts": [1.0, 2.0, 1.0]}])
    asked = {"Namespace": space, "MetricName": "m", "StartTime": start,
             "EndTime": start + minutes(1), "Period": 60}
    answer = cloudwatch.get_metric_statistics(
        Statistics=["Average", "Sum", "Minimum", "Maximum", "SampleCount"], **asked)
    assert answer["Label"] == "m"
    assert answer["Datapoints"] == [
        {"Timestamp": start, "Unit": "Seconds", "Average": 3.75, "Sum": 15.0, "Minimum": 1.0,
         "Maximum": 10.0, "SampleCount": 4.0}]
    extended = cloudwatch.get_metric_statistics(ExtendedStatistics=["p50", "p100"], **asked)
    assert extended["Datapoints"][0]["ExtendedStatistics"] == {"p50": 2.0, "p100": 10.0}


def test_metrics_are_listed_by_dimension_and_in_pages(cloudwatch, space):
    data = [{"MetricName": f"m{i % 3}", "Value": 1.0,
             "Dimensions": [{"Name": "Id", "Value": str(i)}, {"Name": "Kind", "Value": "x"}]}
            for i in range(600)]
    cloudwatch.put_metric_data(Namespace=space, MetricData=data)  # big enough to be compressed
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=space)
    found = [metric for page in pages for metric in page["Metrics"]]
    assert len(found) == 600
    one = cloudwatch.list_metrics(Namespace=space, MetricName="m2", RecentlyActive="PT3H",
                                  Dimensions=[{"Name": "Id", "Value": "5"}])["Metrics"]
    assert one == [{"Namespace": space, "MetricName": "m2", "Dimensions": data[5]["Dimensions"]}]
    assert cloudwatch.list_metrics(Namespace=space, Dimensions=[{"Name": "No"}])["Metrics"] == []


def test_queries_expressions_and_pages(cloudwatch, space):
    start = minute()
    put(cloudwatch, space, [1.0, 2.0, 3.0], "errors", start)
    put(cloudwatch, space, [10.0, 10.0, 10.0], "requests", start)
    queries = [stat_query(space, "errors", "e", ReturnData=False),
               stat_query(space, "requests", "r", Label="all"),
               {"Id": "rate", "Expression": "100 * e / r", "Label": "percent"},
               {"Id": "both", "Expression": "SUM(METRICS())"}]
    span = {"StartTime": start, "EndTime": start + minutes(5)}
    answer = cloudwatch.get_metric_data(MetricDataQueries=queries, ScanBy="TimestampAscending",
                                        **span)
    results = {result["Id"]: result for result in answer["MetricDataResults"]}
    assert set(results) == {"r", "rate", "both"}
    assert results["r"]["Label"] == "all"
    assert results["rate"]["Values"] == [10.0, 20.0, 30.0]
    assert results["both"]["Values"] == [11.0, 12.0, 13.0]
    assert results["rate"]["Timestamps"] == [start + minutes(i) for i in range(3)]
    assert results["rate"]["StatusCode"] == "Complete"

    pages = list(cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, PaginationConfig={"PageSize": 2}, **span))
    assert len(pages) == 5
    got = [(result["Id"], value) for page in pages for result in page["MetricDataResults"]
           for value in result["Values"]]
    assert got[3:6] == [("rate", 30.0), ("rate", 20.0), ("rate", 10.0)]
    assert len(got) == 9


@pytest.mark.parametrize("expression, says", [
    ("x + 1", "Undefined metric id"), ("e +", "Invalid syntax"),
    ("SEARCH('a', 'Sum', 60)", "not served"), ("SUM(e)", "not a time series")])
def test_an_expression_that_is_not_understood_is_refused(cloudwatch, space, expression, says):
    message = refused("ValidationError", cloudwatch.get_metric_data,
                      StartTime=minute(), EndTime=minute(0),
                      MetricDataQueries=[stat_query(space, "m", "e"),
                                         {"Id": "x1", "Expression": expression}])
    assert says in message and "x1" in message


def test_bad_data_is_refused_by_name(cloudwatch, space):
    def one(**datum):
        return {"Namespace": space, "MetricData": [{"MetricName": "m", **datum}]}

    send = cloudwatch.put_metric_data
    assert "AWS/X" in refused("InvalidParameterValue", send,
                              **{**one(Value=1.0), "Namespace": "AWS/X"})
    refused("MissingParameter", send, **one())
    refused("InvalidParameterCombination", send, **one(Value=1.0, Values=[1.0]))
    refused("InvalidParameterValue", send, **one(Values=[1.0, 2.0], Counts=[1.0]))
    refused("InvalidParameterValue", send, **one(Value=float("nan")))
    refused("InvalidParameterValue", send, **one(Value=1.0, Timestamp=minute(60 * 24 * 15)))
    refused("InvalidParameterValue", send, **one(Value=1.0, Timestamp=minute(-130)))
    with pytest.raises(cloudwatch.exceptions.InvalidParameterValueException):
        send(**one(Value=1.0, StorageResolution=7))
    refused("InvalidParameterCombination", cloudwatch.get_metric_statistics, Namespace=space,
            MetricName="m", StartTime=minute(60 * 48), EndTime=minute(0), Period=60,
            Statistics=["Sum"])


@pytest.mark.local_only
def test_older_sdks_speak_query_and_read_xml(endpoint, cloudwatch, space):
    start = minute()
    status, put_answer = query_api(endpoint, **{
        "Action": "PutMetricData", "Namespace": space, "MetricData.member.1.MetricName": "m",
        "MetricData.member.1.Value": "2.5", "MetricData.member.1.Unit": "Count",
        "MetricData.member.1.Timestamp": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "MetricData.member.1.Dimensions.member.1.Name": "Id",
        "MetricData.member.1.Dimensions.member.1.Value": "a&b"})
    assert status == 200 and put_answer.tag == XML + "PutMetricDataResponse"
    assert put_answer.find(f".//{XML}RequestId").text
    _, listed = query_api(endpoint, Action="ListMetrics", Namespace=space)
    assert [e.text for e in listed.iter(XML + "Value")] == ["a&b"]
    status, read = query_api(endpoint, **{
        "Action": "GetMetricStatistics", "Namespace": space, "MetricName": "m", "Period": "60",
        "Dimensions.member.1.Name": "Id", "Dimensions.member.1.Value": "a&b",
        "StartTime": start.isoformat(), "EndTime": (start + minutes(1)).isoformat(),
        "Statistics.member.1": "Sum"})
    assert status == 200
    assert [e.text for e in read.iter(XML + "Sum")] == ["2.5"]
    assert [e.text for e in read.iter(XML + "Timestamp")] == [start.strftime("%Y-%m-%dT%H:%M:%SZ")]
    status, error = query_api(endpoint, Action="PutMetricData", Namespace="AWS/X")
    assert status == 400 and error.find(f".//{XML}Code").text == "InvalidParameterValue"
    status, _ = query_api(endpoint, Action="Nope")
    assert status == 400
    # and what one protocol wrote the other reads
    assert cloudwatch.list_metrics(Namespace=space)["Metrics"][0]["MetricName"] == "m"


def test_the_cli_puts_lists_and_reads(aws, space):
    start = minute()
    aws("cloudwatch", "put-metric-data", "--namespace", space, "--metric-name", "m", "--value", "4",
        "--unit", "Count", "--timestamp", start.isoformat(), "--dimensions", "Id=1")
    listed = aws("cloudwatch", "list-metrics", "--namespace", space)["Metrics"]
    assert listed[0]["Dimensions"] == [{"Name": "Id", "Value": "1"}]
    read = aws("cloudwatch", "get-metric-statistics", "--namespace", space, "--metric-name", "m",
               "--dimensions", "Name=Id,Value=1", "--statistics", "Maximum", "--period", "60",
               "--start-time", start.isoformat(), "--end-time", (start + minutes(1)).isoformat())
    assert read["Datapoints"][0]["Maximum"] == 4.0
    query = [{"Id": "a", "MetricStat": {"Metric": {
        "Namespace": space, "MetricName": "m", "Dimensions": [{"Name": "Id", "Value": "1"}]},
        "Period": 60, "Stat": "Sum"}}]
    data = aws("cloudwatch", "get-metric-data", "--metric-data-queries", json.dumps(query),
               "--start-time", start.isoformat(), "--end-time", (start + minutes(1)).isoformat())
    assert data["MetricDataResults"][0]["Values"] == [4.0]


@pytest.mark.local_only
def test_a_policy_decides_who_reads(iam, client, space):
    name = "howdah-" + os.urandom(5).hex()
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    try:
        mine = client("cloudwatch", access_key=key["AccessKeyId"],
                      secret_key=key["SecretAccessKey"])
        assert "cloudwatch:ListMetrics" in refused("AccessDenied", mine.list_metrics)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "cloudwatch:List*", "Resource": "*"}]}))
        assert mine.list_metrics(Namespace=space)["Metrics"] == []
        refused("AccessDenied", mine.put_metric_data, Namespace=space,
                MetricData=[{"MetricName": "m", "Value": 1.0}])
        iam.delete_user_policy(UserName=name, PolicyName="p")
    finally:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=name)
