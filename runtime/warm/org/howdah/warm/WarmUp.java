package org.howdah.warm;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The throwaway job: a PySpark script through SparkSubmit, as most jobs are, with settings of its own
 * (the node's spark-defaults may name listeners and catalogs that must see real jobs only). S3A talks
 * to an S3 in this JVM, with keys that mean nothing.
 */
final class WarmUp {
  private WarmUp() {}

  static void run(Path folder, String script) throws Exception {
    Logs.remember();
    Path scratch = Files.createDirectories(folder.resolve("scratch"));
    try (MemoryS3 s3 = new MemoryS3()) {
      Path settings = scratch.resolve("settings.conf");
      Files.writeString(settings, settings(scratch, s3.endpoint()));
      Class<?> submit = Class.forName("org.apache.spark.deploy.SparkSubmit");
      String[] arguments = {
        "--master", "local[2]", "--properties-file", settings.toString(), script,
        scratch.toString()
      };
      submit
          .getMethod("doSubmit", String[].class)
          .invoke(submit.getConstructor().newInstance(), (Object) arguments);
    }
    try (Stream<Path> all = Files.walk(scratch)) {
      for (Path path : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    }
  }

  /** Until the threads of the warm-up that end by themselves have ended; one's end may start another. */
  static void awaitThreads() throws InterruptedException {
    for (int round = 0, waited = 1; round < 5 && waited > 0; round++) {
      waited = 0;
      for (Thread thread : Thread.getAllStackTraces().keySet()) {
        if (thread.getName().startsWith("Idle Worker Monitor")) {
          thread.interrupt(); // of a factory of Python workers that is gone: Spark leaves it
        } else if (!ends(thread)) {
          continue;
        }
        thread.join(5000);
        waited++;
      }
    }
  }

  // Netty's are quiet for two seconds before they end.
  private static boolean ends(Thread thread) {
    String name = thread.getName();
    if (thread == Thread.currentThread() || name.equals("DestroyJavaVM")) {
      return false;
    }
    return !thread.isDaemon() || name.matches("(Thread-|redirect|rpc-|shuffle-[bcs]).*");
  }

  private static String settings(Path scratch, String endpoint) {
    Map<String, String> out = new LinkedHashMap<>();
    out.put("spark.local.dir", scratch + "/local");
    out.put("spark.sql.warehouse.dir", "file:" + scratch + "/warehouse");
    out.put("spark.eventLog.enabled", "true");
    out.put("spark.eventLog.dir", "file:" + scratch);
    out.put("spark.ui.port", "0");
    out.put("spark.port.maxRetries", "100");
    // It would stay for good, with the warm-up's configuration in it.
    out.put("spark.sql.defaultUrlStreamHandlerFactory.enabled", "false");
    out.put("spark.hadoop.hadoop.tmp.dir", scratch + "/hadoop");
    out.put("spark.hadoop.fs.s3a.endpoint", endpoint);
    out.put("spark.hadoop.fs.s3a.access.key", "warm");
    out.put("spark.hadoop.fs.s3a.secret.key", "up");
    out.put(
        "spark.hadoop.fs.s3a.aws.credentials.provider",
        "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider");
    for (String each :
        new String[] {
          "spark.sql.sources.commitProtocolClass=org.howdah.spark.S3CommitProtocol",
          "spark.sql.parquet.output.committer.class="
              + "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter"
        }) {
      String[] pair = each.split("=");
      if (WarmUp.class.getClassLoader().getResource(pair[1].replace('.', '/') + ".class") != null) {
        out.put(pair[0], pair[1]);
      }
    }
    StringBuilder text = new StringBuilder();
    out.forEach((key, value) -> text.append(key).append(' ').append(value).append('\n'));
    return text.toString();
  }
}
