#!/usr/bin/env python3
"""Makes the golden data of src/aws with botocore, so that Amazon's own client is the measure.

    .venv/bin/python src/aws/testdata/make.py           writes requests.json
    .venv/bin/python src/aws/testdata/make.py --check   parses responses.json with botocore

requests.json: requests as botocore serialises and signs them, and the input they stand for.
responses.json is written by `UPDATE_GOLD=1 aws_test`; --check holds that botocore reads each of its
texts as the members it was made of.
"""

import base64
import datetime
import io
import json
import pathlib
import sys
import time
import types
from urllib.parse import urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.parsers
import botocore.session
import botocore.signers
from botocore.config import Config

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 1, 31, 12, 0, 0, tzinfo=datetime.timezone.utc)
KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQW=="


def client(service, style="path", scheme="http", token=None, signature=None):
    session = botocore.session.Session()
    session.set_credentials(KEY, SECRET, token)
    return session.create_client(
        service, region_name="us-east-1", endpoint_url=f"{scheme}://localhost:4566",
        config=Config(signature_version=signature, s3={"addressing_style": style}, retries={"max_attempts": 0},
                      inject_host_prefix=False))


class Stop(Exception):
    pass


def plain(value):
    """As the server holds it: epoch milliseconds, bytes as text."""
    if isinstance(value, datetime.datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def capture(name, service, operation, params, **how):
    api = client(service, **how)
    seen = {}

    def keep(request, **_):
        body = request.body
        if body is None:
            body = b""
        elif hasattr(body, "read"):
            body = body.read()
        elif isinstance(body, str):
            body = body.encode()
        seen["request"] = request
        seen["body"] = body
        raise Stop()

    api.meta.events.register("before-send", keep)
    expected = plain({k: v for k, v in params.items() if not hasattr(v, "read")})
    try:
        getattr(api, operation)(**params)
    except Stop:
        pass
    request = seen["request"]
    url = urlsplit(request.url)
    headers = {k: (v.decode() if isinstance(v, bytes) else str(v)) for k, v in request.headers.items()}
    headers.setdefault("Host", url.netloc)
    streaming = isinstance(params.get("Body"), bytes) or hasattr(params.get("Body"), "read")
    if streaming:
        expected.pop("Body", None)
    return {"name": name, "service": service,
            "operation": api.meta.method_to_api_mapping[operation], "method": request.method,
            "target": (url.path or "/") + ("?" + url.query if url.query else ""),
            "headers": headers, "body": base64.b64encode(seen["body"]).decode(),
            "token": how.get("token") or "", "streams": streaming, "input": expected}


def presigned(name, operation, params, method="GET", **how):
    api = client("s3", **how)
    url = urlsplit(api.generate_presigned_url(operation, Params=params, ExpiresIn=600))
    return {"name": name, "service": "s3", "operation": api.meta.method_to_api_mapping[operation],
            "method": method, "target": url.path + "?" + url.query, "headers": {"Host": url.netloc},
            "body": "", "token": how.get("token") or "", "streams": operation == "put_object",
            "input": plain(params)}


def freeze():
    """Every module that asks for the time is told the same one."""
    def now(remove_tzinfo=True):
        return NOW.replace(tzinfo=None) if remove_tzinfo else NOW

    for module in (botocore.auth, botocore.signers):
        if hasattr(module, "get_current_datetime"):
            module.get_current_datetime = now
    botocore.auth.time = types.SimpleNamespace(time=NOW.timestamp, strftime=time.strftime,
                                               gmtime=time.gmtime)


RUN_JOB_FLOW = dict(
    Name="etl «nightly»", ReleaseLabel="emr-7.10.0", LogUri="s3://logs/a/",
    Applications=[{"Name": "Spark"}], ServiceRole="EMR_DefaultRole", JobFlowRole="EMR_EC2_DefaultRole",
    Instances={"InstanceGroups": [{"Name": "m", "InstanceRole": "MASTER", "InstanceType": "m5.xlarge",
                                   "InstanceCount": 1}],
               "KeepJobFlowAliveWhenNoSteps": True, "TerminationProtected": False},
    Configurations=[{"Classification": "spark-env", "Properties": {},
                     "Configurations": [{"Classification": "export", "Properties": {"A": "b c"}}]}],
    Steps=[{"Name": "one", "ActionOnFailure": "CONTINUE",
            "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", "s3://b/x.py"],
                              "Properties": [{"Key": "k", "Value": "v"}]}}],
    Tags=[{"Key": "team", "Value": ""}], StepConcurrencyLevel=4)


