"""Clusters through boto3 and the AWS CLI: what is refused, what is echoed, how they end."""
import re

import pytest
from botocore.exceptions import ClientError

from support.clusters import OVER, cluster_request, end_cluster
from support.server import until


def describe(emr, cluster_id):
    return emr.describe_cluster(ClusterId=cluster_id)["Cluster"]


def refused(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    error = raised.value.response["Error"]
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Code"], error["Message"]


def count(emr):
    return sum(len(page["Clusters"]) for page in emr.get_paginator("list_clusters").paginate())


@pytest.mark.parametrize("changes, message", [
    ({"JobFlowRole": "Nobody"}, "Invalid InstanceProfile: Nobody."),
    ({"ReleaseLabel": "emr-9.9.9"}, "The supplied release label is invalid: emr-9.9.9."),
    ({"ReleaseLabel": "emr-6.12.0"}, "emr-7.10.0"),
    ({"Applications": [{"Name": "Sparkle"}]}, "Spark"),
    ({"Instances": {"InstanceCount": 3, "SlaveInstanceType": "z9.huge"}}, "m5.xlarge"),
    ({"Instances": {"MasterInstanceType": "z9.huge"}}, "m5.xlarge"),
    ({"SecurityConfiguration": "encrypted"}, "SecurityConfiguration is refused"),
    ({"LogUri": "/tmp/logs"}, "LogUri '/tmp/logs' is not valid"),
])
def test_what_cannot_run_is_refused_without_effect(emr, changes, message):
    before = count(emr)
    code, said = refused(emr.run_job_flow, **cluster_request(**changes))
    assert code == "ValidationException"
    assert message in said
    assert count(emr) == before


def test_modelled_constraints_are_counted_in_amazons_wording(client):
    emr = client("emr", parameter_validation=False)
    request = cluster_request(ScaleDownBehavior="NOW")
    request["Instances"] = {"InstanceGroups": [{"InstanceRole": "BOSS", "InstanceType": "m5.xlarge",
                                                "InstanceCount": 1}]}
    code, said = refused(emr.run_job_flow, **request)
    assert code == "ValidationException"
    assert said.startswith("2 validation errors detected: ")
    assert "failed to satisfy constraint: Member must satisfy enum value set:" in said
    del request["Name"]
    _, said = refused(emr.run_job_flow, **request)
    assert "Value null at 'name' failed to satisfy constraint: Member must not be null" in said


def test_ids_have_amazons_form(emr, waiting_cluster):
    cluster = describe(emr, waiting_cluster)
    assert re.fullmatch(r"j-[A-Z0-9]{13}", cluster["Id"])
    assert cluster["ClusterArn"] == \
        f"arn:aws:elasticmapreduce:us-east-1:000000000000:cluster/{cluster['Id']}"
    instance = emr.list_instances(ClusterId=waiting_cluster)["Instances"][0]
    assert re.fullmatch(r"i-[0-9a-f]{17}", instance["Ec2InstanceId"])
    assert re.fullmatch(r"ci-[A-Z0-9]{13}", instance["Id"])
    assert instance["Status"]["State"] == "RUNNING"
    group = emr.list_instance_groups(ClusterId=waiting_cluster)["InstanceGroups"][0]
    assert re.fullmatch(r"ig-[A-Z0-9]{13}", group["Id"])
    assert instance["InstanceGroupId"] == group["Id"]
    assert group["RunningInstanceCount"] == group["RequestedInstanceCount"] == 1
    with pytest.raises(emr.exceptions.InvalidRequestException, match="mutually exclusive"):
        emr.list_instance_fleets(ClusterId=waiting_cluster)


def test_unknown_ids(emr, waiting_cluster):
    with pytest.raises(emr.exceptions.InvalidRequestException) as raised:
        emr.describe_cluster(ClusterId="j-NOPE")
    assert raised.value.response["Error"]["Message"] == "Cluster id 'j-NOPE' is not valid."
    assert raised.value.response["ErrorCode"] == "NoSuchCluster"
    with pytest.raises(emr.exceptions.InvalidRequestException,
                       match="Step id 's-NOPE' is not valid."):
        emr.describe_step(ClusterId=waiting_cluster, StepId="s-NOPE")
    assert refused(emr.terminate_job_flows, JobFlowIds=["j-NOPE"])[0] == "ValidationException"


def test_a_waiting_cluster_says_so(emr, waiting_cluster):
    cluster = describe(emr, waiting_cluster)
    assert cluster["Status"]["State"] == "WAITING"
    assert cluster["Tags"] == []
    assert cluster["Applications"] == [{"Name": "Spark", "Version": "3.5.5"}]
    assert cluster["InstanceCollectionType"] == "INSTANCE_GROUP"
    assert cluster["MasterPublicDnsName"]
    assert {"CreationDateTime", "ReadyDateTime"} <= set(cluster["Status"]["Timeline"])
    assert emr.get_managed_scaling_policy(ClusterId=waiting_cluster).get(
        "ManagedScalingPolicy") is None


def test_tags(emr, run_cluster):
    cluster_id = run_cluster(Tags=[{"Key": "team", "Value": "a"}])
    emr.add_tags(ResourceId=cluster_id, Tags=[{"Key": "team", "Value": "b"}, {"Key": "bare"}])
    assert describe(emr, cluster_id)["Tags"] == [{"Key": "team", "Value": "b"},
                                                 {"Key": "bare", "Value": ""}]
    emr.remove_tags(ResourceId=cluster_id, TagKeys=["team"])
    assert describe(emr, cluster_id)["Tags"] == [{"Key": "bare", "Value": ""}]


def test_termination_protection_and_the_end(emr, run_cluster):
    cluster_id = run_cluster(Instances={"TerminationProtected": True})
    code, said = refused(emr.terminate_job_flows, JobFlowIds=[cluster_id])
    assert code == "ValidationException"
    assert said == "Could not shut down one or more job flows since they are termination protected."
    assert describe(emr, cluster_id)["Status"]["State"] not in OVER
    end_cluster(emr, cluster_id)
    status = describe(emr, cluster_id)["Status"]
    assert status["State"] == "TERMINATED"
    assert status["StateChangeReason"] == {"Code": "USER_REQUEST",
                                           "Message": "Terminated by user request"}
    assert "EndDateTime" in status["Timeline"]
    code, said = refused(emr.set_termination_protection, JobFlowIds=[cluster_id],
                         TerminationProtected=True)
    assert code == "ValidationException"
    assert said == ("A job flow that is shutting down, terminated, or finished may not be "
                    "modified.")
    emr.terminate_job_flows(JobFlowIds=[cluster_id])


def test_without_steps_an_auto_terminating_cluster_ends_at_once(emr, run_cluster, engine):
    cluster_id = run_cluster(Instances={"KeepJobFlowAliveWhenNoSteps": False})
    until(lambda: describe(emr, cluster_id)["Status"]["State"] in OVER, "the cluster ends", 60)
    status = describe(emr, cluster_id)["Status"]
    assert status["State"] == "TERMINATED"
    assert status["StateChangeReason"] == {"Code": "ALL_STEPS_COMPLETED",
                                           "Message": "Steps completed"}


@pytest.mark.local_only
def test_the_auto_termination_policy_acts(emr, run_cluster, engine):
    cluster_id = run_cluster(AutoTerminationPolicy={"IdleTimeout": 60})
    assert emr.get_auto_termination_policy(
        ClusterId=cluster_id)["AutoTerminationPolicy"] == {"IdleTimeout": 60}
    emr.remove_auto_termination_policy(ClusterId=cluster_id)
    assert "AutoTerminationPolicy" not in emr.get_auto_termination_policy(ClusterId=cluster_id)
    emr.put_auto_termination_policy(ClusterId=cluster_id,
                                    AutoTerminationPolicy={"IdleTimeout": 60})
    until(lambda: describe(emr, cluster_id)["Status"]["State"] in OVER, "the idle cluster ends",
          110, every=1)
    status = describe(emr, cluster_id)["Status"]
    assert status["State"] == "TERMINATED"
    created, ended = (status["Timeline"][k] for k in ("CreationDateTime", "EndDateTime"))
    assert (ended - created).total_seconds() >= 60


def test_release_labels(emr):
    labels = emr.list_release_labels()["ReleaseLabels"]
    assert "emr-7.10.0" in labels and "emr-6.5.0" in labels
    one = emr.list_release_labels(MaxResults=1)
    two = emr.list_release_labels(MaxResults=1, NextToken=one["NextToken"])
    assert [*one["ReleaseLabels"], *two["ReleaseLabels"]] == labels[:2]
    assert all(label.startswith("emr-6") for label in
               emr.list_release_labels(Filters={"Prefix": "emr-6"})["ReleaseLabels"])
    assert "emr-7.10.0" in emr.list_release_labels(
        Filters={"Application": "spark@3.5.5"})["ReleaseLabels"]
    described = emr.describe_release_label(ReleaseLabel="emr-7.10.0")
    assert "Spark" in [application["Name"] for application in described["Applications"]]
    types = emr.list_supported_instance_types(ReleaseLabel="emr-7.10.0")["SupportedInstanceTypes"]
    assert any(one["VCPU"] == 4 and one["MemoryGB"] == 16 for one in types)


# -- the CLI ------------------------------------------------------------------------------------

def test_the_cli_creates_describes_lists_and_terminates(aws, emr, engine):
    made = aws("emr", "create-cluster", "--name", "from the cli", "--release-label", "emr-7.10.0",
               "--applications", "Name=Spark", "--use-default-roles", "--instance-type",
               "m5.xlarge", "--instance-count", "1", "--tags", "bare")
    cluster_id = made["ClusterId"]
    try:
        aws("emr", "wait", "cluster-running", "--cluster-id", cluster_id)
        cluster = aws("emr", "describe-cluster", "--cluster-id", cluster_id)["Cluster"]
        assert cluster["Status"]["State"] == "WAITING"
        assert cluster["Status"]["StateChangeReason"] == {"Message": "Cluster ready to run steps."}
        assert cluster["InstanceGroups"][0]["InstanceGroupType"] == "MASTER"
        assert cluster["BootstrapActions"] == []
        assert cluster["Tags"] == [{"Key": "bare", "Value": ""}]
        active = aws("emr", "list-clusters", "--active")["Clusters"]
        assert cluster_id in [each["Id"] for each in active]
        aws("emr", "modify-cluster-attributes", "--cluster-id", cluster_id, "--auto-terminate")
        assert describe(emr, cluster_id)["AutoTerminate"] is True
    finally:
        aws("emr", "terminate-clusters", "--cluster-ids", cluster_id)
        aws("emr", "wait", "cluster-terminated", "--cluster-id", cluster_id)
    terminated = aws("emr", "list-clusters", "--terminated")["Clusters"]
    assert cluster_id in [each["Id"] for each in terminated]
