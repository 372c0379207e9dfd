"""EMR Serverless through boto3 and the AWS CLI: every operation, what is refused, what is echoed.

No job is run here.
"""
import json
import re
import uuid

import pytest
from botocore.exceptions import ClientError

from support.server import until

RELEASE = "emr-7.10.0"
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "emr-serverless.amazonaws.com"},
     "Action": "sts:AssumeRole"}]}


@pytest.fixture(scope="module")
def serverless(client):
    return client("emr-serverless")


@pytest.fixture(scope="module")
def role(iam):
    name = f"serverless-api-{uuid.uuid4().hex[:8]}"
    yield iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.delete_role(RoleName=name)


@pytest.fixture
def make(serverless):
    """make(type="SPARK", ...) -> application id; all are stopped and deleted at the end."""
    made = []

    def create(**request):
        request = {"releaseLabel": RELEASE, "type": "SPARK", **request}
        made.append(serverless.create_application(**request)["applicationId"])
        until(lambda: state(serverless, made[-1]) == "CREATED", f"{made[-1]} is created", 10,
              every=0.05)
        return made[-1]

    yield create
    for application in made:
        end(serverless, application)


@pytest.fixture
def manual(make):
    """An application that is not started by job runs, so that none is run."""
    return make(name="manual", autoStartConfiguration={"enabled": False})


def state(serverless, application):
    return serverless.get_application(applicationId=application)["application"]["state"]


def end(serverless, application):
    if state(serverless, application) in ("STARTING", "STARTED"):
        serverless.stop_application(applicationId=application)
    until(lambda: state(serverless, application) in ("CREATED", "STOPPED", "TERMINATED"),
          f"{application} rests", 60, every=0.1)
    if state(serverless, application) != "TERMINATED":
        serverless.delete_application(applicationId=application)
    until(lambda: state(serverless, application) == "TERMINATED", f"{application} ends", 30,
          every=0.1)


