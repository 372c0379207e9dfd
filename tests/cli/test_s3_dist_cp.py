"""s3-dist-cp against a real server: S3 and local files, every option that changes what is there."""
import gzip
import json
import os
import pathlib
import random
import subprocess

import boto3
import pytest

from support.server import Server, clean_environment


def program(server):
    """Built beside the server."""
    return server.binary.resolve().parent.parent / "distcp" / "s3-dist-cp"


@pytest.fixture(scope="module")
def server(tmp_path_factory, request):
    data = tmp_path_factory.mktemp("distcp") / "data"
    with Server(data, binary=request.config.getoption("--server")) as running:
        yield running


@pytest.fixture(scope="module")
def s3(server):
    return boto3.client("s3", endpoint_url=server.endpoint, region_name="us-east-1",
                        aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def bucket(s3, request):
    name = "b" + "".join(c for c in request.node.name.lower() if c.isalnum())[-50:]
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def distcp(server, tmp_path):
    def run(*arguments, expect=0, **variables):
        environment = {**clean_environment(server.endpoint, tmp_path),
                       "HADOOP_CONF_DIR": "/nonexistent", **variables}
        done = subprocess.run([program(server), *arguments], env=environment, capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == expect, done.stderr
        return done.stderr
    return run


def objects(s3, bucket, prefix=""):
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            for item in listed}


def files(folder):
    folder = pathlib.Path(folder)
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


def put(s3, bucket, contents):
    for key, text in contents.items():
        s3.put_object(Bucket=bucket, Key=key, Body=text)


def manifest(data):
    return [json.loads(line) for line in gzip.decompress(data).decode().splitlines()]


def test_there_and_back_again(distcp, s3, bucket, tmp_path):
    source = tmp_path / "source"
    odd = {"plain.txt": b"x" * 1000, "empty": b"", "a b/ü+%20&=#?.txt": b"odd",
           "deep/er/still/f": bytes(random.Random(1).randbytes(20_000_000))}
    for name, text in odd.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(text)
    said = distcp(f"--src=file://{source}", f"--dest=s3://{bucket}/in/")
    assert "copied 4 of 4 files" in said
    assert objects(s3, bucket) == {"in/" + name: text for name, text in odd.items()}
    assert s3.head_object(Bucket=bucket, Key="in/deep/er/still/f")["ETag"].endswith('-2"')
    distcp("--src", f"s3a://{bucket}/in", "--dest", f"s3n://{bucket}/copy")
    distcp("--src", f"s3://{bucket}/copy/", "--dest", f"file://{tmp_path}/back")
    assert files(tmp_path / "back") == odd


def test_one_file_keeps_its_name(distcp, s3, bucket):
    put(s3, bucket, {"in/one.txt": b"1", "in/one.txt.more": b"2"})
    distcp(f"--src=s3://{bucket}/in/one.txt", f"--dest=s3://{bucket}/out")
    assert objects(s3, bucket, "out/") == {"out/one.txt": b"1"}


def test_no_multipart_upload_when_it_is_disabled(distcp, s3, bucket, tmp_path):
    (tmp_path / "big").write_bytes(b"x" * 17_000_000)
    distcp(f"--src=file://{tmp_path}/big", f"--dest=s3://{bucket}/", "--disableMultipartUpload")
    assert "-" not in s3.head_object(Bucket=bucket, Key="big")["ETag"]
    distcp(f"--src=file://{tmp_path}/big", f"--dest=s3://{bucket}/",
           "--multipartUploadChunkSize=5")
    assert s3.head_object(Bucket=bucket, Key="big")["ETag"].endswith('-4"')


def test_pattern_filters_on_the_whole_path(distcp, s3, bucket):
    put(s3, bucket, {"logs/i-1/daemons/a-hadoop-b": b"1", "logs/i-1/other": b"2"})
    distcp(f"--src=s3://{bucket}/logs/", f"--dest=s3://{bucket}/out/",
           "--srcPattern=.*daemons.*-hadoop-.*")
    assert list(objects(s3, bucket, "out/")) == ["out/i-1/daemons/a-hadoop-b"]


def test_groups_are_joined_split_and_compressed(distcp, s3, bucket):
    parts = {f"in/{hour:02d}/part-{n:04d}.log": f"{hour} {n}\n".encode() * 50
             for hour in range(3) for n in range(40)}
    put(s3, bucket, parts)
    distcp(f"--src=s3://{bucket}/in/", f"--dest=s3://{bucket}/plain/", "--groupBy=.*/(\\d\\d)/.*")
    plain = objects(s3, bucket, "plain/")
    assert sorted(plain) == ["plain/00/00", "plain/01/01", "plain/02/02"]
    assert plain["plain/01/01"] == b"".join(
        parts[key] for key in sorted(parts) if key.startswith("in/01/"))
    distcp(f"--src=s3://{bucket}/in/", f"--dest=s3://{bucket}/coded/", "--groupBy=.*/(\\d\\d)/.*",
           "--outputCodec=gz")
    coded = objects(s3, bucket, "coded/")
    assert {key: gzip.decompress(text) for key, text in coded.items()} == {
        key.replace("plain", "coded") + ".gz": text for key, text in plain.items()}
    distcp(f"--src=s3://{bucket}/coded/", f"--dest=s3://{bucket}/decoded/", "--outputCodec=none")
    assert objects(s3, bucket, "decoded/") == {
        key.replace("plain", "decoded"): text for key, text in plain.items()}


def test_target_size_splits_a_group(distcp, s3, bucket):
    put(s3, bucket, {f"in/all.txt.{n}": bytes([65 + n]) * 700_000 for n in range(5)})
    distcp(f"--src=s3://{bucket}/in/", f"--dest=s3://{bucket}/out/", "--groupBy=.*/(all.txt).*",
           "--targetSize=1")
    found = objects(s3, bucket, "out/")
    assert sorted(found) == [f"out/all{n}.txt" for n in range(5)]
    distcp(f"--src=s3://{bucket}/in/", f"--dest=s3://{bucket}/two/", "--groupBy=.*/(all.txt).*",
           "--targetSize=2")
    assert [len(text) for text in objects(s3, bucket, "two/").values()] == [1_400_000, 1_400_000,
                                                                            700_000]


def test_manifests_make_a_copy_incremental(distcp, s3, bucket):
    put(s3, bucket, {"in/a/1": b"one", "in/2": b"two"})
    place = [f"--src=s3://{bucket}/in/", f"--dest=s3://{bucket}/out/"]
    distcp(*place, "--outputManifest=m1.gz", "--requirePreviousManifest=false")
    first = manifest(objects(s3, bucket)["out/m1.gz"])
    assert sorted(first, key=lambda line: line["baseName"]) == [
        {"path": f"s3://{bucket}/out/2", "baseName": "2", "srcDir": f"s3://{bucket}/out",
         "size": 3},
        {"path": f"s3://{bucket}/out/a/1", "baseName": "a/1", "srcDir": f"s3://{bucket}/out",
         "size": 3}]
    put(s3, bucket, {"in/3": b"three", "in/2": b"changed"})
    said = distcp(*place, "--outputManifest=m2.gz", f"--previousManifest=s3://{bucket}/out/m1.gz")
    assert "copied 1 of 1 files" in said
    found = objects(s3, bucket, "out/")
    assert (found["out/2"], found["out/3"]) == (b"two", b"three")
    assert {line["baseName"] for line in manifest(found["out/m2.gz"])} == {"a/1", "2", "3"}
    distcp(f"--dest=s3://{bucket}/third/", "--copyFromManifest",
           f"--previousManifest=s3://{bucket}/out/m2.gz")
    assert sorted(objects(s3, bucket, "third/")) == ["third/2", "third/3", "third/a/1"]
    missing = distcp(*place, f"--previousManifest=s3://{bucket}/none.gz", expect=1)
    assert "--requirePreviousManifest=false" in missing
    distcp(*place, f"--previousManifest=s3://{bucket}/none.gz", "--requirePreviousManifest=false")


def test_sources_go_only_when_all_is_copied(distcp, s3, bucket, tmp_path):
    for n in range(1200):  # more than a page of a listing
        (tmp_path / str(n)).write_bytes(b"x")
    distcp(f"--src=file://{tmp_path}", f"--dest=s3://{bucket}/in/")
    distcp(f"--src=s3://{bucket}/in/", f"--dest=s3://{bucket}-nowhere/", "--deleteOnSuccess",
           expect=1)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1000  # a page: all are there
    said = distcp(f"--src=s3://{bucket}/in/", f"--dest=s3://{bucket}/out/", "--deleteOnSuccess",
                  "--outputManifest=m.gz")
    assert said.index("wrote the manifest") < said.index("deleted 1200 sources")
    assert s3.list_objects_v2(Bucket=bucket, Prefix="in/")["KeyCount"] == 0
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="out/")
    assert sum(page["KeyCount"] for page in pages) == 1201


