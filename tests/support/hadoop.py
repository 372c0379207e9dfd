"""Clusters with core and task nodes: requests, steps, and what their ends must show."""
import collections
import random

from support.clusters import OVER
from support.server import until

LABEL = "emr-7.10.0"
WORDS = ("elephant", "howdah", "mahout", "ankus", "river", "grass", "dust")


def groups(core=2, task=0, kind="m5.xlarge"):
    wanted = [("MASTER", 1), ("CORE", core), ("TASK", task)]
    return [{"Name": role.lower(), "InstanceRole": role, "InstanceType": kind,
             "InstanceCount": count} for role, count in wanted if count]


def request(label=LABEL, applications=("Hadoop", "Spark"), keep=True, steps=(), core=2, **changes):
    return {
        "Name": "hadoop", "ReleaseLabel": label,
        "Applications": [{"Name": name} for name in applications],
        "ServiceRole": "EMR_DefaultRole", "JobFlowRole": "EMR_EC2_DefaultRole",
        "Instances": {"InstanceGroups": groups(core), "KeepJobFlowAliveWhenNoSteps": keep},
        "Steps": list(steps), **changes}


def runner(*arguments, name="step", on_failure="CONTINUE"):
    return {"Name": name, "ActionOnFailure": on_failure,
            "HadoopJarStep": {"Jar": "command-runner.jar", "Args": [str(one) for one in arguments]}}


def bash(script, **options):
    return runner("bash", "-c", script, **options)


def state_of(emr, cluster):
    return emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]


def wait_for_state(emr, cluster, *wanted, timeout=600):
    """The status once it is one of `wanted`; an end that nobody waited for is an error at once."""
    def there():
        status = state_of(emr, cluster)
        if status["State"] in wanted:
            return status
        assert status["State"] not in OVER, status
        return None
    return until(there, f"{cluster} is {' or '.join(wanted)}", timeout, every=0.2)


def wait_for_group(emr, cluster, role, running, timeout=180):
    """The group once it runs that many instances and is RUNNING again."""
    def there():
        for group in emr.list_instance_groups(ClusterId=cluster)["InstanceGroups"]:
            if group["InstanceGroupType"] == role:
                settled = group["Status"]["State"] == "RUNNING"
                return group if settled and group["RunningInstanceCount"] == running else None
        return None
    return until(there, f"the {role} group runs {running}", timeout, every=0.2)


def live(emr, cluster, role):
    return emr.list_instances(ClusterId=cluster, InstanceGroupTypes=[role],
                              InstanceStates=["RUNNING"])["Instances"]


def text_of(s3, bucket, prefix):
    """All objects below, in their order, as one text."""
    keys = [item["Key"] for page in s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix) for item in page.get("Contents", [])]
    return "".join(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
                   for key in sorted(keys))


def corpus(seed, lines):
    """Text, and how often each word is in it."""
    rng = random.Random(seed)
    text = [" ".join(rng.choices(WORDS, k=8)) for _ in range(lines)]
    return "\n".join(text) + "\n", collections.Counter(" ".join(text).split())


def counts(text):
    """What MapReduce's or Spark's word count wrote, as a mapping."""
    rows = (line.replace("\t", ",").rsplit(",", 1) for line in text.splitlines() if line.strip())
    return {word: int(number) for word, number in rows}
