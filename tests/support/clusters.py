"""What a test's cluster looks like, and how it ends."""
from support.server import until

RELEASE = "emr-7.10.0"
OVER = {"TERMINATED", "TERMINATED_WITH_ERRORS"}


def cluster_request(**changes):
    request = {
        "Name": "test",
        "ReleaseLabel": RELEASE,
        "Applications": [{"Name": "Spark"}],
        "JobFlowRole": "EMR_EC2_DefaultRole",
        "ServiceRole": "EMR_DefaultRole",
        "Instances": {"InstanceCount": 1, "MasterInstanceType": "m5.xlarge",
                      "KeepJobFlowAliveWhenNoSteps": True},
    }
    instances = {**request["Instances"], **changes.pop("Instances", {})}
    return {**request, **changes, "Instances": instances}


def end_cluster(emr, cluster_id, timeout=60):
    emr.set_termination_protection(JobFlowIds=[cluster_id], TerminationProtected=False)
    emr.terminate_job_flows(JobFlowIds=[cluster_id])
    until(lambda: emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]["State"] in OVER,
          f"{cluster_id} ends", timeout, every=0.1)