def refused(call, status=400, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def spark(role, application, **changes):
    return {"applicationId": application, "executionRoleArn": role,
            "jobDriver": {"sparkSubmit": {"entryPoint": "s3://bucket/job.py"}}, **changes}


def test_an_application_reads_back_with_amazons_defaults(serverless, make):
    made = serverless.create_application(name="etl", releaseLabel="emr-6.8.0", type="SPARK",
                                         tags={"team": "data", "empty": ""})
    application = made["applicationId"]
    assert re.fullmatch(r"00[0-9a-z]{14}", application)
    assert made["name"] == "etl"
    assert made["arn"] == \
        f"arn:aws:emr-serverless:us-east-1:000000000000:/applications/{application}"
    got = serverless.get_application(applicationId=application)["application"]
    assert got["type"] == "Spark"
    assert got["releaseLabel"] == "emr-6.8.0"
    assert got["autoStartConfiguration"] == {"enabled": True}
    assert got["autoStopConfiguration"] == {"enabled": True, "idleTimeoutMinutes": 15}
    assert got["architecture"] in ("X86_64", "ARM64")
    assert got["tags"] == {"team": "data", "empty": ""}
    assert got["createdAt"].year >= 2024
    assert "maximumCapacity" not in got
    end(serverless, application)


def test_capacity_is_echoed_in_amazons_spelling(serverless, make):
    application = make(
        initialCapacity={"DRIVER": {"workerCount": 1, "workerConfiguration": {
            "cpu": "2vCPU", "memory": "4GB", "disk": "20gb"}}},
        maximumCapacity={"cpu": "200", "memory": "200 GB"},
        schedulerConfiguration={"maxConcurrentRuns": 2},
        runtimeConfiguration=[{"classification": "spark-defaults",
                               "properties": {"spark.driver.cores": "2"}}],
        monitoringConfiguration={"s3MonitoringConfiguration": {"logUri": "s3://bucket/logs/"}},
        networkConfiguration={"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]})
    got = serverless.get_application(applicationId=application)["application"]
    assert got["initialCapacity"] == {"Driver": {"workerCount": 1, "workerConfiguration": {
        "cpu": "2 vCPU", "memory": "4 GB", "disk": "20 GB", "diskType": "STANDARD"}}}
    assert got["maximumCapacity"] == {"cpu": "200 vCPU", "memory": "200 GB"}
    assert got["schedulerConfiguration"] == {"maxConcurrentRuns": 2, "queueTimeoutMinutes": 360}
    assert got["runtimeConfiguration"][0]["properties"] == {"spark.driver.cores": "2"}
    assert got["monitoringConfiguration"] == {
        "s3MonitoringConfiguration": {"logUri": "s3://bucket/logs/"}}
    assert got["networkConfiguration"] == {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}


@pytest.mark.parametrize("changes, message", [
    ({"type": "PRESTO"}, "Unsupported engine PRESTO"),
    ({"releaseLabel": "emr-1.2.3"}, "is not supported for release label 'emr-1.2.3'"),
    ({"releaseLabel": "emr-6.12.0"}, "cannot be run here yet"),
    ({"imageConfiguration": {
        "imageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/spark:latest"}}, "is refused"),
    ({"diskEncryptionConfiguration": {"encryptionContext": {"a": "b"}}}, "is refused"),
    ({"initialCapacity": {"Driver": {"workerCount": 1, "workerConfiguration": {
        "cpu": "4 vCPU", "memory": "64 GB"}}}}, "minimum 8 GB, maximum 30 GB"),
    ({"initialCapacity": {"Driver": {"workerCount": 2}},
      "maximumCapacity": {"cpu": "4 vCPU", "memory": "64 GB"}}, "exceeds the maximumCapacity"),
    ({"schedulerConfiguration": {"queueTimeoutMinutes": 721}}, "from 15 to 720"),
    ({"tags": {"aws:mine": ""}}, "must not begin with aws:"),
])
def test_what_cannot_be_is_refused_without_effect(serverless, changes, message):
    request = {"releaseLabel": RELEASE, "type": "SPARK", **changes}
    before = len(serverless.list_applications(maxResults=50)["applications"])
    code, said = refused(serverless.create_application, **request)
    assert code == "ValidationException"
    assert message in said
    assert len(serverless.list_applications(maxResults=50)["applications"]) == before


def test_modelled_constraints_are_told(client):
    loose = client("emr-serverless", parameter_validation=False)
    code, said = refused(loose.create_application, type="SPARK", name="not a name")
    assert code == "ValidationException"
    assert said.startswith("2 validation errors detected: ")
    assert "'releaseLabel' failed to satisfy constraint: Member must not be null" in said
    code, said = refused(loose.list_applications, maxResults=51)
    assert "'maxResults' failed to satisfy constraint" in said
    code, said = refused(loose.list_applications, states=["AWAKE"])
    assert "enum value set" in said


def test_a_token_makes_one_application(serverless, make):
    token = str(uuid.uuid4())
    first = make(name="once", clientToken=token)
    again = serverless.create_application(name="once", releaseLabel=RELEASE, type="SPARK",
                                          clientToken=token)
    assert again["applicationId"] == first
    with pytest.raises(serverless.exceptions.ConflictException):
        serverless.create_application(name="twice", releaseLabel=RELEASE, type="SPARK",
                                      clientToken=token)
    assert refused(serverless.create_application, 409, name="twice", releaseLabel=RELEASE,
                   type="SPARK", clientToken=token)[0] == "ConflictException"


def test_unknown_ids_do_not_exist(serverless, manual):
    nowhere = {"applicationId": "00nope"}
    for call, more in [(serverless.get_application, {}), (serverless.start_application, {}),
                       (serverless.stop_application, {}), (serverless.delete_application, {}),
                       (serverless.update_application, {}), (serverless.list_job_runs, {}),
                       (serverless.get_job_run, {"jobRunId": "00run"}),
                       (serverless.list_sessions, {})]:
        assert refused(call, 404, **nowhere, **more) == (
            "ResourceNotFoundException", "Application 00nope does not exist")
    for call in (serverless.get_job_run, serverless.cancel_job_run,
                 serverless.list_job_run_attempts, serverless.get_dashboard_for_job_run):
        with pytest.raises(serverless.exceptions.ResourceNotFoundException,
                           match="Job run 00run does not exist"):
            call(applicationId=manual, jobRunId="00run")


def test_an_application_lives_and_ends(serverless, make):
    application = make(autoStopConfiguration={"enabled": False})
    serverless.start_application(applicationId=application)
    assert state(serverless, application) in ("STARTING", "STARTED")
    until(lambda: state(serverless, application) == "STARTED", "it is started", 120, every=0.1)
    for call in (serverless.delete_application, serverless.update_application):
        code, said = refused(call, applicationId=application)
        assert code == "ValidationException"
        assert said == (f"Application {application} must be in one of the following statuses "
                        "[CREATED, STOPPED]. Current status: STARTED")
    serverless.stop_application(applicationId=application)
    assert state(serverless, application) in ("STOPPING", "STOPPED")
    until(lambda: state(serverless, application) == "STOPPED", "it is stopped", 60, every=0.1)
    assert refused(serverless.stop_application, applicationId=application)[1] == (
        "Application cannot be STOPPED. Applications must be in one of the following statuses: "
        "[STARTING, STARTED]")
    updated = serverless.update_application(
        applicationId=application, releaseLabel="emr-6.15.0",
        maximumCapacity={"cpu": "16 vCPU", "memory": "64 GB"})["application"]
    assert updated["releaseLabel"] == "emr-6.15.0"
    assert updated["autoStopConfiguration"]["enabled"] is False
    assert updated["maximumCapacity"] == {"cpu": "16 vCPU", "memory": "64 GB"}
    serverless.delete_application(applicationId=application)
    until(lambda: state(serverless, application) == "TERMINATED", "it is deleted", 30, every=0.1)


def test_applications_are_listed_in_pages(serverless, make):
    mine = [make(name=f"page-{i}") for i in range(3)]
    paginator = serverless.get_paginator("list_applications")
    pages = list(paginator.paginate(states=["CREATED"], PaginationConfig={"PageSize": 2}))
    assert all(len(page["applications"]) <= 2 for page in pages)
    seen = [each["id"] for page in pages for each in page["applications"]]
    assert len(seen) == len(set(seen))
    assert [each for each in seen if each in mine] == mine[::-1]
    assert refused(serverless.list_applications, nextToken="zz")[1] == "Invalid nextToken"


def test_tags(serverless, make, role, manual):
    arn = serverless.get_application(applicationId=manual)["application"]["arn"]
    serverless.tag_resource(resourceArn=arn, tags={"a": "1", "b/c": "", "d e": "x=y"})
    serverless.tag_resource(resourceArn=arn, tags={"a": "2"})
    assert serverless.list_tags_for_resource(resourceArn=arn)["tags"] == {
        "a": "2", "b/c": "", "d e": "x=y"}
    serverless.untag_resource(resourceArn=arn, tagKeys=["a", "d e"])
    got = serverless.get_application(applicationId=manual)["application"]
    assert got["tags"] == {"b/c": ""}
    assert refused(serverless.list_tags_for_resource, 404, resourceArn=arn + "x")[0] == \
        "ResourceNotFoundException"


@pytest.mark.parametrize("changes, message", [
    ({"executionTimeoutMinutes": 1}, "RunTimeout must be at least 5 minutes."),
    ({"jobDriver": {"hive": {"query": "SELECT 1"}}},
     "jobDriver hive is not supported for an application of type Spark."),
    ({"retryPolicy": {"maxAttempts": 11}}, "the maximum is 10"),
    ({"executionIamPolicy": {"policy": "nonsense"}}, "Invalid executionIamPolicy.policy"),
    ({"configurationOverrides": {"monitoringConfiguration": {
        "s3MonitoringConfiguration": {"logUri": "logs"}}}}, "Invalid logUri 'logs'"),
    ({"executionRoleArn": "arn:aws:iam::000000000000:role/nobody"}, "required trust relationship"),
    ({}, "It does not start automatically: start it first"),
])
def test_runs_that_cannot_be_are_refused(serverless, manual, role, changes, message):
    code, said = refused(serverless.start_job_run, **spark(role, manual, **changes))
    assert code == "ValidationException"
    assert message in said
    assert serverless.list_job_runs(applicationId=manual)["jobRuns"] == []


def test_a_run_reads_back_and_is_listed(serverless, make, role):
    # More than the application may ever have: it ends without a job being run.
    application = make(maximumCapacity={"cpu": "1 vCPU", "memory": "2 GB"})
    request = spark(role, application, name="too big", tags={"a": "b"}, clientToken="once",
                    executionTimeoutMinutes=10, retryPolicy={"maxAttempts": 2})
    request["jobDriver"]["sparkSubmit"].update(
        entryPointArguments=["x", ""], sparkSubmitParameters="--conf spark.driver.cores=4")
    made = serverless.start_job_run(**request)
    run = made["jobRunId"]
    assert re.fullmatch(r"00[0-9a-z]{14}", run)
    assert made["arn"].endswith(f":/applications/{application}/jobruns/{run}")
    assert serverless.start_job_run(**request)["jobRunId"] == run
    assert refused(serverless.start_job_run, 409, **{**request, "name": "another"})[0] == \
        "ConflictException"

    def get():
        return serverless.get_job_run(applicationId=application, jobRunId=run)["jobRun"]

    until(lambda: get()["state"] == "FAILED", "it is refused by the capacity", 120, every=0.1)
    got = get()
    assert got["jobDriver"] == request["jobDriver"]
    assert got["executionRole"] == role
    assert got["createdBy"] == "arn:aws:iam::000000000000:root"
    assert got["executionTimeoutMinutes"] == 10
    assert got["retryPolicy"] == {"maxAttempts": 2}
    assert got["releaseLabel"] == RELEASE
    assert (got["name"], got["mode"], got["tags"]) == ("too big", "BATCH", {"a": "b"})
    assert got["stateDetails"]
    assert got["endedAt"] >= got["createdAt"]
    assert got["totalExecutionDurationSeconds"] == 0
    assert got["totalResourceUtilization"]["vCPUHour"] == 0
    assert refused(serverless.get_job_run, 404, applicationId=application, jobRunId=run,
                   attempt=9)[0] == "ResourceNotFoundException"

    listed = serverless.list_job_runs(applicationId=application, states=["FAILED"], mode="BATCH",
                                      createdAtAfter=got["createdAt"].replace(microsecond=0))
    assert [each["id"] for each in listed["jobRuns"]] == [run]
    assert listed["jobRuns"][0]["type"] == "SPARK_SUBMIT"
    assert serverless.list_job_runs(applicationId=application, states=["SUCCESS"])["jobRuns"] == []
    attempts = [each for page in serverless.get_paginator("list_job_run_attempts").paginate(
        applicationId=application, jobRunId=run, PaginationConfig={"PageSize": 1})
        for each in page["jobRunAttempts"]]
    assert [each["attempt"] for each in attempts] == list(range(len(attempts), 0, -1))
    assert attempts[0]["state"] == "FAILED"
    serverless.tag_resource(resourceArn=made["arn"], tags={"c": "d"})
    assert get()["tags"] == {"a": "b", "c": "d"}
    assert refused(serverless.cancel_job_run, applicationId=application, jobRunId=run)[1] == \
        f"Job run {run} cannot be cancelled. Current status: FAILED"


def test_a_role_of_another_account_may_not_be_passed(serverless, manual):
    foreign = "arn:aws:iam::111111111111:role/job"
    assert refused(serverless.start_job_run, 403, **spark(foreign, manual)) == (
        "AccessDeniedException", "Cross-account pass role is not allowed.")


def test_a_policy_on_one_application_opens_that_one_only(serverless, client, iam, make):
    mine, other = make(), make()
    user = f"serverless-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="one", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ["emr-serverless:Get*", "emr-serverless:ListJobRuns"],
            "Resource": f"arn:aws:emr-serverless:*:*:/applications/{mine}"}]}))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    theirs = client("emr-serverless", access_key=key["AccessKeyId"],
                    secret_key=key["SecretAccessKey"])
    assert theirs.get_application(applicationId=mine)["application"]["applicationId"] == mine
    assert theirs.list_job_runs(applicationId=mine)["jobRuns"] == []
    for call, arguments in [(theirs.get_application, {"applicationId": other}),
                            (theirs.delete_application, {"applicationId": mine}),
                            (theirs.list_applications, {})]:
        assert refused(call, 403, **arguments)[0] == "AccessDeniedException"
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=user, PolicyName="one")
    iam.delete_user(UserName=user)


