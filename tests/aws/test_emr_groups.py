"""Instance groups and fleets through boto3 and the AWS CLI: what is accepted, refused and echoed.

The clusters of this file stay in STARTING: their server's package index never answers. What runs
on many nodes is tested in tests/apps.
"""
import json
import os
import socket

import boto3
import botocore.config
import pytest
from botocore.exceptions import ClientError

from support.aws_cli import REGION, AwsCli
from support import server as server_module
from support.clusters import OVER, cluster_request
from support.server import KEYS, clean_environment, until


pytestmark = pytest.mark.local_only

MASTER = {"Name": "Primary", "InstanceRole": "MASTER", "InstanceType": "m5.xlarge",
          "InstanceCount": 1}
CORE = {"Name": "Core", "Market": "ON_DEMAND", "InstanceRole": "CORE",
        "InstanceType": "m5.xlarge", "InstanceCount": 2}
TASK = {"Name": "Task", "Market": "SPOT", "BidPrice": "0.25", "InstanceRole": "TASK",
        "InstanceType": "c5.xlarge", "InstanceCount": 1}
VOLUMES = {"EbsOptimized": True, "EbsBlockDeviceConfigs": [
    {"VolumesPerInstance": 2, "VolumeSpecification": {"VolumeType": "gp3", "SizeInGB": 64}}]}


SETTINGS = """<settings><mirrors><mirror><id>nowhere</id><mirrorOf>*</mirrorOf>
<url>{url}</url></mirror></mirrors></settings>"""


@pytest.fixture(scope="module")
def still_starting(request, tmp_path_factory):
    """A server that can fetch no engine: whoever asks its package indexes waits."""
    folder = tmp_path_factory.mktemp("starting")
    (folder / ".m2").mkdir()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        nowhere = f"http://127.0.0.1:{silent.getsockname()[1]}"
        (folder / ".m2" / "settings.xml").write_text(SETTINGS.format(url=nowhere))
        environment = {"HOME": str(folder), "HOWDAH_CACHE": str(folder / "cache"),
                       "PIP_INDEX_URL": nowhere, "PIP_CONFIG_FILE": os.devnull}
        running = server_module.Server(folder / "data", request.config.getoption("--server"),
                                       arguments=["--engines", str(folder / "engines")],
                                       environment=environment)
        yield running.start()
        running.__exit__()


@pytest.fixture(scope="module")
def emr(still_starting):
    return boto3.client(
        "emr", region_name=REGION, endpoint_url=still_starting.endpoint,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(retries={"total_max_attempts": 1}))


@pytest.fixture(scope="module")
def aws(still_starting, tmp_path_factory):
    return AwsCli(clean_environment(still_starting.endpoint, tmp_path_factory.mktemp("home")))


def with_groups(*groups, **changes):
    request = cluster_request(**changes)
    request["Instances"] = {"InstanceGroups": list(groups), "KeepJobFlowAliveWhenNoSteps": True}
    return request


def with_fleets(*fleets):
    request = cluster_request()
    request["Instances"] = {"InstanceFleets": list(fleets), "KeepJobFlowAliveWhenNoSteps": True}
    return request


