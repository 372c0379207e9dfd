"""What Hadoop's S3A must be able to do, as a Spark job: s3a_job.py BUCKET."""
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

root = f"s3a://{sys.argv[1]}"
spark = SparkSession.builder.appName("s3a").getOrCreate()
rows = spark.range(0, 20000).withColumn("p", f.col("id") % 4)

# the magic committer, partitions, overwriting
rows.repartition(3).write.partitionBy("p").parquet(f"{root}/out/parquet")
assert spark.read.parquet(f"{root}/out/parquet").where("p = 3").count() == 5000
rows.write.mode("overwrite").parquet(f"{root}/out/parquet")
assert spark.read.parquet(f"{root}/out/parquet").count() == 20000

# the file system: folders, renames, a stream in parts, seeking, recursive deletes
path = spark._jvm.org.apache.hadoop.fs.Path
files = path(root + "/").getFileSystem(spark._jsc.hadoopConfiguration())
assert files.mkdirs(path(f"{root}/dir/empty"))
assert files.getFileStatus(path(f"{root}/dir/empty")).isDirectory()
stream = files.create(path(f"{root}/dir/big"))
for _ in range(20):
    stream.write(bytearray(b"0123456789abcdef" * 65536))
stream.close()
assert files.rename(path(f"{root}/dir"), path(f"{root}/moved"))
assert not files.exists(path(f"{root}/dir/big"))
assert files.getFileStatus(path(f"{root}/moved/big")).getLen() == 20 << 20
stream = files.open(path(f"{root}/moved/big"))
stream.seek((17 << 20) + 10)
assert stream.read() == ord("a")
stream.close()
assert files.delete(path(f"{root}/moved"), True)
assert not files.exists(path(f"{root}/moved"))

# a magic committer leaves its report in _SUCCESS; a renaming one leaves an empty file
assert files.getFileStatus(path(f"{root}/out/parquet/_SUCCESS")).getLen() > 100
samples = "s3a://eu-west-1.elasticmapreduce/emr-containers/samples/wordcount/input/"
assert spark.read.text(samples).count() > 10
print("S3A is content")
spark.stop()
