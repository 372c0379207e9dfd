"""The AWS getting-started tutorial's job: the ten establishments with the most RED violations.

spark-submit health_violations.py --data_source s3://bucket/data.csv --output_uri s3://bucket/out
"""

import argparse

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, count


def top_red_violations(data_source, output_uri):
    with SparkSession.builder.appName("Red violations per establishment").getOrCreate() as spark:
        inspections = spark.read.option("header", "true").csv(data_source)
        top = (
            inspections.where(col("violation_type") == "RED")
            .groupBy("name")
            .agg(count("*").alias("total_red_violations"))
            .orderBy(col("total_red_violations").desc(), "name")
            .limit(10)
        )
        top.write.option("header", "true").mode("overwrite").csv(output_uri)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data_source", required=True, help="a CSV, e.g. s3://bucket/data.csv")
    parser.add_argument("--output_uri", required=True, help="a folder, e.g. s3://bucket/output")
    arguments = parser.parse_args()
    top_red_violations(arguments.data_source, arguments.output_uri)