def fleet(role, on_demand=1, spot=0, **changes):
    return {"InstanceFleetType": role, "TargetOnDemandCapacity": on_demand,
            "TargetSpotCapacity": spot,
            "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}], **changes}


def refused(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    error = raised.value.response["Error"]
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Code"], error["Message"]


@pytest.fixture
def three_groups(emr):
    core = {**CORE, "EbsConfiguration": VOLUMES, "Configurations": [
        {"Classification": "yarn-site", "Properties": {"yarn.nodemanager.vmem-check-enabled":
                                                       "false"}}]}
    made = emr.run_job_flow(**with_groups(MASTER, core, TASK))["JobFlowId"]
    yield made
    emr.terminate_job_flows(JobFlowIds=[made])


def test_groups_are_echoed_in_the_read_shape(emr, three_groups):
    master, core, task = emr.list_instance_groups(ClusterId=three_groups)["InstanceGroups"]
    assert [group["InstanceGroupType"] for group in (master, core, task)] == \
        ["MASTER", "CORE", "TASK"]
    assert len({group["Id"] for group in (master, core, task)}) == 3
    assert core["RequestedInstanceCount"] == 2
    assert core["RunningInstanceCount"] == 0
    assert core["Status"]["State"] == "PROVISIONING"
    assert core["ConfigurationsVersion"] == 1
    assert core["LastSuccessfullyAppliedConfigurationsVersion"] == 0
    assert core["EbsOptimized"] is True
    assert [device["Device"] for device in core["EbsBlockDevices"]] == ["/dev/sdc", "/dev/sdd"]
    assert task["Market"] == "SPOT"
    assert task["BidPrice"] == "0.25"
    cluster = emr.describe_cluster(ClusterId=three_groups)["Cluster"]
    assert cluster["InstanceCollectionType"] == "INSTANCE_GROUP"
    assert "MasterPublicDnsName" not in cluster
    with pytest.raises(emr.exceptions.InvalidRequestException, match="mutually exclusive"):
        emr.list_instance_fleets(ClusterId=three_groups)


def test_groups_may_only_be_modified_when_the_cluster_is_up(emr, three_groups):
    core = emr.list_instance_groups(ClusterId=three_groups)["InstanceGroups"][1]["Id"]
    assert refused(emr.modify_instance_groups, ClusterId=three_groups, InstanceGroups=[
        {"InstanceGroupId": core, "InstanceCount": 3}]) == (
            "ValidationException", "An instance group may only be modified when the cluster is "
            "running or waiting.")


def test_groups_are_added_and_answered_with_their_ids(emr, three_groups):
    answer = emr.add_instance_groups(JobFlowId=three_groups, InstanceGroups=[
        {**TASK, "Name": "a"}, {**TASK, "Name": "b"}])
    assert answer["JobFlowId"] == three_groups
    assert answer["ClusterArn"].endswith(f":cluster/{three_groups}")
    listed = [group["Id"] for group in emr.get_paginator("list_instance_groups").paginate(
        ClusterId=three_groups).search("InstanceGroups[]")]
    assert listed[-2:] == answer["InstanceGroupIds"]
    assert refused(emr.add_instance_groups, JobFlowId=three_groups, InstanceGroups=[CORE]) == (
        "ValidationException", "Multiple core instance groups supplied, you must specify exactly "
        "one core instance group")


def test_instances_are_filtered_by_what_the_cluster_has(emr, three_groups):
    assert emr.list_instances(ClusterId=three_groups, InstanceGroupTypes=["TASK"],
                              InstanceStates=["TERMINATED"])["Instances"] == []
    assert refused(emr.list_instances, ClusterId=three_groups, InstanceGroupId="ig-NOPE") == (
        "InvalidRequestException", "Instance group id 'ig-NOPE' is not valid.")
    code, said = refused(emr.list_instances, ClusterId=three_groups, InstanceFleetType="CORE")
    assert code == "InvalidRequestException" and "mutually exclusive" in said


@pytest.mark.parametrize("groups, message", [
    ([CORE], "Zero master instance groups supplied"),
    ([MASTER, MASTER], "Multiple master instance groups supplied"),
    ([MASTER, CORE, CORE], "Multiple core instance groups supplied"),
    ([MASTER, TASK], "Clusters with task nodes must also define core nodes."),
    ([MASTER, {**CORE, "InstanceCount": 0}], "An instance group must have at least one instance"),
    ([{**MASTER, "InstanceCount": 2}], "A master instance group must specify a single instance"),
    ([MASTER, {**CORE, "BidPrice": "1"}],
     "Attempted to set bid price for on demand instance group."),
    ([MASTER, {**CORE, "InstanceType": "z9.huge"}], "Instance type 'z9.huge' is not supported."),
    ([MASTER, {**CORE, "CustomAmiId": "ami-1"}], "CustomAmiId is refused"),
    ([MASTER, CORE] + [TASK] * 49, "A cluster has at most 48 task instance groups"),
])
def test_groups_that_cannot_be_are_refused_without_effect(emr, groups, message):
    before = len(emr.list_clusters()["Clusters"])
    code, said = refused(emr.run_job_flow, **with_groups(*groups))
    assert code == "ValidationException"
    assert said.startswith(message)
    assert len(emr.list_clusters()["Clusters"]) == before


def test_fleets_are_echoed_added_and_kept_apart_from_groups(emr):
    workers = fleet("CORE", 4, 3, Name="workers", InstanceTypeConfigs=[
        {"InstanceType": "m5.xlarge", "WeightedCapacity": 2}], LaunchSpecifications={
            "SpotSpecification": {"TimeoutDurationMinutes": 10,
                                  "TimeoutAction": "SWITCH_TO_ON_DEMAND"}})
    made = emr.run_job_flow(**with_fleets(fleet("MASTER"), workers))["JobFlowId"]
    assert emr.describe_cluster(ClusterId=made)["Cluster"]["InstanceCollectionType"] == \
        "INSTANCE_FLEET"
    core = emr.list_instance_fleets(ClusterId=made)["InstanceFleets"][1]
    assert core["Id"].startswith("if-")
    assert (core["TargetOnDemandCapacity"], core["TargetSpotCapacity"]) == (4, 3)
    assert (core["ProvisionedOnDemandCapacity"], core["ProvisionedSpotCapacity"]) == (0, 0)
    assert core["InstanceTypeSpecifications"][0]["WeightedCapacity"] == 2
    assert core["InstanceTypeSpecifications"][0]["BidPriceAsPercentageOfOnDemandPrice"] == 100.0
    assert core["LaunchSpecifications"]["SpotSpecification"]["TimeoutDurationMinutes"] == 10
    with pytest.raises(emr.exceptions.InvalidRequestException) as raised:
        emr.list_instance_groups(ClusterId=made)
    assert raised.value.response["ErrorCode"] == "API_DOES_NOT_SUPPORT_INSTANCE_FLEET_CLUSTERS"
    added = emr.add_instance_fleet(ClusterId=made, InstanceFleet=fleet("TASK", 0, 2))
    assert added["ClusterId"] == made
    assert emr.list_instance_fleets(ClusterId=made)["InstanceFleets"][2]["Id"] == \
        added["InstanceFleetId"]
    with pytest.raises(emr.exceptions.InvalidRequestException,
                       match="instance fleet may only be modified when the cluster is running"):
        emr.modify_instance_fleet(ClusterId=made, InstanceFleet={
            "InstanceFleetId": added["InstanceFleetId"], "TargetOnDemandCapacity": 0,
            "TargetSpotCapacity": 0})
    emr.terminate_job_flows(JobFlowIds=[made])


def test_the_older_members_stand_for_a_primary_and_core_nodes(emr):
    made = emr.run_job_flow(**cluster_request(Instances={"InstanceCount": 3}))["JobFlowId"]
    groups = emr.list_instance_groups(ClusterId=made)["InstanceGroups"]
    assert [(group["InstanceGroupType"], group["RequestedInstanceCount"],
             group["InstanceType"]) for group in groups] == \
        [("MASTER", 1, "m5.xlarge"), ("CORE", 2, "m5.xlarge")]
    emr.terminate_job_flows(JobFlowIds=[made])
    until(lambda: emr.describe_cluster(ClusterId=made)["Cluster"]["Status"]["State"] in OVER,
          "the cluster that never started ends", 30)
    assert emr.list_instances(ClusterId=made)["Instances"] == []


def test_deprecated_job_flows_are_described(emr, three_groups):
    found = emr.describe_job_flows(JobFlowIds=[three_groups])["JobFlows"][0]
    assert found["ExecutionStatusDetail"]["State"] == "STARTING"
    assert found["Instances"]["InstanceCount"] == 4
    assert [group["InstanceRole"] for group in found["Instances"]["InstanceGroups"]] == \
        ["MASTER", "CORE", "TASK"]


def test_run_job_flow_of_the_headline_is_accepted(emr):
    made = emr.run_job_flow(
        Name="ETL", ReleaseLabel="emr-6.15.0", LogUri="s3://my-log-bucket/emr-logs/",
        Applications=[{"Name": "Spark"}, {"Name": "Hadoop"}],
        Instances={"InstanceGroups": [MASTER, CORE], "KeepJobFlowAliveWhenNoSteps": False,
                   "TerminationProtected": False},
        Steps=[{"Name": "etl", "ActionOnFailure": "TERMINATE_CLUSTER", "HadoopJarStep": {
            "Jar": "command-runner.jar",
            "Args": ["spark-submit", "--deploy-mode", "cluster", "s3://b/etl.py", "s3://b/in/",
                     "s3://b/out/"]}}],
        JobFlowRole="EMR_EC2_DefaultRole", ServiceRole="EMR_DefaultRole",
        VisibleToAllUsers=True)["JobFlowId"]
    emr.terminate_job_flows(JobFlowIds=[made])


def test_create_cluster_of_the_headline_is_accepted(aws, emr):
    made = aws("emr", "create-cluster", "--name", "ETL Cluster", "--release-label", "emr-6.5.0",
               "--applications", "Name=Spark", "Name=Hadoop", "--instance-type", "m5.xlarge",
               "--instance-count", "3", "--use-default-roles", "--log-uri",
               "s3://my-log-bucket/emr-logs/", "--auto-terminate")["ClusterId"]
    described = aws("emr", "describe-cluster", "--cluster-id", made)["Cluster"]
    assert described["AutoTerminate"] is True
    counts = {group["InstanceGroupType"]: group["RequestedInstanceCount"]
              for group in described["InstanceGroups"]}
    assert counts == {"MASTER": 1, "CORE": 2}
    emr.terminate_job_flows(JobFlowIds=[made])


def test_the_command_line_creates_fleets_and_adds_groups(aws, emr, tmp_path):
    fleets = tmp_path / "fleets.json"
    fleets.write_text(json.dumps([fleet("MASTER"), fleet("CORE", 2)]))
    made = aws("emr", "create-cluster", "--name", "fleets", "--release-label", "emr-7.10.0",
               "--applications", "Name=Spark", "--use-default-roles", "--instance-fleets",
               f"file://{fleets}")["ClusterId"]
    described = aws("emr", "describe-cluster", "--cluster-id", made)["Cluster"]
    assert [each["InstanceFleetType"] for each in described["InstanceFleets"]] == \
        ["MASTER", "CORE"]
    emr.terminate_job_flows(JobFlowIds=[made])
    made = aws("emr", "create-cluster", "--name", "groups", "--release-label", "emr-7.10.0",
               "--applications", "Name=Spark", "--use-default-roles", "--instance-groups",
               "InstanceGroupType=MASTER,InstanceCount=1,InstanceType=m5.xlarge",
               "InstanceGroupType=CORE,InstanceCount=1,InstanceType=m5.xlarge")["ClusterId"]
    aws("emr", "add-instance-groups", "--cluster-id", made, "--instance-groups",
        "InstanceGroupType=TASK,InstanceCount=2,InstanceType=m5.xlarge")
    listed = aws("emr", "describe-cluster", "--cluster-id", made)["Cluster"]["InstanceGroups"]
    assert listed[2]["InstanceGroupType"] == "TASK"
    done = aws.run("emr", "modify-instance-groups", "--cluster-id", made, "--instance-groups",
                   f"InstanceGroupId={listed[2]['Id']},InstanceCount=1")
    assert "may only be modified when the cluster is running or waiting" in done.stderr
    emr.terminate_job_flows(JobFlowIds=[made])
