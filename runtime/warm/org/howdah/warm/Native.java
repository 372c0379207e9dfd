package org.howdah.warm;

/** What Java cannot do to its own process: src/warm/jni/native.cc. */
final class Native {
  private Native() {}

  /**
   * Waits for the job on a socket. On return the process has the job's stdin, stdout, stderr, working
   * directory, environment and umask; the rest of it is for {@link Job}. null: nobody will send one.
   */
  static native byte[] receive(int socket);

  /** Says that this JVM is ready for a job. */
  static native void ready(int socket);

  /** Every class that is loaded now, by any loader. */
  static native Class<?>[] loadedClasses();
}