def test_sessions_are_not_enabled(serverless, manual, role):
    assert "Interactive sessions are supported" in refused(
        serverless.start_session, applicationId=manual, executionRoleArn=role)[1]
    assert serverless.list_sessions(applicationId=manual)["sessions"] == []
    for call in (serverless.get_session, serverless.terminate_session,
                 serverless.get_session_endpoint):
        assert refused(call, 404, applicationId=manual, sessionId="00s") == (
            "ResourceNotFoundException", "Session 00s does not exist")
    assert refused(serverless.get_resource_dashboard, 404, applicationId=manual,
                   resourceId="00s", resourceType="SESSION")[0] == "ResourceNotFoundException"


def test_the_aws_cli(aws, role):
    made = aws("emr-serverless", "create-application", "--release-label", "emr-6.8.0", "--type",
               "SPARK", "--name", "My_First_Application", "--auto-start-configuration",
               "enabled=false")
    application = made["applicationId"]
    assert made["name"] == "My_First_Application"

    def now():
        return aws("emr-serverless", "get-application", "--application-id",
                   application)["application"]["state"]

    until(lambda: now() == "CREATED", "it is created", 20, every=0.1)
    listed = aws("emr-serverless", "list-applications", "--states", "CREATED", "STARTED")
    assert application in [each["id"] for each in listed["applications"]]
    assert aws("emr-serverless", "list-job-runs", "--application-id", application)["jobRuns"] == []
    aws("emr-serverless", "tag-resource", "--resource-arn", made["arn"], "--tags", "a=b")
    assert aws("emr-serverless", "list-tags-for-resource", "--resource-arn",
               made["arn"])["tags"] == {"a": "b"}
    aws("emr-serverless", "untag-resource", "--resource-arn", made["arn"], "--tag-keys", "a")
    updated = aws("emr-serverless", "update-application", "--application-id", application,
                  "--auto-stop-configuration", "enabled=true,idleTimeoutMinutes=1")
    assert updated["application"]["autoStopConfiguration"]["idleTimeoutMinutes"] == 1
    failed = aws.run("emr-serverless", "start-job-run", "--application-id", application,
                     "--execution-role-arn", role, "--job-driver",
                     '{"sparkSubmit": {"entryPoint": "s3://bucket/job.py"}}')
    assert failed.returncode in (254, 255)  # version 2 of the CLI, version 1
    assert "(ValidationException) when calling the StartJobRun operation: Application " \
        f"{application} must be in one of the following statuses [STARTED]" in failed.stderr
    aws("emr-serverless", "delete-application", "--application-id", application)
    until(lambda: now() == "TERMINATED", "it is deleted", 30, every=0.1)
