"""S3 as boto3 uses it."""
import concurrent.futures
import io
import urllib.error
import urllib.request

import boto3
import boto3.s3.transfer
import botocore.config
import botocore.exceptions
import pytest

from s3_support import MIB, data, keys, md5


def code_of(raised):
    return raised.value.response["Error"]["Code"]


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 3 * MIB + 7])
def test_a_body_comes_back_as_it_went(s3, bucket, size):
    body = data(size)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert put["ETag"] == f'"{md5(body)}"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body
    assert got["ContentLength"] == size
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == put["ChecksumCRC32"]
    assert head["ContentType"] == "binary/octet-stream"


def test_metadata_and_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"Owner": "me", "empty": ""},
                  ContentType="text/csv", CacheControl="no-cache", ContentDisposition="attachment",
                  ContentLanguage="de", StorageClass="STANDARD_IA", Tagging="a=1&b=x%20y")
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["Metadata"] == {"owner": "me", "empty": ""}
    assert (head["ContentType"], head["CacheControl"], head["ContentDisposition"],
            head["ContentLanguage"], head["StorageClass"]) == (
                "text/csv", "no-cache", "attachment", "de", "STANDARD_IA")
    tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y"}]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": "3"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "c", "Value": "3"}]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


@pytest.mark.parametrize("key", ["a b", "a+b", "ä/日本/🐘", "a%20b", "//x", "a/../b", "q?x=1&y",
                                 "~-._!*'()", "trailing/", "<&>\"", "tab\there"])
def test_every_key_is_a_name(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert keys(s3, bucket) == [key]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == key.encode()
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}, {"Key": "copy"}]})
    assert keys(s3, bucket) == []


def test_ranges(s3, bucket):
    body = data(200_000)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    for text, expected in [("bytes=0-9", body[:10]), ("bytes=100000-", body[100000:]),
                           ("bytes=-5", body[-5:]), ("bytes=199999-400000", body[-1:])]:
        got = s3.get_object(Bucket=bucket, Key="k", Range=text)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["Body"].read() == expected
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-9")["ContentRange"] == \
        "bytes 0-9/200000"
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=200000-")
    assert code_of(raised) == "InvalidRange"


def test_conditional_writes_let_one_win(s3, bucket):
    def create(number):
        try:
            s3.put_object(Bucket=bucket, Key="lock", Body=str(number).encode(), IfNoneMatch="*")
            return number
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"
            return None
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        winners = [n for n in pool.map(create, range(16)) if n is not None]
    assert len(winners) == 1
    assert s3.get_object(Bucket=bucket, Key="lock")["Body"].read() == str(winners[0]).encode()
    etag = s3.head_object(Bucket=bucket, Key="lock")["ETag"]
    s3.put_object(Bucket=bucket, Key="lock", Body=b"next", IfMatch=etag)
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        s3.put_object(Bucket=bucket, Key="lock", Body=b"late", IfMatch=etag)
    assert code_of(raised) == "PreconditionFailed"


def test_conditional_reads(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=etag)
    assert code_of(raised) == "304"
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        s3.get_object(Bucket=bucket, Key="k", IfMatch='"other"')
    assert code_of(raised) == "PreconditionFailed"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_verified_and_kept(s3, bucket, algorithm):
    body = data(100_000)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=algorithm)
    name = f"Checksum{algorithm}"
    assert s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")[name] == put[name]
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        s3.put_object(Bucket=bucket, Key="k", Body=b"other", **{name: put[name]})
    assert code_of(raised) == "BadDigest"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


def test_content_md5_is_compared(s3, bucket):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
    assert code_of(raised) == "BadDigest"


def test_transfers_in_parts(s3, bucket):
    config = boto3.s3.transfer.TransferConfig(
        multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    body = data(17 * MIB + 3)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", Config=config,
                      ExtraArgs={"Metadata": {"a": "1"}})
    assert s3.head_object(Bucket=bucket, Key="big")["ETag"].endswith('-4"')
    into = io.BytesIO()
    s3.download_fileobj(bucket, "big", into, Config=config)
    assert into.getvalue() == body
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copied", Config=config)
    assert s3.get_object(Bucket=bucket, Key="copied")["Body"].read() == body
    part = s3.get_object(Bucket=bucket, Key="big", PartNumber=4)
    assert part["Body"].read() == body[15 * MIB:]
    assert part["PartsCount"] == 4


