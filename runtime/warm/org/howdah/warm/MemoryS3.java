package org.howdah.warm;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Enough of S3 in this JVM's memory for S3A and its magic committer: objects of one bucket, by path
 * style, lists of one page, multipart uploads. It asks for no keys. One request at a time.
 */
final class MemoryS3 implements AutoCloseable {
  private static final String NAMESPACE = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
  private static final String DATE = "2024-01-01T00:00:00.000Z";

  private final HttpServer server;
  private final NavigableMap<String, byte[]> objects = new TreeMap<>();
  private final Map<String, NavigableMap<Integer, byte[]>> uploads = new TreeMap<>();
  private int uploadsBegun;

  private record Answer(int status, byte[] body, String tag) {
    static Answer of(int status) {
      return new Answer(status, new byte[0], null);
    }

    static Answer xml(String root, String content) {
      String text = "<" + root + NAMESPACE + ">" + content + "</" + root + ">";
      return new Answer(200, text.getBytes(StandardCharsets.UTF_8), null);
    }
  }

  MemoryS3() throws IOException {
    // It writes head and body apart; else the second waits 40 ms for the first to be acknowledged.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::serve);
    server.start();
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void serve(HttpExchange exchange) throws IOException {
    byte[] sent;
    try (InputStream in = exchange.getRequestBody()) {
      sent = withoutSignatures(in.readAllBytes());
    }
    String[] path = exchange.getRequestURI().getPath().split("/", 3);
    Map<String, String> query = query(exchange.getRequestURI().getQuery());
    String key = path.length > 2 ? path[2] : "";
    Answer answer = answer(exchange.getRequestMethod(), key, query, sent);
    if (answer.tag != null) {
      exchange.getResponseHeaders().set("ETag", answer.tag);
      exchange.getResponseHeaders().set("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT");
    }
    boolean head = exchange.getRequestMethod().equals("HEAD");
    if (head) {
      exchange.getResponseHeaders().set("Content-Length", "" + answer.body.length);
    }
    boolean empty = head || answer.body.length == 0;
    exchange.sendResponseHeaders(answer.status, empty ? -1 : answer.body.length);
    if (!empty) {
      exchange.getResponseBody().write(answer.body);
    }
    exchange.close();
  }

  private Answer answer(String method, String key, Map<String, String> query, byte[] sent) {
    String upload = query.get("uploadId");
    switch (method) {
      case "PUT":
        if (upload != null) {
          uploads.get(upload).put(Integer.valueOf(query.get("partNumber")), sent);
        } else {
          objects.put(key, sent);
        }
        return new Answer(200, new byte[0], tagOf(sent));
      case "DELETE":
        if (upload != null) {
          uploads.remove(upload);
        } else {
          objects.remove(key);
        }
        return Answer.of(204);
      case "POST":
        return post(key, query, upload, new String(sent, StandardCharsets.UTF_8));
      default:
        if (key.isEmpty()) {
          return query.containsKey("uploads")
              ? Answer.xml("ListMultipartUploadsResult", "<IsTruncated>false</IsTruncated>")
              : list(query.getOrDefault("prefix", ""), query.getOrDefault("delimiter", ""));
        }
        byte[] found = objects.get(key);
        return found == null ? Answer.of(404) : new Answer(200, found, tagOf(found));
    }
  }

  private Answer post(String key, Map<String, String> query, String upload, String sent) {
    if (query.containsKey("delete")) {
      for (String part : sent.split("<Key>")) {
        objects.remove(part.substring(0, Math.max(0, part.indexOf("</Key>"))));
      }
      return Answer.xml("DeleteResult", "");
    }
    if (upload == null) {
      String begun = "upload" + uploadsBegun++;
      uploads.put(begun, new TreeMap<>());
      return Answer.xml(
          "InitiateMultipartUploadResult", "<UploadId>" + begun + "</UploadId>");
    }
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    uploads.remove(upload).values().forEach(whole::writeBytes);
    objects.put(key, whole.toByteArray());
    return Answer.xml(
        "CompleteMultipartUploadResult", "<ETag>" + tagOf(whole.toByteArray()) + "</ETag>");
  }

  private Answer list(String prefix, String delimiter) {
    StringBuilder found = new StringBuilder();
    TreeSet<String> folders = new TreeSet<>();
    int count = 0;
    for (Map.Entry<String, byte[]> each : objects.tailMap(prefix).entrySet()) {
      String key = each.getKey();
      if (!key.startsWith(prefix)) {
        break;
      }
      int end = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
      if (end >= 0) {
        folders.add(key.substring(0, end + 1));
        continue;
      }
      count++;
      found.append("<Contents><Key>").append(key).append("</Key><LastModified>").append(DATE);
      found.append("</LastModified><ETag>").append(tagOf(each.getValue())).append("</ETag><Size>");
      found.append(each.getValue().length).append("</Size></Contents>");
    }
    for (String folder : folders) {
      found.append("<CommonPrefixes><Prefix>").append(folder).append("</Prefix></CommonPrefixes>");
    }
    return Answer.xml(
        "ListBucketResult",
        "<Name>warm</Name><KeyCount>"
            + (count + folders.size())
            + "</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
            + found);
  }

  private static Map<String, String> query(String text) {
    Map<String, String> out = new LinkedHashMap<>();
    for (String pair : text == null ? new String[0] : text.split("&")) {
      int equals = pair.indexOf('=');
      out.put(equals < 0 ? pair : pair.substring(0, equals), pair.substring(equals + 1));
    }
    return out;
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

  // The body of a signed upload: "LENGTH;chunk-signature=…\r\n", bytes, "\r\n", again.
  private static byte[] withoutSignatures(byte[] sent) {
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