def test_numbers_prefixes_and_storage_class(distcp, s3, bucket, tmp_path):
    put(s3, bucket, {"in/2026-01/a": b"1", "in/2026-02/b": b"2", "in/2027/c": b"3"})
    prefixes = tmp_path / "prefixes"
    prefixes.write_text(f"s3://{bucket}/in/2026-\ns3://{bucket}/in/2026-01/\n\n")
    distcp(f"--src=s3://{bucket}/in/", f"--dest=s3://{bucket}/out/",
           f"--srcPrefixesFile=file://{prefixes}", "--numberFiles", "--startingIndex=5",
           "--storageClass=REDUCED_REDUNDANCY")
    assert objects(s3, bucket, "out/") == {"out/2026-01/5a": b"1", "out/2026-02/6b": b"2"}
    distcp(f"--src=s3://{bucket}/out/", f"--dest=s3://{bucket}/again/")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="again/")["Contents"]
    assert {item["StorageClass"] for item in listed} == {"REDUCED_REDUNDANCY"}


def test_appends_to_local_files(distcp, tmp_path):
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "log").write_text("new")
    (tmp_path / "out" / "log").write_text("old ")
    distcp(f"--src=file://{tmp_path}/in", f"--dest=file://{tmp_path}/out", "--appendToLastFile")
    assert files(tmp_path / "out") == {"log": b"old new"}