def test_a_multipart_upload_by_hand(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    common = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    bodies = {1: data(5 * MIB, 1), 2: data(5 * MIB, 2), 3: b"end"}
    parts = [{"PartNumber": n,
              "ETag": s3.upload_part(PartNumber=n, Body=bodies[n], **common)["ETag"]}
             for n in (3, 1, 2)]
    parts.sort(key=lambda part: part["PartNumber"])
    listed = [part for page in s3.get_paginator("list_parts").paginate(
        PaginationConfig={"PageSize": 2}, **common) for part in page["Parts"]]
    assert [(p["PartNumber"], p["Size"]) for p in listed] == [(1, 5 * MIB), (2, 5 * MIB), (3, 3)]
    uploads = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [u["UploadId"] for u in uploads] == [upload]
    for wrong, code in [
            ([parts[1], parts[0]], "InvalidPartOrder"),
            ([parts[2], {**parts[2], "PartNumber": 4}], "InvalidPart"),
            ([{**parts[0], "ETag": '"x"'}], "InvalidPart")]:
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            s3.complete_multipart_upload(MultipartUpload={"Parts": wrong}, **common)
        assert code_of(raised) == code
    done = s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **common)
    assert done["ETag"].endswith('-3"')
    again = s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **common)
    assert again["ETag"] == done["ETag"]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == bodies[1] + bodies[2] + b"end"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_small_parts_are_refused_and_aborted(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    common = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    parts = [{"PartNumber": n, "ETag": s3.upload_part(PartNumber=n, Body=b"x", **common)["ETag"]}
             for n in (1, 2)]
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **common)
    assert code_of(raised) == "EntityTooSmall"
    s3.abort_multipart_upload(**common)
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        s3.upload_part(PartNumber=1, Body=b"x", **common)
    assert code_of(raised) == "NoSuchUpload"


def test_listings_in_pages(s3, bucket):
    names = sorted([f"a/{i:03}" for i in range(30)] + ["b", "c/d/e", "é", "z"],
                   key=lambda name: name.encode())
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: s3.put_object(Bucket=bucket, Key=name, Body=b"x"), names))
    assert keys(s3, bucket, PaginationConfig={"PageSize": 7}) == names
    v1 = [entry["Key"] for page in s3.get_paginator("list_objects").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 7}) for entry in page["Contents"]]
    assert v1 == names
    folders, files = [], []
    for page in s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 2}):
        folders += [p["Prefix"] for p in page.get("CommonPrefixes", [])]
        files += [p["Key"] for p in page.get("Contents", [])]
    assert folders == ["a/", "c/"] and files == ["b", "z", "é"]
    assert keys(s3, bucket, Prefix="a/", StartAfter="a/027") == ["a/028", "a/029"]
    versions = s3.list_object_versions(Bucket=bucket, Prefix="b")["Versions"]
    assert [v["VersionId"] for v in versions] == ["null"]


def test_deleting_a_thousand(s3, bucket, client):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: s3.put_object(Bucket=bucket, Key=f"k{n}", Body=b"x"), range(50)))
    answer = s3.delete_objects(Bucket=bucket, Delete={
        "Objects": [{"Key": f"k{n}"} for n in range(1000)]})
    assert len(answer["Deleted"]) == 1000
    assert keys(s3, bucket) == []


def test_buckets(s3, client):
    name = "howdah-test-buckets"
    s3.create_bucket(Bucket=name)
    try:
        s3.create_bucket(Bucket=name)  # us-east-1 takes it twice
        assert name in [b["Name"] for b in s3.list_buckets()["Buckets"]]
        s3.get_waiter("bucket_exists").wait(Bucket=name)
        assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
        s3.put_object(Bucket=name, Key="k", Body=b"x")
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            s3.delete_bucket(Bucket=name)
        assert code_of(raised) == "BucketNotEmpty"
        s3.delete_object(Bucket=name, Key="k")
    finally:
        s3.delete_bucket(Bucket=name)
    s3.get_waiter("bucket_not_exists").wait(Bucket=name)
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket=name)


