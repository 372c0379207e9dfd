package org.howdah.warm;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.Properties;
import java.util.TimeZone;

/**
 * The JVM of a warm driver: a throwaway job, everything that it left taken back, then one job.
 *
 * <pre>WarmDriver SOCKET FOLDER SCRIPT</pre>
 *
 * SOCKET is the descriptor of the socket to howdah-warm-driver, SCRIPT the throwaway job.
 *
 * Whatever goes wrong before the job is there ends the process: then there is no warm driver.
 */
public final class WarmDriver {
  private static final String SUBMIT = "org.apache.spark.deploy.SparkSubmit";

  private WarmDriver() {}

  public static void main(String[] arguments) throws Throwable {
    int socket = Integer.parseInt(arguments[0]);
    Path folder = Path.of(arguments[1]);
    System.load(System.getProperty("howdah.warm.library"));
    System.clearProperty("howdah.warm.library");
    Properties before = (Properties) System.getProperties().clone();
    // This class is there beside the job's class path, not in it.
    String path = before.getProperty("java.class.path");
    before.setProperty("java.class.path", path.substring(0, path.lastIndexOf(':')));

    // On a thread of its own, so that "main" inherits nothing of it.
    Throwable[] failed = new Throwable[1];
    Thread thread =
        new Thread(
            () -> {
              try {
                WarmUp.run(folder, arguments[2]);
                Statics.reset();
              } catch (Throwable e) {
                failed[0] = e;
              }
            },
            "warm-up");
    thread.start();
    thread.join();
    if (failed[0] != null) {
      failed[0].printStackTrace();
      Runtime.getRuntime().halt(70);
    }
    thread = null;
    WarmUp.awaitThreads();
    restore(before);
    System.gc();
    Native.ready(socket);

    byte[] message = Native.receive(socket);
    if (message == null) {
      Runtime.getRuntime().halt(0);
    }
    Job job = new Job(message);
    ProcessState.become(job);
    TimeZone.getDefault(); // sets user.timezone, as the first who logs does
    Statics.readEnvironment(job);
    Logs.follow();
    System.setProperty("sun.java.command", SUBMIT + " " + String.join(" ", job.arguments));
    try {
      Class.forName(SUBMIT).getMethod("main", String[].class).invoke(null, (Object) job.arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static void restore(Properties before) {
    System.setProperties((Properties) before.clone());
    TimeZone.setDefault(null);
  }
}
