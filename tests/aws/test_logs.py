"""CloudWatch Logs as boto3 and the AWS CLI meet them."""
import json
import os
import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def logs(client):
    return client("logs")


@pytest.fixture
def group(logs):
    name = "/howdah/" + os.urandom(5).hex()
    logs.create_log_group(logGroupName=name, tags={"team": "data"})
    yield name
    logs.delete_log_group(logGroupName=name)


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


def now():
    return int(time.time() * 1000)


def write(logs, group, stream, messages, start=None, make=True):
    if make:
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    start = start or now() - 60000
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[
        {"timestamp": start + i, "message": message} for i, message in enumerate(messages)])


def texts(answer):
    return [event["message"] for event in answer["events"]]


def test_groups_are_described_and_keep_retention_and_tags(logs, group):
    logs.put_retention_policy(logGroupName=group, retentionInDays=30)
    found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found[0]["logGroupName"] == group
    assert found[0]["retentionInDays"] == 30
    assert found[0]["arn"] == f"{found[0]['logGroupArn']}:*"
    arn = found[0]["logGroupArn"]
    logs.tag_resource(resourceArn=arn, tags={"a": "1"})
    logs.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1"}
    logs.delete_retention_policy(logGroupName=group)
    again = logs.describe_log_groups(logGroupNamePattern=group[-8:])["logGroups"]
    assert "retentionInDays" not in again[0]
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    refused("InvalidParameterException", logs.put_retention_policy, logGroupName=group,
            retentionInDays=2)
    assert "does not exist" in refused("ResourceNotFoundException", logs.delete_log_group,
                                       logGroupName=group + "x")


def test_groups_and_streams_come_in_pages(logs, group):
    for i in range(7):
        write(logs, group, f"s{i}", [f"m{i}"], start=now() - 1000 * (7 - i))
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=group, orderBy="LastEventTime", descending=True,
        PaginationConfig={"PageSize": 3})
    assert [s["logStreamName"] for page in pages for s in page["logStreams"]] == [
        f"s{6 - i}" for i in range(7)]
    named = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="s3")["logStreams"]
    assert len(named) == 1 and named[0]["firstEventTimestamp"] == named[0]["lastEventTimestamp"]
    refused("InvalidParameterException", logs.describe_log_streams, logGroupName=group,
            orderBy="LastEventTime", logStreamNamePrefix="s")
    logs.delete_log_stream(logGroupName=group, logStreamName="s3")
    assert len(logs.describe_log_streams(logGroupName=group)["logStreams"]) == 6
    pages = logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix=group, PaginationConfig={"PageSize": 1})
    assert [g["logGroupName"] for page in pages for g in page["logGroups"]] == [group]


def test_a_stream_is_read_both_ways(logs, group):
    write(logs, group, "s", [f"line {i}" for i in range(10)])
    ask = {"logGroupName": group, "logStreamName": "s", "limit": 4}
    assert texts(logs.get_log_events(**ask)) == [f"line {i}" for i in range(6, 10)]
    head = logs.get_log_events(startFromHead=True, **ask)
    assert texts(head) == [f"line {i}" for i in range(4)]
    seen, token = texts(head), head["nextForwardToken"]
    while True:
        page = logs.get_log_events(nextToken=token, **ask)
        seen += texts(page)
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert seen == [f"line {i}" for i in range(10)]
    write(logs, group, "s", ["later"], start=now(), make=False)
    assert texts(logs.get_log_events(nextToken=token, **ask)) == ["later"]
    back = logs.get_log_events(**ask)["nextBackwardToken"]
    assert texts(logs.get_log_events(nextToken=back, **ask)) == [
        f"line {i}" for i in range(3, 7)]
    refused("ResourceNotFoundException", logs.get_log_events, logGroupName=group,
            logStreamName="none")
    refused("InvalidParameterException", logs.get_log_events, nextToken="f/x", **ask)