@pytest.mark.local_only
def test_buckets_of_other_regions(client):
    west = client("s3", region="eu-west-1")
    name = "howdah-test-west"
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        west.create_bucket(Bucket=name)
    assert code_of(raised) == "IllegalLocationConstraintException"
    where = {"LocationConstraint": "eu-west-1"}
    west.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    try:
        with pytest.raises(west.exceptions.BucketAlreadyOwnedByYou):
            west.create_bucket(Bucket=name, CreateBucketConfiguration=where)
        assert west.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
        assert west.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"
    finally:
        west.delete_bucket(Bucket=name)


@pytest.mark.local_only
def test_the_public_bucket(s3, bucket):
    public = "us-east-1.elasticmapreduce"
    key = "emr-containers/samples/wordcount/scripts/wordcount.py"
    script = s3.get_object(Bucket=public, Key=key)["Body"].read()
    assert b"SparkSession" in script
    s3.copy_object(Bucket=bucket, Key="wordcount.py", CopySource=f"{public}/{key}")
    assert s3.get_object(Bucket=bucket, Key="wordcount.py")["Body"].read() == script
    for other in ("eu-central-1.elasticmapreduce", "elasticmapreduce"):
        assert keys(s3, other) == keys(s3, public)
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        s3.put_object(Bucket=public, Key="mine", Body=b"x")
    assert code_of(raised) == "AccessDenied"


@pytest.mark.parametrize("version", ["s3v4", "s3"])  # "s3": boto3's default for us-east-1
def test_presigned_urls(client, bucket, version):
    s3 = client("s3", signature_version=version, s3={"addressing_style": "path"})
    put = s3.generate_presigned_url("put_object", {
        "Bucket": bucket, "Key": "a b", "ContentType": "text/plain"}, ExpiresIn=60)
    request = urllib.request.Request(put, data=b"text", method="PUT",
                                     headers={"Content-Type": "text/plain"})
    assert urllib.request.urlopen(request, timeout=10).status == 200
    get = s3.generate_presigned_url("get_object", {
        "Bucket": bucket, "Key": "a b", "ResponseContentType": "text/csv"}, ExpiresIn=60)
    with urllib.request.urlopen(get, timeout=10) as answer:
        assert answer.read() == b"text"
        assert answer.headers["Content-Type"] == "text/csv"
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(get.replace("Signature=", "Signature=0"), timeout=10)
    assert raised.value.code == 403


@pytest.mark.local_only
def test_virtual_hosts(s3, client, bucket):
    s3.put_object(Bucket=bucket, Key="a/k", Body=b"x")
    port = s3.meta.endpoint_url.rsplit(":", 1)[1].strip("/")
    credentials = s3._request_signer._credentials
    virtual = boto3.client(
        "s3", region_name="us-east-1", endpoint_url=f"http://localhost:{port}",
        aws_access_key_id=credentials.access_key, aws_secret_access_key=credentials.secret_key,
        config=botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
    url = virtual.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a/k"})
    host, path = url.split("/", 3)[2:]
    assert host == f"{bucket}.localhost:{port}"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", headers={"Host": host})
    assert urllib.request.urlopen(request, timeout=10).read() == b"x"


def test_an_object_that_is_read_outlives_its_deletion(s3, bucket):
    body = data(8 * MIB)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    stream = s3.get_object(Bucket=bucket, Key="k")["Body"]
    first = stream.read(1000)
    s3.put_object(Bucket=bucket, Key="k", Body=b"other")
    s3.delete_object(Bucket=bucket, Key="k")
    assert first + stream.read() == body


def test_what_is_refused_is_refused_before_any_effect(s3, bucket):
    for arguments in ({"ServerSideEncryption": "aws:kms"}, {"ACL": "public-read"},
                      {"Tagging": "a=1&a=2"}, {"IfNoneMatch": '"x"'}):
        with pytest.raises(botocore.exceptions.ClientError):
            s3.put_object(Bucket=bucket, Key="k", Body=b"x", **arguments)
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        s3.put_object(Bucket=bucket, Key="x" * 1025, Body=b"x")
    assert code_of(raised) == "KeyTooLongError"
    assert keys(s3, bucket) == []
