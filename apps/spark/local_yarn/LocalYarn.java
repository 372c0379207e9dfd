package org.howdah.spark;

import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.ExternalClusterManager;
import org.apache.spark.scheduler.SchedulerBackend;
import org.apache.spark.scheduler.TaskScheduler;
import org.apache.spark.scheduler.TaskSchedulerImpl;
import org.apache.spark.scheduler.local.LocalSchedulerBackend;
import org.apache.spark.util.SystemClock;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * Serves the master "yarn" on a cluster that has a primary node only: all cores of this node run the
 * tasks, inside the driver. Spark finds it as a service, so that a script's own .master("yarn") works
 * in Python, Scala and Java alike, unchanged. Compiled when Spark is installed.
 */
public final class LocalYarn implements ExternalClusterManager {
  private static final String NOTE =
      "master yarn: this cluster has no core nodes, so the tasks run in the driver, on all cores of the"
          + " primary node (as local[*])";

  @Override
  public boolean canCreate(String masterUrl) {
    return masterUrl.equals("yarn");
  }

  @Override
  public TaskScheduler createTaskScheduler(SparkContext context, String masterUrl) {
    say();
    int maxFailures = context.conf().getInt("spark.task.maxFailures", 4);
    return new TaskSchedulerImpl(context, maxFailures, true, new SystemClock());
  }

  @Override
  public SchedulerBackend createSchedulerBackend(
      SparkContext context, String masterUrl, TaskScheduler scheduler) {
    int cores = Runtime.getRuntime().availableProcessors();
    return new LocalSchedulerBackend(context.conf(), (TaskSchedulerImpl) scheduler, cores);
  }

  @Override
  public void initialize(TaskScheduler scheduler, SchedulerBackend backend) {
    ((TaskSchedulerImpl) scheduler).initialize(backend);
  }

  // On stderr, and in the step's notes where the platform named a file for them.
  private static void say() {
    System.err.println("howdah: " + NOTE);
    String file = System.getenv("HOWDAH_NOTES_FILE");
    if (file == null || file.isEmpty()) {
      return;
    }
    try {
      Files.write(
          Path.of(file),
          (Instant.now() + " INFO " + NOTE + "\n").getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (Exception e) {
      // the note on stderr has to do
    }
  }
}
