"""Counts words with Spark.

    wordcount.py [OUTPUT]

Reads the texts of s3://REGION.elasticmapreduce/emr-containers/samples/wordcount/input,
prints the twenty commonest words, and writes all counts as CSV to OUTPUT when it is given.
"""

import os
import re
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f


def main(arguments):
    if len(arguments) > 1:
        print("usage: wordcount.py [OUTPUT]", file=sys.stderr)
        return 2
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    texts = f"s3://{region}.elasticmapreduce/emr-containers/samples/wordcount/input/"

    spark = SparkSession.builder.appName("WordCount").getOrCreate()
    words = (
        spark.read.text(texts)
        .select(f.explode(f.split(f.lower("value"), r"[^\p{L}']+")).alias("word"))
        .where(f.length("word") > 0)
    )
    counts = words.groupBy("word").count().orderBy(f.desc("count"), "word").cache()
    for row in counts.take(20):
        print(f"{row['word']}: {row['count']}")
    if arguments:
        output = re.sub("/+$", "", arguments[0])
        counts.coalesce(1).write.mode("overwrite").option("header", True).csv(output)
        print(f"wrote {counts.count()} words to {output}")
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
