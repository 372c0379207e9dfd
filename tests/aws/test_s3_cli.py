"""S3 as the unmodified AWS CLI uses it."""
import os
import pathlib

from s3_support import MIB, data, keys


def make_tree(folder):
    """A small tree with names that need care, and one file above the multipart threshold."""
    files = {"a.txt": b"a", "sub/b with space.txt": b"b", "sub/deep/ü+c.csv": b"c,d\n",
             "big.bin": data(9 * MIB + 1)}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return files


def read_tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in pathlib.Path(folder).rglob("*") if path.is_file()}


def test_make_copy_list_move_remove(aws, s3, tmp_path):
    name = "howdah-cli-" + os.urandom(4).hex()
    assert f"make_bucket: {name}" in aws("s3", "mb", f"s3://{name}")
    (tmp_path / "f").write_bytes(b"text")
    aws("s3", "cp", tmp_path / "f", f"s3://{name}/dir/f")
    assert "PRE dir/" in aws("s3", "ls", f"s3://{name}")
    assert aws("s3", "ls", f"s3://{name}/dir/").split()[-2:] == ["4", "f"]
    aws("s3", "mv", f"s3://{name}/dir/f", f"s3://{name}/g")
    aws("s3", "cp", f"s3://{name}/g", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"text"
    assert aws("s3", "cp", f"s3://{name}/g", "-") == "text"
    aws("s3", "cp", "-", f"s3://{name}/stdin", stdin="from a pipe")
    assert sorted(keys(s3, name)) == ["g", "stdin"]
    aws("s3", "rm", f"s3://{name}/g")
    assert aws.run("s3", "rb", f"s3://{name}").returncode != 0  # not empty
    assert f"remove_bucket: {name}" in aws("s3", "rb", f"s3://{name}", "--force")
    assert aws.run("s3", "ls", f"s3://{name}").returncode != 0


def test_sync_there_and_back(aws, s3, bucket, tmp_path):
    source = tmp_path / "source"
    files = make_tree(source)
    aws("s3", "sync", source, f"s3://{bucket}/tree")
    assert sorted(keys(s3, bucket)) == sorted(f"tree/{name}" for name in files)
    assert aws("s3", "sync", source, f"s3://{bucket}/tree") == ""  # nothing to do
    aws("s3", "sync", f"s3://{bucket}/tree", tmp_path / "back")
    assert read_tree(tmp_path / "back") == files
    (source / "a.txt").unlink()
    (source / "new").write_bytes(b"new")
    aws("s3", "sync", "--delete", source, f"s3://{bucket}/tree")
    assert sorted(keys(s3, bucket)) == sorted(f"tree/{name}" for name in read_tree(source))
    aws("s3", "cp", "--recursive", f"s3://{bucket}/tree", f"s3://{bucket}/copy")
    aws("s3", "rm", "--recursive", f"s3://{bucket}/tree")
    assert sorted(keys(s3, bucket)) == sorted(f"copy/{name}" for name in read_tree(source))


def test_large_files_in_parts(aws, bucket, tmp_path):
    body = data(25 * MIB + 11)
    (tmp_path / "big").write_bytes(body)
    aws("s3", "cp", "--no-progress", tmp_path / "big", f"s3://{bucket}/big")
    aws("s3", "cp", "--no-progress", f"s3://{bucket}/big", f"s3://{bucket}/second")
    aws("s3", "cp", "--no-progress", f"s3://{bucket}/second", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == body


def test_the_commands_of_the_tutorials(aws, bucket, tmp_path, on_aws):
    if on_aws:
        return
    public = "s3://us-east-1.elasticmapreduce"
    script = f"{public}/emr-containers/samples/wordcount/scripts/wordcount.py"
    aws("s3", "cp", script, f"s3://{bucket}/scripts/wordcount.py")
    aws("s3", "cp", f"{public}/bootstrap-actions/run-if", tmp_path / "run-if")
    aws("s3", "cp", f"{public}/libs/script-runner/script-runner.jar", tmp_path / "runner.jar")
    assert (tmp_path / "runner.jar").read_bytes()[:2] == b"PK"
    assert "wordcount.py" in aws("s3", "ls", "--recursive", f"{public}/emr-containers/")


def test_s3api(aws, bucket, tmp_path):
    (tmp_path / "f").write_bytes(b"0123456789")
    put = aws("s3api", "put-object", "--bucket", bucket, "--key", "k", "--body", tmp_path / "f",
              "--metadata", "a=1", "--checksum-algorithm", "SHA256")
    assert put["ChecksumSHA256"]
    head = aws("s3api", "head-object", "--bucket", bucket, "--key", "k")
    assert head["Metadata"] == {"a": "1"} and head["ContentLength"] == 10
    aws("s3api", "get-object", "--bucket", bucket, "--key", "k", "--range", "bytes=2-4",
        tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == b"234"
    failed = aws.run("s3api", "get-object", "--bucket", bucket, "--key", "none", tmp_path / "x")
    assert "NoSuchKey" in failed.stderr
