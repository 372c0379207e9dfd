"""IAM and STS as boto3, the AWS CLI and a least-privileged user meet them."""
import json
import os
import time

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
S3_ALL = {"Version": "2012-10-17",
          "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def trust(principal):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})


EC2_TRUST = trust({"Service": "ec2.amazonaws.com"})


def allow(*actions, resource="*", effect="Allow", **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Action": list(actions), "Resource": resource, **more}]})


def refused(code, call, **arguments):
    """The message of the refusal, which must have this code."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


@pytest.fixture
def name():
    return "howdah-" + os.urandom(5).hex()


@pytest.fixture
def role(iam, name):
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=EC2_TRUST)
    yield name
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


@pytest.fixture
def user(iam, name):
    """A user with a key and no permission: {"name", "arn", "keys"}."""
    made = iam.create_user(UserName=name)["User"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield {"name": name, "arn": made["Arn"], "id": made["UserId"],
           "keys": {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}}
    for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


# --- roles --------------------------------------------------------------------------------------

def test_a_role_reads_back_as_it_was_created(iam, name):
    made = iam.create_role(RoleName=name, Path="/etl/", AssumeRolePolicyDocument=EC2_TRUST,
                           Description="nightly", MaxSessionDuration=7200,
                           Tags=[{"Key": "team", "Value": "data"}])["Role"]
    try:
        assert made["Arn"].endswith(f":role/etl/{name}")
        assert made["RoleId"].startswith("AROA")
        got = iam.get_role(RoleName=name)["Role"]
        assert got["AssumeRolePolicyDocument"] == json.loads(EC2_TRUST)
        assert got["Description"] == "nightly"
        assert got["MaxSessionDuration"] == 7200
        assert got["Tags"] == [{"Key": "team", "Value": "data"}]
        assert got["CreateDate"] == made["CreateDate"]
        iam.update_role(RoleName=name, Description="daily")
        assert iam.get_role(RoleName=name)["Role"]["Description"] == "daily"
        message = refused("EntityAlreadyExists", iam.create_role, RoleName=name,
                          AssumeRolePolicyDocument=EC2_TRUST)
        assert message == f"Role with name {name} already exists."
    finally:
        iam.delete_role(RoleName=name)
    assert refused("NoSuchEntity", iam.get_role, RoleName=name) == \
        f"The role with name {name} cannot be found."


def test_the_typed_exception_of_boto3_is_raised(iam):
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="howdah-is-not-there")


@pytest.mark.local_only
def test_a_new_account_holds_the_emr_defaults(iam):
    role = iam.get_role(RoleName="EMR_AutoScaling_DefaultRole")["Role"]
    assert role["AssumeRolePolicyDocument"]["Version"] == "2008-10-17"
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] == [
        "elasticmapreduce.amazonaws.com", "application-autoscaling.amazonaws.com"]
    attached = iam.list_attached_role_policies(RoleName="EMR_EC2_DefaultRole")["AttachedPolicies"]
    arn = "arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceforEC2Role"
    assert [policy["PolicyArn"] for policy in attached] == [arn]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert "s3:*" in document["Statement"][0]["Action"]
    profile = iam.get_instance_profile(InstanceProfileName="EMR_EC2_DefaultRole")["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == ["EMR_EC2_DefaultRole"]


@pytest.mark.local_only
def test_create_default_roles_has_nothing_to_create(aws):
    assert aws("emr", "create-default-roles") == []


def test_lists_are_paged(iam, name):
    names = [f"{name}-{i}" for i in range(5)]
    for one in names:
        iam.create_role(RoleName=one, Path=f"/{name}/", AssumeRolePolicyDocument=EC2_TRUST)
    try:
        first = iam.list_roles(PathPrefix=f"/{name}/", MaxItems=2)
        assert first["IsTruncated"] and len(first["Roles"]) == 2
        pages = iam.get_paginator("list_roles").paginate(
            PathPrefix=f"/{name}/", PaginationConfig={"PageSize": 2})
        assert [role["RoleName"] for page in pages for role in page["Roles"]] == names
    finally:
        for one in names:
            iam.delete_role(RoleName=one)


def test_a_role_in_use_is_not_deleted(iam, role):
    iam.put_role_policy(RoleName=role, PolicyName="s3", PolicyDocument=json.dumps(S3_ALL))
    assert iam.get_role_policy(RoleName=role, PolicyName="s3")["PolicyDocument"] == S3_ALL
    assert refused("DeleteConflict", iam.delete_role, RoleName=role) == \
        "Cannot delete entity, must delete policies first."
    message = refused("NoSuchEntity", iam.get_role_policy, RoleName=role, PolicyName="x")
    assert message == "The role policy with name x cannot be found."


def test_instance_profiles_hold_one_role(iam, role, name):
    iam.create_instance_profile(InstanceProfileName=name)
    try:
        iam.get_waiter("instance_profile_exists").wait(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
        assert refused("LimitExceeded", iam.add_role_to_instance_profile,
                       InstanceProfileName=name, RoleName=role) == \
            "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
        listed = iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]
        assert [profile["InstanceProfileName"] for profile in listed] == [name]
        assert refused("DeleteConflict", iam.delete_role, RoleName=role) == \
            "Cannot delete entity, must remove roles from instance profile first."
    finally:
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
        iam.delete_instance_profile(InstanceProfileName=name)
    assert refused("NoSuchEntity", iam.get_instance_profile, InstanceProfileName=name) == \
        f"Instance Profile {name} cannot be found."


# --- policies -----------------------------------------------------------------------------------

def test_managed_policies_have_versions(iam, name):
    arn = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(S3_ALL),
                            Description="x")["Policy"]["Arn"]
    try:
        made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("s3:GetObject"),
                                         SetAsDefault=True)["PolicyVersion"]
        assert made["VersionId"] == "v2" and made["IsDefaultVersion"]
        assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        assert [version["VersionId"] for version in versions] == ["v2", "v1"]
        refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
        refused("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v2")
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    finally:
        iam.delete_policy(PolicyArn=arn)
    assert refused("NoSuchEntity", iam.get_policy, PolicyArn=arn) == f"Policy {arn} was not found."


@pytest.mark.parametrize("document", [
    "{", "{}", json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}),
    allow("GetObject"), allow("s3:GetObject", resource="bucket")])
def test_malformed_policies_are_refused(iam, name, document):
    refused("MalformedPolicyDocument", iam.create_policy, PolicyName=name, PolicyDocument=document)


def test_constraints_of_the_model_hold(iam):
    message = refused("ValidationError", iam.get_role, RoleName="not a name!")
    assert message.startswith("1 validation error detected: Value 'not a name!' at 'roleName' "
                              "failed to satisfy constraint")


# --- what a user may do -------------------------------------------------------------------------

def test_a_user_without_policies_may_do_nothing_but_ask_who_it_is(client, user):
    who = client("sts", **user["keys"]).get_caller_identity()
    assert (who["Arn"], who["UserId"]) == (user["arn"], user["id"])
    message = refused("AccessDenied", client("iam", **user["keys"]).list_roles)
    assert message.startswith(f"User: {user['arn']} is not authorized to perform: iam:ListRoles "
                              f"on resource: ")
    assert message.endswith("because no identity-based policy allows the iam:ListRoles action")
    refused("AccessDeniedException", client("emr", **user["keys"]).list_clusters)
    refused("AccessDenied", client("s3", **user["keys"]).list_buckets)


def test_a_policy_is_felt_at_once_and_a_deny_wins(iam, client, user):
    mine = client("iam", **user["keys"])
    iam.put_user_policy(UserName=user["name"], PolicyName="read",
                        PolicyDocument=allow("iam:Get*", "iam:List*"))
    eventually_allowed(mine.list_roles)
    refused("AccessDenied", mine.create_role, RoleName="x", AssumeRolePolicyDocument=EC2_TRUST)
    iam.put_user_policy(UserName=user["name"], PolicyName="no",
                        PolicyDocument=allow("iam:ListRoles", effect="Deny"))
    message = eventually_refused(mine.list_roles)
    assert "with an explicit deny in an identity-based policy" in message


def test_a_policy_reaches_only_the_resources_it_names(iam, client, user, s3, bucket):
    iam.put_user_policy(UserName=user["name"], PolicyName="home", PolicyDocument=allow(
        "s3:PutObject", "s3:GetObject", resource=f"arn:aws:s3:::{bucket}/${{aws:username}}/*"))
    mine = client("s3", s3={"addressing_style": "path"}, **user["keys"])
    home = f"{user['name']}/a"
    eventually_allowed(mine.put_object, Bucket=bucket, Key=home, Body=b"1")
    assert mine.get_object(Bucket=bucket, Key=home)["Body"].read() == b"1"
    refused("AccessDenied", mine.put_object, Bucket=bucket, Key="other/a", Body=b"1")
    refused("AccessDenied", mine.list_objects_v2, Bucket=bucket)


@pytest.mark.local_only
def test_an_unknown_condition_denies(iam, client, user):
    mine = client("iam", **user["keys"])
    iam.put_user_policy(UserName=user["name"], PolicyName="moon", PolicyDocument=allow(
        "iam:ListRoles", Condition={"StringEquals": {"howdah:Moonphase": "full"}}))
    refused("AccessDenied", mine.list_roles)
    iam.put_user_policy(UserName=user["name"], PolicyName="all", PolicyDocument=allow("iam:*"))
    assert mine.list_roles()["Roles"]
    iam.put_user_policy(UserName=user["name"], PolicyName="no", PolicyDocument=allow(
        "iam:ListRoles", effect="Deny", Condition={"StringEquals": {"howdah:Moonphase": "full"}}))
    refused("AccessDenied", mine.list_roles)


def test_an_inactive_key_is_refused(iam, client, user):
    iam.update_access_key(UserName=user["name"], AccessKeyId=user["keys"]["access_key"],
                          Status="Inactive")
    message = eventually_refused(client("sts", **user["keys"]).get_caller_identity,
                                 code="InvalidClientTokenId")
    assert message == "The security token included in the request is invalid."


def test_groups_give_their_policies_to_members(iam, client, user, name):
    iam.create_group(GroupName=name)
    try:
        iam.attach_group_policy(GroupName=name,
                                PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
        iam.add_user_to_group(GroupName=name, UserName=user["name"])
        eventually_allowed(client("iam", **user["keys"]).list_users)
        members = iam.get_group(GroupName=name)["Users"]
        assert [member["UserName"] for member in members] == [user["name"]]
    finally:
        iam.remove_user_from_group(GroupName=name, UserName=user["name"])
        iam.detach_group_policy(GroupName=name,
                                PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
        iam.delete_group(GroupName=name)


def test_simulation_tells_what_would_be_allowed(iam, user):
    iam.put_user_policy(UserName=user["name"], PolicyName="s3", PolicyDocument=json.dumps(S3_ALL))
    results = iam.simulate_principal_policy(
        PolicySourceArn=user["arn"], ActionNames=["s3:GetObject", "iam:GetRole"])
    assert {result["EvalActionName"]: result["EvalDecision"]
            for result in results["EvaluationResults"]} == {
                "s3:GetObject": "allowed", "iam:GetRole": "implicitDeny"}


# --- sts ----------------------------------------------------------------------------------------

@pytest.mark.local_only
def test_the_root_key_is_the_account(sts):
    who = sts.get_caller_identity()
    assert who["Account"] == ACCOUNT
    assert (who["Arn"], who["UserId"]) == (f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)


def test_an_assumed_role_may_do_what_the_role_may(iam, client, role, user):
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName="list", PolicyDocument=allow("iam:ListRoles"))
    mine = client("sts", **user["keys"])
    message = refused("AccessDenied", mine.assume_role, RoleArn=arn, RoleSessionName="nightly")
    assert message == (f"User: {user['arn']} is not authorized to perform: sts:AssumeRole "
                       f"on resource: {arn}")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust({"AWS": user["arn"]}))
    session = eventually_allowed(mine.assume_role, RoleArn=arn, RoleSessionName="nightly")
    given = session["Credentials"]
    assert given["AccessKeyId"].startswith("ASIA")
    assert session["AssumedRoleUser"]["Arn"].endswith(f":assumed-role/{role}/nightly")
    keys = {"access_key": given["AccessKeyId"], "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"]}
    assert client("sts", **keys).get_caller_identity()["Arn"] == session["AssumedRoleUser"]["Arn"]
    assert client("iam", **keys).list_roles()["Roles"]
    refused("AccessDenied", client("iam", **keys).list_users)
    refused("InvalidClientTokenId", client("sts", **{**keys, "token": "x"}).get_caller_identity)


def test_an_account_in_the_trust_policy_needs_the_callers_own_policy_too(iam, client, role, user):
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    account = arn.split(":")[4]
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust({"AWS": account}))
    mine = client("sts", **user["keys"])
    refused("AccessDenied", mine.assume_role, RoleArn=arn, RoleSessionName="ci")
    iam.put_user_policy(UserName=user["name"], PolicyName="assume",
                        PolicyDocument=allow("sts:AssumeRole", resource=arn))
    assert eventually_allowed(mine.assume_role, RoleArn=arn, RoleSessionName="ci")["Credentials"]


def test_a_session_policy_only_takes_away(iam, client, role, user):
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName="list",
                        PolicyDocument=allow("iam:ListRoles", "iam:ListUsers"))
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust({"AWS": user["arn"]}))
    given = eventually_allowed(
        client("sts", **user["keys"]).assume_role, RoleArn=arn, RoleSessionName="ci",
        Policy=allow("iam:ListRoles", "iam:ListPolicies"))["Credentials"]
    narrow = client("iam", access_key=given["AccessKeyId"], secret_key=given["SecretAccessKey"],
                    token=given["SessionToken"])
    assert narrow.list_roles()["Roles"]
    refused("AccessDenied", narrow.list_policies)
    assert "no session policy allows" in refused("AccessDenied", narrow.list_users)


def test_durations_are_bounded(iam, client, role, user):
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust({"AWS": user["arn"]}))
    mine = client("sts", **user["keys"])
    eventually_allowed(mine.assume_role, RoleArn=arn, RoleSessionName="ci", DurationSeconds=900)
    assert refused("ValidationError", mine.assume_role, RoleArn=arn, RoleSessionName="ci",
                   DurationSeconds=7200) == \
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    unchecked = client("sts", parameter_validation=False, **user["keys"])
    message = refused("ValidationError", unchecked.assume_role, RoleArn=arn, RoleSessionName="ci",
                      DurationSeconds=60)
    assert "Value '60' at 'durationSeconds' failed to satisfy constraint" in message


def test_a_session_token_speaks_for_its_user(client, user):
    given = client("sts", **user["keys"]).get_session_token(DurationSeconds=900)["Credentials"]
    who = client("sts", access_key=given["AccessKeyId"], secret_key=given["SecretAccessKey"],
                 token=given["SessionToken"]).get_caller_identity()
    assert who["Arn"] == user["arn"]


def test_the_cli_speaks_to_it(aws, role):
    assert aws("iam", "get-role", "--role-name", role)["Role"]["RoleName"] == role
    assert role in [one["RoleName"] for one in aws("iam", "list-roles")["Roles"]]
    done = aws.run("iam", "get-role", "--role-name", "howdah-is-not-there")
    assert done.returncode in (254, 255)  # the CLI's version 2 and 1
    assert ("An error occurred (NoSuchEntity) when calling the GetRole operation: The role with "
            "name howdah-is-not-there cannot be found.") in done.stderr


# Ours is consistent at once, so it is asked once; AWS takes a while.

PATIENCE = {"seconds": 0}


@pytest.fixture(autouse=True, scope="module")
def patience(on_aws):
    PATIENCE["seconds"] = 60 if on_aws else 0


def eventually_allowed(call, **arguments):
    return _eventually(lambda: call(**arguments))


def eventually_refused(call, code="AccessDenied", **arguments):
    return _eventually(lambda: refused(code, call, **arguments))


def _eventually(attempt):
    deadline = time.monotonic() + PATIENCE["seconds"]
    while True:
        try:
            return attempt()
        except (ClientError, pytest.fail.Exception, AssertionError):
            if time.monotonic() >= deadline:
                raise
            time.sleep(2)
