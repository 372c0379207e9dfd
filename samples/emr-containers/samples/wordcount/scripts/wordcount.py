"""Counts words with Spark, as the sample at this place on AWS does.

    wordcount.py [DESTINATION]

Words are what blanks separate in the texts of
s3://REGION.elasticmapreduce/emr-containers/samples/wordcount/input. DESTINATION gets a line
`word,count` for each, as CSV without a header, the commonest first; what was there before goes.
Without DESTINATION the ten commonest are shown.
"""

import operator
import os
import sys

from pyspark.sql import SparkSession


def count_words(texts):
    pairs = texts.flatMap(lambda line: line.split(" ")).map(lambda word: (word, 1))
    return pairs.reduceByKey(operator.add).sortBy(lambda pair: pair[1], ascending=False)


def main(arguments):
    if len(arguments) > 1:
        print("usage: wordcount.py [DESTINATION]", file=sys.stderr)
        return 2
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    folder = f"s3://{region}.elasticmapreduce/emr-containers/samples/wordcount/input"

    spark = SparkSession.builder.appName("WordCount").getOrCreate()
    counts = count_words(spark.sparkContext.textFile(folder)).toDF(["word", "count"])
    if arguments:
        counts.write.mode("overwrite").csv(arguments[0])
        print(f"The words are counted. See {arguments[0]}")
    else:
        counts.show(10, truncate=False)
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
