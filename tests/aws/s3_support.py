"""What the S3 tests share."""
import hashlib
import random

MIB = 1024 * 1024


def data(size, seed=1):
    """The same `size` bytes for the same seed."""
    return random.Random(seed).randbytes(size)


def md5(blob):
    return hashlib.md5(blob).hexdigest()


def keys(s3, bucket, **arguments):
    """Every key of a bucket, through boto3's paginator."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, **arguments)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