def requests():
    when = datetime.datetime(2026, 1, 1, 10, 30, tzinfo=datetime.timezone.utc)
    document = '{"Version":"2012-10-17","Statement":[]}'
    parts = [{"PartNumber": 1, "ETag": '"a"', "ChecksumCRC32": "AAAAAA=="}, {"PartNumber": 2, "ETag": '"b"'}]
    yield capture("emr run job flow", "emr", "run_job_flow", RUN_JOB_FLOW)
    yield capture("emr describe cluster", "emr", "describe_cluster", {"ClusterId": "j-1"})
    yield capture("emr list clusters", "emr", "list_clusters",
                  {"CreatedAfter": when, "ClusterStates": ["RUNNING", "WAITING"]})
    yield capture("emr no members, session token", "emr", "list_release_labels", {}, token=TOKEN)
    yield capture("emr terminate", "emr", "terminate_job_flows", {"JobFlowIds": ["j-1", "j-2"]})
    yield capture("iam nested list", "iam", "create_role",
                  {"RoleName": "R", "AssumeRolePolicyDocument": document, "Path": "/x/",
                   "Tags": [{"Key": "a b", "Value": "1+1=2:x"}, {"Key": "ü", "Value": ""}]})
    yield capture("iam integers", "iam", "list_roles", {"MaxItems": 10, "Marker": "m=="})
    yield capture("iam list of text and booleans", "iam", "simulate_principal_policy",
                  {"PolicySourceArn": "arn:aws:iam::000000000000:role/R", "ActionNames": ["s3:Get*", "s3:Put*"],
                   "ContextEntries": [{"ContextKeyName": "aws:k", "ContextKeyValues": ["v", "w"],
                                       "ContextKeyType": "string"}]})
    yield capture("iam empty list", "iam", "untag_role", {"RoleName": "R", "TagKeys": []})
    yield capture("sts caller", "sts", "get_caller_identity", {}, token=TOKEN)
    yield capture("sts assume role", "sts", "assume_role",
                  {"RoleArn": "arn:aws:iam::000000000000:role/R", "RoleSessionName": "s@x",
                   "DurationSeconds": 900, "Policy": document})
    for style in ("path", "virtual"):
        yield capture(f"s3 list {style}", "s3", "list_objects_v2",
                      {"Bucket": "bkt", "Prefix": "a b/ü+&", "Delimiter": "/", "MaxKeys": 7}, style=style)
        yield capture(f"s3 get {style}", "s3", "get_object",
                      {"Bucket": "bkt", "Key": "dir/a b+ü~(1)*'!.txt", "Range": "bytes=0-9",
                       "IfModifiedSince": when}, style=style)
        yield capture(f"s3 put {style}", "s3", "put_object",
                      {"Bucket": "bkt", "Key": "k//x", "Body": b"hello", "ContentType": "text/plain",
                       "Metadata": {"owner": "me", "x-y": "a  b"}, "IfNoneMatch": "*"}, style=style)
    yield capture("s3 put over tls has a trailer", "s3", "put_object",
                  {"Bucket": "bkt", "Key": "k", "Body": io.BytesIO(b"hello, trailer")}, scheme="https")
    yield capture("s3 buckets", "s3", "list_buckets", {})
    yield capture("s3 create bucket", "s3", "create_bucket",
                  {"Bucket": "bkt", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}})
    yield capture("s3 head bucket", "s3", "head_bucket", {"Bucket": "us-east-1.elasticmapreduce"})
    yield capture("s3 location", "s3", "get_bucket_location", {"Bucket": "bkt"})
    yield capture("s3 versioning", "s3", "put_bucket_versioning",
                  {"Bucket": "bkt", "VersioningConfiguration": {"Status": "Enabled"}})
    yield capture("s3 delete many", "s3", "delete_objects",
                  {"Bucket": "bkt", "Delete": {"Objects": [{"Key": "a<&>b"}, {"Key": " "}], "Quiet": True}})
    yield capture("s3 copy", "s3", "copy_object",
                  {"Bucket": "bkt", "Key": "to", "CopySource": "src/from", "MetadataDirective": "REPLACE",
                   "CopySourceIfMatch": '"e"'})
    yield capture("s3 begin upload", "s3", "create_multipart_upload",
                  {"Bucket": "bkt", "Key": "big", "ChecksumAlgorithm": "CRC32"})
    yield capture("s3 part", "s3", "upload_part",
                  {"Bucket": "bkt", "Key": "big", "UploadId": "u/1", "PartNumber": 3, "Body": b"xyz"})
    yield capture("s3 part copy", "s3", "upload_part_copy",
                  {"Bucket": "bkt", "Key": "big", "UploadId": "u", "PartNumber": 4, "CopySource": "src/k",
                   "CopySourceRange": "bytes=0-5"})
    yield capture("s3 complete", "s3", "complete_multipart_upload",
                  {"Bucket": "bkt", "Key": "big", "UploadId": "u", "MultipartUpload": {"Parts": parts}})
    yield capture("s3 abort", "s3", "abort_multipart_upload", {"Bucket": "bkt", "Key": "big", "UploadId": "u"})
    yield capture("s3 uploads", "s3", "list_multipart_uploads", {"Bucket": "bkt", "MaxUploads": 5})
    yield capture("s3 parts", "s3", "list_parts", {"Bucket": "bkt", "Key": "big", "UploadId": "u"})
    yield capture("s3 attributes", "s3", "get_object_attributes",
                  {"Bucket": "bkt", "Key": "k", "ObjectAttributes": ["ETag", "ObjectSize"]})
    yield capture("s3 grants", "s3", "put_bucket_acl",
                  {"Bucket": "bkt", "AccessControlPolicy": {
                      "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "x"}, "Permission": "READ"}],
                      "Owner": {"ID": "me"}}})
    yield capture("s3 lifecycle", "s3", "put_bucket_lifecycle_configuration",
                  {"Bucket": "bkt", "LifecycleConfiguration": {"Rules": [
                      {"ID": "r", "Status": "Enabled", "Filter": {"And": {
                          "Prefix": "p", "Tags": [{"Key": "a", "Value": "b"}]}},
                       "Expiration": {"Days": 3}, "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}]}})
    yield capture("s3 policy", "s3", "put_bucket_policy", {"Bucket": "bkt", "Policy": document})
    for signature in (None, "s3v4"):  # without a wish boto3 still presigns with version 2
        tail = signature or "v2"
        yield presigned(f"s3 presigned get {tail}", "get_object", {"Bucket": "bkt", "Key": "a b/ü.txt"},
                        signature=signature)
        yield presigned(f"s3 presigned get with a token {tail}", "get_object",
                        {"Bucket": "bkt", "Key": "k", "ResponseContentType": "text/plain"}, token=TOKEN,
                        signature=signature)
        yield presigned(f"s3 presigned put {tail}", "put_object", {"Bucket": "bkt", "Key": "k"},
                        method="PUT", style="virtual", signature=signature)
        yield presigned(f"s3 presigned list {tail}", "list_objects_v2", {"Bucket": "bkt", "Prefix": "a/b"},
                        signature=signature)


def main():
    if "--check" in sys.argv:
        return check()
    freeze()
    rows = list(requests())
    text = json.dumps({"now": int(NOW.timestamp() * 1000), "key": KEY, "secret": SECRET, "requests": rows},
                      indent=1, ensure_ascii=False)
    (HERE / "requests.json").write_text(text + "\n")
    print(f"{len(rows)} requests")
    return 0


def check():
    bad = 0
    rows = json.loads((HERE / "responses.json").read_text())
    session = botocore.session.Session()
    for row in rows:
        model = session.get_service_model(row["service"])
        parser = botocore.parsers.create_parser(model.protocol)
        operation = model.operation_model(row["operation"])
        got = parser.parse({"status_code": row["status"], "headers": botocore.awsrequest.HeadersDict(row["headers"]),
                            "body": row["text"].encode()}, operation.output_shape)
        meta = got.pop("ResponseMetadata")
        got = plain(got)
        if row["operation"] == "GetBucketLocation":
            continue  # botocore reads it in a handler of its own
        if got != row["members"] or meta.get("RequestId", row["request_id"]) != row["request_id"]:
            bad += 1
            print(f"{row['name']}:\n  sent {row['members']}\n  read {got}\n  {meta}")
    print(f"{len(rows)} responses, {bad} misread")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
