"""The throwaway job of a warm driver: what most jobs do, once, small. warm_up.py SCRATCH"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

scratch = sys.argv[1]
spark = SparkSession.builder.appName("warm-up").getOrCreate()
sc = spark.sparkContext

with open(f"{scratch}/words.txt", "w", encoding="utf-8") as out:
    out.write("one two two\nthree three three\n" * 50)
with open(f"{scratch}/rows.csv", "w", encoding="utf-8") as out:
    out.write("name,age,red\n")
    out.writelines(f"n{i % 7},{i},{'RED' if i % 3 else 'BLUE'}\n" for i in range(200))

# RDDs, with Python workers; files by Hadoop's API.
counts = (sc.textFile(f"file:{scratch}/words.txt").flatMap(lambda line: line.split(" "))
          .map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b))
assert len(counts.collect()) == 3
counts.saveAsTextFile(f"file:{scratch}/counts")

# SQL: files, aggregation, join, sort, window of plans.
spark.range(1000).selectExpr("id", "id % 7 as k").groupBy("k").agg(f.sum("id")).collect()
rows = spark.read.option("header", "true").csv(f"file:{scratch}/rows.csv")
rows.createOrReplaceTempView("rows")
spark.sql("select name, count(*) as n from rows where red = 'RED' group by name "
          "order by n desc limit 10").collect()
rows.write.mode("overwrite").parquet(f"file:{scratch}/rows.parquet")
again = spark.read.parquet(f"file:{scratch}/rows.parquet")
again.join(spark.createDataFrame([("n1", 1), ("n2", 2)], ["name", "x"]), "name").count()
again.show(3)
spark.read.text(f"file:{scratch}/words.txt").select(
    f.explode(f.split("value", " ")).alias("word")).groupBy("word").count().collect()

# S3, through the S3 in the JVM: an object, and a table by the committer of jobs.
jvm = spark._jvm
files = jvm.org.apache.hadoop.fs.FileSystem.get(jvm.java.net.URI("s3a://warm/"),
                                                sc._jsc.hadoopConfiguration())
stream = files.create(jvm.org.apache.hadoop.fs.Path("s3a://warm/words"))
stream.writeBytes("one two two\n")
stream.close()
counts = (sc.textFile("s3a://warm/words").flatMap(lambda line: line.split(" "))
          .map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b)
          .sortBy(lambda pair: pair[1], False)).toDF(["word", "count"])
for _ in range(2):
    counts.write.mode("overwrite").csv("s3a://warm/counts")
assert spark.read.csv("s3a://warm/counts").count() == 2
files.exists(jvm.org.apache.hadoop.fs.Path("s3a://warm/nothing"))

spark.stop()
