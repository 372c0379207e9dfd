package org.howdah.warm;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.LinkedHashMap;
import java.util.Map;

/** One spark-submit, as howdah-submit sent it (src/warm/job.h has the layout). */
final class Job {
  final String[] arguments;
  final Map<String, String> environment = new LinkedHashMap<>();
  final String folder;

  Job(byte[] message) {
    ByteBuffer in = ByteBuffer.wrap(message);
    arguments = new String[in.getInt()];
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = text(in);
    }
    for (int left = in.getInt(); left > 0; left--) {
      String variable = text(in);
      // As the JVM does: a name may begin with '='.
      int equals = variable.indexOf('=', 1);
      if (equals > 0) {
        environment.put(variable.substring(0, equals), variable.substring(equals + 1));
      }
    }
    folder = text(in);
  }

  // In the encoding in which the JVM itself would have read its command line.
  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[in.getInt()];
    in.get(bytes);
    return new String(bytes, NAMES);
  }

  private static final Charset NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
}
