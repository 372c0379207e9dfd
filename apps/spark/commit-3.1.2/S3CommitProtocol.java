package org.howdah.spark;

import java.io.IOException;
import java.io.UncheckedIOException;

import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.OutputCommitter;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.lib.output.FileOutputCommitter;
import org.apache.hadoop.mapreduce.lib.output.FileOutputFormat;
import org.apache.hadoop.mapreduce.lib.output.PathOutputCommitter;
import org.apache.hadoop.mapreduce.lib.output.PathOutputCommitterFactory;
import org.apache.spark.internal.io.HadoopMapReduceCommitProtocol;

import scala.Option;

/**
 * How a DataFrame's files become visible: through the committer of the destination's file system (S3A's
 * magic committer on s3://, renames elsewhere). With dynamic partition overwrite, which S3A's committers
 * refuse, the files are written beside the table and renamed into their partitions, as Spark does on
 * HDFS. For Spark 3.1, which names files by their extension alone. Compiled when Spark is installed.
 */
public class S3CommitProtocol extends HadoopMapReduceCommitProtocol {
  private final String destination;
  private final boolean dynamicPartitionOverwrite;
  private transient PathOutputCommitter committer;

  public S3CommitProtocol(String jobId, String destination, boolean dynamicPartitionOverwrite) {
    super(jobId, destination, dynamicPartitionOverwrite);
    this.destination = destination;
    this.dynamicPartitionOverwrite = dynamicPartitionOverwrite;
  }

  @Override
  public OutputCommitter setupCommitter(TaskAttemptContext context) {
    try {
      committer =
          dynamicPartitionOverwrite
              ? new FileOutputCommitter(FileOutputFormat.getOutputPath(context), context)
              : PathOutputCommitterFactory.createCommitter(new Path(destination), context);
      return committer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String newTaskTempFile(TaskAttemptContext context, Option<String> folder, String extension) {
    if (dynamicPartitionOverwrite) {
      return super.newTaskTempFile(context, folder, extension);
    }
    try {
      Path parent = committer.getWorkPath();
      if (folder.isDefined()) {
        parent = new Path(parent, folder.get());
      }
      return new Path(parent, getFilename(context, extension)).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