def test_events_are_filtered_over_streams(logs, group):
    start = now() - 60000
    write(logs, group, "a-1", ["ERROR disk full", '{"level":"ERROR","code":503}'], start)
    write(logs, group, "a-2", ["INFO fine", '{"level":"INFO","code":200}'], start + 10)
    write(logs, group, "b", ["ERROR retry"], start + 20)

    def found(pattern="", **more):
        return texts(logs.filter_log_events(logGroupName=group, filterPattern=pattern, **more))

    assert len(found()) == 5
    assert found("ERROR -retry -level") == ["ERROR disk full"]
    assert found('"disk full"') == ["ERROR disk full"]
    assert found("?disk ?fine") == ["ERROR disk full", "INFO fine"]
    assert found('{ $.level = "ERR*" && $.code >= 500 }') == ['{"level":"ERROR","code":503}']
    assert found(logStreamNamePrefix="a-", startTime=start + 10) == [
        "INFO fine", '{"level":"INFO","code":200}']
    assert found(logStreamNames=["b"]) == ["ERROR retry"]
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern="ERROR", PaginationConfig={"PageSize": 1})
    events = [event for page in pages for event in page["events"]]
    assert [event["logStreamName"] for event in events] == ["a-1", "a-1", "b"]
    assert len({event["eventId"] for event in events}) == 3
    refused("InvalidParameterException", logs.filter_log_events, logGroupName=group,
            filterPattern="{ $.level = ")
    refused("ResourceNotFoundException", logs.filter_log_events, logGroupName=group,
            logStreamNames=["none"])


def test_a_batch_is_checked(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="s")

    def send(*times, message="x"):
        return logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[
            {"timestamp": at, "message": message} for at in times])

    at = now()
    with pytest.raises(ClientError, match="chronological order"):
        send(at, at - 1)
    with pytest.raises(ClientError, match="24 hours"):
        send(at - 25 * 3600 * 1000, at)
    with pytest.raises(ClientError, match="Upload too large"):
        send(at, at, message="x" * 600000)
    assert send(at, at + 3 * 3600 * 1000)["rejectedLogEventsInfo"] == {
        "tooNewLogEventStartIndex": 1}
    assert send(at - 15 * 24 * 3600 * 1000)["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1}
    assert len(logs.get_log_events(logGroupName=group, logStreamName="s")["events"]) == 1
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.put_log_events(logGroupName=group, logStreamName="none",
                            logEvents=[{"timestamp": at, "message": "x"}])


def test_the_cli_reads_what_was_written(aws, logs, group):
    write(logs, group, "driver/stdout", ["hello", "ERROR: no"])
    streams = aws("logs", "describe-log-streams", "--log-group-name", group)["logStreams"]
    assert streams[0]["logStreamName"] == "driver/stdout"
    read = aws("logs", "get-log-events", "--log-group-name", group, "--log-stream-name",
               "driver/stdout", "--start-from-head", "--query", "events[].message")
    assert read == ["hello", "ERROR: no"]
    filtered = aws("logs", "filter-log-events", "--log-group-name", group, "--filter-pattern",
                   "ERROR", "--query", "events[].message")
    assert filtered == ["ERROR: no"]
    # what `aws logs tail` of the CLI's second version sends
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
    tailed = aws("logs", "filter-log-events", "--log-group-identifier", arn, "--interleaved",
                 "--start-time", str(now() - 600000), "--query", "events[].message")
    assert tailed == ["hello", "ERROR: no"]


@pytest.mark.local_only
def test_a_policy_decides_by_group(iam, client, logs, group):
    name = "howdah-" + os.urandom(5).hex()
    write(logs, group, "s", ["x"])
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    try:
        mine = client("logs", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
        refused("AccessDeniedException", mine.describe_log_groups)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["logs:FilterLogEvents", "logs:GetLogEvents"],
                 "Resource": f"arn:aws:logs:*:*:log-group:{group}:*"}]}))
        assert texts(mine.filter_log_events(logGroupName=group)) == ["x"]
        assert texts(mine.get_log_events(logGroupName=group, logStreamName="s")) == ["x"]
        refused("AccessDeniedException", mine.filter_log_events, logGroupName=group + "-other")
        iam.delete_user_policy(UserName=name, PolicyName="p")
    finally:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=name)