@pytest.mark.parametrize("arguments, words", [
    (["--src=s3://no-such-bucket-here/x", "--dest=s3://{b}/y"], "Input path does not exist"),
    (["--src=s3://{b}/none", "--dest=s3://{b}/y"], "Input path does not exist"),
    (["--src=s3://{b}/in", "--dest=s3://{b}/y", "--groupBy=.*log"], "no parentheses"),
    (["--src=s3://{b}/in", "--dest=s3://under_score/y"], "underscore"),
    (["--src=s3://{b}/in", "--dest=hdfs:///y"], "which NameNode?"),
    (["--src=s3://{b}/in", "--dest=s3://{b}/in"], "onto itself"),
    (["--src=s3://{b}/in", "--dest=s3://{b}/y", "--appendToLastFile"], "HDFS"),
    (["--src=s3://{b}/in", "--dest=s3://{b}/y", "--outputCodec=snappy"], "not available"),
    (["--dest=s3://{b}/y"], "--src is missing"),
])
def test_what_cannot_be_done_ends_with_a_reason(distcp, s3, request, server, arguments, words):
    s3.create_bucket(Bucket="refusals")
    put(s3, "refusals", {"in/a": b"1"})
    said = distcp(*[each.format(b="refusals") for each in arguments], expect=1)
    assert words in said
    assert list(objects(s3, "refusals")) == ["in/a"]


def test_a_wrong_key_names_the_file_and_the_cause(distcp, s3, bucket):
    put(s3, bucket, {"in/a": b"1"})
    said = distcp(f"--src=s3://{bucket}/in", f"--dest=s3://{bucket}/out",
                  AWS_SECRET_ACCESS_KEY="wrong", expect=1)
    assert "SignatureDoesNotMatch" in said


def test_the_region_and_amazons_endpoints_mean_this_server(distcp, s3, bucket):
    put(s3, bucket, {"in/a": b"1"})
    distcp(f"--src=s3://{bucket}/in/", f"--dest=s3://{bucket}/out/",
           "--s3Endpoint=s3.eu-west-1.amazonaws.com")
    assert objects(s3, bucket, "out/") == {"out/a": b"1"}


def test_being_stopped_leaves_nothing_half_written(server, s3, bucket, tmp_path):
    (tmp_path / "pipe").mkdir()
    os.truncate(os.open(tmp_path / "pipe" / "big", os.O_CREAT | os.O_WRONLY), 8 << 30)
    environment = {**clean_environment(server.endpoint, tmp_path),
                   "HADOOP_CONF_DIR": "/nonexistent"}
    running = subprocess.Popen([program(server), f"--src=file://{tmp_path}/pipe",
                                f"--dest=s3://{bucket}/out/"], env=environment,
                               stderr=subprocess.PIPE, text=True)
    while "to copy" not in running.stderr.readline():
        pass
    running.terminate()
    running.stderr.read()
    assert running.wait(30) == 1
    assert objects(s3, bucket) == {}
    assert not s3.list_multipart_uploads(Bucket=bucket).get("Uploads")
