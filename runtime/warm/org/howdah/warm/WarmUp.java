package org.howdah.warm;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The throwaway job: a PySpark script through SparkSubmit, as most jobs are, with settings of its own
 * (the node's spark-defaults may name listeners and catalogs that must see real jobs only). S3A talks
 * to an S3 of a few lines in this JVM, with keys that mean nothing.
 */
final class WarmUp {
  private WarmUp() {}

  static void run(Path folder, String script) throws Exception {
    Logs.remember();
    Path scratch = Files.createDirectories(folder.resolve("scratch"));
    HttpServer s3 = serveS3();
    try {
      Path settings = scratch.resolve("settings.conf");
      Files.writeString(settings, settings(scratch, s3.getAddress().getPort()));
      Class<?> submit = Class.forName("org.apache.spark.deploy.SparkSubmit");
      String[] arguments = {
        "--master", "local[2]", "--properties-file", settings.toString(), script,
        scratch.toString()
      };
      submit
          .getMethod("doSubmit", String[].class)
          .invoke(submit.getConstructor().newInstance(), (Object) arguments);
    } finally {
      s3.stop(0);
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

  private static String settings(Path scratch, int port) {
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
    out.put("spark.hadoop.fs.s3a.endpoint", "http://127.0.0.1:" + port);
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

  // Enough of S3 for S3A to write, list, read and delete small objects.
  private static HttpServer serveS3() throws IOException {
    Map<String, byte[]> objects = new ConcurrentHashMap<>();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String key = exchange.getRequestURI().getPath();
          byte[] sent;
          try (InputStream in = exchange.getRequestBody()) {
            sent = in.readAllBytes();
          }
          byte[] answer = new byte[0];
          int status = 200;
          String query = exchange.getRequestURI().getQuery();
          switch (exchange.getRequestMethod()) {
            case "PUT":
              objects.put(key, chunksOf(sent));
              exchange.getResponseHeaders().set("ETag", tagOf(objects.get(key)));
              break;
            case "DELETE":
              objects.remove(key);
              status = 204;
              break;
            case "POST":
              answer = "<DeleteResult></DeleteResult>".getBytes(StandardCharsets.UTF_8);
              break;
            default:
              if (query != null && query.contains("list-type")) {
                answer = listing().getBytes(StandardCharsets.UTF_8);
              } else if (objects.containsKey(key)) {
                answer = objects.get(key);
                exchange.getResponseHeaders().set("ETag", tagOf(answer));
                exchange.getResponseHeaders().set("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT");
              } else {
                status = 404;
              }
          }
          boolean head = exchange.getRequestMethod().equals("HEAD");
          if (head) {
            exchange.getResponseHeaders().set("Content-Length", "" + answer.length);
          }
          boolean empty = head || status == 204;
          exchange.sendResponseHeaders(status, empty ? -1 : answer.length == 0 ? -1 : answer.length);
          if (!empty) {
            exchange.getResponseBody().write(answer);
          }
          exchange.close();
        });
    server.start();
    return server;
  }

  // S3A's client compares it with what it sent.
  private static String tagOf(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("MD5").digest(bytes);
      return '"' + HexFormat.of().formatHex(digest) + '"';
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String listing() {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult"
        + " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>warm</Name><KeyCount>0</KeyCount>"
        + "<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>";
  }

  // The body of a signed upload: "LENGTH;chunk-signature=…\r\n", bytes, "\r\n", again.
  private static byte[] chunksOf(byte[] sent) {
    String text = new String(sent, StandardCharsets.ISO_8859_1);
    if (!text.contains(";chunk-signature=")) {
      return sent;
    }
    StringBuilder out = new StringBuilder();
    for (int at = 0; at < text.length(); ) {
      int length = Integer.parseInt(text.substring(at, text.indexOf(';', at)), 16);
      int begin = text.indexOf("\r\n", at) + 2;
      out.append(text, begin, begin + length);
      at = begin + length + 2;
    }
    return out.toString().getBytes(StandardCharsets.ISO_8859_1);
  }
}
